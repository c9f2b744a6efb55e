import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { until } from "../../until.ts";
import { project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
beforeAll(async () => {
  world = await World.start("monitoring", "logging", "run");
});
afterAll(() => world.end());

const api = `https://monitoring.googleapis.com/v3/projects/${project}`;
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const write = (type: string, value: number, endTime = ago(0), labels: Record<string, string> = {}, member = world.cloud.owner) =>
  world.call(member, "POST", `${api}/timeSeries`, {
    timeSeries: [
      {
        metric: { type: `custom.googleapis.com/${type}`, labels },
        resource: { type: "global", labels: {} },
        points: [{ interval: { endTime }, value: { doubleValue: value } }],
      },
    ],
  });
const filter = (type: string) => `metric.type="custom.googleapis.com/${type}" AND resource.type="global"`;
const threshold = (type: string, more: Record<string, unknown> = {}) => ({
  displayName: `${type} too high`,
  conditionThreshold: {
    filter: filter(type),
    comparison: "COMPARISON_GT",
    thresholdValue: 100,
    duration: "0s",
    aggregations: [{ alignmentPeriod: "60s", perSeriesAligner: "ALIGN_NEXT_OLDER" }],
    ...more,
  },
});
const policy = (displayName: string, conditions: object[], combiner = "OR") =>
  world.create("monitoring/alertPolicy:AlertPolicy", displayName, { displayName, combiner, conditions: conditions as never });
const part = (name: string) => world.cloud.parts().find((each) => each.kind === "alert policy" && each.name === name);
const isOpen = (name: string) => until(() => part(name)?.state === "failed", `an alert of "${name}"`);
const isClosed = (name: string) => until(() => part(name)?.state === "running", `the end of the alert of "${name}"`);

describe("an alert policy", () => {
  test("opens an alert while its condition holds, and closes it afterwards", async () => {
    await write("age", 5, ago(30));
    await policy("spool is old", [threshold("age")]);
    await isClosed("spool is old");
    await write("age", 400);
    await isOpen("spool is old");
    expect(part("spool is old")?.detail).toMatch(/^open since \d\d:\d\d:\d\d: age too high$/);
    await write("age", 7);
    await isClosed("spool is old");
    const { body } = await world.call(world.cloud.owner, "GET", `${api}/alerts`);
    expect(body.alerts).toMatchObject([
      { state: "CLOSED", openTime: expect.any(String), closeTime: expect.any(String), policy: { displayName: "spool is old" } },
    ]);
  });

  test("waits until its condition has held for its duration", async () => {
    await write("slow", 500, ago(90));
    await policy("lasting", [threshold("slow", { duration: "60s" })]);
    await policy("at once", [threshold("slow", { aggregations: [{ alignmentPeriod: "120s", perSeriesAligner: "ALIGN_MAX" }] })]);
    await isOpen("at once");
    expect(part("lasting")?.state).toBe("running");
    await write("slow", 500, ago(1));
    await isOpen("lasting");
  });

  test("needs all of its conditions where it says so", async () => {
    await write("one", 200);
    await write("other", 1);
    await policy("both", [threshold("one"), threshold("other")], "AND");
    await policy("either", [threshold("one"), threshold("other")], "OR");
    await isOpen("either");
    expect(part("both")?.state).toBe("running");
    await write("other", 300);
    await isOpen("both");
  });

  test("compares a share, and sums over series", async () => {
    for (const instance of ["a", "b"]) {
      await write("failed", 60, ago(5), { instance });
      await write("asked", 100, ago(5), { instance });
    }
    const summed = { aggregations: [{ alignmentPeriod: "60s", perSeriesAligner: "ALIGN_SUM", crossSeriesReducer: "REDUCE_SUM" }] };
    const share = { denominatorFilter: filter("asked"), denominatorAggregations: summed.aggregations };
    await policy("sum", [threshold("failed", summed)]);
    await policy("half fail", [threshold("failed", { ...summed, ...share, thresholdValue: 0.5 })]);
    await policy("most fail", [threshold("failed", { ...summed, ...share, thresholdValue: 0.7 })]);
    await isOpen("sum");
    await isOpen("half fail");
    expect(part("most fail")?.state).toBe("running");
  });

  test("misses what has been there and is no more", async () => {
    await write("beat", 1, ago(200));
    await write("heart", 1);
    const absent = (type: string) => ({ displayName: type, conditionAbsent: { filter: filter(type), duration: "120s" } });
    await policy("beat is missing", [absent("beat")]);
    await policy("heart is missing", [absent("heart")]);
    await isOpen("beat is missing");
    expect(part("heart is missing")?.state).toBe("running");
  });

  test("is refused before its metric is there, and with what is not evaluated here", async () => {
    await expect(policy("too early", [threshold("nobody-writes-this")])).rejects.toThrow(
      /Cannot find metric that matches type = "custom.googleapis.com\/nobody-writes-this".*up to 10 minutes/,
    );
    await expect(
      policy("query", [{ displayName: "q", conditionMonitoringQueryLanguage: { query: "fetch x", duration: "60s" } }]),
    ).rejects.toThrow("is not evaluated here");
    await expect(policy("bare", [threshold("age", { filter: 'metric.type="custom.googleapis.com/age"' })])).rejects.toThrow(
      'must specify a restriction on "resource.type"',
    );
    await expect(policy("odd", [threshold("age", { duration: "90s" })])).rejects.toThrow('"90s" is no multiple of a minute');
  });

  test("stays open over a restart, and needs its API", async () => {
    await write("kept", 900);
    await policy("kept", [threshold("kept")]);
    await isOpen("kept");
    const since = part("kept")?.detail;
    await world.stop();
    await world.start();
    expect(part("kept")?.detail).toBe(since);
    await expect(
      world.create("monitoring/alertPolicy:AlertPolicy", "elsewhere", {
        project: "other",
        displayName: "x",
        combiner: "OR",
        conditions: [],
      }),
    ).rejects.toThrow("monitoring.googleapis.com has not been used in project");
  });
});

test("points are written and read by whoever may", async () => {
  const { member } = await world.account("writer");
  expect((await write("mine", 1, ago(0), {}, member)).body).toMatchObject({ error: { status: "PERMISSION_DENIED" } });
  await world.grant(member, "roles/monitoring.metricWriter");
  expect((await write("mine", 42, ago(0), {}, member)).status).toBe(200);
  expect((await write("mine", 43, ago(60), {}, member)).body).toMatchObject({
    error: { message: expect.stringContaining("Points must be written in order") },
  });
  const query = new URLSearchParams({ filter: filter("mine"), "interval.startTime": ago(60), "interval.endTime": ago(-60) });
  expect((await world.call(member, "GET", `${api}/timeSeries?${query}`)).status).toBe(403);
  const { body } = await world.call(world.cloud.owner, "GET", `${api}/timeSeries?${query}`);
  expect(body.timeSeries).toMatchObject([{ points: [{ value: { doubleValue: 42 } }] }]);
});

describe("an objective on a Cloud Run service", () => {
  test("burns with the requests that fail, and its alert opens and closes", async () => {
    const image = await world.push(
      "failing",
      `import { createServer } from "node:http";
       createServer((request, response) => { response.statusCode = request.url === "/bad" ? 500 : 200; response.end("ok"); }).listen(process.env.PORT);`,
    );
    const { email } = await world.account("failing");
    const service = await world.create("cloudrunv2/service:Service", "failing", {
      name: "failing",
      location: region,
      deletionProtection: false,
      invokerIamDisabled: true,
      template: { serviceAccount: email, containers: [{ image }] },
    });
    const ask = async (path: string) => (await world.fetch(`${service.state.uri}${path}`)).status;
    expect(await ask("/")).toBe(200);

    await world.create("monitoring/customService:CustomService", "shop", { serviceId: "shop", displayName: "shop" });
    const requests =
      'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND resource.labels.service_name="failing"';
    const slo = await world.create("monitoring/slo:Slo", "answers", {
      service: "shop",
      sloId: "answers",
      displayName: "answers",
      goal: 0.9,
      rollingPeriodDays: 28,
      requestBasedSli: {
        goodTotalRatio: { totalServiceFilter: requests, badServiceFilter: `${requests} AND metric.labels.response_code_class="5xx"` },
      },
    });
    const fast = await world.create("monitoring/slo:Slo", "fast", {
      service: "shop",
      sloId: "fast",
      goal: 0.9,
      rollingPeriodDays: 28,
      requestBasedSli: { distributionCut: { distributionFilter: requests.replace("count", "latencies"), range: { max: 60_000 } } },
    });
    const burning = (name: string, id: string) =>
      policy(name, [
        {
          displayName: "burns",
          conditionThreshold: {
            filter: `select_slo_burn_rate("${id}", "300s")`,
            comparison: "COMPARISON_GT",
            thresholdValue: 2,
            duration: "0s",
          },
        },
      ]);
    await burning("answers burns", slo.id);
    await burning("fast burns", fast.id);
    for (let i = 0; i < 4; i++) expect(await ask("/bad")).toBe(500);
    await isOpen("answers burns");
    expect(part("fast burns")?.state).toBe("running");
    expect(world.cloud.parts().find(({ kind, name }) => kind === "objective" && name === "answers")).toMatchObject({
      state: "failed",
      detail: "8.00 times the allowed errors in the last hour",
    });
    for (let i = 0; i < 60; i++) await ask("/");
    await isClosed("answers burns");

    // Four have failed: counted, not weighed against those that went well.
    await policy("fails again and again", [
      {
        displayName: "more than 5 fail",
        conditionThreshold: {
          filter: `${requests} AND metric.labels.response_code_class="5xx"`,
          comparison: "COMPARISON_GT",
          thresholdValue: 5,
          duration: "0s",
          aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_DELTA", crossSeriesReducer: "REDUCE_SUM" }],
        },
      },
    ]);
    expect(await ask("/bad")).toBe(500);
    expect(part("fails again and again")?.state).toBe("running");
    expect(await ask("/bad")).toBe(500);
    await isOpen("fails again and again");
  });

  test("needs its service, and a goal that can be missed", async () => {
    const ratio = { goodTotalRatio: { goodServiceFilter: filter("good"), totalServiceFilter: filter("all") } };
    const make = (service: string, goal: number) =>
      world.create("monitoring/slo:Slo", "bad", { service, goal, rollingPeriodDays: 1, requestBasedSli: ratio });
    await expect(make("nobody", 0.9)).rejects.toThrow("Service nobody not found");
    await expect(make("shop", 0.9999)).rejects.toThrow("0.9999 is not allowed: above 0 and at most 0.999");
  });
});
