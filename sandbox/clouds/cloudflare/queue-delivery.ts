// Queues at work: what they hold, and the batches that go to `queue()` handlers. Rules: developers.cloudflare.com/queues/configuration
// (batching-retries, consumer-concurrency, dead-letter-queues).
import type { Part } from "../../engine/cloud.ts";
import type { Properties } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { type Message, MessageLog } from "../../runtimes/message-log/message-log.ts";
import type { Handled, Outgoing } from "./queue-dispatch.ts";
import { Refused, type Sent, toLog } from "./queue-producer.ts";

export const QUEUE = "cloudflare:index/queue:Queue";
export const CONSUMER = "cloudflare:index/queueConsumer:QueueConsumer";

/** A handler has 15 minutes; after that its batch is given to another. */
const leaseMs = 16 * 60_000;
/** Until a batch is tried again that workerd could not take: it was being restarted, or the Worker is not deployed. */
const outageMs = 500;
/** What a queue holds at the most (developers.cloudflare.com/queues/platform/limits). */
const backlogLimitBytes = 25_000_000_000;
/** Where a program leaves `maxConcurrency` open Cloudflare scales up to 250; here this is the most. */
const defaultConcurrency = 10;

export interface Consumer {
  readonly type: "worker" | "http_pull";
  readonly script: string;
  readonly batchSize: number;
  readonly maxWaitMs: number;
  readonly maxRetries: number;
  readonly retryDelaySeconds: number;
  readonly maxConcurrency: number;
  readonly visibilityMs: number;
  /** Id of the queue that takes what failed too often; absent: it is deleted. */
  readonly deadLetters?: string;
}

export interface QueueSettings {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly delaySeconds: number;
  readonly paused: boolean;
  readonly retentionMs: number;
  readonly consumer?: Consumer;
}

/** What a batch's way to its handler came to; undefined when it never got there. */
export type Deliver = (script: string, queue: string, messages: readonly Outgoing[], metadata: object) => Promise<Handled | undefined>;

const object = (value: unknown) => (value ?? {}) as Properties;

function settingsOf(store: Store): Map<string, QueueSettings> {
  const queues = store.list(QUEUE);
  const idOf = (name: unknown) => queues.find(({ state }) => state.queueName === name)?.id;
  const consumers = new Map(store.list(CONSUMER).map(({ state }) => [state.queueId as string, state]));
  return new Map(
    queues.map(({ id, state }) => {
      const settings = object(state.settings);
      const row = consumers.get(id);
      const given = object(row?.settings);
      const deadLetters = row && idOf(row.deadLetterQueue);
      const consumer: Consumer | undefined = row && {
        type: row.type as Consumer["type"],
        script: (row.scriptName as string) ?? "",
        batchSize: Number(given.batchSize),
        maxWaitMs: Number(given.maxWaitTimeMs ?? 5000),
        maxRetries: Number(given.maxRetries),
        retryDelaySeconds: Number(given.retryDelay),
        maxConcurrency: Number(given.maxConcurrency ?? defaultConcurrency),
        visibilityMs: Number(given.visibilityTimeoutMs ?? 30_000),
        ...(deadLetters === undefined ? {} : { deadLetters }),
      };
      return [
        id,
        {
          id,
          name: state.queueName as string,
          accountId: state.accountId as string,
          delaySeconds: Number(settings.deliveryDelay),
          paused: settings.deliveryPaused === true,
          retentionMs: Number(settings.messageRetentionPeriod) * 1000,
          ...(consumer ? { consumer } : {}),
        },
      ];
    }),
  );
}

export class QueueDelivery {
  readonly #file: string;
  readonly #store: Store;
  readonly #deliver: Deliver;
  readonly #limitBytes: number;
  #queues: ReadonlyMap<string, QueueSettings> = new Map();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #underWay = new Map<string, Set<Promise<void>>>();
  readonly #metrics = new Map<string, { readonly atMs: number; readonly value: ReturnType<QueueDelivery["measure"]> }>();
  #log: MessageLog | undefined;
  #stopListening = () => {};
  #running = false;

  /** @param file where the messages are kept @param limitBytes what each queue holds at the most */
  constructor(store: Store, file: string, deliver: Deliver, limitBytes = backlogLimitBytes) {
    this.#store = store;
    this.#file = file;
    this.#deliver = deliver;
    this.#limitBytes = limitBytes;
  }

