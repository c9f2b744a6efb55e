import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base64url, flattenedVerify } from "jose";
import { describe, expect, it } from "vitest";
import { bundleOf, type Evidence, type ShownEvent, writeBundle } from "../../../../../functions/governance/audit/evidence/bundle.ts";
import type { File } from "../../../../../functions/governance/audit/tiles.ts";
import { logSigner } from "../keys.ts";
import { eventId, newCase, noticePath, positions, subject, twin, twinAt } from "./case.ts";

const [its, another] = [await newCase(), await newCase()];
const both = await newCase(undefined, [3, twinAt, 64]);
const ofSubject = (merged?: readonly string[]): Evidence => ({
  ...both.evidence,
  scope: { kind: "subject", subject, ...(merged && { merged }) },
});
const bundle = await bundleOf(its.evidence, its.manifest);
const text = (path: string) => Buffer.from((bundle.find((file) => file.path === path) as File).bytes).toString();
const shown = its.evidence.events[1] as ShownEvent;
const withEvent = (change: Partial<ShownEvent>): Evidence => ({
  ...its.evidence,
  events: its.evidence.events.with(1, { ...shown, ...change }),
});

describe("a bundle", () => {
  it("has the files that the format names", () => {
    const names = bundle.map(({ path }) => path.replace(/[0-9a-f]{64}/, "*"));
    expect([...new Set(names)]).toEqual([
      "checkpoint",
      "monitors.jsonl",
      "events.jsonl",
      "events.csv",
      "proofs.jsonl",
      "receipts.jsonl",
      "notices/*",
      "manifest.json",
      "manifest.jws",
    ]);
    expect(text("events.jsonl").split("\n")).toHaveLength(positions.length + 1);
  });

  it("of a subject that stands for another has what both have said, and says so; of one that stands for none it says nothing of the kind", async () => {
    const files = await bundleOf(ofSubject([twin]), both.manifest);
    const manifest = JSON.parse(String(files.find(({ path }) => path === "manifest.json")?.bytes));
    expect(manifest).toMatchObject({ scope: { kind: "subject", subject, merged: [twin] }, events: 3 });
    expect(text("manifest.json")).toContain(`"scope":{"kind":"subject","subject":"${subject}"}`);
  });

  it("is the same, byte by byte, when made again of the same evidence", async () => {
    expect(await bundleOf(its.evidence, its.manifest)).toEqual(bundle);
  });

  it("bears a detached signature that any library for JWS verifies", async () => {
    const [header, , signature] = text("manifest.jws").trim().split(".") as [string, string, string];
    const { protectedHeader } = await flattenedVerify(
      { protected: header, payload: base64url.encode(text("manifest.json")), signature },
      its.manifest.key,
    );
    expect(protectedHeader).toMatchObject({ alg: "EdDSA", typ: "evidence-manifest+jws" });
  });

  it("is written into a folder of its own, and over nothing", async () => {
    const home = await mkdtemp(join(tmpdir(), "bundle-"));
    try {
      const folder = join(home, "evidence");
      await writeBundle(folder, bundle);
      expect((await readdir(folder)).sort()).toEqual([
        "checkpoint",
        "events.csv",
        "events.jsonl",
        "manifest.json",
        "manifest.jws",
        "monitors.jsonl",
        "notices",
        "proofs.jsonl",
        "receipts.jsonl",
      ]);
      expect(await readFile(join(folder, "checkpoint"), "utf8")).toBe(its.evidence.checkpoint);
      await expect(writeBundle(folder, bundle)).rejects.toThrow("EEXIST");
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

describe("evidence that would not stand is not made into a bundle: ", () => {
  const other = { ...shown.event, id: eventId(9) };
  it.each<[string, Evidence, string]>([
    ["an event that is not in the log", withEvent({ event: other }), `event ${eventId(9)} is not proven to be at log index 64 of 300`],
    ["another salt", withEvent({ salt: new Uint8Array(32) }), `event ${eventId(64)} is not proven`],
    [
      "an event out of order",
      { ...its.evidence, events: its.evidence.events.toReversed() },
      `event ${eventId(3)} stands after log index 64`,
    ],
    ["an event twice", { ...its.evidence, events: [shown, shown] }, `event ${eventId(64)} stands after log index 64`],
    [
      "an event of somebody else",
      { ...its.evidence, scope: { kind: "subject", subject: "other" } },
      `event ${eventId(64)} is outside of the bundle's scope`,
    ],
    ["an event of a subject that was merged into none", ofSubject(), `event ${eventId(twinAt)} is outside of the bundle's scope`],
    ["an event of a third subject", ofSubject(["third"]), `event ${eventId(twinAt)} is outside of the bundle's scope`],
    ...[[], [subject, twin], [twin, twin], ["z", twin]].map((merged): [string, Evidence, string] => [
      `a list ${JSON.stringify(merged)} of the subjects that were merged`,
      ofSubject(merged),
      "the scope's merged subjects are no sorted list of others",
    ]),
    [
      "an event of another time",
      { ...its.evidence, scope: { kind: "period", from: "2026-11-01T00:00:00Z", to: "2026-11-01T01:04:00Z" } },
      `event ${eventId(64)} is outside of the bundle's scope`,
    ],
    [
      "a notice that is missing",
      { ...its.evidence, notices: its.evidence.notices.slice(1) },
      `event ${eventId(64)} names the notice sha256:`,
    ],
    [
      "a notice that nobody names",
      { ...its.evidence, notices: [...its.evidence.notices, Buffer.from("x")] },
      "no event names the notice sha256:",
    ],
    [
      "another event's receipt",
      withEvent({ receipt: (its.evidence.events[2] as ShownEvent).receipt }),
      `event ${eventId(64)} has a receipt that does not bear`,
    ],
    [
      "a receipt of which two spellings are possible",
      withEvent({ receipt: `${shown.receipt} ` }),
      `event ${eventId(64)} has a receipt that is no canonical JSON`,
    ],
    [
      "a notice that is there and said to be missing",
      { ...its.evidence, missingNotices: [`sha256:${noticePath(0).slice(8)}`] },
      "is there, and said to be missing",
    ],
    [
      "a monitor's word without its proof",
      { ...its.evidence, monitors: its.evidence.monitors.map((word) => ({ ...word, proof: word.proof.slice(1) })) },
      "what a monitor saw is not proven to be this log",
    ],
    ["a monitor's word on another log", { ...its.evidence, monitors: another.evidence.monitors }, "is not signed by the key"],
    ["a checkpoint by another key", { ...its.evidence, log: logSigner().key }, "is not signed by the key"],
  ])("%s", async (_what, evidence, message) => {
    await expect(bundleOf(evidence, its.manifest)).rejects.toThrow(message);
  });
});
