// Custom domains, regional hostnames, and the way out of a Worker.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answering, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

describe("a custom domain", () => {
  test("is served while it exists", async () => {
    const { domain } = await world.site("site", answering("request.url"));
    expect(domain.state.zoneName).toBe("brand.example");
    expect(await world.text("https://site.brand.example/a?b=c")).toBe("https://site.brand.example/a?b=c");
    expect(world.cloud.hostnames()).toContain("site.brand.example");
    await domain.remove();
    await expect(world.fetch("https://site.brand.example/")).rejects.toThrow("no such host in the sandbox: site.brand.example");
    expect(world.cloud.hostnames()).not.toContain("site.brand.example");
  });

  test("has one Worker, of many hostnames", async () => {
    await world.site("one", answering('"one"'));
    await world.domain("one", "also.brand.example");
    expect(await world.text("https://also.brand.example/")).toBe("one");
    await world.worker("two");
    await world.deployment("two", [await world.version("two", answering('"two"')), 100]);
    const again = world.create("workersCustomDomain:WorkersCustomDomain", "again", {
      accountId: "0123456789abcdef0123456789abcdef",
      zoneId: "fedcba9876543210fedcba9876543210",
      hostname: "also.brand.example",
      service: "two",
    });
    await expect(again).rejects.toThrow("Hostname 'also.brand.example' already has externally managed DNS records");
    expect(await world.text("https://also.brand.example/")).toBe("one");
  });

  test("of a Worker that does not exist or is not deployed is refused", async () => {
    await expect(world.domain("nobody", "nobody.brand.example")).rejects.toThrow("This Worker does not exist on your account");
    await world.worker("undeployed");
    await expect(world.domain("undeployed", "undeployed.brand.example")).rejects.toThrow("or is not deployed");
  });

  test("takes no wildcard", async () => {
    await expect(world.domain("site", "*.brand.example")).rejects.toThrow("a custom domain takes no wildcard");
  });

  test("is served again after a stop and start, split and all", async () => {
    const { version } = await world.site("split", answering('"old"'));
    await world.deployment("split", [version, 1], [await world.version("split", answering('"fresh"')), 99]);
    await world.stop();
    await world.start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.text("https://split.brand.example/")));
    expect(answers).toContain("fresh");
  });
});

describe("a request", () => {
  test("comes with what Cloudflare adds, which no visitor can forge", async () => {
    await world.site("headers", answering("JSON.stringify([...request.headers.keys(), request.cf?.colo])"));
    const forged = { "mf-cf-blob": '{"colo":"FORGED"}', "mf-original-url": "https://forged.example/", "cf-ipcountry": "FORGED" };
    const seen = JSON.parse(await world.text("https://headers.brand.example/", { headers: forged })) as string[];
    expect(seen).toContain("cf-ipcountry");
    expect(seen.filter((name) => name.startsWith("mf-"))).toEqual([]);
    expect(seen.at(-1)).toBe("XXX");
    await world.site("forged", answering('request.url + request.headers.get("cf-ipcountry")'));
    expect(await world.text("https://forged.brand.example/", { headers: forged })).toBe("https://forged.brand.example/XX");
  });

  test("keeps several cookies of an answer apart", async () => {
    await world.site(
      "cookies",
      'export default { fetch: () => new Response("", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }) };',
    );
    expect((await world.fetch("https://cookies.brand.example/")).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });
});

describe("what a Worker fetches", () => {
  test("reaches the sandbox's internet, body and cookies and all", async () => {
    world.internet.register("api.example", async (request) => {
      const headers: [string, string][] = [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ];
      return new Response(`${request.method} ${request.url} ${await request.text()}`, { status: 201, headers });
    });
    const code = `export default { async fetch(request) {
      const answer = await fetch("https://api.example/path", { method: "POST", body: "hello" });
      return Response.json([answer.status, await answer.text(), answer.headers.getSetCookie()]);
    } };`;
    await world.site("caller", code);
    expect(JSON.parse(await world.text("https://caller.brand.example/"))).toEqual([
      201,
      "POST https://api.example/path hello",
      ["a=1", "b=2"],
    ]);
  });

  test.each([
    "https://elsewhere.example/",
    "http://127.0.0.1:9/",
    "http://localhost/",
  ])("reaches nothing else: %s is a 530", async (url) => {
    const name = `lost-${url.replace(/\W+/g, "-")}x`;
    await world.site(name, answering(`(await fetch("${url}")).status`));
    expect(await world.text(`https://${name}.brand.example/`)).toBe("530");
  });

  test("may be another Worker", async () => {
    await world.site("callee", answering('"callee"'));
    await world.site("through", answering('await (await fetch("https://callee.brand.example/")).text()'));
    expect(await world.text("https://through.brand.example/")).toBe("callee");
  });
});

describe("a regional hostname", () => {
  const create = (regionKey: string) =>
    world.create("regionalHostname:RegionalHostname", `in-${regionKey}`, {
      zoneId: "z",
      hostname: `${regionKey}.brand.example`,
      regionKey,
    });

  test.each(["eu", "us", "sg"])("may be in %s, and changes its region in place", async (key) => {
    const hostname = await create(key);
    expect(hostname.id).toBe(`${key}.brand.example`);
    expect(hostname.state.routing).toBe("dns");
    const moved = await hostname.update({ zoneId: "z", hostname: `${key}.brand.example`, regionKey: "ca" });
    expect(moved.state).toMatchObject({ regionKey: "ca", createdOn: hostname.state.createdOn });
  });

  test("is in no region that Cloudflare does not name", async () => {
    await expect(create("apac")).rejects.toThrow('regionKey: "apac" is no processing region; there are eu, us, ca');
    await expect(create("au")).rejects.toThrow('regionKey: "au" is no processing region');
  });
});
