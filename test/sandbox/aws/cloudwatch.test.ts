import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compute } from "../../../sandbox/clouds/aws/cloudwatch-evaluate.ts";
import { until } from "../../until.ts";
import { Account } from "./fixture.ts";
import { signedCall } from "./signed-call.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const region = "eu-central-1";
const account = new Account(region);
beforeAll(() => account.start());
afterAll(() => account.purge());

const call = (operation: string, input: object, principal?: string) =>
  signedCall(account, {
    service: "monitoring",
    target: `GraniteServiceVersion20100801.${operation}`,
    input,
    region,
    ...(principal === undefined ? {} : { principal }),
  });
const put = (MetricName: string, Value: number, secondsAgo = 0, Dimensions: object[] = []) =>
  call("PutMetricData", {
    Namespace: "Shop",
    MetricData: [{ MetricName, Value, Dimensions, Timestamp: Date.now() / 1000 - secondsAgo }],
  });
const alarm = (name: string, more: Record<string, unknown> = {}) =>
  account.create("MetricAlarm", {
    name,
    namespace: "Shop",
    metricName: name,
    statistic: "Maximum",
    period: 60,
    evaluationPeriods: 1,
    comparisonOperator: "GreaterThanThreshold",
    threshold: 100,
    ...more,
  } as never);
const stateOf = async (name: string) =>
  ((await call("DescribeAlarms", { AlarmNames: [name] })).MetricAlarms as { StateValue: string }[])[0]?.StateValue;
const becomes = (name: string, state: string) => until(async () => (await stateOf(name)) === state, `alarm ${name} to be ${state}`);

describe("an alarm", () => {
  test("knows nothing without data, then rings, and is quiet again", async () => {
    await alarm("age", { statistic: "Minimum", period: 10, alarmDescription: "Orders wait" });
    expect(await stateOf("age")).toBe("INSUFFICIENT_DATA");
    await put("age", 400);
    await becomes("age", "ALARM");
    expect(account.aws.parts().find(({ name }) => name === "age")).toMatchObject({
      kind: "alarm",
      state: "failed",
      detail: expect.stringMatching(/^ALARM since \d\d:\d\d:\d\d: 400, eu-central-1: Orders wait$/),
    });
    await put("age", 3);
    await becomes("age", "OK");
  });

  test("rings when so many of its periods are beyond the threshold", async () => {
    await alarm("two-of-three", { evaluationPeriods: 3, datapointsToAlarm: 2 });
    await alarm("three", { metricName: "two-of-three", evaluationPeriods: 3 });
    await put("two-of-three", 500, 150);
    await put("two-of-three", 1, 90);
    await put("two-of-three", 500, 5);
    await becomes("two-of-three", "ALARM");
    await becomes("three", "OK");
  });

  test("takes missing data as it is told", async () => {
    await alarm("silence", { treatMissingData: "breaching" });
    await alarm("quiet", { treatMissingData: "notBreaching" });
    await becomes("silence", "ALARM");
    await becomes("quiet", "OK");
  });

  test("computes a share of two metrics", async () => {
    const metric = (metricName: string) => ({ namespace: "Shop", metricName, stat: "Sum", period: 60 });
    await alarm("share", {
      namespace: undefined,
      metricName: undefined,
      statistic: undefined,
      period: undefined,
      threshold: 5,
      metricQueries: [
        { id: "share", expression: "100 * FILL(failed, 0) / asked", returnData: true, label: "failed, in percent" },
        { id: "failed", metric: metric("failed") },
        { id: "asked", metric: metric("asked") },
      ],
    });
    await put("asked", 100, 20);
    await becomes("share", "OK");
    await put("failed", 6, 1);
    await becomes("share", "ALARM");
  });

  test("watches the metric of exactly its dimensions", async () => {
    await alarm("exact", { dimensions: { Region: "eu" } });
    await put("exact", 500, 1, [{ Name: "Region", Value: "us" }]);
    await put("exact", 500, 1);
    expect(await stateOf("exact")).toBe("INSUFFICIENT_DATA");
    await put("exact", 500, 0, [{ Name: "Region", Value: "eu" }]);
    await becomes("exact", "ALARM");
  });

  test("is refused with what CloudWatch does not take, all at once", async () => {
    await expect(
      alarm("bad", { comparisonOperator: "Above", evaluationPeriods: 1, datapointsToAlarm: 2, period: 45, extendedStatistic: "p99" }),
    ).rejects.toThrow(/comparisonOperator[\s\S]*datapointsToAlarm: 2 is more[\s\S]*exactly one of statistic[\s\S]*period: 45 is none of/);
    await expect(
      alarm("math", { metricName: undefined, metricQueries: [{ id: "a", expression: "ANOMALY_DETECTION_BAND(m1)", returnData: true }] }),
    ).rejects.toThrow(/ANOMALY_DETECTION_BAND.*is not known/);
  });
});

test("expressions are computed as they are written", () => {
  const values = { a: 6, b: 3, none: undefined } as Record<string, number | undefined>;
  const value = (expression: string) => compute(expression, (id) => values[id]);
  expect(value("a + b * 2")).toBe(12);
  expect(value("(a + b) / 3 - 1")).toBe(2);
  expect(value("a / none")).toBeUndefined();
  expect(value("a / (b - 3)")).toBeUndefined();
  expect(value("FILL(none, 7)")).toBe(7);
  expect(() => value("a +")).toThrow("it ends too early");
});

test("points are written by whoever may, and never in AWS's own namespaces", async () => {
  const stranger = `arn:aws:iam::${account.aws.account}:role/nobody`;
  expect(await call("PutMetricData", { Namespace: "Shop", MetricData: [] }, stranger)).toMatchObject({ __type: "AccessDeniedException" });
  expect(await call("PutMetricData", { Namespace: "AWS/ApplicationELB", MetricData: [] })).toMatchObject({
    __type: "InvalidParameterValue",
  });
});