  /** The messages. @throws Error before `start` and after `stop` */
  get log(): MessageLog {
    if (!this.#log) throw new Error("queues are not started");
    return this.#log;
  }

  start(): void {
    this.#log = new MessageLog(this.#file);
    this.#running = true;
    this.#queues = settingsOf(this.#store);
    // Whoever was handling a batch when this process ended is gone.
    for (const { id, consumer } of this.#queues.values()) if (consumer?.type === "worker") this.log.reclaim(id);
    this.#stopListening = this.log.listen((queue) => this.#pump(queue));
    for (const id of this.#queues.keys()) this.#pump(id);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#stopListening();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.allSettled([...this.#underWay.values()].flatMap((batches) => [...batches]));
    this.#log?.close();
    this.#log = undefined;
  }

  /** After a change of queues or consumers in the store. */
  refresh(): void {
    this.#queues = settingsOf(this.#store);
    if (this.#running) for (const id of this.#queues.keys()) this.#pump(id);
  }

  queue(id: string): QueueSettings | undefined {
    return this.#queues.get(id);
  }

  /** Keeps messages. Resolves once they are durable. @throws Refused when there is no such queue, or it is full: what it holds stays */
  async send(id: string, messages: readonly Sent[]): Promise<{ metadata: { metrics: object } }> {
    const queue = this.#queues.get(id);
    if (!queue) throw new Refused(404, "Queue does not exist");
    // developers.cloudflare.com/queues/reference/error-codes, QueueStorageLimitExceeded
    if (this.#recent(id).backlogBytes >= this.#limitBytes) throw new Refused(429, "Queue storage limit exceeded", 10251);
    await this.log.append(
      id,
      messages.map((message) => toLog(message, 1000 * (message.delaySeconds ?? queue.delaySeconds))),
    );
    const { backlogCount, backlogBytes, oldestMessageTimestamp } = this.#recent(id);
    return { metadata: { metrics: { backlogCount, backlogBytes, oldestMessageTimestamp } } };
  }

  /** What the queue holds now. */
  measure(id: string): { backlogCount: number; backlogBytes: number; oldestMessageTimestamp: number; leased: number } {
    const queue = this.#queues.get(id);
    if (queue) this.log.expire(id, queue.retentionMs);
    const { messages, bytes, oldestMs, leased } = this.log.depth(id);
    return { backlogCount: messages, backlogBytes: bytes, oldestMessageTimestamp: oldestMs ?? 0, leased };
  }

  /** Too often tried: to the dead letter queue, or gone. */
  giveUp(queue: QueueSettings, lease: string): void {
    if (queue.consumer?.deadLetters === undefined) this.log.acknowledge(queue.id, [lease]);
    else this.log.move(queue.id, lease, queue.consumer.deadLetters);
  }

  parts(): Part[] {
    return [...this.#queues.values()].map((queue) => {
      const { backlogCount, leased, oldestMessageTimestamp } = this.measure(queue.id);
      const age = backlogCount === 0 ? "" : `, oldest ${Math.round((Date.now() - oldestMessageTimestamp) / 1000)} s`;
      const reader = queue.consumer
        ? queue.consumer.type === "worker"
          ? `to ${queue.consumer.script}`
          : "pulled over HTTP"
        : "no consumer";
      return {
        kind: "queue",
        name: queue.name,
        state: queue.paused ? "stopped" : "running",
        detail: `${backlogCount} messages${age}, ${leased} under way; ${queue.paused ? "paused" : reader}`,
      };
    });
  }

  /** At most a second old: a sender does not wait for a count of a long queue. */
  #recent(id: string) {
    const last = this.#metrics.get(id);
    if (last && Date.now() - last.atMs < 1000) return last.value;
    const value = this.measure(id);
    this.#metrics.set(id, { atMs: Date.now(), value });
    return value;
  }

  #pump(id: string): void {
    const queue = this.#queues.get(id);
    const consumer = queue?.consumer;
    if (!this.#running || !queue || consumer?.type !== "worker" || queue.paused) return;
    this.log.expire(id, queue.retentionMs);
    const batches = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, batches);
    while (batches.size < consumer.maxConcurrency) {
      const now = Date.now();
      const { count, sinceMs } = this.log.ready(id, consumer.batchSize, now);
      const waitMs = count < consumer.batchSize ? sinceMs + consumer.maxWaitMs - now : 0;
      if (count === 0 || waitMs > 0) {
        const nextMs = this.log.nextMs(id, now);
        this.#wake(id, count === 0 ? nextMs && nextMs - now : Math.min(waitMs, nextMs === undefined ? waitMs : nextMs - now));
        return;
      }
      const batch = this.log.lease(id, consumer.batchSize, leaseMs);
      const work = this.#handle(queue, consumer, batch).finally(() => {
        batches.delete(work);
        this.#pump(id);
      });
      batches.add(work);
    }
  }

  #wake(id: string, inMs: number | undefined): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    if (inMs === undefined) return;
    this.#timers.set(
      id,
      setTimeout(() => this.#pump(id), Math.max(1, Math.min(inMs, 60_000))),
    );
  }

  async #handle(queue: QueueSettings, consumer: Consumer, batch: readonly Message[]): Promise<void> {
    const messages = batch.map(
      ({ id, body, attributes, sentMs, attempts }): Outgoing => ({
        id,
        timestampMs: sentMs,
        attempts,
        contentType: attributes.contentType ?? "v8",
        body: Buffer.from(body).toString("base64"),
      }),
    );
    const { backlogCount, backlogBytes, oldestMessageTimestamp } = this.#recent(queue.id);
    const metrics = { backlogCount, backlogBytes, oldestMessageTimestamp };
    const handled = await this.#deliver(consumer.script, queue.name, messages, { metrics }).catch(() => undefined);
    if (!handled) {
      for (const { lease } of batch) this.log.release(queue.id, lease, outageMs, false);
      return;
    }
    this.#settle(queue, consumer, batch, handled);
  }

  /** What a handler says of a message itself goes before what it says, or what happens, of the batch. */
  #settle(queue: QueueSettings, consumer: Consumer, batch: readonly Message[], handled: Handled): void {
    const retries = new Map(handled.retryMessages.map(({ msgId, delaySeconds }) => [msgId, delaySeconds]));
    const acks = new Set(handled.explicitAcks);
    const failed = handled.outcome !== "ok" || handled.retryBatch.retry;
    const done: string[] = [];
    for (const { id, lease, attempts } of batch) {
      const again = retries.has(id) || (failed && !acks.has(id) && !handled.ackAll);
      if (!again) done.push(lease);
      else if (attempts > consumer.maxRetries) this.giveUp(queue, lease);
      else {
        const delaySeconds = retries.get(id) ?? handled.retryBatch.delaySeconds ?? consumer.retryDelaySeconds;
        this.log.release(queue.id, lease, delaySeconds * 1000);
      }
    }
    this.log.acknowledge(queue.id, done);
  }
}
