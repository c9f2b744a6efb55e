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

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Drawn at once for many ids: each draw is a call of the system. */
const drawn = new Uint8Array(1024);
let used = drawn.length;

/** @param bytes 1024 at most */
export function randomHex(bytes: number): string {
  if (used + bytes > drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  let text = "";
  for (const end = used + bytes; used < end; used++) text += hexadecimal[drawn[used] as number];
  return text;
}
