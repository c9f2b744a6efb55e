// Queues: what Workers send is on the disk when send() resolves, and reaches the consumer, a dead letter queue, or whoever pulls.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { until } from "../../until.ts";
import { accountId, type Deployed, World } from "./world.ts";

/** Each queue belongs to one test; one Worker sends to all of them, one handles all. */
const names = [
  "types",
  "delays",
  "limits",
  "kept",
  "batches",
  "some",
  "put-off",
  "failing",
  "lossy",
  "narrow",
  "paused",
  "single",
  "pushed",
  "dead",
] as const;
type Name = (typeof names)[number];

let world: World;
const queues = new Map<string, Deployed>();
beforeAll(async () => {
  world = await World.start();
  for (const name of names) queues.set(name, await queue(name));
  await world.site("sender", sender, { bindings: names.map((name) => ({ name, type: "queue", queueName: name })) });
  await world.worker("handler");
  await world.deployment("handler", [await world.version("handler", handler), 100]);
  hear();
});
afterAll(() => world?.end());

const queue = (queueName: string, more: Properties = {}): Promise<Deployed> =>
  world.create("queue:Queue", queueName, { accountId, queueName, ...more });
const consumer = (to: Deployed, more: Properties): Promise<Deployed> =>
  world.create("queueConsumer:QueueConsumer", `${to.state.queueName}-consumer`, { accountId, queueId: to.id, type: "worker", ...more });

/** Runs the body of the request as a program over the queue: `await q.send("a")`. What it throws is the answer, with 500. */
const sender = `export default { async fetch(request, env) {
  const [, name, path] = new URL(request.url).pathname.split("/");
  const Q = env[name];
  try {
    const body = new Uint8Array(await request.arrayBuffer());
    const text = new TextDecoder().decode(body);
    if (path === "text") await Q.send(text, { contentType: "text" });
    if (path === "json") await Q.send(JSON.parse(text), { contentType: "json" });
    if (path === "bytes") await Q.send(body, { contentType: "bytes" });
    if (path === "v8") await Q.send(new Map([["text", text], ["date", new Date(0)]]), { contentType: "v8" });
    if (path === "delayed") await Q.send(text, { delaySeconds: Number(request.headers.get("delay")) });
    if (path === "batch") await Q.sendBatch(JSON.parse(text).map((body) => ({ body })));
    return new Response("sent");
  } catch (error) { return new Response(String(error), { status: 500 }); }
} };`;

/** Tells `calls.example` of each batch, and does with it what that answers: a program over \`batch\`. */
const handler = `export default { async queue(batch, env) {
  const messages = batch.messages.map(({ id, body, attempts, timestamp }) => ({
    id, attempts, age: Date.now() - timestamp.getTime(),
    body: body instanceof Map ? { map: [...body].map(([k, v]) => [k, String(v instanceof Date ? v.getTime() : v)]) }
      : body instanceof ArrayBuffer ? { bytes: [...new Uint8Array(body)] } : body,
  }));
  const answer = await fetch("https://calls.example/", { method: "POST", body: JSON.stringify({ queue: batch.queue, messages }) });
  const todo = await answer.json();
  for (const { id, ack, retry } of todo.messages ?? []) {
    const message = batch.messages.find((one) => one.id === id);
    if (ack) message.ack();
    if (retry) message.retry(retry);
  }
  if (todo.retryAll) batch.retryAll(todo.retryAll);
  if (todo.throws) throw new Error("handler failed");
} };`;

interface Batch {
  readonly queue: string;
  readonly messages: readonly { readonly id: string; readonly attempts: number; readonly body: unknown }[];
}

type Todo = {
  messages?: { id: string; ack?: boolean; retry?: { delaySeconds?: number } }[];
  retryAll?: { delaySeconds?: number };
  throws?: boolean;
};

type Decide = (batch: Batch) => Todo | Promise<Todo>;
const lines = new Map<string, { batches: Batch[]; decide: Decide }>();

/** Answers the handler; anew after each start of the world. */
function hear(): void {
  world.internet.register("calls.example", async (request) => {
    const batch = (await request.json()) as Batch;
    const line = lines.get(batch.queue);
    line?.batches.push(batch);
    return Response.json((await line?.decide(batch)) ?? {});
  });
}

