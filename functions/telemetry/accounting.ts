// Which spans an archive holds, from its objects alone. Pure.
import { type OtlpSpan, type OtlpTraces, valuesOf } from "../shared/telemetry/otlp.ts";

/** A span with its emitter's words. */
export interface StoredSpan extends OtlpSpan {
  /** Attributes of its resource and of its own. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** The spans of an archive's objects. One that lies in two objects (a batch that was sent twice) is one span. */
export function storedSpans(objects: readonly OtlpTraces[]): StoredSpan[] {
  const found = new Map<string, StoredSpan>();
  for (const { resourceSpans } of objects)
    for (const { resource, scopeSpans } of resourceSpans)
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const values = { ...valuesOf(resource.attributes), ...valuesOf(span.attributes) };
        found.set(`${span.traceId} ${span.spanId}`, { ...span, values });
      }
  return [...found.values()];
}

/** The spans of a trace, earliest first. */
export function traceOf(spans: readonly StoredSpan[], traceId: string): StoredSpan[] {
  return spans.filter((span) => span.traceId === traceId).sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
}
