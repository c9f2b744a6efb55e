// The Pub/Sub API over REST, as Google's client libraries call it where gRPC is off (`fallback: true`).

import type { Store } from "../../engine/store.ts";
import { ApiError, answering, bodyOf } from "./api.ts";
import type { Iam } from "./iam.ts";
import { type Published, type PubSub, subscriptionToken, topicToken, wireMessage } from "./pubsub-delivery.ts";

// cloud.google.com/pubsub/quotas
const maxMessages = 1000;
const maxRequestBytes = 10_000_000;
const maxAttributes = 100;
/** The real service answers an empty pull after a while of its own choice; clients pull again. */
const pullWaitMs = 20_000;

const route = /^\/v1\/(projects\/[^/]+\/(topics|subscriptions)\/[^/:]+)(?::(\w+))?$/;

export function pubsubApi(store: Store, iam: Iam, pubsub: PubSub): (request: Request) => Promise<Response> {
  return (request) =>
    answering(async () => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const [, name = "", kind, verb] = route.exec(path) ?? [];
      const member = iam.caller(request);
      switch (`${request.method} ${kind}:${verb ?? "get"}`) {
        case "GET topics:get":
          return shown(store, iam, member, "pubsub.topics.get", topicToken, name);
        case "GET subscriptions:get":
          return shown(store, iam, member, "pubsub.subscriptions.get", subscriptionToken, name);
        case "POST topics:publish": {
          iam.demand(member, "pubsub.topics.publish", name);
          const { messages = [] } = await bodyOf(request);
          return { messageIds: await pubsub.publish(name, checked(messages as Record<string, unknown>[]).map(read)) };
        }
        case "POST subscriptions:pull": {
          const { maxMessages: max = 0, returnImmediately = false } = await bodyOf(request);
          if (!(Number(max) > 0)) throw new ApiError("INVALID_ARGUMENT", "The value for max_messages must be greater than 0.");
          const subscription = consumed(iam, pubsub, member, name);
          if (subscription.push) throw new ApiError("FAILED_PRECONDITION", "This method is not supported for this subscription type.");
          const found = await pubsub.pull(
            subscription,
            Math.min(Number(max), maxMessages),
            returnImmediately === true ? 0 : pullWaitMs,
            request.signal,
          );
          const receivedMessages = found.map((message) => ({
            ackId: `${message.lease}.${message.attempts}`,
            message: wireMessage(message),
            ...(subscription.deadLetters ? { deliveryAttempt: message.attempts } : {}),
          }));
          return receivedMessages.length > 0 ? { receivedMessages } : {};
        }
        case "POST subscriptions:acknowledge": {
          const { ackIds = [] } = await bodyOf(request);
          pubsub.log.acknowledge(consumed(iam, pubsub, member, name).id, (ackIds as string[]).map(leaseOf));
          return {};
        }
        case "POST subscriptions:modifyAckDeadline": {
          const { ackIds = [], ackDeadlineSeconds = 0 } = await bodyOf(request);
          const subscription = consumed(iam, pubsub, member, name);
          const deadline = Number(ackDeadlineSeconds);
          if (!(deadline >= 0 && deadline <= 600))
            throw new ApiError("INVALID_ARGUMENT", `ack_deadline_seconds ${deadline} is not from 0 to 600.`);
          for (const ackId of ackIds as string[]) {
            if (deadline > 0) pubsub.log.extend(subscription.id, leaseOf(ackId), deadline * 1000);
            else await pubsub.refuse(subscription, { lease: leaseOf(ackId), attempts: Number(ackId.split(".")[1] ?? 1) });
          }
          return {};
        }
        default:
          throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
      }
    });
}

const leaseOf = (ackId: string) => ackId.split(".")[0] ?? "";

function shown(store: Store, iam: Iam, member: string, permission: string, token: string, name: string) {
  iam.demand(member, permission, name);
  const row = store.get(token, name);
  if (!row) throw notFound(name);
  return { ...row.inputs, name };
}

function consumed(iam: Iam, pubsub: PubSub, member: string, name: string) {
  iam.demand(member, "pubsub.subscriptions.consume", name);
  const subscription = pubsub.subscription(name);
  if (!subscription) throw notFound(name);
  return subscription;
}

const notFound = (name: string) => new ApiError("NOT_FOUND", `Resource not found (resource=${name.slice(name.lastIndexOf("/") + 1)}).`);

function checked<T>(messages: readonly T[]): readonly T[] {
  if (messages.length === 0) throw new ApiError("INVALID_ARGUMENT", "The request contains no messages.");
  if (messages.length > maxMessages)
    throw new ApiError(
      "INVALID_ARGUMENT",
      `The value for message_count is too large. You passed ${messages.length} in the request, but the maximum value is ${maxMessages}.`,
    );
  if (JSON.stringify(messages).length > maxRequestBytes * 1.4)
    throw new ApiError("INVALID_ARGUMENT", `Request payload size exceeds the limit: ${maxRequestBytes} bytes.`);
  return messages;
}

function read({ data = "", attributes = {}, orderingKey = "" }: Record<string, unknown>): Published {
  const given = attributes as Record<string, string>;
  const message = { data: Buffer.from(String(data), "base64"), attributes: given, orderingKey: String(orderingKey) };
  const names = Object.keys(given);
  if (message.data.length === 0 && names.length === 0)
    throw new ApiError(
      "INVALID_ARGUMENT",
      "One or more messages in the publish request is empty. Each message must contain either non-empty data, or at least one attribute.",
    );
  const long = names.find((name) => name.length > 256 || String(given[name]).length > 1024 || name.startsWith("goog"));
  if (names.length > maxAttributes || long !== undefined)
    throw new ApiError(
      "INVALID_ARGUMENT",
      `Attributes are at most ${maxAttributes}, of 256 bytes by name and 1024 by value, and none begins with "goog"${long === undefined ? "" : `: ${long.slice(0, 60)}`}.`,
    );
  return message;
}
