// Between Node's HTTP server and client and the Fetch types that the sandbox's internet speaks. Bodies are streamed both ways.
import { type ClientRequest, type IncomingMessage, type RequestOptions, type ServerResponse, request as send } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { Handler } from "../../engine/internet.ts";

/** Headers that belong to one hop (RFC 9110 section 7.6.1) or that the next hop sets itself. */
const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"]);

const bodiless = (method: string) => method === "GET" || method === "HEAD";

/** The request as the service behind `url` sees it; `url` is the real one, whatever way the bytes came. */
export function toRequest(message: IncomingMessage, url: string): Request {
  const headers = new Headers();
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i] as string;
    if (!hopByHop.has(name.toLowerCase()) && name.toLowerCase() !== "host") headers.append(name, message.rawHeaders[i + 1] as string);
  }
  const method = message.method ?? "GET";
  const gone = new AbortController();
  message.once("close", () => message.complete || gone.abort());
  return new Request(url, {
    method,
    headers,
    redirect: "manual",
    signal: gone.signal,
    ...(bodiless(method) ? {} : { body: Readable.toWeb(message) as unknown as ReadableStream, duplex: "half" }),
  } as RequestInit);
}

export async function sendResponse(response: Response, to: ServerResponse): Promise<void> {
  const headers: string[] = [];
  for (const [name, value] of response.headers) if (!hopByHop.has(name)) headers.push(name, value);
  to.writeHead(response.status, response.statusText, headers);
  if (!response.body) {
    to.end();
    return;
  }
  // A client that goes away, or a service that dies in the middle of its answer, ends the connection: it must not look complete.
  await pipeline(Readable.fromWeb(response.body as WebStream), to).catch(() => to.destroy());
}

/** Answers one Node request by a handler; an error of the handler is a 502 with its message. */
export async function serve(handler: Handler, message: IncomingMessage, to: ServerResponse, url: string): Promise<void> {
  let response: Response;
  try {
    response = await handler(toRequest(message, url));
  } catch (error) {
    response = new Response(`${error instanceof Error ? error.message : String(error)}\n`, {
      status: 502,
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  }
  await sendResponse(response, to);
}

/** Where a request is sent on this machine. */
export interface Upstream {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  /** Send the whole URL in the request line, as to a proxy: the other side then sees the real scheme and host. */
  readonly absoluteForm?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: RequestOptions["agent"];
}

/** Sends a request on to a local process and gives its answer, unread. Rejects when the connection fails. */
export function forward(request: Request, upstream: Upstream): Promise<Response> {
  const url = new URL(request.url);
  const headers: Record<string, string> = { ...Object.fromEntries(request.headers), ...upstream.headers, host: url.host };
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = send(
      {
        host: upstream.host ?? "127.0.0.1",
        port: upstream.port,
        socketPath: upstream.socketPath,
        agent: upstream.agent,
        method: request.method,
        path: upstream.absoluteForm ? request.url : url.pathname + url.search,
        headers,
        signal: request.signal,
      },
      (answer) => {
        const received = new Headers();
        for (let i = 0; i < answer.rawHeaders.length; i += 2) {
          const name = (answer.rawHeaders[i] as string).toLowerCase();
          if (!hopByHop.has(name)) received.append(name, answer.rawHeaders[i + 1] as string);
        }
        const status = answer.statusCode ?? 502;
        const empty = request.method === "HEAD" || status === 204 || status === 304;
        if (empty) answer.resume();
        resolve(
          new Response(empty ? null : (Readable.toWeb(answer) as unknown as ReadableStream), {
            status,
            statusText: answer.statusMessage ?? "",
            headers: received,
          }),
        );
      },
    );
    outgoing.on("error", reject);
    if (request.body)
      Readable.fromWeb(request.body as WebStream)
        .on("error", (error) => outgoing.destroy(error))
        .pipe(outgoing);
    else outgoing.end();
  });
}
