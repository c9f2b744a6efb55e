// Trace requests of OTLP over HTTP, in both of its encodings (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Request").
import { gunzipSync } from "node:zlib";
import { WireMessage } from "./protobuf.ts";

export type Scalar = string | number | boolean;

/** A span with what its resource says of it. */
export interface ReceivedSpan {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970, as digits. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  /** 2 is an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, Scalar>>;
  readonly resource: Readonly<Record<string, Scalar>>;
}

/** The body is not an OTLP trace request. */
export class MalformedOtlp extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedOtlp";
  }
}

/**
 * The spans of a request.
 * @param encoding the request's Content-Encoding
 * @throws MalformedOtlp
 */
export function readTraces(contentType: string, encoding: string | null, raw: Uint8Array): ReceivedSpan[] {
  const type = contentType.split(";")[0]?.trim();
  try {
    const body = encoding === "gzip" ? gunzipSync(raw, { maxOutputLength: 64 * 1024 * 1024 }) : Buffer.from(raw);
    if (type === "application/json") return fromJson(JSON.parse(body.toString()) as JsonRequest);
    if (type === "application/x-protobuf") return fromProtobuf(body);
  } catch (error) {
    if (error instanceof MalformedOtlp) throw error;
    throw new MalformedOtlp(`The body cannot be read as ${type}: ${(error as Error).message}`);
  }
  throw new MalformedOtlp(`Content-Type "${contentType}" is neither application/json nor application/x-protobuf`);
}

interface JsonValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
type JsonAttributes = readonly { readonly key: string; readonly value?: JsonValue }[];
interface JsonSpan {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: JsonAttributes;
  readonly status?: { readonly code?: number };
}
interface JsonRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: JsonAttributes };
    readonly scopeSpans?: readonly { readonly spans?: readonly JsonSpan[] }[];
  }[];
}

function fromJson(request: JsonRequest): ReceivedSpan[] {
  if (typeof request !== "object" || request === null || !Array.isArray(request.resourceSpans)) {
    throw new MalformedOtlp("The body has no list `resourceSpans`");
  }
  return (request as Required<JsonRequest>).resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const shared = valuesOf(resource?.attributes);
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) =>
        checked({
          traceId: (span.traceId ?? "").toLowerCase(),
          spanId: (span.spanId ?? "").toLowerCase(),
          parentSpanId: (span.parentSpanId ?? "").toLowerCase(),
          name: span.name ?? "",
          kind: span.kind ?? 0,
          startTimeUnixNano: String(span.startTimeUnixNano ?? 0),
          endTimeUnixNano: String(span.endTimeUnixNano ?? 0),
          status: span.status?.code ?? 0,
          attributes: valuesOf(span.attributes),
          resource: shared,
        }),
      ),
    );
  });
}

function valuesOf(attributes: JsonAttributes = []): Record<string, Scalar> {
  return Object.fromEntries(
    attributes.map(({ key, value = {} }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value;
      return [key, stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? "" : Number(intValue))];
    }),
  );
}

// Field numbers: github.com/open-telemetry/opentelemetry-proto v1, trace.proto, resource.proto, common.proto.
function fromProtobuf(body: Buffer): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  const request = new WireMessage(body);
  while (request.next()) if (request.number === 1) spansIn(request.message(), spans);
  return spans;
}

/** What the resource says may stand behind its spans: fields come in any order. */
function spansIn(resourceSpans: WireMessage, spans: ReceivedSpan[]): void {
  const shared: Record<string, Scalar> = {};
  while (resourceSpans.next()) {
    if (resourceSpans.number === 1) {
      const resource = resourceSpans.message();
      while (resource.next()) if (resource.number === 1) attributeIn(resource.message(), shared);
    } else if (resourceSpans.number === 2) {
      const scopeSpans = resourceSpans.message();
      while (scopeSpans.next()) if (scopeSpans.number === 2) spans.push(spanIn(scopeSpans.message(), shared));
    }
  }
}

function spanIn(fields: WireMessage, resource: Record<string, Scalar>): ReceivedSpan {
  const attributes: Record<string, Scalar> = {};
  const span = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startTimeUnixNano: "0",
    endTimeUnixNano: "0",
    status: 0,
    attributes,
    resource,
  };
  while (fields.next()) {
    switch (fields.number) {
      case 1:
        span.traceId = fields.hex();
        break;
      case 2:
        span.spanId = fields.hex();
        break;
      case 4:
        span.parentSpanId = fields.hex();
        break;
      case 5:
        span.name = fields.text();
        break;
      case 6:
        span.kind = Number(fields.bits());
        break;
      case 7:
        span.startTimeUnixNano = String(fields.bits());
        break;
      case 8:
        span.endTimeUnixNano = String(fields.bits());
        break;
      case 9:
        attributeIn(fields.message(), attributes);
        break;
      case 15: {
        const status = fields.message();
        while (status.next()) if (status.number === 3) span.status = Number(status.bits());
        break;
      }
    }
  }
  return checked(span);
}

function attributeIn(pair: WireMessage, into: Record<string, Scalar>): void {
  let key = "";
  let value: Scalar = "";
  while (pair.next()) {
    if (pair.number === 1) key = pair.text();
    else if (pair.number === 2) value = scalar(pair.message());
  }
  into[key] = value;
}

/** AnyValue: string 1, bool 2, int 3, double 4. Lists and maps are not kept. */
function scalar(value: WireMessage): Scalar {
  if (!value.next()) return "";
  switch (value.number) {
    case 1:
      return value.text();
    case 2:
      return value.bits() === 1n;
    case 3:
      return Number(BigInt.asIntN(64, value.bits()));
    case 4:
      return value.double();
    default:
      return "";
  }
}

function checked(span: ReceivedSpan): ReceivedSpan {
  if (!/^(?!0+$)[0-9a-f]{32}$/.test(span.traceId))
    throw new MalformedOtlp(`"${span.traceId}" is no trace id: 32 hexadecimal digits, not all 0`);
  if (!/^(?!0+$)[0-9a-f]{16}$/.test(span.spanId))
    throw new MalformedOtlp(`"${span.spanId}" is no span id: 16 hexadecimal digits, not all 0`);
  if (!/^\d{1,20}$/.test(span.startTimeUnixNano) || !/^\d{1,20}$/.test(span.endTimeUnixNano)) {
    throw new MalformedOtlp(`span ${span.spanId} has no start and end in nanoseconds`);
  }
  return span;
}
