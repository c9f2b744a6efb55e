// Queues as the account's API serves them: pulling, acknowledging, sending and metrics (developers.cloudflare.com/api/resources/queues).
import type { Internet } from "../../engine/internet.ts";
import type { QueueDelivery, QueueSettings } from "./queue-delivery.ts";
import { checkSent, Refused, type Sent } from "./queue-producer.ts";

type Body = { [key: string]: unknown };

class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
const path = /^\/client\/v4\/accounts\/([^/]+)\/queues\/([^/]+)\/(messages|messages\/batch|messages\/pull|messages\/ack|metrics)$/;

/** @param holder the account that a token opens; undefined for one that is not good. Returns a function that takes the API off again. */
export function serveQueueApi(internet: Internet, delivery: QueueDelivery, holder: (token: string) => string | undefined): () => void {
  return internet.register("api.cloudflare.com", async (request) => {
    try {
      const [, account, id, call] = path.exec(new URL(request.url).pathname) ?? [];
      if (!account || !id || !call)
        throw new ApiError(404, 7003, `Could not route to ${new URL(request.url).pathname}: it is not available here.`);
      const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      if (token === undefined || holder(token) !== account) throw new ApiError(401, 10000, "Authentication error");
      const queue = delivery.queue(id);
      if (queue?.accountId !== account) throw new ApiError(404, 11000, `Queue "${id}" does not exist.`);
      const body = request.method === "POST" ? ((await request.json()) as Body) : {};
      const result = await (calls[`${request.method} ${call}`] ?? unknown)(delivery, queue, body);
      return json(200, { success: true, errors: [], messages: [], result });
    } catch (error) {
      const { status, code, message } =
        error instanceof ApiError
          ? error
          : error instanceof Refused
            ? { status: error.status, code: error.code, message: error.message }
            : { status: 400, code: 10026, message: error instanceof Error ? error.message : String(error) };
      return json(status, { success: false, errors: [{ code, message }], messages: [], result: null });
    }
  });
}

const unknown: Call = () => {
  throw new ApiError(405, 10001, "Method not allowed.");
};

type Call = (delivery: QueueDelivery, queue: QueueSettings, body: Body) => Promise<object> | object;

const calls: Readonly<Record<string, Call>> = {
  "GET metrics": (delivery, { id }) => metrics(delivery, id),
  "POST messages": (delivery, { id }, body) => send(delivery, id, [sent(body)]),
  "POST messages/batch": (delivery, { id }, { messages = [], delay_seconds }) =>
    send(
      delivery,
      id,
      (messages as Body[]).map((message) => sent({ delay_seconds, ...message })),
    ),
  "POST messages/pull": pull,
  "POST messages/ack": acknowledge,
};

function metrics(delivery: QueueDelivery, id: string) {
  const { backlogCount, backlogBytes, oldestMessageTimestamp } = delivery.measure(id);
  return { backlog_count: backlogCount, backlog_bytes: backlogBytes, oldest_message_timestamp_ms: oldestMessageTimestamp };
}

async function send(delivery: QueueDelivery, id: string, messages: readonly Sent[]) {
  checkSent(messages);
  await delivery.send(id, messages);
  return { metadata: { metrics: metrics(delivery, id) } };
}

function sent({ body, content_type = "json", delay_seconds }: Body): Sent {
  const text = content_type === "text" ? String(body) : JSON.stringify(body);
  return { body: Buffer.from(text), contentType: String(content_type), delaySeconds: delay_seconds as number | undefined };
}

function puller({ consumer, name }: QueueSettings) {
  if (consumer?.type === "http_pull") return consumer;
  throw new ApiError(400, 11011, `Queue "${name}" has no consumer of type http_pull.`);
}

function pull(delivery: QueueDelivery, queue: QueueSettings, { batch_size, visibility_timeout_ms }: Body) {
  const consumer = puller(queue);
  const max = Number(batch_size ?? consumer.batchSize);
  if (!(max >= 1 && max <= 100)) throw new ApiError(400, 10026, `batch_size ${max} is outside of 1 to 100`);
  delivery.log.expire(queue.id, queue.retentionMs);
  const leased = queue.paused ? [] : delivery.log.lease(queue.id, max, Number(visibility_timeout_ms ?? consumer.visibilityMs));
  const spent = leased.filter(({ attempts }) => attempts > consumer.maxRetries + 1);
  for (const { lease } of spent) delivery.giveUp(queue, lease);
  return {
    message_backlog_count: delivery.measure(queue.id).backlogCount,
    messages: leased
      .filter((message) => !spent.includes(message))
      .map(({ id, body, attributes, sentMs, attempts, lease }) => ({
        id,
        timestamp_ms: sentMs,
        attempts,
        lease_id: lease,
        // Text as it is, everything else as base64 (developers.cloudflare.com/queues/configuration/pull-consumers).
        body: Buffer.from(body).toString(attributes.contentType === "text" ? "utf8" : "base64"),
        metadata: { "CF-Content-Type": attributes.contentType, "CF-sourceMessageSource": "worker" },
      })),
    metadata: { metrics: metrics(delivery, queue.id) },
  };
}

function acknowledge(delivery: QueueDelivery, queue: QueueSettings, { acks = [], retries = [] }: Body) {
  const consumer = puller(queue);
  const leases = (acks as Body[]).map(({ lease_id }) => String(lease_id));
  for (const { lease_id, delay_seconds } of retries as Body[]) {
    delivery.log.release(queue.id, String(lease_id), 1000 * Number(delay_seconds ?? consumer.retryDelaySeconds));
  }
  return { ackCount: delivery.log.acknowledge(queue.id, leases), retryCount: (retries as Body[]).length, warnings: {} };
}
