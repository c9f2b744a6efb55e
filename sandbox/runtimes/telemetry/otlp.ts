// Trace requests of OTLP over HTTP, in both of its encodings (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Request").
import { gunzipSync } from "node:zlib";
import { fieldsOf, text, type WireField } from "./protobuf.ts";

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
  return messages(body, 1).flatMap((resourceSpans) => {
    const shared = messages(resourceSpans, 1).map((resource) => attributesIn(resource, 1))[0] ?? {};
    return messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2).map((span) => spanIn(span, shared)));
  });
}

function spanIn(span: Buffer, resource: Record<string, Scalar>): ReceivedSpan {
  const fields = fieldsOf(span);
  const bytes = (number: number) => fields.find((field) => field.number === number && field.bytes)?.bytes ?? Buffer.alloc(0);
  const integer = (number: number) => fields.find((field) => field.number === number)?.integer ?? 0n;
  return checked({
    traceId: bytes(1).toString("hex"),
    spanId: bytes(2).toString("hex"),
    parentSpanId: bytes(4).toString("hex"),
    name: text(bytes(5)),
    kind: Number(integer(6)),
    startTimeUnixNano: String(integer(7)),
    endTimeUnixNano: String(integer(8)),
    status: messages(span, 15).map((status) => Number(fieldsOf(status).find(({ number }) => number === 3)?.integer ?? 0n))[0] ?? 0,
    attributes: attributesIn(span, 9),
    resource,
  });
}

const messages = (body: Buffer, number: number): Buffer[] =>
  fieldsOf(body).flatMap((field) => (field.number === number && field.bytes ? [field.bytes] : []));

function attributesIn(body: Buffer, number: number): Record<string, Scalar> {
  return Object.fromEntries(
    messages(body, number).map((pair) => {
      const fields = fieldsOf(pair);
      const key = text(fields.find((field) => field.number === 1)?.bytes ?? Buffer.alloc(0));
      const value = fields.find((field) => field.number === 2)?.bytes;
      return [key, value ? scalar(fieldsOf(value)[0]) : ""];
    }),
  );
}

/** AnyValue: string 1, bool 2, int 3, double 4. Lists and maps are not kept. */
function scalar(field: WireField | undefined): Scalar {
  switch (field?.number) {
    case 1:
      return text(field.bytes ?? Buffer.alloc(0));
    case 2:
      return field.integer === 1n;
    case 3:
      return Number(BigInt.asIntN(64, field.integer ?? 0n));
    case 4: {
      const bits = Buffer.alloc(8);
      bits.writeBigUInt64LE(field.integer ?? 0n);
      return bits.readDoubleLE();
    }
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
