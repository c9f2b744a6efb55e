import { expect, it } from "vitest";
import { collectorCounts, type OtlpMetrics } from "../../../functions/telemetry/collector-counts.ts";

const nanoseconds = (seconds: number) => `${seconds}000000000`;

/** What a collector that started then says at a time. */
function telling(collector: string, startedAt: number, at: number, counters: Readonly<Record<string, number>>): OtlpMetrics {
  const point = (key: string, value: string, counted: object) => ({
    attributes: [{ key, value: { stringValue: value } }],
    startTimeUnixNano: nanoseconds(startedAt),
    timeUnixNano: nanoseconds(at),
    ...counted,
  });
  const metrics = Object.entries(counters).map(([counter, value]) => {
    const [name = "", attribute = ""] = counter.split(" ");
    return name.startsWith("http.")
      ? { name, histogram: { dataPoints: [point("http.response.status_code", attribute, { count: String(value) })] } }
      : { name, sum: { dataPoints: [point("receiver", attribute, { asInt: String(value) })] } };
  });
  const attributes = [{ key: "service.instance.id", value: { stringValue: collector } }];
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
}

const accepted = "otelcol_receiver_accepted_spans otlp";
const refused = "otelcol_receiver_refused_spans otlp";
const stored = "otelcol_exporter_sent_spans archive";
const answered = (status: number) => `http.server.request.duration ${status}`;

it("adds up what collectors say, each of what it counted since it started", () => {
  const objects = [
    telling("a", 10, 20, { [accepted]: 3, [stored]: 3, [answered(200)]: 3 }),
    telling("a", 10, 50, { [accepted]: 7, [refused]: 1, [stored]: 7, [answered(200)]: 7, [answered(503)]: 1 }),
    telling("b", 30, 40, { [accepted]: 2, [stored]: 2, [answered(401)]: 4, [answered(413)]: 1 }),
  ];
  expect(collectorCounts(objects.toReversed(), 0)).toEqual({
    received: 10,
    stored: 9,
    sentBack: 1,
    rejected: { 401: 4, 413: 1 },
    toldAtMs: 50_000,
  });
});

it("takes off what a collector had counted before, and counts whole what it speaks of for the first time", () => {
  const objects = [
    telling("a", 10, 100, { [accepted]: 1000, [stored]: 1000 }),
    telling("a", 10, 130, { [accepted]: 1005, [stored]: 1005, [answered(401)]: 2 }),
  ];
  expect(collectorCounts(objects, 90_000)).toMatchObject({ received: 5, stored: 5, rejected: { 401: 2 } });
});

it("takes a collector that was started anew for another one", () => {
  const objects = [telling("a", 10, 100, { [accepted]: 8 }), telling("b", 95, 125, { [accepted]: 3 })];
  expect(collectorCounts(objects, 90_000)).toMatchObject({ received: 3 });
});

it("does not count what the collector tells of itself", () => {
  expect(collectorCounts([telling("a", 10, 20, { "otelcol_receiver_accepted_spans otlp/own": 9 })], 0).received).toBe(0);
});

it("says when nobody has told anything", () => {
  expect(collectorCounts([], 0)).toEqual({ received: 0, stored: 0, sentBack: 0, rejected: {} });
});
