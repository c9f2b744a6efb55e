// Between Node's HTTP server and client and the Fetch types that the sandbox's internet speaks. Bodies are streamed both ways.
import { type ClientRequest, type IncomingMessage, type RequestOptions, type ServerResponse, request as send } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { Handler } from "../../engine/internet.ts";

/** Headers that belong to one hop (RFC 9110 section 7.6.1) or that the next hop sets itself. */
const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"]);

/** Statuses whose answer has no body (fetch.spec.whatwg.org/#null-body-status, without 101). */
const nullBody = new Set([204, 205, 304]);

/** A message has a body when it says so (RFC 9112 section 6.3); `Request` allows none for GET and HEAD. */
const hasBody = ({ method, headers }: IncomingMessage) =>
  method !== "GET" && method !== "HEAD" && (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined);

/**
 * The request as the service behind `url` sees it; `url` is the real one, whatever way the bytes came.
 * @param signal aborts when the client goes away
 */
export function toRequest(message: IncomingMessage, url: string, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i] as string;
    if (!hopByHop.has(name.toLowerCase()) && name.toLowerCase() !== "host") headers.append(name, message.rawHeaders[i + 1] as string);
  }
  return new Request(url, {
    method: message.method ?? "GET",
    headers,
    redirect: "manual",
    signal,
    ...(hasBody(message) ? { body: Readable.toWeb(message) as unknown as ReadableStream, duplex: "half" } : {}),
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
  const gone = new AbortController();
  to.once("close", () => to.writableFinished || gone.abort());
  let response: Response;
  try {
    response = await handler(toRequest(message, url, gone.signal));
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
  /** Set over the request's own; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /**
   * Keeps connections; absent, each request has one of its own. A service that closes idle ones may do so just as the next request goes
   * out: one that may be sent twice (`maySendTwice`) is, the others fail. Leave the agent out for those.
   */
  readonly agent?: RequestOptions["agent"];
}

/** Whether nothing happens twice when a request is sent twice, and there is no body that was read already (RFC 9110 section 9.2.1). */
export const maySendTwice = ({ method }: Request) => method === "GET" || method === "HEAD";

/**
 * Sends a request on to a local process and gives its answer, unread. Rejects when the connection fails. The request's body is left
 * untouched until there is a connection: after ECONNREFUSED the same request may be sent again.
 */
export function forward(request: Request, upstream: Upstream): Promise<Response> {
  const url = new URL(request.url);
  const headers = Object.fromEntries(
    Object.entries({ ...Object.fromEntries(request.headers), ...upstream.headers, host: url.host }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  // Node frames a body of unknown length by itself for some methods only.
  if (request.body && headers["content-length"] === undefined) headers["transfer-encoding"] = "chunked";
  // A kept connection may be closed by the other side just as it is used again (nodejs.org/api/http.html, `request.reusedSocket`).
  const repeatable = maySendTwice(request);
  return new Promise((resolve, reject) => {
    let answered = false;
    const outgoing: ClientRequest = send(
      {
        host: upstream.host ?? "127.0.0.1",
        port: upstream.port,
        socketPath: upstream.socketPath,
        agent: upstream.agent ?? false,
        method: request.method,
        path: upstream.absoluteForm ? request.url : url.pathname + url.search,
        headers,
        signal: request.signal,
      },
      (answer) => {
        answered = true;
        try {
          resolve(toResponse(answer, request.method));
        } catch (error) {
          // A status or header that `Response` does not know: the service's fault, not ours.
          answer.destroy();
          reject(error);
        }
      },
    );
    outgoing.on("error", (error) => {
      if (repeatable && outgoing.reusedSocket && !answered && !request.signal.aborted)
        resolve(forward(request, { ...upstream, agent: false }));
      else reject(error);
    });
    outgoing.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", sendBody);
      else sendBody();
    });

    function sendBody(): void {
      if (request.body)
        Readable.fromWeb(request.body as WebStream)
          .on("error", (error) => outgoing.destroy(error))
          .pipe(outgoing);
      else outgoing.end();
    }
  });
}

function toResponse(answer: IncomingMessage, method: string): Response {
  const headers = new Headers();
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = (answer.rawHeaders[i] as string).toLowerCase();
    if (!hopByHop.has(name)) headers.append(name, answer.rawHeaders[i + 1] as string);
  }
  const status = answer.statusCode ?? 502;
  const empty = method === "HEAD" || nullBody.has(status);
  const response = new Response(empty ? null : (Readable.toWeb(answer) as unknown as ReadableStream), {
    status,
    statusText: answer.statusMessage ?? "",
    headers,
  });
  if (empty) answer.resume();
  return response;
}
