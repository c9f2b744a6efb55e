// Which trace a request belongs to: W3C Trace Context, version 00 (w3.org/TR/trace-context).

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: of the span that the context speaks for. */
  readonly spanId: string;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** The caller's span, or undefined where the header is missing or not one. */
export function parseTraceparent(header: string | null | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, rest] = form.exec(header ?? "") ?? [];
  if (!version || !traceId || !spanId || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId };
}

export const traceparent = ({ traceId, spanId }: TraceContext): string => `00-${traceId}-${spanId}-01`;

/** A new span's context: in the caller's trace, or in a trace of its own. */
export function childOf(parent: TraceContext | undefined): TraceContext {
  return { traceId: parent?.traceId ?? randomHex(16), spanId: randomHex(8) };
}

export function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
