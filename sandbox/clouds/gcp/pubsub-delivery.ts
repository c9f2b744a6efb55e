// Pub/Sub at work: what was published waits on the disk, once for each subscription, until somebody pulls and acknowledges it or the push
// endpoint takes it (cloud.google.com/pubsub/docs/subscription-overview, push, handling-failures).
import { randomInt } from "node:crypto";
import { join } from "node:path";
import type { Ground, Part } from "../../engine/cloud.ts";
import type { Properties } from "../../engine/definition.ts";
import { type Message, MessageLog } from "../../runtimes/message-log/message-log.ts";
import { ApiError } from "./api.ts";
import type { Iam } from "./iam.ts";
import type { KeyMaterial } from "./kms-keys.ts";
import { objectOf } from "./outputs.ts";
import { agentOf } from "./services.ts";

export const topicToken = "gcp:pubsub/topic:Topic";
export const subscriptionToken = "gcp:pubsub/subscription:Subscription";
export const api = "pubsub.googleapis.com";

/** A message as a publisher gives it. */
export interface Published {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

export interface SubscriptionSettings {
  readonly id: string;
  readonly topic: string;
  readonly project: string;
  readonly ackDeadlineMs: number;
  readonly retentionMs: number;
  readonly backoff?: { readonly leastMs: number; readonly mostMs: number };
  readonly deadLetters?: { readonly topic: string; readonly attempts: number };
  readonly push?: {
    readonly endpoint: string;
    readonly account?: string;
    readonly audience: string;
    /** Present: the data is the body, with or without the metadata as headers. */
    readonly bare?: { readonly withMetadata: boolean };
  };
}

/** Sends a push from within the project: services for internal callers let it in. */
export type Inside = (project: string, request: Request) => Promise<Response>;

/** At most so many pushes of one subscription are under way. The real number grows with success; this is where it starts to matter. */
const pushesAtOnce = 20;
/** What counts as taken (cloud.google.com/pubsub/docs/push#receive_push). */
const taken = new Set([102, 200, 201, 202, 204]);

const seconds = (duration: unknown, otherwise: number) =>
  1000 * (typeof duration === "string" && duration !== "" ? Number.parseFloat(duration) : otherwise);

/** A subscription's row, as the delivery sees it. */
export function settingsOf(id: string, state: Properties): SubscriptionSettings {
  const push = objectOf(state.pushConfig);
  const oidc = objectOf(push.oidcToken);
  const deadLetters = objectOf(state.deadLetterPolicy);
  const retry = objectOf(state.retryPolicy);
  return {
    id,
    topic: String(state.topic),
    project: String(state.project),
    ackDeadlineMs: 1000 * (Number(state.ackDeadlineSeconds ?? 0) || 10),
    retentionMs: seconds(state.messageRetentionDuration, 604_800),
    ...(state.retryPolicy === undefined
      ? {}
      : { backoff: { leastMs: seconds(retry.minimumBackoff, 10), mostMs: seconds(retry.maximumBackoff, 600) } }),
    ...(deadLetters.deadLetterTopic === undefined
      ? {}
      : { deadLetters: { topic: String(deadLetters.deadLetterTopic), attempts: Number(deadLetters.maxDeliveryAttempts ?? 0) || 5 } }),
    ...(push.pushEndpoint === undefined
      ? {}
      : {
          push: {
            endpoint: String(push.pushEndpoint),
            ...(oidc.serviceAccountEmail === undefined ? {} : { account: String(oidc.serviceAccountEmail) }),
            audience: String(oidc.audience ?? push.pushEndpoint),
            ...(push.noWrapper === undefined ? {} : { bare: { withMetadata: objectOf(push.noWrapper).writeMetadata === true } }),
          },
        }),
  };
}

export class PubSub {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #keys: KeyMaterial;
  readonly #inside: Inside;
  #subscriptions: ReadonlyMap<string, SubscriptionSettings> = new Map();
  #log: MessageLog | undefined;
  #running = false;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #underWay = new Map<string, Set<Promise<void>>>();
  readonly #waiters = new Map<string, Set<() => void>>();
  #stopping = new AbortController();

  constructor(ground: Ground, iam: Iam, keys: KeyMaterial, inside: Inside) {
    this.#ground = ground;
    this.#iam = iam;
    this.#keys = keys;
    this.#inside = inside;
  }

