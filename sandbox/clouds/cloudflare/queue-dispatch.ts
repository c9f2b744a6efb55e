// Hands batches to `queue()` handlers: an own Worker that holds every consumer, since only workerd may raise that event.
import type { Service } from "../../runtimes/workerd/workerd.ts";

/** No Worker can have this name: a dot is not allowed in one. */
export const dispatchName = "account.queues";

/** A message as it goes to the handler. */
export interface Outgoing {
  readonly id: string;
  readonly timestampMs: number;
  readonly attempts: number;
  readonly contentType: string;
  /** base64 */
  readonly body: string;
}

/** What a handler did with its batch, as workerd tells it (`FetcherQueueResult` of its types). */
export interface Handled {
  /** `ok`, or why not: `exception`, `exceededCpu`, ... */
  readonly outcome: string;
  readonly ackAll: boolean;
  readonly retryBatch: { readonly retry: boolean; readonly delaySeconds?: number };
  readonly explicitAcks: readonly string[];
  readonly retryMessages: readonly { readonly msgId: string; readonly delaySeconds?: number }[];
}

const source = `
const decode = ({ id, timestampMs, attempts, contentType, body }) => {
  const bytes = Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
  const message = { id, timestamp: new Date(timestampMs), attempts };
  const text = () => new TextDecoder().decode(bytes);
  switch (contentType) {
    case "text": return { ...message, body: text() };
    case "json": return { ...message, body: JSON.parse(text()) };
    case "bytes": return { ...message, body: bytes.buffer };
    default: return { ...message, serializedBody: bytes.buffer };
  }
};
export default { async fetch(request, env) {
  const consumer = env[new URL(request.url).searchParams.get("service")];
  if (!consumer) return new Response("not running", { status: 404 });
  const { queue, messages, metadata } = await request.json();
  const { outcome, ackAll, retryBatch, explicitAcks, retryMessages } = await consumer.queue(queue, messages.map(decode), metadata);
  return Response.json({ outcome, ackAll, retryBatch, explicitAcks, retryMessages });
} };`;

/** @param consumers names of the services that have a handler to be called */
export function dispatchService(consumers: readonly string[]): Service {
  return {
    name: dispatchName,
    modules: [{ name: "index.js", type: "application/javascript+module", bytes: new TextEncoder().encode(source) }],
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["service_binding_extra_handlers"],
    values: {},
    kv: {},
    durableObjects: {},
    rateLimits: {},
    services: Object.fromEntries(consumers.map((name) => [name, name])),
  };
}

export const dispatchUrl = (service: string) => `https://queues.internal/?service=${encodeURIComponent(service)}`;
