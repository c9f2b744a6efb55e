import { describe, expect, it } from "vitest";
import { RegionLogs } from "../../components/telemetry/region-logs.ts";
import { objectives, SloAlerts, type SloAlertsArgs } from "../../components/telemetry/slo-alerts.ts";
import { alarmName } from "../../functions/governance/audit/alarms.ts";
import { residencyOf } from "../../stacks/residency.ts";
import { part, run } from "./program.ts";

const alerts = (args: Partial<SloAlertsArgs> = {}): SloAlertsArgs => ({
  project: "brand-eu",
  jurisdiction: "eu",
  service: "preferences",
  dependsOn: [],
  ...args,
});

describe("SloAlerts", () => {
  it("promises answers without an error, and within 200 ms", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts()));
    expect(part(made, "a-availability").inputs).toMatchObject({
      goal: 0.999,
      rollingPeriodDays: 28,
      requestBasedSli: { goodTotalRatio: { badServiceFilter: expect.stringContaining('metric.labels.response_code_class="5xx"') } },
    });
    expect(part(made, "a-latency").inputs).toMatchObject({
      goal: 0.99,
      requestBasedSli: {
        distributionCut: { range: { max: 200 }, distributionFilter: expect.stringContaining('resource.labels.service_name="preferences"') },
      },
    });
  });

  it("tells of a burning budget by a long window and a short one together", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts({ channels: ["projects/p/notificationChannels/1"] })));
    for (const promise of ["availability", "latency"]) {
      const { combiner, conditions, notificationChannels } = part(made, `a-${promise}-fast`).inputs;
      expect(combiner).toBe("AND");
      expect(notificationChannels).toEqual(["projects/p/notificationChannels/1"]);
      expect(conditions).toMatchObject(
        ["3600s", "300s"].map((window) => ({
          conditionThreshold: { filter: `select_slo_burn_rate("a-${promise}-id", "${window}")`, thresholdValue: 14.4 },
        })),
      );
    }
  });

  it("calls the people on duty, at the address that it is given", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts({ email: "on-call@brand.example" })));
    expect(part(made, "a-channel").inputs).toMatchObject({ type: "email", labels: { email_address: "on-call@brand.example" } });
    expect(part(made, "a-spool").inputs.notificationChannels).toHaveLength(1);
  });

  it("wakes somebody for whatever the service calls an alarm of a transparency log", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts()));
    expect(part(made, "a-log-alarms").inputs.filter).toBe(`resource.type="cloud_run_revision" AND jsonPayload.alarm="${alarmName}"`);
    expect(part(made, "a-log").inputs).toMatchObject({ severity: "CRITICAL", conditions: [{ conditionThreshold: { thresholdValue: 0 } }] });
  });

  it("measures how long withdrawals and deliveries take from what the service logs", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts()));
    expect(part(made, "a-enforcement-time").inputs).toMatchObject({
      valueExtractor: "EXTRACT(jsonPayload.afterMs)",
      metricDescriptor: { valueType: "DISTRIBUTION" },
      // What a distribution must say.
      bucketOptions: { exponentialBuckets: { growthFactor: 1.2 } },
    });
    expect(part(made, "a-enforcement").inputs.conditions).toMatchObject([
      { conditionThreshold: { thresholdValue: objectives.enforcementMs } },
    ]);
    expect(part(made, "a-spool").inputs.conditions).toMatchObject([{ conditionThreshold: { thresholdValue: objectives.spoolMs } }]);
  });

  it("tells when the first cloud's collector refuses again and again, if it is named", async () => {
    const { made } = await run(() => new SloAlerts("a", alerts({ collector: "collector" })));
    expect(part(made, "a-collector").inputs).toMatchObject({
      conditions: [
        {
          conditionThreshold: {
            filter: expect.stringMatching(/service_name="collector".*response_code_class="5xx"/),
            thresholdValue: 5,
            aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_DELTA", crossSeriesReducer: "REDUCE_SUM" }],
          },
        },
      ],
    });
    const without = await run(() => new SloAlerts("a", alerts()));
    expect(without.made.some(({ name }) => name === "a-collector")).toBe(false);
  });

  it("measures no enforcement where the edge keeps nothing", async () => {
    expect(residencyOf("sg").edgeState).toBe("none");
    const { made } = await run(() => new SloAlerts("a", alerts({ jurisdiction: "sg" })));
    expect(made.map(({ name }) => name)).not.toContain("a-enforcement");
  });

  it("watches the other cloud's path where there is one", async () => {
    const without = await run(() => new SloAlerts("a", alerts()));
    expect(without.made.filter(({ type }) => type.startsWith("aws:"))).toEqual([]);
    const { made } = await run(
      () => new SloAlerts("a", alerts({ loadBalancer: "app/collector/1", topics: ["arn:aws:sns:eu-central-1:1:t"] })),
    );
    expect(part(made, "a-aws-silence").inputs).toMatchObject({
      treatMissingData: "breaching",
      evaluationPeriods: 5,
      dimensions: { LoadBalancer: "app/collector/1" },
      alarmActions: ["arn:aws:sns:eu-central-1:1:t"],
    });
    expect(part(made, "a-aws-latency").inputs).toMatchObject({ extendedStatistic: "p99", threshold: 0.2 });
    expect(part(made, "a-aws-availability").inputs).not.toHaveProperty("metricName");
  });

  it("lets its children be transformed", async () => {
    const { made } = await run(
      () => new SloAlerts("a", alerts({ transform: { policy: (args, options) => ({ args: { ...args, enabled: false }, options }) } })),
    );
    expect(part(made, "a-spool").inputs.enabled).toBe(false);
  });
});

describe("RegionLogs", () => {
  it("leads the default sink into a bucket of the region", async () => {
    const { made } = await run(() => new RegionLogs("l", { project: "brand-eu", jurisdiction: "eu", lifecycle: "durable", dependsOn: [] }));
    expect(part(made, "l-bucket").inputs).toMatchObject({ location: residencyOf("eu").gcp.location, retentionDays: 30 });
    expect(part(made, "l-default").inputs).toMatchObject({ name: "_Default", destination: "logging.googleapis.com/l-bucket-id" });
  });

  it("keeps logs for whole days", async () => {
    await run(() => {
      expect(
        () => new RegionLogs("l", { project: "p", jurisdiction: "eu", lifecycle: "durable", retentionDays: 0.5, dependsOn: [] }),
      ).toThrow("retentionDays 0.5 is not allowed: whole days from 1 to 3650");
    });
  });
});
