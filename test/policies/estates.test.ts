// Whole programs of other teams, as they would write them from the providers' documentation, under the real engine with the pack as it is built.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { outcomeOf, readEvents } from "../../cli/pulumi/events.ts";
import { buildPolicyPack } from "../../policies/build.ts";
import { Engine } from "../sandbox/engine/pulumi.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const registered = `
- match: urn:pulumi:*::cloudflare:index/workersKvNamespace:WorkersKvNamespace::prices
  dataClass: public
  why: Prices of flowers, as they stand in the window.
- match: urn:pulumi:*::cloudflare:index/queue:Queue::spool
  dataClass: operational
  telemetrySpool: [first, second]
  why: Spans on their way; they name nobody.
- match: urn:pulumi:*::cloudflare:index/*
  dataClass: personal
  why: Orders of customers, and the photographs that they send.
`;

let engine: Engine;
let folder: string;
let pack: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pack-"));
  pack = await buildPolicyPack(folder);
  writeFileSync(join(pack, "..", "register.yaml"), registered);
  engine = await Engine.start({ resources: [] });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const program = (name: string) => readFileSync(join(import.meta.dirname, "estates", `${name}.ts`), "utf8");

it.each([
  ["orders-on-ecs", "eu"],
  ["bookings-on-lambda", "eu"],
  ["site-on-pages", "eu"],
  ["analytics-on-bigquery", "us"],
  ["shop-on-gke", "sg"],
])("%s complies", async (name, jurisdiction) => {
  const stack = await engine.stack(name, program(name));
  writeFileSync(join(stack.folder, `Pulumi.${name}.yaml`), `config:\n  bailiwick:jurisdiction: ${jurisdiction}\n`);
  const log = join(stack.folder, "events.jsonl");
  const { output } = await stack.run("preview", "--policy-pack", pack, "--event-log", log);
  const { findings, errors } = outcomeOf(readEvents(log));
  expect(findings.map(({ message }) => message)).toEqual([]);
  expect(errors, output).toEqual([]);
});
