import fc from "fast-check";
import { expect, it } from "vitest";
import { retryDelaySeconds } from "../../../functions/shared/telemetry/delivery.ts";
import { Emitter } from "../../../functions/shared/telemetry/emitter.ts";
import { merged, spansOf, valuesOf } from "../../../functions/shared/telemetry/otlp.ts";
import { allowedAttributes } from "../../../functions/shared/telemetry/schema.ts";
import { childOf, parseTraceparent, traceparent } from "../../../functions/shared/telemetry/trace-context.ts";

it("a context that is written is read again", () => {
  const context = childOf(undefined);
  expect(parseTraceparent(traceparent(context))).toEqual(context);
});

it.each([
  ["nothing", undefined],
  ["words", "hello"],
  ["a trace of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
  ["a span of zeros", `00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`],
  ["capitals", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
  ["the version that is none", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ["more than version 00 says", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"],
])("%s is no context: a trace of its own begins", (_what, header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

it("a later version is read as far as it is known", () => {
  expect(parseTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")?.spanId).toBe("00f067aa0ba902b7");
});

it("whatever a span is given, only what the schema allows leaves the emitter", () => {
  const emitter = new Emitter({ service: "site", version: "abc", region: "eu", jurisdiction: "eu" });
  const text = fc.oneof(fc.string(), fc.emailAddress(), fc.webUrl(), fc.integer(), fc.constant(undefined));
  const names = fc.oneof(fc.constantFrom(...allowedAttributes), fc.string());
  fc.assert(
    fc.property(fc.dictionary(names, text), fc.oneof(fc.string(), fc.webUrl()), (attributes, name) => {
      const span = { context: childOf(undefined), name, kind: "server", startMs: 1, endMs: 2, attributes, failed: false } as const;
      const sent = emitter.message("gcp", [span]).resourceSpans[0]?.scopeSpans[0]?.spans[0];
      const values = valuesOf(sent?.attributes);
      expect(Object.keys(values).filter((key) => !allowedAttributes.includes(key))).toEqual([]);
      expect(JSON.stringify(sent)).not.toMatch(/@|https?:|\?/);
    }),
  );
});

it("retries come later and later, and never further apart than five minutes", () => {
  expect([1, 2, 3].map((attempts) => retryDelaySeconds(attempts, 0.999))).toEqual([2, 4, 8]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempts, random) => {
      const seconds = retryDelaySeconds(attempts, random);
      expect(seconds >= 1 && seconds <= 300 && Number.isInteger(seconds)).toBe(true);
    }),
  );
});

it("says what is of one resource under it once, whatever comes between", () => {
  const span = () => ({
    ...{ context: childOf(undefined), name: "a", kind: "internal" as const, startMs: 0, endMs: 1 },
    ...{ attributes: {}, failed: false },
  });
  const [one, other] = ["site", "preferences"].map(
    (service) => new Emitter({ service, version: "abc", region: "eu", jurisdiction: "eu" }),
  ) as [Emitter, Emitter];
  const parts = [one, other, one].map((emitter) => emitter.message("gcp", [span(), span()]));
  const { resourceSpans } = merged(parts);
  expect(resourceSpans.map(({ resource }) => valuesOf(resource.attributes)["service.name"])).toEqual(["site", "preferences"]);
  expect(resourceSpans.map(({ scopeSpans }) => scopeSpans.map(({ scope, spans }) => [scope?.name, spans.length]))).toEqual([
    [["bailiwick", 4]],
    [["bailiwick", 2]],
  ]);
  expect(spansOf({ resourceSpans }).toSorted((a, b) => a.spanId.localeCompare(b.spanId))).toEqual(
    parts.flatMap(spansOf).toSorted((a, b) => a.spanId.localeCompare(b.spanId)),
  );
});
