// KV on workerd.
import { afterAll, beforeAll, expect, test } from "vitest";
import { kvApi } from "../../../sandbox/clouds/cloudflare/kv-api.ts";
import { accountId, answering, type Deployed, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const pair = (namespace: Deployed, keyName: string, value: string) => ({ accountId, namespaceId: namespace.id, keyName, value });
const put = (namespace: Deployed, keyName: string, value: string) =>
  world.create("workersKv:WorkersKv", keyName, pair(namespace, keyName, value));

/** A Worker that reads and writes the namespace: GET and PUT by path. */
const reader = answering(
  'request.method === "PUT" ? await env.KV.put(new URL(request.url).pathname.slice(1), request.body) : (await env.KV.get(decodeURIComponent(new URL(request.url).pathname.slice(1)))) ?? "none"',
);

test("what a program writes a Worker reads, and the other way round", async () => {
  const namespace = await world.namespace("shared");
  const row = await put(namespace, "greeting/é", "Grüße");
  await world.site("reads", reader, { bindings: [{ name: "KV", type: "kv_namespace", namespaceId: namespace.id }] });
  expect(await world.text("https://reads.brand.example/greeting%2F%C3%A9")).toBe("Grüße");
  await row.update(pair(namespace, "greeting/é", "Grüezi"));
  expect(await world.text("https://reads.brand.example/greeting%2F%C3%A9")).toBe("Grüezi");
  const other = await put(namespace, "outside", "mine");
  await world.fetch("https://reads.brand.example/outside", { method: "PUT", body: "theirs" });
  expect(await other.refresh()).toMatchObject({ keyName: "outside", value: "theirs" });
  await row.remove();
  expect(await world.text("https://reads.brand.example/greeting%2F%C3%A9")).toBe("none");
  expect(await row.refresh()).toBeUndefined();
});

test("a pair outlives a stop and start, and its namespace's end takes it along", async () => {
  const namespace = await world.namespace("kept");
  const row = await put(namespace, "key", "value");
  await world.stop();
  await world.start();
  expect(await row.refresh()).toMatchObject({ value: "value" });
  await namespace.remove();
  expect(await row.refresh()).toBeUndefined();
});

test("two namespaces of one title are refused", async () => {
  await world.namespace("title");
  await expect(world.create("workersKvNamespace:WorkersKvNamespace", "second", { accountId, title: "title" })).rejects.toThrow(
    "a namespace with the title 'title' already exists",
  );
});

test("a pair in a namespace that does not exist is refused", async () => {
  const namespace = await world.namespace("gone");
  await namespace.remove();
  await expect(put(namespace, "key", "value")).rejects.toThrow("put: 'key': namespace not found");
});

test("what writes the pairs is reached by no name on the internet", async () => {
  const namespace = await world.namespace("closed");
  await expect(world.fetch(kvApi(namespace.id, "key"))).rejects.toThrow("no such host in the sandbox");
});
