// Whole programs of other teams, as they would write them from the providers' documentation, under the real engine with the pack as it is built.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

async function previewed(file: string, jurisdiction: string) {
  const name = basename(file);
  const stack = await engine.stack(name, readFileSync(join(import.meta.dirname, "estates", `${file}.ts`), "utf8"));
  writeFileSync(join(stack.folder, `Pulumi.${name}.yaml`), `config:\n  bailiwick:jurisdiction: ${jurisdiction}\n`);
  const log = join(stack.folder, "events.jsonl");
  await stack.run("preview", "--policy-pack", pack, "--event-log", log);
  return outcomeOf(readEvents(log));
}

it.each([
  ["orders-on-ecs", "eu"],
  ["bookings-on-lambda", "eu"],
  ["site-on-pages", "eu"],
  ["analytics-on-bigquery", "us"],
  ["shop-on-gke", "sg"],
])("%s complies", async (name, jurisdiction) => {
  const { findings, errors, changes, rules } = await previewed(name, jurisdiction);
  expect(findings.map(({ message }) => message)).toEqual([]);
  expect(errors).toEqual([]);
  // It came to its end, and every rule looked.
  expect(changes.create).toBeGreaterThan(20);
  expect(rules).toBeGreaterThan(0);
});

/** Each of its findings once: `rule: name of the resource`. */
const expected: Readonly<Record<string, { readonly jurisdiction: string; readonly findings: readonly string[] }>> = {
  "weekend-api": {
    jurisdiction: "eu",
    findings: [
      "data-class/declared: users",
      "delivery/cost-ceiling: users",
      "delivery/instance-ceiling: api",
      "delivery/runtime-supported: api",
      "encryption/plaintext-secret-name: api",
      "encryption/plaintext-secret-shape: api",
      "exposure/function-url: api",
      "exposure/wildcard-cors: api",
      "identity/wildcard-actions: api",
      "identity/wildcard-resources: api",
      "recoverability/deletion-protection: users",
      "recoverability/point-in-time: users",
      "recoverability/protect: users",
      "residency/replication: users",
    ],
  },
  "old-server": {
    jurisdiction: "eu",
    findings: [
      "delivery/no-remote-script: web",
      "delivery/runtime-supported: shop",
      "encryption/at-rest: shop",
      "encryption/disk: web",
      "encryption/own-key: shop",
      "encryption/secret-in-user-data: web",
      "exposure/instance-metadata: web",
      "exposure/open-ingress: all",
      "exposure/public-address: web",
      "exposure/public-database: shop",
      "identity/administrator: deploy",
      "identity/long-lived-keys: deploy",
      "recoverability/backup-retention: shop",
      "recoverability/deletion-protection: shop",
      "recoverability/final-snapshot: shop",
      "recoverability/protect: shop",
      "recoverability/zone-redundancy: shop",
      "telemetry/two-paths: foreign-old-server",
    ],
  },
  "quick-site": {
    jurisdiction: "eu",
    findings: [
      "data-class/personal-in-cache: users",
      "delivery/compatibility-date: site",
      "encryption/plaintext-secret-name: site",
      "exposure/public-bucket-domain: uploads",
      "exposure/workers-dev: site",
      "residency/location-hint: orders",
      "residency/location-hint: uploads",
      "residency/smart-placement: site",
      "telemetry/two-paths: foreign-quick-site",
    ],
  },
  "first-cluster": {
    jurisdiction: "us",
    findings: [
      "delivery/runtime-supported: shop",
      "encryption/own-key: pictures",
      "encryption/own-key: shop",
      "encryption/own-key: token",
      "encryption/transport: shop",
      "exposure/control-plane: shop",
      "exposure/everyone: pictures",
      "exposure/open-ingress: all",
      "exposure/public-address: shop",
      "exposure/public-bucket: pictures",
      "exposure/public-database: shop",
      "identity/default-service-account: shop",
      "identity/long-lived-keys: admin",
      "identity/primitive-roles: admin",
      "recoverability/backup-retention: shop",
      "recoverability/deletion-protection: shop",
      "recoverability/deletion-protection: token",
      "recoverability/final-snapshot: shop",
      "recoverability/force-destroy: pictures",
      "recoverability/point-in-time: shop",
      "recoverability/protect: pictures",
      "recoverability/protect: shop",
      "recoverability/protect: token",
      "recoverability/versioning: pictures",
      "recoverability/zone-redundancy: shop",
      "residency/multi-region: pictures",
      "residency/secret-replication: token",
      "telemetry/two-paths: foreign-first-cluster",
    ],
  },
  "copied-lake": {
    jurisdiction: "sg",
    findings: [
      "data-class/personal-in-cache: sessions",
      "encryption/bucket-tls-only: lake",
      "encryption/key-rotation: lake",
      "encryption/messages: clicks",
      "encryption/own-key: clicks",
      "encryption/own-key: lake",
      "encryption/own-key: tracker",
      "encryption/transport: sessions",
      "exposure/open-resource-policy: lake",
      "recoverability/force-destroy: lake",
      "recoverability/key-deletion-window: lake",
      "recoverability/key-deletion-window: tracker",
      "recoverability/protect: clicks",
      "recoverability/protect: lake",
      "recoverability/protect: sessions",
      "recoverability/protect: tracker",
      "recoverability/versioning: lake",
      "residency/multi-region-key: lake",
      "residency/replication: lake",
      "residency/secret-replication: tracker",
      "vendors/registered: clicks",
    ],
  },
};

it.each(Object.entries(expected))("%s is refused, by these rules and no other", async (name, { jurisdiction, findings }) => {
  const { findings: found, errors } = await previewed(`refused/${name}`, jurisdiction);
  expect([...new Set(found.map(({ rule, urn }) => `${rule}: ${urn.split("::").at(-1)}`))].sort()).toEqual(findings);
  expect(errors).toEqual([]);
});
