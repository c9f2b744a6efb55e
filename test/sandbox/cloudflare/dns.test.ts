// Records of a zone: who is reached by a name, what anyone may look up, and what Cloudflare refuses.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Unreachable } from "../../../sandbox/engine/internet.ts";
import { answering, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
  world.internet.register("203.0.113.7", (request) => Response.json([request.url, request.headers.get("cf-connecting-ip")]));
});
afterAll(() => world?.end());

const record = (name: string, type: string, content: string, more: Properties = {}) =>
  world.create("dnsRecord:DnsRecord", `${type} ${name} ${content}`, {
    zoneId: "zone",
    name: `${name}.brand.example`,
    type,
    content,
    ttl: 300,
    ...more,
  });

describe("an unproxied record", () => {
  test("leads to who answers at its address, under the name that was asked for, until it goes", async () => {
    const address = await record("direct", "A", "203.0.113.7");
    expect(JSON.parse(await world.text("https://direct.brand.example/a?b"))).toEqual(["https://direct.brand.example/a?b", null]);
    await address.remove();
    await expect(world.fetch("https://direct.brand.example/")).rejects.toThrow("no such host in the sandbox: direct.brand.example");
  });

  test("may be an alias, and is another's after an update", async () => {
    world.internet.register("balancer.cloud.example", () => new Response("balancer"));
    const alias = await record("alias", "CNAME", "balancer.cloud.example.");
    expect(await world.text("https://alias.brand.example/")).toBe("balancer");
    await alias.update({ zoneId: "zone", name: "alias.brand.example", type: "CNAME", content: "nowhere.cloud.example", ttl: 300 });
    await expect(world.fetch("https://alias.brand.example/")).rejects.toThrow("nobody in the sandbox answers at nowhere.cloud.example");
  });

  test("is found by whoever asks the DNS, final dots and case apart", async () => {
    await record("_challenge.direct", "CNAME", "proof.authority.example.");
    expect(world.internet.lookup("_Challenge.direct.brand.example.", "CNAME")).toEqual(["proof.authority.example"]);
    await record("text", "TXT", "v=1");
    expect(world.internet.lookup("text.brand.example", "TXT")).toEqual(["v=1"]);
  });

  test("is there again after a stop and start", async () => {
    await record("kept", "A", "203.0.113.9");
    await world.stop();
    await world.start();
    world.internet.register("203.0.113.7", (request) => Response.json([request.url, request.headers.get("cf-connecting-ip")]));
    expect(world.internet.lookup("kept.brand.example", "A")).toEqual(["203.0.113.9"]);
  });

  test("is where a Worker's own requests go", async () => {
    await record("origin", "A", "203.0.113.7");
    await world.site("asks", answering('await (await fetch("https://origin.brand.example/from-worker")).text()'));
    expect(JSON.parse(await world.text("https://asks.brand.example/"))[0]).toBe("https://origin.brand.example/from-worker");
  });
});

describe("a proxied record", () => {
  test("is Cloudflare's own address, which says for whom it asks", async () => {
    await record("proxied", "A", "203.0.113.7", { proxied: true, ttl: 1 });
    expect(world.internet.lookup("proxied.brand.example", "A")).toEqual([]);
    expect(JSON.parse(await world.text("https://proxied.brand.example/"))).toEqual(["https://proxied.brand.example/", "203.0.113.1"]);
  });

  test("answers 523 when its origin does not, and does not let it fail", async () => {
    await record("gone", "A", "203.0.113.8", { proxied: true, ttl: 1 });
    world.internet.register("203.0.113.10", () => {
      throw new Unreachable("no certificate");
    });
    await record("broken", "A", "203.0.113.10", { proxied: true, ttl: 1 });
    expect((await world.fetch("https://gone.brand.example/")).status).toBe(523);
    expect((await world.fetch("https://broken.brand.example/")).status).toBe(523);
  });
});

describe("Cloudflare refuses", () => {
  test.each([
    ["A", "balancer.example", {}, "must be a valid IPv4 address"],
    ["AAAA", "203.0.113.7", {}, "must be a valid IPv6 address"],
    ["CNAME", "not a host", {}, "is no host name"],
    ["CNAME", "bad.brand.example.", {}, "cannot reference itself"],
    ["A", "203.0.113.7", { ttl: 30 }, "between 60 and 86400 seconds"],
    ["TXT", "text", { proxied: true }, "cannot be proxied"],
  ])("%s %s %j", async (type, content, more, reason) => {
    await expect(record("bad", type, content, more)).rejects.toThrow(reason);
  });

  test("an alias beside anything else, and the same record twice, but not two addresses of one name", async () => {
    await record("both", "A", "203.0.113.7");
    await record("both", "A", "203.0.113.9");
    await expect(record("both", "CNAME", "balancer.example")).rejects.toThrow("An A, AAAA, or CNAME record with that host already exists");
    await record("twice", "CNAME", "balancer.example");
    await expect(record("twice", "A", "203.0.113.7")).rejects.toThrow("A CNAME record with that host already exists");
    const again = world.create("dnsRecord:DnsRecord", "again", {
      zoneId: "zone",
      name: "Twice.brand.example.",
      type: "CNAME",
      content: "balancer.example.",
      ttl: 60,
    });
    await expect(again).rejects.toThrow("An identical record already exists");
  });

  test("a record where a custom domain has its own, and a custom domain where a record is", async () => {
    await world.site("worker", answering('"worker"'));
    await expect(record("worker", "A", "203.0.113.7")).rejects.toThrow(
      "'worker.brand.example' is a custom domain of the Worker \"worker\"",
    );
    await record("taken", "A", "203.0.113.7");
    await expect(world.domain("worker", "taken.brand.example")).rejects.toThrow("already has externally managed DNS records");
    await record("worker", "TXT", "a text may stand beside it");
  });
});
