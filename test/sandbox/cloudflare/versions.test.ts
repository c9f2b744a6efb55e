// Worker, WorkerVersion, WorkersDeployment: what an upload fixes, and which version answers.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountId, answering, type Deployed, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const metadata = { name: "VERSION", type: "version_metadata" };

/** A Worker that serves two versions, each answering its own name. */
async function split(name: string, percentage: number): Promise<{ old: Deployed; fresh: Deployed }> {
  const { version: old } = await world.site(name, answering('"old"'));
  const fresh = await world.version(name, answering('"fresh"'));
  await world.deployment(name, [old, 100 - percentage], [fresh, percentage]);
  return { old, fresh };
}

describe("a deployment", () => {
  test("gives each of two versions its share of the requests", async () => {
    await split("shares", 10);
    const answers = await Promise.all(Array.from({ length: 1000 }, () => world.text("https://shares.brand.example/")));
    // Ten per cent of 1000, and five standard deviations of 9.5 around.
    const fresh = answers.filter((answer) => answer === "fresh").length;
    expect(fresh).toBeGreaterThan(52);
    expect(fresh).toBeLessThan(148);
    expect(answers.every((answer) => answer === "fresh" || answer === "old")).toBe(true);
  });

  test("answers one version key by one version, which moves to the new one only as its share grows", async () => {
    const { old, fresh } = await split("sticky", 30);
    const keys = Array.from({ length: 40 }, (_, i) => `visitor-${i}`);
    const ask = () =>
      Promise.all(keys.map((key) => world.text("https://sticky.brand.example/", { headers: { "cloudflare-workers-version-key": key } })));
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect(new Set(first).size).toBe(2);
    await world.deployment("sticky", [old, 20], [fresh, 80]);
    const later = await ask();
    for (const [i, answer] of first.entries()) if (answer === "fresh") expect(later[i]).toBe("fresh");
    expect(later.filter((answer) => answer === "fresh").length).toBeGreaterThan(first.filter((answer) => answer === "fresh").length);
  });

  test("answers an override by the version it names, if that one is deployed", async () => {
    const { fresh } = await split("override", 0.01);
    const aside = await world.version("override", answering('"aside"'));
    const ask = (value: string) =>
      world.text("https://override.brand.example/", {
        headers: { "cloudflare-workers-version-overrides": value, "cloudflare-workers-version-key": "k" },
      });
    expect(await ask(`override="${fresh.id}"`)).toBe("fresh");
    expect(await ask(`other="x", override="${fresh.id}"`)).toBe("fresh");
    expect(await ask(`override="${aside.id}"`)).toBe("old");
    expect(await ask(`other="${fresh.id}"`)).toBe("old");
  });

  test("is one version at first", async () => {
    await world.worker("first");
    const [one, two] = [await world.version("first", answering('"1"')), await world.version("first", answering('"2"'))];
    await expect(world.deployment("first", [one, 50], [two, 50])).rejects.toThrow("must be one version at 100 %");
    await expect(world.deployment("first", [one, 100])).resolves.toBeDefined();
  });

  test.each([
    ["percentages that are not 100 together", [60, 30], "versions: the percentages add up to 90, not 100"],
    ["three versions", [50, 25, 25], "versions: a deployment has one or two versions, not 3"],
    ["none", [], "versions: a deployment has one or two versions, not 0"],
    ["a share of zero", [100, 0], "versions[1].percentage: 0 is outside of 0.01 to 100"],
  ])("refuses %s", async (what, percentages, reason) => {
    const name = `refuses-${what.replaceAll(" ", "-")}`;
    await world.worker(name);
    const version = await world.version(name, answering('"1"'));
    const shares = percentages.map((percentage): [Deployed, number] => [version, percentage]);
    await expect(world.deployment(name, ...shares)).rejects.toThrow(reason);
  });

  test("refuses a version of another Worker", async () => {
    await world.worker("mine");
    await world.worker("theirs");
    const theirs = await world.version("theirs", answering('"theirs"'));
    await expect(world.deployment("mine", [theirs, 100])).rejects.toThrow(`Version "${theirs.id}" does not exist on Worker "mine".`);
  });

  test("that workerd refuses leaves what served before", async () => {
    await world.site("broken", answering('"well"'));
    const broken = await world.version("broken", "export default { this is no JavaScript");
    await expect(world.deployment("broken", [broken, 100])).rejects.toThrow('Worker "broken": the runtime refused the version');
    expect(await world.text("https://broken.brand.example/")).toBe("well");
  });

  test("that workerd refuses is seen by no request while it is tried", async () => {
    await world.site("tried", answering('"well"'));
    const broken = await world.version("tried", "export default { this is no JavaScript");
    const answers: string[] = [];
    let over = false;
    const refused = world
      .deployment("tried", [broken, 100])
      .catch(() => {})
      .then(() => {
        over = true;
      });
    while (!over) answers.push(await world.text("https://tried.brand.example/"));
    await refused;
    expect(new Set(answers)).toEqual(new Set(["well"]));
  });

  test("takes over without a request that fails, however fast one follows another", async () => {
    const { version } = await world.site("swift", answering('"0"'));
    let over = false;
    const deploying = (async () => {
      await world.deployment("swift", [await world.version("swift", answering('"1"')), 100]);
      await Promise.all([2, 3].map(async (n) => world.deployment("swift", [await world.version("swift", answering(`"${n}"`)), 100])));
      await world.deployment("swift", [version, 100]);
    })().finally(() => {
      over = true;
    });
    const statuses = new Set<number>();
    const asking = Array.from({ length: 4 }, async () => {
      while (!over) {
        const answer = await world.fetch("https://swift.brand.example/");
        statuses.add(answer.status);
        await answer.text();
      }
    });
    await Promise.all([deploying, ...asking]);
    expect(statuses).toEqual(new Set([200]));
    expect(await world.text("https://swift.brand.example/")).toBe("0");
  });

  test("is not refused for what another one, made at the same moment, does wrong", async () => {
    await world.worker("good");
    await world.worker("bad");
    const good = await world.version("good", answering('"good"'));
    const bad = await world.version("bad", "not JavaScript either");
    const [first, second] = await Promise.allSettled([world.deployment("bad", [bad, 100]), world.deployment("good", [good, 100])]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
    await world.domain("good", "good.brand.example");
    expect(await world.text("https://good.brand.example/")).toBe("good");
  });

  test("that is destroyed changes nothing: the last one keeps serving", async () => {
    await world.worker("kept");
    const version = await world.version("kept", answering('"kept"'));
    const deployment = await world.deployment("kept", [version, 100]);
    await world.domain("kept", "kept.brand.example");
    await deployment.remove();
    await version.remove();
    expect(await world.text("https://kept.brand.example/")).toBe("kept");
  });
});

describe("a version", () => {
  test("sees its own id and tag", async () => {
    const { version } = await world.site("tagged", answering("JSON.stringify(env.VERSION)"), {
      annotations: { workersTag: "2026-11-22" },
      bindings: [metadata],
    });
    expect(JSON.parse(await world.text("https://tagged.brand.example/"))).toMatchObject({ id: version.id, tag: "2026-11-22" });
  });

  test("takes its modules from files or from text, of every kind", async () => {
    const main = 'import greeting from "./greeting.txt"; import bytes from "./bytes.bin"; import { mark } from "./lib/mark.js";';
    await world.site("modules", "", {
      modules: [
        { name: "greeting.txt", contentType: "text/plain", contentFile: world.file("greeting.txt", "Guten Tag") },
        { name: "bytes.bin", contentType: "application/octet-stream", contentBase64: Buffer.from([1, 2, 3]).toString("base64") },
        {
          name: "lib/mark.js",
          contentType: "application/javascript+module",
          contentFile: world.file("mark.js", 'export const mark = "!";'),
        },
        {
          name: "index.js",
          contentType: "application/javascript+module",
          contentFile: world.file("index.js", `${main} ${answering("greeting + mark + new Uint8Array(bytes).length")}`),
        },
      ],
    });
    expect(await world.text("https://modules.brand.example/")).toBe("Guten Tag!3");
  });

  test("keeps what was uploaded, whatever becomes of the file", async () => {
    const path = world.file("changing.js", answering('"as uploaded"'));
    const modules = [{ name: "index.js", contentType: "application/javascript+module", contentFile: path }];
    await world.site("immutable", "", { modules });
    world.file("changing.js", answering('"changed"'));
    await world.site("immutable-other", answering('"restarts workerd"'));
    expect(await world.text("https://immutable.brand.example/")).toBe("as uploaded");
  });

  const javascript = "application/javascript+module";
  test.each([
    [
      "contentFile and contentBase64 together",
      { modules: [{ name: "index.js", contentType: javascript, contentFile: "a", contentBase64: "" }] },
      "modules[0]: exactly one of contentFile and contentBase64 must be given",
    ],
    [
      "neither of them",
      { modules: [{ name: "index.js", contentType: javascript }] },
      "modules[0]: exactly one of contentFile and contentBase64 must be given",
    ],
    ["a mainModule that is none of its modules", { mainModule: "main.js" }, 'mainModule: "main.js" is none of the modules: index.js'],
    [
      "a media type that it cannot run",
      { modules: [{ name: "index.js", contentType: "text/html", contentBase64: "" }] },
      'modules[0].contentType: "text/html" is not one of',
    ],
    ["a migration", { migrations: { newTag: "v1", newSqliteClasses: ["Counter"] } }, "error 10211"],
    [
      "a file that is not there",
      { modules: [{ name: "index.js", contentType: javascript, contentFile: "/nowhere/index.js" }] },
      'cannot read contentFile "/nowhere/index.js": ENOENT',
    ],
    [
      "a binding of a type that nothing runs",
      { bindings: [{ name: "DB", type: "d1", databaseId: "x" }] },
      'binding "DB" of Worker "fussy": type d1 has nothing behind it in the sandbox. It runs: plain_text',
    ],
    [
      "a KV namespace that does not exist",
      { bindings: [{ name: "KV", type: "kv_namespace", namespaceId: "abc" }] },
      'KV namespace \'abc\' not found (binding "KV" of Worker "fussy")',
    ],
    [
      "a rate limit over half a minute",
      { bindings: [{ name: "LIMIT", type: "ratelimit", namespaceId: "1", simple: { limit: 1, period: 30 } }] },
      'binding "LIMIT": simple.period is 30; it must be 10 or 60.',
    ],
    [
      "a class whose owner is not deployed",
      { bindings: [{ name: "COUNTER", type: "durable_object_namespace", className: "Counter", scriptName: "owner" }] },
      "Cannot create binding for class 'Counter' in script 'owner'",
    ],
  ])("with %s is refused", async (_what, more, reason) => {
    await world.worker("fussy", {}).catch(() => {});
    await expect(world.version("fussy", answering('""'), more as never)).rejects.toThrow(reason);
  });

  test("of a Worker that does not exist is refused", async () => {
    await expect(world.version("nobody", answering('""'))).rejects.toThrow('This Worker does not exist on your account: "nobody".');
  });
});

describe("a binding", () => {
  test("hands over text, secrets and JSON, and no secret is ever logged", async () => {
    await world.site("values", answering("[env.TEXT, env.SECRET, env.JSON.list[1]].join()"), {
      bindings: [
        { name: "TEXT", type: "plain_text", text: "plain" },
        { name: "SECRET", type: "secret_text", text: "hunter2-hunter2" },
        { name: "JSON", type: "json", json: '{"list":[1,2]}' },
      ],
    });
    expect(await world.text("https://values.brand.example/")).toBe("plain,hunter2-hunter2,2");
    const broken = await world.version("values", "no JavaScript", {
      bindings: [{ name: "SECRET", type: "secret_text", text: "hunter2-hunter2" }],
    });
    const error: unknown = await world.deployment("values", [broken, 100]).catch((refusal: unknown) => refusal);
    expect(String(error)).toContain("refused");
    expect([String(error), ...world.logged].join("\n")).not.toContain("hunter2");
  });

  test("limits the rate of one key and of no other", async () => {
    await world.site("limited", answering('(await env.LIMIT.limit({ key: new URL(request.url).pathname })).success ? "yes" : "no"'), {
      bindings: [{ name: "LIMIT", type: "ratelimit", namespaceId: "1001", simple: { limit: 3, period: 60 } }],
    });
    const ask = async (path: string, times: number) => {
      const answers: string[] = [];
      while (answers.length < times) answers.push(await world.text(`https://limited.brand.example${path}`));
      return answers.filter((answer) => answer === "yes").length;
    };
    expect(await ask("/a", 8)).toBeLessThanOrEqual(6);
    expect(await ask("/b", 1)).toBe(1);
  });
});

describe("a Worker", () => {
  test("has a name of its own", async () => {
    await world.worker("unique");
    await expect(world.create("worker:Worker", "second", { accountId, name: "unique" })).rejects.toThrow(
      'A Worker named "unique" already exists',
    );
  });

  test("that serves a domain is not deleted, unless by force", async () => {
    const { worker, domain } = await world.site("served", answering('"served"'));
    await expect(worker.remove()).rejects.toThrow('Worker "served" serves the custom domain served.brand.example. Remove it first.');
    expect(await world.text("https://served.brand.example/")).toBe("served");
    const forced = await worker.update({ accountId, name: "served", force: true });
    await forced.remove();
    expect((await world.fetch("https://served.brand.example/")).status).toBe(522);
    await domain.remove();
  });
});
