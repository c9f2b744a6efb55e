// Pub/Sub: what was published reaches every subscription, by pull or push, through refusals and restarts.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { until } from "../../until.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Answers every request with what was asked before at `/next` (a status), and tells at `/seen` what it got. */
const program = `
import { createServer } from "node:http";
const seen = []; let status = 204;
createServer(async (request, response) => {
  const body = (await request.toArray()).join("");
  if (request.url === "/seen") return response.end(JSON.stringify(seen));
  if (request.url === "/next") { status = Number(body); return response.end(); }
  if (request.url === "/health") return response.end();
  seen.push({ headers: request.headers, body: JSON.parse(body), url: request.url });
  response.writeHead(status).end();
}).listen(process.env.PORT);`;

let world: World;
beforeAll(async () => {
  world = await World.start("run", "pubsub", "cloudkms");
});
afterAll(() => world?.end());

const api = "https://pubsub.googleapis.com/v1";
const topic = (name: string, more: Properties = {}) => world.create("pubsub/topic:Topic", name, { name, ...more });
const subscription = (name: string, to: Deployed, more: Properties = {}) =>
  world.create("pubsub/subscription:Subscription", name, { name, topic: to.id, ...more });
const owner = () => world.cloud.owner;
const publish = (to: Deployed, ...texts: string[]) =>
  world.call(owner(), "POST", `${api}/${to.id}:publish`, {
    messages: texts.map((text) => ({ data: Buffer.from(text).toString("base64") })),
  });

interface Received {
  readonly ackId: string;
  readonly deliveryAttempt?: number;
  readonly message: { readonly data: string; readonly messageId: string; readonly attributes?: Record<string, string> };
}
const pull = async (from: Deployed, more: object = {}) => {
  const body = { maxMessages: 10, returnImmediately: true, ...more };
  const answer = await world.call(owner(), "POST", `${api}/${from.id}:pull`, body);
  return (answer.body.receivedMessages ?? []) as Received[];
};
const texts = (received: readonly Received[]) => received.map(({ message }) => Buffer.from(message.data, "base64").toString());
const settle = (from: Deployed, verb: string, received: readonly Received[], more: object = {}) =>
  world.call(owner(), "POST", `${api}/${from.id}:${verb}`, { ackIds: received.map(({ ackId }) => ackId), ...more });

describe("a message", () => {
  test("is there for every subscription until that one acknowledges it, also after a restart", async () => {
    const news = await topic("news");
    const [first, second] = [await subscription("first", news), await subscription("second", news)];
    const answer = await publish(news, "hello");
    expect(answer.status).toBe(200);
    const one = await pull(first);
    expect(texts(one)).toEqual(["hello"]);
    expect(one[0]?.message.messageId).toBe((answer.body.messageIds as string[])[0]);
    expect(await pull(first)).toEqual([]);
    await settle(first, "acknowledge", one);
    await world.stop();
    await world.start();
    expect(await pull(first)).toEqual([]);
    expect(texts(await pull(second))).toEqual(["hello"]);
  });

  test("that was published before the subscription is not there", async () => {
    const early = await topic("early");
    await publish(early, "nobody listens");
    expect(await pull(await subscription("late", early))).toEqual([]);
  });

  test("given back comes again at once; kept for longer, later", async () => {
    const tasks = await topic("tasks");
    const worker = await subscription("worker", tasks);
    await publish(tasks, "a");
    await settle(worker, "modifyAckDeadline", await pull(worker), { ackDeadlineSeconds: 0 });
    const again = await pull(worker);
    expect(texts(again)).toEqual(["a"]);
    await settle(worker, "modifyAckDeadline", again, { ackDeadlineSeconds: 600 });
    expect(await pull(worker)).toEqual([]);
  });

  test("is waited for by a pull that does not return at once", async () => {
    const slow = await topic("slow");
    const reader = await subscription("reader", slow);
    const waiting = pull(reader, { returnImmediately: false });
    await publish(slow, "finally");
    expect(texts(await waiting)).toEqual(["finally"]);
  });

  test("with an ordering key comes after the one before it is acknowledged", async () => {
    const ordered = await topic("ordered");
    const reader = await subscription("in-order", ordered, { enableMessageOrdering: true });
    const message = (text: string) => ({ data: Buffer.from(text).toString("base64"), orderingKey: "k" });
    await world.call(owner(), "POST", `${api}/${ordered.id}:publish`, { messages: [message("1"), message("2")] });
    const first = await pull(reader);
    expect(texts(first)).toEqual(["1"]);
    await settle(reader, "acknowledge", first);
    expect(texts(await pull(reader))).toEqual(["2"]);
  });

  test("that is empty, or of a topic that is not there, is refused", async () => {
    const strict = await topic("strict");
    expect(await world.call(owner(), "POST", `${api}/${strict.id}:publish`, { messages: [{}] })).toMatchObject({ status: 400 });
    expect(
      await world.call(owner(), "POST", `${api}/projects/${project}/topics/nowhere:publish`, { messages: [{ data: "YQ==" }] }),
    ).toMatchObject({
      status: 404,
      body: { error: { message: "Resource not found (resource=nowhere)." } },
    });
  });
});

