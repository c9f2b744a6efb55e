// Takes what Workers send to queues, and answers when it is on the disk. workerd speaks to it over loopback HTTP, as to Cloudflare's own broker:
// `POST /message` with the body as it is, `POST /batch` with JSON (workerd's queue.c++).
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { NewMessage } from "../../runtimes/message-log/message-log.ts";
import { queueHeader, secretHeader } from "../../runtimes/workerd/queue-binding.ts";
import type { QueueSink } from "../../runtimes/workerd/workerd.ts";

// developers.cloudflare.com/queues/platform/limits
export const maxMessageBytes = 128_000;
const maxBatchMessages = 100;
const maxBatchBytes = 256_000;
export const maxDelaySeconds = 43_200;
const contentTypes = ["text", "json", "bytes", "v8"];

/** A message that the queue does not take. `status` is HTTP's, `code` the API's. */
export class Refused extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, message: string, code = 10004) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.code = code;
  }
}

export interface Sent {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Absent: the queue's own delay. */
  readonly delaySeconds?: number;
}

/** @throws Refused for what is too large, too many, too late or of no known type */
export function checkSent(messages: readonly Sent[]): void {
  if (messages.length > maxBatchMessages)
    throw new Refused(413, `batch message count of ${messages.length} exceeds limit of ${maxBatchMessages}`);
  for (const { body, contentType, delaySeconds } of messages) {
    if (body.length > maxMessageBytes) throw new Refused(413, `message length of ${body.length} bytes exceeds limit of ${maxMessageBytes}`);
    if (!contentTypes.includes(contentType))
      throw new Refused(400, `message content type ${contentType} is invalid; it must be one of ${contentTypes.join(", ")}`);
    if (delaySeconds !== undefined && !(delaySeconds >= 0 && delaySeconds <= maxDelaySeconds))
      throw new Refused(400, `message delay ${delaySeconds} is invalid; it must be from 0 to ${maxDelaySeconds} seconds`);
  }
  const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
  if (messages.length > 1 && bytes > maxBatchBytes)
    throw new Refused(413, `batch size of ${bytes} bytes exceeds limit of ${maxBatchBytes}`);
}

export const toLog = ({ body, contentType }: Sent, delayMs: number): NewMessage => ({ body, attributes: { contentType }, delayMs });

/** @param keep stores messages of a queue (by id) and resolves once they are durable; throws Refused */
export class QueueProducers {
  readonly #secret = randomBytes(24).toString("hex");
  readonly #keep: (queue: string, messages: readonly Sent[]) => Promise<object>;
  #server: Server | undefined;

  constructor(keep: (queue: string, messages: readonly Sent[]) => Promise<object>) {
    this.#keep = keep;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** @throws Error before `start` */
  sink(): QueueSink {
    if (!this.#server) throw new Error("queues do not take messages yet");
    return { address: `127.0.0.1:${(this.#server.address() as AddressInfo).port}`, secret: this.#secret };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!this.#isOurs(request)) throw new Refused(403, "Forbidden");
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const messages = read(request, Buffer.concat(chunks));
      checkSent(messages);
      const answer = await this.#keep(String(request.headers[queueHeader]), messages);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch (error) {
      const { status, message } = error instanceof Refused ? error : { status: 500, message: "Internal Server Error" };
      // What `send()` throws with.
      response.writeHead(status, { "cf-queues-error-code": "10026", "cf-queues-error-cause": message }).end(message);
    }
  }

  #isOurs(request: IncomingMessage): boolean {
    const given = Buffer.from(String(request.headers[secretHeader] ?? ""));
    const expected = Buffer.from(this.#secret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

function read(request: IncomingMessage, bytes: Buffer): Sent[] {
  const given = request.headers["x-msg-delay-secs"];
  const delaySeconds = given === undefined ? undefined : Number(given);
  const path = new URL(request.url ?? "/", "http://queue").pathname;
  if (path === "/message") return [{ body: bytes, contentType: String(request.headers["x-msg-fmt"] ?? "v8"), delaySeconds }];
  if (path !== "/batch") throw new Refused(404, `no such call: ${path}`);
  const { messages } = JSON.parse(bytes.toString()) as { messages: { body: string; contentType?: string; delaySecs?: number }[] };
  return messages.map((message) => ({
    body: Buffer.from(message.body, "base64"),
    contentType: message.contentType ?? "v8",
    delaySeconds: message.delaySecs ?? delaySeconds,
  }));
}
