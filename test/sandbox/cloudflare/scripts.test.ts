// WorkersScript: uploaded whole and deployed at once, the owner of Durable Object classes and of their data.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { until } from "../../until.ts";
import { answering, type Deployed, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** Counts the requests for each path, in a Durable Object of that name; `mark` is put before the count. */
const counting = (mark: string) => `
  import { DurableObject } from "cloudflare:workers";
  export class Counter extends DurableObject {
    async fetch() {
      const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
      await this.ctx.storage.put("count", count);
      return new Response("${mark}" + count);
    }
  }
  export default { fetch: (request, env) => env.COUNTER.getByName(new URL(request.url).pathname).fetch(request) };`;
const binding = { name: "COUNTER", type: "durable_object_namespace", className: "Counter" };
const firstMigration = { newTag: "v1", newSqliteClasses: ["Counter"] };
const applied = { oldTag: "v1", newTag: "v1" };

const upload = (name: string, content: string, more: Properties = {}): Promise<Deployed> =>
  world.create("workersScript:WorkersScript", name, world.script(name, content, more));

/** An owner of the class, at `<name>.brand.example`. */
async function counter(name: string): Promise<{ script: Deployed; domain: Deployed; count: () => Promise<string> }> {
  const script = await upload(name, counting(""), { bindings: [binding], migrations: firstMigration });
  const domain = await world.domain(name, `${name}.brand.example`);
  return { script, domain, count: () => world.text(`https://${name}.brand.example/a`) };
}

describe("the data of a Durable Object", () => {
  test("outlives an upload of new code", async () => {
    const { script, count } = await counter("upgraded");
    expect([await count(), await count()]).toEqual(["1", "2"]);
    await script.update(world.script("upgraded", counting("new "), { bindings: [binding], migrations: applied }));
    expect(await count()).toBe("new 3");
  });

  test("outlives a stop and start of the cloud", async () => {
    const { count } = await counter("restarted");
    expect(await count()).toBe("1");
    await world.stop();
    await world.start();
    expect(await count()).toBe("2");
  });

  test("outlives a kill of workerd", async () => {
    const { count } = await counter("killed");
    expect(await count()).toBe("1");
    const before = world.pid;
    process.kill(before, "SIGKILL");
    // The moment in which connections break is nobody's promise; after it, a request starts workerd again and is answered.
    await until(async () => (await count().catch(() => "")) !== "", "an answer");
    expect(world.pid).not.toBe(before);
    expect(Number(await count())).toBeGreaterThan(2);
  });

  test("goes with its Worker: one of the same name begins anew", async () => {
    const { script, domain, count } = await counter("reborn");
    expect([await count(), await count()]).toEqual(["1", "2"]);
    await domain.remove();
    await script.remove();
    expect(await (await counter("reborn")).count()).toBe("1");
  });

  test("goes with its class, when a migration deletes that", async () => {
    const { script, count } = await counter("dropped");
    expect(await count()).toBe("1");
    const without = await script.update(
      world.script("dropped", answering('"no class"'), { migrations: { oldTag: "v1", newTag: "v2", deletedClasses: ["Counter"] } }),
    );
    expect(await count()).toBe("no class");
    const migrations = { oldTag: "v2", newTag: "v3", newSqliteClasses: ["Counter"] };
    await without.update(world.script("dropped", counting(""), { bindings: [binding], migrations }));
    expect(await count()).toBe("1");
  });

  test("is shared with a Worker that binds it by scriptName", async () => {
    const { count } = await counter("owner");
    expect(await count()).toBe("1");
    await world.site("binder", answering('"bound " + await (await env.OTHER.getByName("/a").fetch(request)).text()'), {
      bindings: [{ ...binding, name: "OTHER", scriptName: "owner" }],
    });
    expect(await world.text("https://binder.brand.example/")).toBe("bound 2");
    expect(await count()).toBe("3");
  });
});

describe("a migration", () => {
  test("is refused when the tag it starts from is not the one that is applied", async () => {
    const { script, count } = await counter("tags");
    await expect(
      script.update(world.script("tags", counting("never "), { bindings: [binding], migrations: firstMigration })),
    ).rejects.toThrow("Migration tag precondition failed; expected tag '', but got 'v1'");
    expect(await count()).toBe("1");
  });

  test("is refused when it makes a class that exists", async () => {
    const { script } = await counter("again");
    const migrations = { oldTag: "v1", newTag: "v2", newSqliteClasses: ["Counter"] };
    await expect(script.update(world.script("again", counting(""), { bindings: [binding], migrations }))).rejects.toThrow(
      "new-class migration to class 'Counter'",
    );
  });

  test("is refused when it makes a key-value class", async () => {
    const migrations = { newTag: "v1", newClasses: ["Counter"] };
    await expect(upload("old-kind", counting(""), { bindings: [binding], migrations })).rejects.toThrow("use newSqliteClasses");
  });

  test("of an upload that workerd refuses is not applied", async () => {
    await expect(upload("undone", "no JavaScript", { bindings: [binding], migrations: firstMigration })).rejects.toThrow(
      "the runtime refused the version",
    );
    await expect(upload("undone", counting(""), { bindings: [binding], migrations: firstMigration })).resolves.toBeDefined();
  });
});

describe("an upload", () => {
  test("from a file is checked against its digest", async () => {
    const contentFile = world.file("script.js", answering('"from a file"'));
    const digest = createHash("sha256").update(answering('"from a file"')).digest("hex");
    const { content: _, ...rest } = world.script("filed", "");
    const create = (contentSha256?: string) =>
      world.create("workersScript:WorkersScript", "filed", { ...rest, contentFile, ...(contentSha256 ? { contentSha256 } : {}) });
    await expect(create()).rejects.toThrow("contentSha256: contentFile needs contentSha256");
    await expect(create("0".repeat(64))).rejects.toThrow(
      `contentSha256 of Worker "filed" is ${"0".repeat(64)}, but the content's is ${digest}.`,
    );
    await create(digest);
    await world.domain("filed", "filed.brand.example");
    expect(await world.text("https://filed.brand.example/")).toBe("from a file");
  });

  test("has exactly one of content and contentFile", async () => {
    const { content: _, ...rest } = world.script("neither", "");
    await expect(world.create("workersScript:WorkersScript", "neither", rest)).rejects.toThrow(
      "content: exactly one of content and contentFile must be given",
    );
  });
});

describe("deleting an owner", () => {
  test("is refused while another Worker binds its class, unless by force", async () => {
    const { script, domain } = await counter("bound");
    const bindings = [{ ...binding, name: "OTHER", scriptName: "bound" }];
    await world.site("bystander", answering('"OTHER" in env ? "bound" : "alone"'), { bindings });
    await domain.remove();
    await expect(script.remove()).rejects.toThrow('Worker "bound" owns what bystander binds. Remove the binders first.');
    const forced = await script.update(world.script("bound", counting(""), { bindings: [binding], migrations: applied, force: true }));
    await forced.remove();
    expect((await world.fetch("https://bystander.brand.example/")).status).toBe(200);
    await expect(world.site("later", answering('"later"'))).resolves.toBeDefined();
  });
});