describe("who may", () => {
  test("publish and pull is bound on the topic and on the subscription; without the binding the call fails", async () => {
    const guarded = await topic("guarded");
    const inbox = await subscription("inbox", guarded);
    const { member } = await world.account("messenger");
    const send = () => world.call(member, "POST", `${api}/${guarded.id}:publish`, { messages: [{ data: "YQ==" }] });
    const take = () => world.call(member, "POST", `${api}/${inbox.id}:pull`, { maxMessages: 1, returnImmediately: true });
    expect([(await send()).status, (await take()).status]).toEqual([403, 403]);
    const publisher = await world.create("pubsub/topicIAMMember:TopicIAMMember", "p", {
      topic: "guarded",
      role: "roles/pubsub.publisher",
      member,
    });
    const subscriber = { subscription: inbox.id, role: "roles/pubsub.subscriber", member };
    await world.create("pubsub/subscriptionIAMMember:SubscriptionIAMMember", "s", subscriber);
    expect([(await send()).status, (await take()).status]).toEqual([200, 200]);
    await publisher.remove();
    expect((await send()).body).toMatchObject({ error: { status: "PERMISSION_DENIED" } });
  });
});

describe("a push", () => {
  const audience = "https://inside.example";
  let service: Deployed;
  let account: Awaited<ReturnType<World["account"]>>;
  const seen = async () => {
    const answer = await internal("/seen");
    return JSON.parse(answer) as {
      headers: Record<string, string>;
      body: { message: { data: string; attributes?: object }; deliveryAttempt?: number };
    }[];
  };
  /** The service admits internal callers only, so even the test comes by a subscription's way: an ID token and the same project. */
  const internal = async (path: string, body?: string) => {
    const { pid } = world.cloud.parts().find(({ kind, name }) => kind === "Cloud Run service" && name.startsWith("target-")) ?? {};
    if (pid === undefined) throw new Error("the service does not run");
    const port = /PORT=(\d+)/.exec((await import("node:fs")).readFileSync(`/proc/${pid}/environ`, "utf8"))?.[1];
    return (await fetch(`http://127.0.0.1:${port}${path}`, { method: body === undefined ? "GET" : "POST", body })).text();
  };

  beforeAll(async () => {
    account = await world.account("pusher");
    service = await world.create("cloudrunv2/service:Service", "target", {
      name: "target",
      location: region,
      ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      customAudiences: [audience],
      template: {
        serviceAccount: account.email,
        containers: [{ image: await world.push("target", program), startupProbe: { httpGet: { path: "/health" }, periodSeconds: 1 } }],
      },
    });
  });

  const pushing = (name: string, to: Deployed, more: Properties = {}) =>
    subscription(name, to, {
      pushConfig: { pushEndpoint: `${service.state.uri}/${name}`, oidcToken: { serviceAccountEmail: account.email, audience } },
      retryPolicy: { minimumBackoff: "0s", maximumBackoff: "0s" },
      ...more,
    });

  test("reaches a service for internal callers with an ID token, once its account may invoke it; from outside it is not there", async () => {
    const events = await topic("events");
    const pushed = await pushing("pushed", events);
    await publish(events, "knock");
    const depth = () => world.cloud.parts().find(({ name }) => name === "pushed")?.detail ?? "";
    await until(() => depth().startsWith("1 messages"), "the message");
    expect((await seen()).length).toBe(0);
    const binding = { name: "target", location: region, role: "roles/run.invoker", member: account.member };
    await world.create("cloudrunv2/serviceIamMember:ServiceIamMember", "invoker", binding);
    await until(() => depth().startsWith("0 messages"), "the push");
    const [push] = await seen();
    expect(push?.headers.authorization).toMatch(/^Bearer ey.*SIGNATURE_REMOVED_BY_GOOGLE$/);
    expect(push?.body).toMatchObject({ message: { data: Buffer.from("knock").toString("base64") }, subscription: pushed.id });
    expect((await world.fetch(String(service.state.uri))).status).toBe(404);
    await expect(world.call(owner(), "POST", `${api}/${pushed.id}:pull`, { maxMessages: 1 })).resolves.toMatchObject({ status: 400 });
  });

  test("that is refused too often becomes a dead letter, if Google's agent may forward it", async () => {
    const bad = await topic("bad");
    const dead = await topic("dead");
    const letters = await subscription("letters", dead);
    const failing = await pushing("failing", bad, { deadLetterPolicy: { deadLetterTopic: dead.id, maxDeliveryAttempts: 5 } });
    const before = (await seen()).length;
    await internal("/next", "500");
    await publish(bad, "poison");
    await until(async () => (await seen()).length >= before + 7, "more tries than allowed: nobody may forward");
    const agent = (await world.create("projects/serviceIdentity:ServiceIdentity", "agent", { service: "pubsub.googleapis.com" })).state
      .member as string;
    await world.create("pubsub/topicIAMMember:TopicIAMMember", "forward", {
      topic: dead.id,
      role: "roles/pubsub.publisher",
      member: agent,
    });
    const reading = { subscription: failing.id, role: "roles/pubsub.subscriber", member: agent };
    await world.create("pubsub/subscriptionIAMMember:SubscriptionIAMMember", "take", reading);
    let found: Received[] = [];
    await until(async () => {
      found = found.length > 0 ? found : await pull(letters);
      return found.length > 0;
    }, "the dead letter");
    expect(texts(found)).toEqual(["poison"]);
    expect(found[0]?.message.attributes).toMatchObject({
      CloudPubSubDeadLetterSourceSubscription: "failing",
      CloudPubSubDeadLetterSourceDeliveryCount: "5",
    });
    expect((await seen()).at(-1)?.body.deliveryAttempt).toBeGreaterThan(5);
    await internal("/next", "204");
  });
});

