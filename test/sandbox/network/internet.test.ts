import { expect, test } from "vitest";
import { Internet, Unreachable } from "../../../sandbox/engine/internet.ts";

const named = (name: string) => () => new Response(name);
const ask = async (internet: Internet, host: string) => (await internet.fetch(new Request(`https://${host}/`))).text();

test("an exact name wins over a suffix, and a longer suffix over a shorter", async () => {
  const internet = new Internet();
  internet.register("*.app", named("short"));
  internet.register("*.run.app", named("long"));
  internet.register("a.run.app", named("exact"));
  expect(await ask(internet, "a.run.app")).toBe("exact");
  expect(await ask(internet, "b.run.app")).toBe("long");
  expect(await ask(internet, "c.b.run.app")).toBe("long");
  expect(await ask(internet, "other.app")).toBe("short");
});

test("a suffix stands for the hosts below it, not for itself nor for a name that ends alike", () => {
  const internet = new Internet();
  internet.register("*.run.app", named("below"));
  expect(internet.resolve("run.app")).toBeUndefined();
  expect(internet.resolve("overrun.app")).toBeUndefined();
});

test("only exact names are hosts that one can list", () => {
  const internet = new Internet();
  internet.register("*.run.app", named("below"));
  internet.register("eu.brand.example", named("site"));
  expect(internet.hosts()).toEqual(["eu.brand.example"]);
});

test("a host that was taken off is unknown again", async () => {
  const internet = new Internet();
  const close = internet.register("eu.brand.example", named("site"));
  expect(await ask(internet, "eu.brand.example")).toBe("site");
  close();
  await expect(ask(internet, "eu.brand.example")).rejects.toThrow("fetch failed: no such host in the sandbox: eu.brand.example");
});

test("taking off what another has replaced leaves the other", async () => {
  const internet = new Internet();
  const close = internet.register("eu.brand.example", named("first"));
  internet.register("eu.brand.example", named("second"));
  close();
  expect(await ask(internet, "eu.brand.example")).toBe("second");
});

test("a name without an owner is who its record points at, through aliases, and its request keeps the name it asked for", async () => {
  const internet = new Internet();
  internet.register("203.0.113.7", (request) => new Response(new URL(request.url).hostname));
  internet.publish({ name: "balancer.cloud.example", type: "A", content: "203.0.113.7" });
  const withdraw = internet.publish({ name: "Shop.brand.example.", type: "CNAME", content: "balancer.cloud.example." });
  expect(await ask(internet, "shop.brand.example")).toBe("shop.brand.example");
  expect(internet.lookup("SHOP.brand.example", "CNAME")).toEqual(["balancer.cloud.example"]);
  withdraw();
  expect(internet.lookup("shop.brand.example", "CNAME")).toEqual([]);
  await expect(ask(internet, "shop.brand.example")).rejects.toThrow("no such host in the sandbox: shop.brand.example");
});

test("a name that points at nobody, or at itself, is not reached", async () => {
  const internet = new Internet();
  internet.publish({ name: "lost.brand.example", type: "A", content: "203.0.113.8" });
  internet.publish({ name: "circle.brand.example", type: "CNAME", content: "circle.brand.example" });
  await expect(ask(internet, "lost.brand.example")).rejects.toThrow(
    "nobody in the sandbox answers at 203.0.113.8, where lost.brand.example points",
  );
  await expect(ask(internet, "circle.brand.example")).rejects.toThrow(Unreachable);
});
