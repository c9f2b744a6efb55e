// One emitter: a process or an isolate. It numbers what it emits on each path and counts what it could not hand over, so that a reader
// of a sink alone can tell what is missing there.
import { attributesOf, type OtlpSpan, type OtlpTraces } from "./otlp.ts";
import { type DropReason, type ResourceAttributes, spanName, spanSchema, withinSchema } from "./schema.ts";
import { randomHex, type TraceContext } from "./trace-context.ts";

/** The two independent ways of telemetry, by the cloud that each ends in. */
export const paths = ["gcp", "aws"] as const;
export type Path = (typeof paths)[number];

export interface Span {
  readonly context: TraceContext;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly kind: "server" | "client" | "internal";
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** What the schema does not know is left out. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

export interface Source {
  readonly service: string;
  /** Of the release, hexadecimal. */
  readonly version: string;
  readonly region: string;
  readonly jurisdiction: string;
}

// github.com/open-telemetry/opentelemetry-proto, trace.proto
const kinds = { internal: 1, server: 2, client: 3 } as const;
const statusError = 2;
const nanoseconds = (ms: number) => `${Math.round(ms * 1000)}000`;

export class Emitter {
  readonly #source: Source;
  readonly #id = randomHex(8);
  readonly #sequence: Record<Path, number> = { gcp: 0, aws: 0 };
  readonly #dropped: Record<Path, Map<DropReason, number>> = { gcp: new Map(), aws: new Map() };
  /** Each path numbers a span for itself; the rest of it is made once. */
  readonly #unnumbered = new WeakMap<Span, OtlpSpan>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** The spans as a message of the path, with the path's next numbers. A message that is then not handed over must be reported to `dropped`. */
  message(path: Path, spans: readonly Span[]): OtlpTraces {
    const { service, version, region, jurisdiction } = this.#source;
    const resource: ResourceAttributes = {
      "service.name": service,
      "service.version": version,
      "service.instance.id": this.#id,
      "bailiwick.region": region,
      "bailiwick.jurisdiction": jurisdiction,
    };
    const dropped = Object.fromEntries([...this.#dropped[path]].map(([reason, count]) => [`bailiwick.dropped.${reason}`, count]));
    return {
      resourceSpans: [
        {
          resource: { attributes: attributesOf({ ...resource, ...dropped }) },
          scopeSpans: [{ scope: { name: "bailiwick" }, spans: spans.map((span) => this.#numbered(path, span)) }],
        },
      ],
    };
  }

  /** These many spans of the path were not handed over. */
  dropped(path: Path, reason: DropReason, spans: number): void {
    this.#dropped[path].set(reason, (this.#dropped[path].get(reason) ?? 0) + spans);
  }

  #numbered(path: Path, span: Span): OtlpSpan {
    this.#sequence[path] += 1;
    const unnumbered = this.#unnumbered.get(span) ?? otlpSpan(span);
    this.#unnumbered.set(span, unnumbered);
    return { ...unnumbered, attributes: [...unnumbered.attributes, ...attributesOf({ "bailiwick.sequence": this.#sequence[path] })] };
  }
}

function otlpSpan(span: Span): OtlpSpan {
  return {
    ...span.context,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    name: spanName.test(span.name) ? span.name : "other",
    kind: kinds[span.kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: attributesOf(withinSchema(spanSchema, span.attributes)),
    ...(span.failed ? { status: { code: statusError } } : {}),
  };
}