describe("what is refused", () => {
  test("a topic whose key Google's agent may not use, and every publish while the key is switched off", async () => {
    const ring = await world.create("kms/keyRing:KeyRing", "ring", { name: "ring", location: region });
    const key = await world.create("kms/cryptoKey:CryptoKey", "key", { name: "key", keyRing: ring.id });
    await expect(topic("sealed", { kmsKeyName: key.id })).rejects.toThrow("did not have the necessary permissions");
    const agent = `serviceAccount:service-${(await world.invoke("organizations/getProject:getProject", {})).number}@gcp-sa-pubsub.iam.gserviceaccount.com`;
    const binding = { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member: agent };
    await world.create("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "grant", binding);
    const sealed = await topic("sealed", { kmsKeyName: key.id });
    expect((await publish(sealed, "a")).status).toBe(200);
    const version = `https://cloudkms.googleapis.com/v1/${key.id}/cryptoKeyVersions/1?updateMask=state`;
    expect((await world.call(owner(), "PATCH", version, { state: "DISABLED" })).status).toBe(200);
    expect(await publish(sealed, "b")).toMatchObject({ status: 400, body: { error: { status: "FAILED_PRECONDITION" } } });
  });

  test("a subscription to nothing, with settings out of range, or with what is not available here", async () => {
    const real = await topic("real");
    await expect(subscription("x-sub", { ...real, id: `projects/${project}/topics/none` })).rejects.toThrow(
      "Resource not found (resource=none)",
    );
    await expect(subscription("x-sub", real, { ackDeadlineSeconds: 5 })).rejects.toThrow("5 is not from 10 to 600");
    await expect(subscription("x-sub", real, { filter: 'attributes:"a"' })).rejects.toThrow("not available here");
    await expect(subscription("x-sub", real, { deadLetterPolicy: { deadLetterTopic: real.id, maxDeliveryAttempts: 4 } })).rejects.toThrow(
      "4 is not from 5",
    );
    await expect(subscription("x-sub", real, { pushConfig: { pushEndpoint: "http://plain.example" } })).rejects.toThrow(
      "is no https address",
    );
    await expect(topic("goog-mine")).rejects.toThrow('"goog-mine"');
    await expect(topic("real")).rejects.toThrow("Resource already exists in the project (resource=real)");
  });

  test("a topic where the API is not enabled", async () => {
    const other = { name: "elsewhere", project: "other" };
    await expect(world.create("pubsub/topic:Topic", "elsewhere", other)).rejects.toThrow("Cloud Pub/Sub API has not been used in project");
  });
});
