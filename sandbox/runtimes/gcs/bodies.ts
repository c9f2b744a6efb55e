// Bodies of uploads and downloads.
import { GcsError, invalid } from "./errors.ts";

export async function* bytesOf(request: Request): AsyncGenerator<Uint8Array> {
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) yield part;
}

export interface Multipart {
  /** The JSON of the first part. */
  readonly resource: Record<string, unknown>;
  readonly contentType: string | undefined;
  readonly media: Buffer;
}

/**
 * A `multipart/related` body of two parts: resource and media (RFC 2387).
 * @throws GcsError 400
 */
export function parseMultipart(contentType: string, body: Buffer): Multipart {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw invalid("Multipart body without a boundary.");
  const parts: { headers: string; content: Buffer }[] = [];
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (body.subarray(start, start + 2).toString() === "--") break;
    const next = body.indexOf(Buffer.concat([Buffer.from("\r\n"), delimiter]), start);
    const headersEnd = body.indexOf("\r\n\r\n", start);
    if (next < 0 || headersEnd < 0 || headersEnd > next) throw invalid("Malformed multipart body.");
    parts.push({ headers: body.subarray(start, headersEnd).toString(), content: body.subarray(headersEnd + 4, next) });
    at = next + 2;
  }
  const [resource, media] = parts;
  if (!resource || !media || parts.length !== 2) throw invalid("Multipart must have exactly two non-empty parts: resource and media.");
  return {
    resource: parseJson(resource.content.toString()),
    contentType: /^content-type:\s*(.+)$/im.exec(media.headers)?.[1]?.trim(),
    media: media.content,
  };
}

/** @throws GcsError 400 */
export function parseJson(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new GcsError(400, "parseError", "Parse Error: the body is not a JSON object.");
}

/**
 * First and last byte that a `Range` header asks for; undefined without one, or when it is of a form that may be ignored (RFC 9110 section 14.2).
 * @throws GcsError 416
 */
export function byteRange(header: string | null, size: number): { start: number; end: number } | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (start > end) throw new GcsError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable");
  return { start, end };
}

export interface ContentRange {
  /** Of this chunk; undefined when it only asks for the state. */
  readonly start?: number;
  readonly end?: number;
  /** Of the whole; undefined while it is not known. */
  readonly total?: number;
}

/** @throws GcsError 400 */
export function contentRange(header: string): ContentRange {
  const [, start, end, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header) ?? [];
  if (total === undefined) throw invalid(`Failed to parse Content-Range header "${header}".`);
  return {
    ...(start !== undefined ? { start: Number(start), end: Number(end) } : {}),
    ...(total !== "*" ? { total: Number(total) } : {}),
  };
}
