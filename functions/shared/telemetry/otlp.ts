// Traces as OTLP over HTTP says them in JSON (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): as much as we send and read.

export type OtlpValue = { readonly stringValue: string } | { readonly intValue: string | number };
export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970, as digits. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number };
}
export interface ResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly { readonly scope?: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
}
export interface OtlpTraces {
  readonly resourceSpans: readonly ResourceSpans[];
}

export function attributesOf(values: Readonly<Record<string, string | number | undefined>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value } }],
  );
}

export function valuesOf(attributes: readonly OtlpAttribute[] = []): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, "stringValue" in value ? value.stringValue : Number(value.intValue)] as const),
  );
}

/** Every span of a message. */
export const spansOf = ({ resourceSpans }: OtlpTraces): OtlpSpan[] =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

/** One request of many: what is of one resource is said under it once. */
export function merged(parts: readonly OtlpTraces[]): OtlpTraces {
  const byResource = Map.groupBy(
    parts.flatMap(({ resourceSpans }) => resourceSpans),
    ({ resource }) => JSON.stringify(resource),
  );
  return {
    resourceSpans: [...byResource.values()].map((same) => {
      const scopes = same.flatMap(({ scopeSpans }) => scopeSpans);
      const byScope = Map.groupBy(scopes, ({ scope }) => scope?.name);
      const scopeSpans = [...byScope.values()].map((those) => ({ ...those[0], spans: those.flatMap(({ spans }) => spans) }));
      return { resource: (same[0] as ResourceSpans).resource, scopeSpans };
    }),
  };
}