async function send(
  name: Name,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await world.fetch(`https://sender.brand.example/${name}/${path}`, { method: "POST", body, headers });
  return `${answer.status} ${await answer.text()}`;
}

/** Lets the handler consume a queue. What it gets is seen in `batches`. */
async function line(name: Name, decide: Decide = () => ({}), settings: Properties = {}, more: Properties = {}) {
  const batches: Batch[] = [];
  const to = queues.get(name) as Deployed;
  lines.set(name, { batches, decide });
  const reader = await consumer(to, {
    scriptName: "handler",
    settings: { batchSize: 10, maxWaitTimeMs: 50, maxRetries: 2, retryDelay: 0, ...settings },
    ...more,
  });
  const bodies = () => batches.flatMap(({ messages }) => messages.map(({ body }) => body));
  return {
    to,
    reader,
    batches,
    bodies,
    send: (...call: Parameters<typeof send> extends [Name, ...infer Rest] ? Rest : never) => send(name, ...call),
  };
}

const depth = (name: string) => world.cloud.parts().find((part) => part.kind === "queue" && part.name === name)?.detail;
const emptied = (name: string) => until(() => depth(name)?.startsWith("0 messages") ?? false, `an empty ${name}`);

describe("a message", () => {
  test("arrives as it was sent, in each of the four types", async () => {
    const { send, bodies } = await line("types");
    expect(await send("text", "Grüße")).toBe("200 sent");
    await send("json", '{"a":[1,null]}');
    await send("bytes", new Uint8Array([0, 255, 7]));
    await send("v8", "x");
    await until(() => bodies().length === 4, "four messages");
    expect(bodies()).toEqual(
      expect.arrayContaining([
        "Grüße",
        { a: [1, null] },
        { bytes: [0, 255, 7] },
        {
          map: [
            ["text", "x"],
            ["date", "0"],
          ],
        },
      ]),
    );
    await emptied("types");
  });

  test("waits for its delay", async () => {
    const { send, bodies, batches } = await line("delays");
    await send("delayed", "late", { delay: "2" });
    await send("text", "soon");
    await until(() => bodies().length === 2, "both");
    expect(bodies()).toEqual(["soon", "late"]);
    expect((batches[1]?.messages[0] as unknown as { age: number }).age).toBeGreaterThanOrEqual(2000);
  });

  test("is refused when it is too large, too late or one too many, with the reason in what send() throws", async () => {
    const { send } = await line("limits");
    expect(await send("bytes", new Uint8Array(128_000))).toBe("200 sent");
    expect(await send("bytes", new Uint8Array(128_001))).toContain("message length of 128001 bytes exceeds limit of 128000");
    expect(await send("delayed", "x", { delay: "43201" })).toContain("message delay 43201 is invalid");
    expect(await send("batch", JSON.stringify(Array.from({ length: 101 }, () => "x")))).toContain(
      "batch message count of 101 exceeds limit",
    );
    expect(await send("batch", JSON.stringify(Array.from({ length: 3 }, () => "x".repeat(90_000))))).toContain("exceeds limit of 256000");
    expect(await send("batch", JSON.stringify(Array.from({ length: 100 }, (_, i) => i)))).toBe("200 sent");
    await emptied("limits");
  });

  test("is kept through a kill of workerd and a restart of the cloud, once it was acknowledged to its sender", async () => {
    let open = false;
    const { send, bodies } = await line("kept", () => (open ? {} : { retryAll: { delaySeconds: 0 } }), { maxRetries: 100 });
    for (let i = 0; i < 5; i++) await send("text", `before ${i}`);
    process.kill(world.pid, "SIGKILL");
    await until(async () => (await send("text", "between").catch(() => "")) === "200 sent", "a sent message");
    await world.stop();
    await world.start();
    hear();
    await send("text", "after");
    open = true;
    await emptied("kept");
    expect(new Set(bodies())).toEqual(new Set([...Array.from({ length: 5 }, (_, i) => `before ${i}`), "between", "after"]));
  });
});