  /** The messages, by subscription. @throws Error before `start` and after `stop` */
  get log(): MessageLog {
    if (!this.#log) throw new Error("Pub/Sub is not started");
    return this.#log;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#log = new MessageLog(join(this.#ground.dataDir, "pubsub.db"));
    this.#running = true;
    this.#log.listen((queue) => {
      for (const wake of this.#waiters.get(queue) ?? []) wake();
      this.#pump(queue);
    });
    this.refresh();
    // Whoever was being pushed to when this process ended has not answered.
    for (const { id, push } of this.#subscriptions.values()) if (push) this.log.reclaim(id);
    for (const id of this.#subscriptions.keys()) this.#pump(id);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const waiters of this.#waiters.values()) for (const wake of waiters) wake();
    await Promise.allSettled([...this.#underWay.values()].flatMap((pushes) => [...pushes]));
    this.#log?.close();
    this.#log = undefined;
  }

  /** After a change of subscriptions in the store. */
  refresh(): void {
    const rows = this.#ground.store.list(subscriptionToken);
    this.#subscriptions = new Map(rows.map(({ id, state }) => [id, settingsOf(id, state)]));
    if (this.#running) for (const id of this.#subscriptions.keys()) this.#pump(id);
  }

  subscription(id: string): SubscriptionSettings | undefined {
    return this.#subscriptions.get(id);
  }

  /**
   * Keeps messages for every subscription of the topic that there is now. Resolves with their ids once they are on the disk.
   * @throws ApiError NOT_FOUND; FAILED_PRECONDITION while the topic's key cannot be used
   */
  async publish(topic: string, messages: readonly Published[]): Promise<string[]> {
    const row = this.#ground.store.get(topicToken, topic);
    if (!row) throw new ApiError("NOT_FOUND", `Resource not found (resource=${topic.slice(topic.lastIndexOf("/") + 1)}).`);
    const key = row.state.kmsKeyName;
    const reason = typeof key === "string" && key !== "" ? this.#keys.unusable(key) : undefined;
    if (reason) throw new ApiError("FAILED_PRECONDITION", `Cloud KMS key of the topic cannot be used: ${reason}`);
    const numbered = messages.map(({ data, attributes, orderingKey }) => ({
      id: String(randomInt(10 ** 14, 10 ** 14 * 2)),
      body: data,
      attributes,
      orderingKey,
    }));
    const readers = this.#ground.store.list(subscriptionToken).filter(({ state }) => state.topic === topic);
    await Promise.all(
      readers.map(({ id, state }) =>
        this.log.append(id, state.enableMessageOrdering === true ? numbered : numbered.map((message) => ({ ...message, orderingKey: "" }))),
      ),
    );
    return numbered.map(({ id }) => id);
  }

  /** Leases messages; with none there, waits for one. @param waitMs how long */
  async pull(subscription: SubscriptionSettings, max: number, waitMs: number, gone: AbortSignal): Promise<Message[]> {
    const end = Date.now() + waitMs;
    for (;;) {
      this.log.expire(subscription.id, subscription.retentionMs);
      const now = Date.now();
      const leased = this.log.lease(subscription.id, max, subscription.ackDeadlineMs, now);
      const spent = leased.filter(({ attempts }) => attempts > (subscription.deadLetters?.attempts ?? Number.POSITIVE_INFINITY));
      const moved = new Set<Message>();
      for (const message of spent) if (await this.#bury(subscription, message)) moved.add(message);
      const found = leased.filter((message) => !moved.has(message));
      if (found.length > 0 || Date.now() >= end || gone.aborted || !this.#running) return found;
      await this.#wait(subscription.id, now, end, gone);
    }
  }

  /** Given back by its reader: it comes again after the retry policy's delay, or goes to the dead letters. */
  async refuse(subscription: SubscriptionSettings, message: Pick<Message, "lease" | "attempts"> & Partial<Message>): Promise<void> {
    const { deadLetters, backoff, push, id } = subscription;
    if (deadLetters && message.attempts >= deadLetters.attempts && message.body && (await this.#bury(subscription, message as Message)))
      return;
    const { leastMs, mostMs } = backoff ?? (push ? { leastMs: 100, mostMs: 60_000 } : { leastMs: 0, mostMs: 0 });
    const delayMs = Math.min(mostMs, leastMs * 2 ** Math.min(message.attempts - 1, 30));
    this.log.release(id, message.lease, push ? Math.max(10, delayMs) : delayMs);
  }

  parts(): Part[] {
    return [...this.#subscriptions.values()].map(({ id, push }) => {
      const { messages, oldestMs, leased } = this.log.depth(id);
      const age = oldestMs === undefined ? "" : `, oldest ${Math.round((Date.now() - oldestMs) / 1000)} s`;
      return {
        kind: "Pub/Sub subscription",
        name: id.slice(id.lastIndexOf("/") + 1),
        state: "running",
        detail: `${messages} messages${age}, ${leased} under way; ${push ? `pushed to ${push.endpoint}` : "pulled"}`,
      };
    });
  }

  /**
   * Forwards a message to the dead letter topic. Google's agent does that, and needs to be allowed to: else the message stays where it is.
   * @returns whether it was forwarded
   */
  async #bury({ id, project, topic, deadLetters }: SubscriptionSettings, message: Message): Promise<boolean> {
    if (!deadLetters) return false;
    const agent = `serviceAccount:${agentOf(this.#ground, project, api)}`;
    if (!this.#iam.allows(agent, "pubsub.topics.publish", deadLetters.topic)) return false;
    if (!this.#iam.allows(agent, "pubsub.subscriptions.consume", id)) return false;
    const attributes = {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(Math.min(message.attempts, deadLetters.attempts)),
      CloudPubSubDeadLetterSourceSubscription: id.slice(id.lastIndexOf("/") + 1),
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.sentMs).toISOString(),
      googclient_deliveryattempt: String(message.attempts),
    };
    try {
      await this.publish(deadLetters.topic, [{ data: message.body, attributes, orderingKey: message.orderingKey }]);
    } catch (error) {
      this.#ground.log(`${topic}: no dead letter: ${error instanceof Error ? error.message : error}`);
      return false;
    }
    this.log.acknowledge(id, [message.lease]);
    return true;
  }

  #wait(id: string, lookedAt: number, end: number, gone: AbortSignal): Promise<void> {
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    return new Promise((resolve) => {
      const next = Math.min(end, this.log.nextMs(id, lookedAt) ?? end);
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        gone.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(5, next - Date.now()));
      waiters.add(done);
      gone.addEventListener("abort", done);
    });
  }

  #pump(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (!this.#running || !subscription?.push) return;
    this.log.expire(id, subscription.retentionMs);
    const pushes = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, pushes);
    const room = pushesAtOnce - pushes.size;
    const now = Date.now();
    // Leased for longer than the request may take: its end settles the message.
    for (const message of room > 0 ? this.log.lease(id, room, subscription.ackDeadlineMs + 60_000, now) : []) {
      const work = this.#push(subscription, message).finally(() => {
        pushes.delete(work);
        this.#pump(id);
      });
      pushes.add(work);
    }
    clearTimeout(this.#timers.get(id));
    const nextMs = this.log.nextMs(id, now);
    if (nextMs !== undefined) {
      const waitMs = Math.max(1, Math.min(nextMs - Date.now(), 60_000));
      this.#timers.set(
        id,
        setTimeout(() => this.#pump(id), waitMs),
      );
    }
  }

  async #push(subscription: SubscriptionSettings, message: Message): Promise<void> {
    // A target that answers at once and refuses would otherwise leave nobody else a turn.
    await new Promise((resolve) => setImmediate(resolve));
    const patience = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(subscription.ackDeadlineMs)]);
    try {
      const answer = await this.#inside(subscription.project, this.#request(subscription, message, patience));
      await answer.body?.cancel();
      if (taken.has(answer.status)) this.log.acknowledge(subscription.id, [message.lease]);
      else await this.refuse(subscription, message);
    } catch (error) {
      if (!this.#running) return;
      this.#ground.log(`${subscription.id}: push failed: ${error instanceof Error ? error.message : error}`);
      await this.refuse(subscription, message);
    }
  }

  #request({ id, push, deadLetters }: SubscriptionSettings, message: Message, signal: AbortSignal): Request {
    const { endpoint, account, audience, bare } = push as NonNullable<typeof push>;
    const holder = account === undefined ? undefined : this.#iam.account(account);
    const headers = new Headers({ "content-type": "application/json", "user-agent": "CloudPubSub-Google", from: "noreply@google.com" });
    if (holder) headers.set("authorization", `Bearer ${this.#iam.tokens.idToken(holder, audience)}`);
    if (bare) {
      headers.delete("content-type");
      if (bare.withMetadata) {
        headers.set("x-goog-pubsub-subscription-name", id);
        headers.set("x-goog-pubsub-message-id", message.id);
        headers.set("x-goog-pubsub-publish-time", new Date(message.sentMs).toISOString());
        for (const [name, value] of Object.entries(message.attributes)) headers.set(name, value);
      }
      return new Request(endpoint, { method: "POST", headers, body: Buffer.from(message.body), signal });
    }
    const body = {
      message: wireMessage(message, true),
      subscription: id,
      ...(deadLetters ? { deliveryAttempt: message.attempts } : {}),
    };
    return new Request(endpoint, { method: "POST", headers, body: JSON.stringify(body), signal });
  }
}

/** A message as the API and pushes show it; pushes have id and time in both spellings. */
export function wireMessage({ id, body, attributes, orderingKey, sentMs }: Message, both = false): Record<string, unknown> {
  const publishTime = new Date(sentMs).toISOString();
  return {
    ...(body.length > 0 ? { data: Buffer.from(body).toString("base64") } : {}),
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    ...(orderingKey === "" ? {} : { orderingKey }),
    messageId: id,
    publishTime,
    ...(both ? { message_id: id, publish_time: publishTime } : {}),
  };
}
