// Passes a request on to a process and its answer back, bodies streamed both ways.
import { type IncomingMessage, request as send } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

// They belong to one connection (RFC 9110, section 7.6.1).
const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host"]);
const bodiless = new Set([101, 204, 205, 304]);

/**
 * @param headers added to, or in place of, the request's own
 * @throws Error when the process cannot be reached or does not answer in time
 */
export function forward(request: Request, port: number, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<Response> {
  const url = new URL(request.url);
  const kept = [...request.headers].filter(([name]) => !hopByHop.has(name));
  return new Promise((resolve, reject) => {
    const outgoing = send({
      host: "127.0.0.1",
      port,
      method: request.method,
      path: url.pathname + url.search,
      headers: { ...Object.fromEntries(kept), ...headers, host: url.host },
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
    });
    outgoing.once("error", reject);
    outgoing.once("response", (incoming) => resolve(answer(incoming, request.method)));
    if (request.body)
      Readable.fromWeb(request.body as ReadableStream)
        .once("error", (error) => outgoing.destroy(error))
        .pipe(outgoing);
    else outgoing.end();
  });
}

function answer(incoming: IncomingMessage, method: string): Response {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] as string;
    if (!hopByHop.has(name.toLowerCase())) headers.append(name, incoming.rawHeaders[index + 1] as string);
  }
  const status = incoming.statusCode ?? 502;
  if (method === "HEAD" || bodiless.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(incoming) as unknown as globalThis.ReadableStream, { status, headers });
}
