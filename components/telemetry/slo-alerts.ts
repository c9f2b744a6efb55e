import { MetricAlarm, type MetricAlarmArgs } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { Metric, type MetricArgs } from "@pulumi/gcp/logging/metric.js";
import { AlertPolicy, type AlertPolicyArgs } from "@pulumi/gcp/monitoring/alertPolicy.js";
import { CustomService } from "@pulumi/gcp/monitoring/customService.js";
import { NotificationChannel, type NotificationChannelArgs } from "@pulumi/gcp/monitoring/notificationChannel.js";
import { Slo, type SloArgs } from "@pulumi/gcp/monitoring/slo.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, refuse, type Transform, transformed } from "../component.ts";

export interface SloAlertsArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  /** Name of the Cloud Run service whose requests people wait for. */
  readonly service: pulumi.Input<string>;
  /** Name of the Cloud Run service that is the first cloud's collector. Absent: nobody is told when that path stands still. */
  readonly collector?: pulumi.Input<string>;
  /** `arnSuffix` of the load balancer before the second cloud's collector. Absent: no alarms there. */
  readonly loadBalancer?: pulumi.Input<string>;
  /** Address of the people on duty: a notification channel is made for it. Absent, and without `channels`: alerts show in the console only. */
  readonly email?: string;
  /** Notification channels of the project, `projects/P/notificationChannels/N`. */
  readonly channels?: readonly pulumi.Input<string>[];
  /** SNS topics of the account, by ARN, that alarms tell. */
  readonly topics?: readonly pulumi.Input<string>[];
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly channel?: Transform<NotificationChannelArgs>;
    readonly slo?: Transform<SloArgs>;
    readonly policy?: Transform<AlertPolicyArgs>;
    readonly metric?: Transform<MetricArgs>;
    readonly alarm?: Transform<MetricAlarmArgs>;
  };
}

/** What is promised. The share of requests is counted over 28 days, so that every week weighs the same. */
export const objectives = {
  availability: { goal: 0.999, title: "answers without an error" },
  latency: { goal: 0.99, title: "answers within 200 ms", withinMs: 200 },
  rollingPeriodDays: 28,
  /** A withdrawal is enforced at the edge within this time. */
  enforcementMs: 60_000,
  /** Nothing waits longer than this to be delivered. */
  spoolMs: 300_000,
} as const;

/**
 * An alert where the budget of errors is spent so fast that a person must act: once within the hour, once within the day. Each looks at a
 * long window and at a twelfth of it, so that it ends soon after the trouble (Site Reliability Workbook, chapter 5, "Multiwindow,
 * Multi-Burn-Rate Alerts").
 */
const burnRates = [
  { name: "fast", rate: 14.4, longSeconds: 3600, shortSeconds: 300, severity: "CRITICAL" },
  { name: "slow", rate: 6, longSeconds: 21_600, shortSeconds: 1800, severity: "WARNING" },
] as const;

/** Under this name the alarms of the audit trail stand in the service's log (functions/governance/audit/alarms.ts). */
export const logAlarm = "transparency-log";

/** From 10 ms to half a day, each a fifth wider than the one before: a percentile is that exact. A distribution must name its buckets. */
const millisecondBuckets = { numFiniteBuckets: 84, growthFactor: 1.2, scale: 10 } as const;

/**
 * Who must know when a promise of the region is broken, in both clouds.
 *
 * Rests on: a log-based metric must exist before a policy names it, and may take ten minutes to be seen (the API answers 404 until then: a
 * second `up` cures it); an objective's goal is at most 0.999; durations are whole minutes. Metrics have no place that could be chosen
 * in Cloud Monitoring, so only figures without any person go there.
 */
export class SloAlerts extends pulumi.ComponentResource {
  readonly nodes: {
    readonly slos: Readonly<Record<"availability" | "latency", Slo>>;
    readonly policies: readonly AlertPolicy[];
    readonly alarms: readonly MetricAlarm[];
  };

