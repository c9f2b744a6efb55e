import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { until } from "../../until.ts";
import { project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
beforeAll(async () => {
  world = await World.start("logging", "monitoring", "run");
});
afterAll(() => world.end());

const api = "https://logging.googleapis.com/v2";
const list = async (filter: string, resourceNames = [`projects/${project}`], member = world.cloud.owner) =>
  (await world.call(member, "POST", `${api}/entries:list`, { resourceNames, filter, pageSize: 1000 })).body.entries as Record<
    string,
    unknown
  >[];
const write = (log: string, entry: object, member = world.cloud.owner) =>
  world.call(member, "POST", `${api}/entries:write`, { logName: `projects/${project}/logs/${log}`, entries: [entry] });

test("what a Cloud Run service writes can be read by its severity, its fields and its service", async () => {
  const image = await world.push(
    "talking",
    `import { createServer } from "node:http";
     console.log(JSON.stringify({ severity: "WARNING", message: "slow", ms: 812 }));
     console.log("plain words");
     createServer((_, response) => response.end("ok")).listen(process.env.PORT);`,
  );
  const { email } = await world.account("talking");
  await world.create("cloudrunv2/service:Service", "talking", {
    name: "talking",
    location: region,
    deletionProtection: false,
    template: { serviceAccount: email, containers: [{ image }] },
  });
  await until(async () => (await list('resource.labels.service_name="talking"')).length === 2, "two entries");
  expect(await list('resource.type="cloud_run_revision" AND severity>=WARNING AND jsonPayload.ms>800')).toMatchObject([
    { severity: "WARNING", jsonPayload: { message: "slow", ms: 812 }, resource: { labels: { service_name: "talking", location: region } } },
  ]);
  expect(await list('textPayload:"plain"')).toHaveLength(1);
  expect(await list("jsonPayload.ms>900")).toEqual([]);
  expect(await list('resource.labels.service_name="talking"', ["projects/another"])).toEqual([]);
});

test("entries go to the global default bucket until the sink _Default leads elsewhere", async () => {
  await write("before", { textPayload: "in the world" });
  const at = (location: string, bucket: string) => `projects/${project}/locations/${location}/buckets/${bucket}`;
  expect(await list('textPayload="in the world"', [at("global", "_Default")])).toHaveLength(1);
  const sink = (destination: string) =>
    world.create("logging/projectSink:ProjectSink", "default", { name: "_Default", destination: `logging.googleapis.com/${destination}` });
  await expect(sink(at(region, "regional"))).rejects.toThrow("Bucket `regional` does not exist");
  await world.create("logging/projectBucketConfig:ProjectBucketConfig", "regional", {
    project,
    location: region,
    bucketId: "regional",
    retentionDays: 7,
  });
  const redirected = await sink(at(region, "regional"));
  await write("after", { textPayload: "in the region" });
  expect(await list('textPayload="in the region"', [at(region, "regional")])).toHaveLength(1);
  expect(await list('textPayload="in the region"', [at("global", "_Default")])).toEqual([]);

  await redirected.update({ ...redirected.inputs, disabled: true });
  await write("after", { textPayload: "nowhere" });
  expect(await list('textPayload="nowhere"')).toEqual([]);
  await redirected.remove();
});

test("a bucket keeps its entries for as many days as it says", async () => {
  const bucket = `projects/${project}/locations/${region}/buckets/short`;
  await world.create("logging/projectBucketConfig:ProjectBucketConfig", "short", {
    project,
    location: region,
    bucketId: "short",
    retentionDays: 2,
  });
  await world.create("logging/projectSink:ProjectSink", "short", {
    name: "short",
    destination: `logging.googleapis.com/${bucket}`,
    filter: 'logName:"aged"',
  });
  for (const days of [1, 3]) {
    const timestamp = new Date(Date.now() - days * 86_400_000).toISOString();
    await write("aged", { textPayload: `${days} days old`, timestamp });
  }
  expect(await list('textPayload:"days old"', [bucket])).toHaveLength(2);
  await world.stop();
  await world.start();
  expect(await list('textPayload:"days old"', [bucket])).toMatchObject([{ textPayload: "1 days old" }]);
});

test("a locked bucket is neither changed nor deleted", async () => {
  const locked = await world.create("logging/projectBucketConfig:ProjectBucketConfig", "locked", {
    project,
    location: region,
    bucketId: "locked",
    locked: true,
    retentionDays: 30,
  });
  await expect(locked.update({ ...locked.inputs, retentionDays: 1 })).rejects.toThrow("is locked, and cannot be changed");
  await expect(locked.remove()).rejects.toThrow("is locked, and cannot be deleted");
});

test("a metric measures the entries that fit its filter, and an alert reads it", async () => {
  const enforced = {
    name: "enforced",
    filter: 'jsonPayload.message="enforced"',
    metricDescriptor: { metricKind: "DELTA", valueType: "DISTRIBUTION", unit: "ms" },
    valueExtractor: "EXTRACT(jsonPayload.afterMs)",
  };
  await expect(world.create("logging/metric:Metric", "enforced", enforced)).rejects.toThrow("required when metricDescriptor.valueType");
  const bucketOptions = { exponentialBuckets: { numFiniteBuckets: 64, growthFactor: 2, scale: 1 } };
  const metric = await world.create("logging/metric:Metric", "enforced", { ...enforced, bucketOptions });
  await world.create("monitoring/alertPolicy:AlertPolicy", "late", {
    displayName: "enforced late",
    combiner: "OR",
    conditions: [
      {
        displayName: "99th percentile",
        conditionThreshold: {
          filter: `metric.type="logging.googleapis.com/user/${metric.inputs.name}" AND resource.type="global"`,
          comparison: "COMPARISON_GT",
          thresholdValue: 1000,
          duration: "0s",
          aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_PERCENTILE_99" }],
        },
      },
    ],
  });
  const state = () => world.cloud.parts().find(({ name }) => name === "enforced late")?.state;
  for (const afterMs of [40, 60, 55]) await write("enforcement", { jsonPayload: { message: "enforced", afterMs } });
  await write("enforcement", { jsonPayload: { message: "another matter", afterMs: 9000 } });
  await until(() => state() === "running", "no alert");
  await write("enforcement", { jsonPayload: { message: "enforced", afterMs: 5000 } });
  await until(() => state() === "failed", "an alert");
});

test("entries are written and read by whoever may", async () => {
  const { member } = await world.account("logger");
  expect((await write("mine", { textPayload: "x" }, member)).status).toBe(403);
  await world.grant(member, "roles/logging.logWriter");
  expect((await write("mine", { textPayload: "x" }, member)).status).toBe(200);
  expect((await world.call(member, "POST", `${api}/entries:list`, { resourceNames: [`projects/${project}`] })).status).toBe(403);
});

test("a filter that cannot be read is refused, by the API and at the resource", async () => {
  expect(
    (await world.call(world.cloud.owner, "POST", `${api}/entries:list`, { resourceNames: [`projects/${project}`], filter: "a=1 OR b=2" }))
      .body,
  ).toMatchObject({
    error: { status: "INVALID_ARGUMENT", message: expect.stringContaining("OR and parentheses are not read here") },
  });
  await expect(world.create("logging/metric:Metric", "bad", { name: "bad", filter: "severity>=" })).rejects.toThrow("a value is missing");
});
