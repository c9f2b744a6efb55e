// R2 on workerd: what a Worker puts stays, in the bucket's own jurisdiction.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { accountId, answering, type Deployed, World } from "./world.ts";

let world: World;
let media: Deployed;
const bucket = (name: string, more: Properties = {}) => world.create("r2Bucket:R2Bucket", name, { accountId, name, ...more });
const binding = (bucketName: string, more: Properties = {}) => ({ name: "R2", type: "r2_bucket", bucketName, ...more });

/** PUT, DELETE and GET by path; a HEAD tells the stored type. */
const keeper = answering(`await (async (key) => {
  if (request.method === "PUT") return (await env.R2.put(key, await request.arrayBuffer(), { httpMetadata: request.headers })).etag;
  if (request.method === "DELETE") return String(await env.R2.delete(key));
  const object = await env.R2.get(key);
  return object ? object.httpMetadata.contentType + " " + await object.text() : "none";
})(new URL(request.url).pathname.slice(1))`);

beforeAll(async () => {
  world = await World.start();
  media = await bucket("media", { jurisdiction: "eu" });
  await world.site("keeper", keeper, { bindings: [binding("media", { jurisdiction: "eu" })] });
});
afterAll(() => world?.end());

const put = (key: string, body: string) =>
  world.fetch(`https://keeper.brand.example/${key}`, { method: "PUT", body, headers: { "content-type": "text/x-note" } });

test("an object is read as it was put, also after a kill of workerd and a restart of the cloud", async () => {
  expect((await put("a/b", "Grüße")).status).toBe(200);
  process.kill(world.pid, "SIGKILL");
  await world.stop();
  await world.start();
  expect(await world.text("https://keeper.brand.example/a/b")).toBe("text/x-note Grüße");
  expect(await world.text("https://keeper.brand.example/other")).toBe("none");
});

test("a bucket is bound in its own jurisdiction only", async () => {
  expect(media.state).toMatchObject({ jurisdiction: "eu", storageClass: "Standard" });
  const wrong = (more: Properties) => world.version("keeper", keeper, { bindings: [binding("media", more)] });
  await expect(wrong({})).rejects.toThrow(
    `R2 bucket 'media' not found (binding "R2" of Worker "keeper"): its jurisdiction is "eu", the binding's "default"`,
  );
  await expect(wrong({ jurisdiction: "us" })).rejects.toThrow('the binding\'s "us"');
  await expect(world.version("keeper", keeper, { bindings: [binding("nothing")] })).rejects.toThrow("there is no such bucket");
});

test("a bucket has a name of its own, and goes only when it is empty", async () => {
  await expect(bucket("Media")).rejects.toThrow("lower case letters, digits and hyphens");
  await expect(world.create("r2Bucket:R2Bucket", "second", { accountId, name: "media" })).rejects.toThrow(
    'The bucket "media" already exists',
  );
  const other = await bucket("other");
  await world.site("writer", keeper, { bindings: [binding("other")] });
  await world.fetch("https://writer.brand.example/x", { method: "PUT", body: "x" });
  await expect(other.remove()).rejects.toThrow('The bucket "other" is not empty');
  await world.fetch("https://writer.brand.example/x", { method: "DELETE" });
  await other.remove();
});

test("a lifecycle or lock names the bucket's jurisdiction, or is refused", async () => {
  const rules = { accountId, bucketName: "media", rules: [] };
  await expect(world.create("r2BucketLifecycle:R2BucketLifecycle", "old", rules)).rejects.toThrow('but the bucket "media" is in "eu"');
  expect((await world.create("r2BucketLock:R2BucketLock", "lock", { ...rules, jurisdiction: "eu" })).id).toBe(`${accountId}/media/eu`);
});