describe("a consumer", () => {
  test("gets batches of at most its size, and waits for them to fill no longer than it says", async () => {
    const { send, batches } = await line("batches", undefined, { batchSize: 4, maxWaitTimeMs: 300 });
    await send("batch", JSON.stringify([1, 2, 3, 4, 5, 6]));
    await until(() => batches.length === 2, "two batches");
    expect(batches.map(({ messages }) => messages.length)).toEqual([4, 2]);
    expect(batches[0]?.queue).toBe("batches");
  });

  test("that acknowledges some and then fails gets only the others again", async () => {
    const { send, batches } = await line("some", ({ messages }) => {
      const first = messages.find(({ body }) => body === "good");
      return first ? { messages: [{ id: first.id, ack: true }], throws: true } : {};
    });
    await send("batch", JSON.stringify(["good", "other"]));
    await until(() => batches.length === 2, "another try");
    await emptied("some");
    expect(batches[1]?.messages.map(({ body, attempts }) => [body, attempts])).toEqual([["other", 2]]);
  });

  test("may put off one message, and keep the rest", async () => {
    const { send, batches } = await line("put-off", ({ messages }) => ({
      messages: messages
        .filter(({ body, attempts }) => body === "again" && attempts === 1)
        .map(({ id }) => ({ id, retry: { delaySeconds: 1 } })),
    }));
    await send("batch", JSON.stringify(["once", "again"]));
    await until(() => batches.length === 2, "another try");
    expect(batches[1]?.messages.map(({ body, attempts }) => [body, attempts])).toEqual([["again", 2]]);
    await emptied("put-off");
  });

  test("that fails too often loses the message to its dead letter queue, as it is", async () => {
    const { send, batches } = await line("failing", () => ({ throws: true }), { maxRetries: 2 }, { deadLetterQueue: "dead" });
    await send("text", "poison");
    await until(() => depth("dead")?.startsWith("1 messages") ?? false, "a dead letter");
    expect(batches.map(({ messages }) => messages[0]?.attempts)).toEqual([1, 2, 3]);
    expect(depth("failing")).toMatch(/^0 messages/);
    const { batches: found } = await line("dead", undefined, { maxWaitTimeMs: 0 });
    await emptied("dead");
    expect(found[0]?.messages.map(({ id, body, attempts }) => [id, body, attempts])).toEqual([[batches[0]?.messages[0]?.id, "poison", 1]]);
  });

  test("without a dead letter queue loses it for good", async () => {
    const { send, batches } = await line("lossy", () => ({ retryAll: {} }), { maxRetries: 0 });
    await send("text", "gone");
    await emptied("lossy");
    expect(batches).toHaveLength(1);
  });

  test("runs no more batches at once than it allows", async () => {
    let running = 0;
    let most = 0;
    const decide = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return {};
    };
    const { send, bodies } = await line("narrow", decide, { batchSize: 1, maxWaitTimeMs: 0, maxConcurrency: 1 });
    await send("batch", JSON.stringify([1, 2, 3, 4, 5, 6]));
    await until(() => bodies().length === 6, "all");
    expect(most).toBe(1);
  });

  test("gets nothing while delivery is paused", async () => {
    const { to, send, batches } = await line("paused");
    const settings = { deliveryDelay: 0, deliveryPaused: true, messageRetentionPeriod: 345_600 };
    const paused = await to.update({ accountId, queueName: "paused", settings });
    await send("text", "held");
    expect(depth("paused")).toMatch(/^1 messages, oldest \d+ s, 0 under way; paused$/);
    expect(batches).toEqual([]);
    await paused.update({ accountId, queueName: "paused", settings: { ...settings, deliveryPaused: false } });
    await until(() => batches.length === 1, "the batch");
  });

  test("is the only one of its queue, and its Worker stays while it consumes", async () => {
    const to = queues.get("single") as Deployed;
    const worker = await world.worker("single");
    await world.deployment("single", [await world.version("single", handler), 100]);
    const reader = await consumer(to, { scriptName: "single" });
    await expect(consumer(to, { scriptName: "handler" })).rejects.toThrow('Queue "single" already has a consumer');
    await expect(worker.remove()).rejects.toThrow("consumes the queue single. Remove the consumer first");
    await reader.remove();
    await worker.remove();
  });

  test("is refused without a Worker, a queue, or a dead letter queue that is there, and with settings beyond the limits", async () => {
    const to = await queue("refusing");
    await expect(consumer(to, { scriptName: "nobody" })).rejects.toThrow("This Worker does not exist on your account");
    await expect(consumer(to, { type: "http_pull", deadLetterQueue: "nowhere" })).rejects.toThrow(
      'Dead letter queue "nowhere" does not exist',
    );
    await expect(consumer(to, { scriptName: "x", settings: { batchSize: 101 } })).rejects.toThrow(
      "settings.batchSize: 101 is outside of 1 to 100",
    );
    await expect(world.version("sender", sender, { bindings: [{ name: "Q", type: "queue", queueName: "nowhere" }] })).rejects.toThrow(
      'Queue "nowhere" does not exist',
    );
    await expect(queue("refusing")).rejects.toThrow("Queue name 'refusing' is already taken");
    await expect(queue("x", { settings: { messageRetentionPeriod: 59 } })).rejects.toThrow("59 is outside of 60 to 1209600");
  });
});