  constructor(name: string, args: SloAlertsArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:SloAlerts", name, {}, options);
    const { project, jurisdiction, dependsOn, transform = {} } = args;
    refuse("SloAlerts", name, [project === "" && "`project` is empty: a Google Cloud project id"]);
    const { region, edgeState } = residencyOf(jurisdiction);
    const child: pulumi.CustomResourceOptions = { parent: this, dependsOn };
    const userLabels = labels(jurisdiction, "operational");
    const channels = args.email
      ? [
          new NotificationChannel(
            `${name}-channel`,
            ...transformed(
              transform.channel,
              { project, type: "email", displayName: `On duty for ${region}`, labels: { email_address: args.email }, userLabels },
              child,
            ),
          ).name,
        ]
      : [];
    const notify = { notificationChannels: [...channels, ...(args.channels ?? [])], userLabels };
    const requests = (metric: string) =>
      pulumi.interpolate`metric.type="run.googleapis.com/${metric}" AND resource.type="cloud_run_revision" AND resource.labels.service_name="${args.service}"`;

    const service = new CustomService(
      `${name}-service`,
      { project, serviceId: `bailiwick-${region}`, displayName: `Bailiwick ${region}` },
      child,
    );
    const slo = (part: "availability" | "latency", sli: SloArgs["requestBasedSli"]) =>
      new Slo(
        `${name}-${part}`,
        ...transformed(
          transform.slo,
          {
            project,
            service: service.serviceId,
            sloId: part,
            displayName: `${region}: ${objectives[part].title}`,
            goal: objectives[part].goal,
            rollingPeriodDays: objectives.rollingPeriodDays,
            requestBasedSli: sli,
          },
          child,
        ),
      );
    const slos = {
      availability: slo("availability", {
        goodTotalRatio: {
          totalServiceFilter: requests("request_count"),
          badServiceFilter: pulumi.interpolate`${requests("request_count")} AND metric.labels.response_code_class="5xx"`,
        },
      }),
      latency: slo("latency", {
        distributionCut: { distributionFilter: requests("request_latencies"), range: { min: 0, max: objectives.latency.withinMs } },
      }),
    };
    const policy = (part: string, args_: Omit<AlertPolicyArgs, "project">, more: pulumi.CustomResourceOptions = child) =>
      new AlertPolicy(`${name}-${part}`, ...transformed(transform.policy, { project, ...notify, ...args_ }, more));

    const burning = Object.entries(slos).flatMap(([part, { id, displayName }]) =>
      burnRates.map(({ name: speed, rate, longSeconds, shortSeconds, severity }) =>
        policy(`${part}-${speed}`, {
          displayName: pulumi.interpolate`${displayName}: the error budget goes ${speed}`,
          combiner: "AND",
          severity,
          conditions: [longSeconds, shortSeconds].map((seconds) => ({
            displayName: `${rate} times the allowed rate over ${seconds / 60} minutes`,
            conditionThreshold: {
              filter: pulumi.interpolate`select_slo_burn_rate("${id}", "${seconds}s")`,
              comparison: "COMPARISON_GT",
              thresholdValue: rate,
              duration: "0s",
            },
          })),
          documentation: {
            mimeType: "text/markdown",
            content: `At this rate the errors allowed in ${objectives.rollingPeriodDays} days are used up in ${Math.round((objectives.rollingPeriodDays * 24) / rate)} hours.`,
          },
        }),
      ),
    );

    const waiting = this.#logMetric(`${name}-spool-age`, args, {
      name: `bailiwick-${region}-spool-age`,
      description: "How long what was not delivered has waited, as the service that keeps it says",
      filter: 'resource.type="cloud_run_revision" AND jsonPayload.waitingMs>0',
      valueExtractor: "EXTRACT(jsonPayload.waitingMs)",
    });
    const beyond = (part: string, metric: Metric, displayName: string, limitMs: number, aligner: string) =>
      policy(
        part,
        {
          displayName: `${region}: ${displayName}`,
          combiner: "OR",
          severity: "CRITICAL",
          conditions: [
            {
              displayName: `longer than ${limitMs / 1000} s`,
              conditionThreshold: {
                filter: pulumi.interpolate`metric.type="logging.googleapis.com/user/${metric.name}" AND resource.type="cloud_run_revision"`,
                comparison: "COMPARISON_GT",
                thresholdValue: limitMs,
                duration: "0s",
                aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: aligner, crossSeriesReducer: "REDUCE_MAX" }],
              },
            },
          ],
        },
        { ...child, dependsOn: [metric] },
      );
    const policies = [...burning, beyond("spool", waiting, "what must be delivered waits", objectives.spoolMs, "ALIGN_PERCENTILE_99")];
    // Where the edge keeps no state it asks at every request: a withdrawal is in force with its record.
    if (edgeState !== "none") {
      const enforced = this.#logMetric(`${name}-enforcement-time`, args, {
        name: `bailiwick-${region}-withdrawal-to-enforcement`,
        description: "From the record of a consent to its enforcement at the edge",
        filter: 'resource.type="cloud_run_revision" AND jsonPayload.message="Consent is enforced at the edge."',
        valueExtractor: "EXTRACT(jsonPayload.afterMs)",
      });
      policies.push(beyond("enforcement", enforced, "withdrawals are enforced late", objectives.enforcementMs, "ALIGN_PERCENTILE_99"));
    }
    policies.push(this.#untrusted(name, args, region, policy));
    if (args.collector !== undefined) policies.push(policy("collector", this.#standingStill(region, args.collector)));
    this.nodes = { slos, policies, alarms: args.loadBalancer === undefined ? [] : this.#alarms(name, args, args.loadBalancer, region) };
    this.registerOutputs();
  }

  /**
   * A transparency log that contradicts itself, is silent, damaged or rolled back, ours or the one that this region watches.
   */
  #untrusted(
    name: string,
    { project, dependsOn, transform }: SloAlertsArgs,
    region: string,
    policy: (part: string, args: Omit<AlertPolicyArgs, "project">, options: pulumi.CustomResourceOptions) => AlertPolicy,
  ): AlertPolicy {
    const child: pulumi.CustomResourceOptions = { parent: this, dependsOn };
    const metric = new Metric(
      `${name}-log-alarms`,
      ...transformed(
        transform?.metric,
        {
          project,
          name: `bailiwick-${region}-log-alarms`,
          description: "Lines that say that a transparency log is not to be trusted",
          filter: `resource.type="cloud_run_revision" AND jsonPayload.alarm="${logAlarm}"`,
          metricDescriptor: { metricKind: "DELTA", valueType: "INT64", unit: "1" },
        },
        child,
      ),
    );
    return policy(
      "log",
      {
        displayName: `${region}: a transparency log is not to be trusted`,
        combiner: "OR",
        severity: "CRITICAL",
        conditions: [
          {
            displayName: "it contradicts itself, is silent, damaged or rolled back",
            conditionThreshold: {
              filter: pulumi.interpolate`metric.type="logging.googleapis.com/user/${metric.name}" AND resource.type="cloud_run_revision"`,
              comparison: "COMPARISON_GT",
              thresholdValue: 0,
              duration: "0s",
              aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_DELTA", crossSeriesReducer: "REDUCE_SUM" }],
            },
          },
        ],
        documentation: {
          mimeType: "text/markdown",
          content:
            'The line in the service\'s log says which log, what is wrong, and brings the proof. What to do: docs/operations.md, "When a log is not to be trusted".',
        },
      },
      { ...child, dependsOn: [metric] },
    );
  }

  #logMetric(
    part: string,
    { project, dependsOn, transform }: SloAlertsArgs,
    args: Omit<MetricArgs, "project" | "metricDescriptor">,
  ): Metric {
    return new Metric(
      part,
      ...transformed(
        transform?.metric,
        {
          project,
          ...args,
          metricDescriptor: { metricKind: "DELTA", valueType: "DISTRIBUTION", unit: "ms" },
          bucketOptions: { exponentialBuckets: millisecondBuckets },
        },
        { parent: this, dependsOn },
      ),
    );
  }

  /**
   * The first cloud's path: its collector is not there, or its sink does not take what it brings. Senders try again ever more seldom, so
   * answers are counted, not their share; an answer now and then that is none is what retrying is for.
   */
  #standingStill(region: string, collector: pulumi.Input<string>): Omit<AlertPolicyArgs, "project"> {
    return {
      displayName: `${region}: the telemetry path in Google Cloud stands still`,
      combiner: "OR",
      severity: "CRITICAL",
      conditions: [
        {
          displayName: "more than 5 requests within 5 minutes fail",
          conditionThreshold: {
            filter: pulumi.interpolate`metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND resource.labels.service_name="${collector}" AND metric.labels.response_code_class="5xx"`,
            comparison: "COMPARISON_GT",
            thresholdValue: 5,
            duration: "0s",
            aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_DELTA", crossSeriesReducer: "REDUCE_SUM" }],
          },
        },
      ],
    };
  }

  /** The second cloud's path: it answers, in time, and is not silent: the preference service tells of itself every minute. */
  #alarms(name: string, args: SloAlertsArgs, loadBalancer: pulumi.Input<string>, region: string): MetricAlarm[] {
    const actions = [...(args.topics ?? [])];
    const dimensions = { LoadBalancer: loadBalancer };
    const of = (metricName: string, stat: string) => ({ namespace: "AWS/ApplicationELB", metricName, stat, period: 60, dimensions });
    const alarm = (part: string, alarmArgs: MetricAlarmArgs) =>
      new MetricAlarm(
        `${name}-aws-${part}`,
        ...transformed(
          args.transform?.alarm,
          {
            name: `bailiwick-${region}-telemetry-${part}`,
            alarmActions: actions,
            okActions: actions,
            tags: labels(args.jurisdiction, "operational"),
            ...alarmArgs,
          },
          { parent: this },
        ),
      );
    return [
      alarm("availability", {
        alarmDescription: "More than 1 % of the telemetry path's requests fail",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 1,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        treatMissingData: "notBreaching",
        metricQueries: [
          { id: "share", expression: "100 * (FILL(target, 0) + FILL(own, 0)) / requests", label: "failed, in percent", returnData: true },
          { id: "target", metric: of("HTTPCode_Target_5XX_Count", "Sum") },
          { id: "own", metric: of("HTTPCode_ELB_5XX_Count", "Sum") },
          { id: "requests", metric: of("RequestCount", "Sum") },
        ],
      }),
      alarm("latency", {
        alarmDescription: `One request in a hundred takes longer than ${objectives.latency.withinMs} ms to be stored`,
        namespace: "AWS/ApplicationELB",
        metricName: "TargetResponseTime",
        dimensions,
        extendedStatistic: "p99",
        period: 60,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
        comparisonOperator: "GreaterThanThreshold",
        threshold: objectives.latency.withinMs / 1000,
        treatMissingData: "notBreaching",
      }),
      alarm("silence", {
        alarmDescription: `Nothing has arrived for ${objectives.spoolMs / 60_000} minutes: it waits at its senders`,
        namespace: "AWS/ApplicationELB",
        metricName: "RequestCount",
        dimensions,
        statistic: "Sum",
        period: 60,
        evaluationPeriods: objectives.spoolMs / 60_000,
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        treatMissingData: "breaching",
      }),
    ];
  }
}