describe("pulled over HTTP, a message", () => {
  const token = async () =>
    (
      await world.create("accountToken:AccountToken", "reader", {
        accountId,
        name: "reader",
        policies: [{ effect: "allow", permissionGroups: [{ id: "queues" }], resources: "{}" }],
      })
    ).state.value as string;
  const call = async (bearer: string, id: string, path: string, body?: unknown) => {
    const answer = await world.fetch(`https://api.cloudflare.com/client/v4/accounts/${accountId}/queues/${id}/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${bearer}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: answer.status, ...((await answer.json()) as { result: Record<string, unknown>; errors: { message: string }[] }) };
  };

  test("is leased, acknowledged or given back, and goes to the dead letters after its last try", async () => {
    const dead = await queue("pulled-dead");
    const to = await queue("pulled");
    await consumer(to, { type: "http_pull", deadLetterQueue: "pulled-dead", settings: { maxRetries: 1, visibilityTimeoutMs: 60_000 } });
    const bearer = await token();
    for (const body of ["keep", "drop"]) expect((await call(bearer, to.id, "messages", { body, content_type: "text" })).status).toBe(200);
    type Pulled = { id: string; body: string; attempts: number; lease_id: string };
    const pull = async () => (await call(bearer, to.id, "messages/pull", { batch_size: 10 })).result.messages as Pulled[];
    const first = await pull();
    expect(first.map(({ body, attempts }) => [body, attempts])).toEqual([
      ["keep", 1],
      ["drop", 1],
    ]);
    expect(await pull()).toEqual([]);
    const settle = { acks: [{ lease_id: first[0]?.lease_id }], retries: [{ lease_id: first[1]?.lease_id }] };
    expect((await call(bearer, to.id, "messages/ack", settle)).result).toMatchObject({ ackCount: 1, retryCount: 1 });
    const second = await pull();
    expect(second.map(({ body, attempts }) => [body, attempts])).toEqual([["drop", 2]]);
    await call(bearer, to.id, "messages/ack", { retries: [{ lease_id: second[0]?.lease_id }] });
    expect(await pull()).toEqual([]);
    expect((await call(bearer, to.id, "metrics")).result).toMatchObject({ backlog_count: 0 });
    expect((await call(bearer, dead.id, "metrics")).result).toMatchObject({ backlog_count: 1 });
  });

  test("is nobody's without a token of the account", async () => {
    const to = await queue("closed");
    expect(await call("guessed", to.id, "metrics")).toMatchObject({ status: 401, errors: [{ message: "Authentication error" }] });
  });

  test("is not to be had from a queue that a Worker consumes", async () => {
    const { to } = await line("pushed");
    expect(await call(await token(), to.id, "messages/pull", {})).toMatchObject({
      status: 400,
      errors: [{ message: 'Queue "pushed" has no consumer of type http_pull.' }],
    });
  });
});
