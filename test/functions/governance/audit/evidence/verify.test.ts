import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signCheckpoint } from "../../../../../functions/governance/audit/checkpoint.ts";
import { bundleOf } from "../../../../../functions/governance/audit/evidence/bundle.ts";
import { eventsTable } from "../../../../../functions/governance/audit/evidence/events-table.ts";
import { type Manifest, type Scope, sealed } from "../../../../../functions/governance/audit/evidence/manifest.ts";
import { verifierKey } from "../../../../../functions/governance/audit/signed-note.ts";
import type { File } from "../../../../../functions/governance/audit/tiles.ts";
import { canonicalJson } from "../../../../../functions/shared/canonical-json.ts";
import { logSigner } from "../keys.ts";
import { erasedAt, eventId, manifestSigner, newCase, noticePath, positions, subject } from "./case.ts";
import { asStranger, verifier } from "./stranger.ts";

const its = await newCase();
const bundle = await bundleOf(its.evidence, its.manifest);
const logKey = verifierKey(its.log.key);
const keys = ["bundle", "--log-key", logKey, "--manifest-key", "maker.pem"];
const makersKey = { path: "maker.pem", bytes: Buffer.from(its.manifest.publicPem) };
const verify = (files: readonly File[], ...args: string[]) => asStranger(files, [makersKey], ...(args.length > 0 ? args : keys));

const bytesOf = (path: string, files: readonly File[] = bundle) => Buffer.from((files.find((file) => file.path === path) as File).bytes);
const put = (path: string, bytes: Uint8Array | string, files: readonly File[] = bundle): File[] => [
  ...files.filter((file) => file.path !== path),
  { path, bytes: typeof bytes === "string" ? Buffer.from(bytes) : bytes },
];
const drop = (path: string, files: readonly File[] = bundle) => files.filter((file) => file.path !== path);
const linesOf = (path: string, files: readonly File[] = bundle) => bytesOf(path, files).toString().split("\n").slice(0, -1);
const putLines = (path: string, lines: readonly string[], files: readonly File[] = bundle) =>
  put(path, lines.map((line) => `${line}\n`).join(""), files);

/** As whoever holds the manifest's key would cover it up: table, hashes and signature made anew. Only the log's key is not theirs. */
async function resealed(
  files: readonly File[],
  about: Partial<Pick<Manifest, "scope" | "events" | "missingNotices">> = {},
): Promise<File[]> {
  const events = linesOf("events.jsonl", files).map((line) => JSON.parse(line));
  const inside = put("events.csv", eventsTable(events), withoutManifest(files));
  return sealed(
    inside,
    { scope: its.evidence.scope, madeAt: its.evidence.madeAt, events: events.length, missingNotices: [], ...about },
    its.manifest,
  );
}

const withoutManifest = (files: readonly File[]) => files.filter(({ path }) => !path.startsWith("manifest."));

describe("the verifier", () => {
  it("is one file that asks for nothing but Node", () => {
    const asked = [...readFileSync(verifier, "utf8").matchAll(/^import .* from "(.+)";$|import\(|require\(/gm)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(2);
    for (const name of asked) expect(name).toMatch(/^node:/);
  });

  it("says of a whole bundle what is proven and what is not", () => {
    const { code, out, err } = verify(bundle);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [proven, not] = out.split("NOT PROVEN");
    expect(proven).toContain("these 7 events were in the log when its checkpoint of size 300 was signed, in this order, unchanged");
    expect(proven).toContain(`log index 3: event ${eventId(3)}`);
    expect(proven).toContain(`log index ${erasedAt}: commitment only`);
    expect(proven).toContain(
      "For 1 of them only the commitment is shown: the subject was erased, the content is kept back, or the entry is that somebody was erased.",
    );
    expect(proven).toContain(`for: subject ${subject}`);
    expect(not).toContain("290 entries of the log between index 3 and 299 are not in the bundle");
    expect(not).toContain("That a notice was read or understood, and who sat at the keyboard");
    expect(not).toContain("the times are the service's word");
    expect(not).toContain(
      `the word of ${its.monitor.key.name}, ${its.region.key.name} is in the bundle, and can be checked with --monitor-key`,
    );
    expect(not).not.toContain("Who made the bundle");
  });

  it("takes no maker but the keeper of the log, unless it is given another's key", async () => {
    const own = await bundleOf(its.evidence, { publicKey: its.log.key.publicKey, sign: its.log.sign });
    const { code, out } = verify(own, "bundle", "--log-key", logKey);
    expect(code).toBe(0);
    expect(out).toContain(`The bundle is whole, and as the keeper of the log made it (${its.evidence.madeAt}, by their clock)`);
    const foreign = verify(bundle, "bundle", "--log-key", logKey);
    expect(foreign.code).toBe(1);
    expect(foreign.out).toContain("manifest.jws: the manifest was signed by another key than the log's");
  });

  it("says which notices the maker does not have, where the maker has said so", async () => {
    const [gone, ...notices] = its.evidence.notices;
    const missingNotices = [`sha256:${noticePath(0).slice(8)}`];
    const { code, out } = verify(await bundleOf({ ...its.evidence, notices, missingNotices }, its.manifest));
    expect(gone).toBeDefined();
    expect(code).toBe(0);
    expect(out.split("NOT PROVEN")[1]).toContain(`What this notice said, whose text the maker does not have: ${missingNotices[0]}`);
  });

  it("says that nothing was left out where the events follow one another without a gap", async () => {
    const next = { ...its.evidence, events: its.evidence.events.filter(({ index }) => [64, 65].includes(index)) };
    const { code, out } = verify(await bundleOf(next, its.manifest));
    expect(code).toBe(0);
    expect(out).toContain("From log index 64 to 65 nothing was left out");
    expect(out).toContain("before log index 64 or after 65");
  });

  it("says of a bundle without events that it proves none", async () => {
    const { code, out } = verify(await bundleOf({ ...its.evidence, events: [], notices: [] }, its.manifest));
    expect(code).toBe(0);
    expect(out).toContain("That there were no other events of the subject at all");
    expect(out).not.toContain("events were in the log when");
  });
});

describe("any single change of any file is found, and the file is named:", () => {
  /** What may happen to the bytes of a file. Where nothing would change, it is not a case. */
  const change = fc.record({
    file: fc.constantFrom(...bundle.map(({ path }) => path)),
    kind: fc.constantFrom(
      "flip a bit",
      "drop a byte",
      "add a byte",
      "cut off",
      "empty",
      "drop a line",
      "swap lines",
      "repeat a line",
      "remove",
      "rename",
    ),
    at: fc.nat(1_000_000),
    bit: fc.nat(7),
  });

  function changed(kind: string, bytes: Buffer, at: number, bit: number): Buffer {
    const i = at % bytes.length;
    const lines = bytes.toString().split(/(?<=\n)/);
    const line = at % lines.length;
    switch (kind) {
      case "flip a bit":
        return Buffer.from(bytes.map((byte, j) => (j === i ? byte ^ (1 << bit) : byte)));
      case "drop a byte":
        return Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1)]);
      case "add a byte":
        return Buffer.concat([bytes.subarray(0, i), Buffer.from([at & 255]), bytes.subarray(i)]);
      case "cut off":
        return bytes.subarray(0, i);
      case "empty":
        return Buffer.alloc(0);
      case "drop a line":
        return Buffer.from(lines.toSpliced(line, 1).join(""));
      case "swap lines":
        return Buffer.from([...lines.slice(1), lines[0]].join(""));
      default:
        return Buffer.from(lines.toSpliced(line, 0, lines[line] as string).join(""));
    }
  }

  it("bits, bytes, lines and whole files", () => {
    fc.assert(
      fc.property(change, ({ file, kind, at, bit }) => {
        const before = bytesOf(file);
        const renamed = `${file}x`;
        const after = kind === "remove" || kind === "rename" ? drop(file) : put(file, changed(kind, before, at, bit));
        const files = kind === "rename" ? put(renamed, before, after) : after;
        fc.pre(kind === "remove" || kind === "rename" || !bytesOf(file, files).equals(before));
        const { code, out, err } = verify(files);
        expect({ code, err }).toEqual({ code: 1, err: "" });
        expect(out).toContain(file);
        expect(out).not.toContain("cannot be read (");
      }),
      { numRuns: 80 },
    );
  });

  it("any other JSON in the place of a line, by whoever can seal the bundle anew", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("events.jsonl", "proofs.jsonl"),
        fc.nat(positions.length - 1),
        fc.jsonValue(),
        async (file, at, value) => {
          const files = putLines(file, linesOf(file).with(at, canonicalJson(value)), withoutManifest(bundle));
          const { code, out, err } = verify(
            await sealed(
              files,
              { scope: its.evidence.scope, madeAt: its.evidence.madeAt, events: positions.length, missingNotices: [] },
              its.manifest,
            ),
          );
          expect({ code, err }).toEqual({ code: 1, err: "" });
          expect(out).toContain(`${file}, line ${at + 1}`);
          expect(out).not.toContain("cannot be read (");
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each(bundle.map(({ path }) => [path]))("a bit of the first byte, and of the last, of %s", (file) => {
    for (const [end, bit] of [
      [0, 0],
      [-1, 1],
    ] as const) {
      const bytes = bytesOf(file);
      const at = end === 0 ? 0 : bytes.length - 1;
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const { code, out } = verify(put(file, bytes));
      expect(code).toBe(1);
      expect(out).toContain(file);
    }
  });

  it("the signature's last character, whose lowest bits no decoder looks at", () => {
    const signature = bytesOf("manifest.jws");
    const at = signature.length - 2;
    // The 64 bytes end within the character: A, Q, g and w are the only ones that a signature ends with.
    signature[at] = (signature[at] as number) + 1;
    const { code, out } = verify(put("manifest.jws", signature));
    expect(code).toBe(1);
    expect(out).toContain("manifest.jws: the signature is not over manifest.json");
  });

  it("a file too many", () => {
    const { code, out } = verify(put("notices/more", "x"));
    expect(code).toBe(1);
    expect(out).toContain("notices/more: the manifest does not list this file");
  });

  it("the contents of two files exchanged", () => {
    const [a, b] = [noticePath(0), noticePath(1)];
    const { code, out } = verify(put(a, bytesOf(b), put(b, bytesOf(a))));
    expect(code).toBe(1);
    expect(out).toContain(`${a}: its text is another than the events name`);
  });
});

describe("what whoever made the bundle cannot cover up, since the log's key is not theirs, is found and the event is named:", () => {
  const expectWrong = async (files: readonly File[], message: string) => {
    const { code, out } = verify(await resealed(files));
    expect(out).toContain(message);
    expect(code).toBe(1);
    // Everything else about it looks right.
    expect(out).not.toContain("it was changed");
  };
  const line = (index: number) => positions.indexOf(index);

  it.each([
    ["state", (event: Record<string, unknown>) => ({ ...event, state: "granted", purpose: "advertising" })],
    ["time", (event: Record<string, unknown>) => ({ ...event, receivedAt: "2026-11-01T00:00:00.000Z" })],
    ["notice", ({ notice: _dropped, ...event }: Record<string, unknown>) => event],
  ])("an event's %s changed", async (_what, edit) => {
    const lines = linesOf("events.jsonl");
    const value = JSON.parse(lines[line(64)] as string);
    lines[line(64)] = canonicalJson({ ...value, event: edit(value.event) });
    await expectWrong(
      putLines("events.jsonl", lines),
      `line 2 (event ${eventId(64)}, log index 64): the log does not hold this at index 64`,
    );
  });

  it("a salt changed", async () => {
    const lines = linesOf("events.jsonl");
    const value = JSON.parse(lines[line(64)] as string);
    lines[line(64)] = canonicalJson({ ...value, salt: Buffer.alloc(32).toString("base64url") });
    await expectWrong(putLines("events.jsonl", lines), `event ${eventId(64)}, log index 64): the log does not hold this`);
  });

  it("an event dropped", async () => {
    await expectWrong(
      putLines("events.jsonl", linesOf("events.jsonl").toSpliced(line(64), 1)),
      "the event at log index 64 is missing, and its proof is there",
    );
  });

  it("an event added", async () => {
    const lines = linesOf("events.jsonl");
    const value = JSON.parse(lines[0] as string);
    const added = canonicalJson({ ...value, event: { ...value.event, id: eventId(4) }, index: 4 });
    await expectWrong(putLines("events.jsonl", lines.toSpliced(1, 0, added)), `event ${eventId(4)}, log index 4): it has no proof`);
    const proofs = linesOf("proofs.jsonl");
    const proof = canonicalJson({ ...JSON.parse(proofs[0] as string), index: 4 });
    await expectWrong(
      putLines("proofs.jsonl", proofs.toSpliced(1, 0, proof), putLines("events.jsonl", lines.toSpliced(1, 0, added))),
      `event ${eventId(4)}, log index 4): the log does not hold this at index 4`,
    );
  });

  it("two events reordered", async () => {
    const lines = linesOf("events.jsonl");
    const swapped = lines.with(1, lines[2] as string).with(2, lines[1] as string);
    await expectWrong(putLines("events.jsonl", swapped), `event ${eventId(64)}, log index 64): it stands after log index 65`);
  });

  it("two events' places exchanged", async () => {
    const lines = linesOf("events.jsonl");
    const [a, b] = [JSON.parse(lines[1] as string), JSON.parse(lines[2] as string)];
    const exchanged = lines.with(1, canonicalJson({ ...b, index: a.index })).with(2, canonicalJson({ ...a, index: b.index }));
    await expectWrong(putLines("events.jsonl", exchanged), `event ${eventId(65)}, log index 64): the log does not hold this at index 64`);
  });

  it("a notice exchanged", async () => {
    await expectWrong(put(noticePath(0), "You agreed to everything.\n"), `${noticePath(0)}: its text is another than the events name`);
  });

  it("a notice removed, and one added", async () => {
    await expectWrong(drop(noticePath(0)), `event ${eventId(64)}, log index 64): the notice that it names is missing`);
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    await expectWrong(put(`notices/${empty}`, ""), "no event names this notice");
  });

  it("another event's receipt, and a receipt of no event", async () => {
    const lines = linesOf("receipts.jsonl");
    await expectWrong(
      putLines("receipts.jsonl", lines.with(1, lines[2] as string)),
      "receipts.jsonl, line 3: it bears the commitment of no event",
    );
    const none = canonicalJson({ commitment: Buffer.alloc(32).toString("base64url") });
    await expectWrong(putLines("receipts.jsonl", [none, ...lines]), "receipts.jsonl, line 1: it bears the commitment of no event");
  });

  it("a checkpoint of the same log's name by another key", async () => {
    const impostor = logSigner(its.log.key.name);
    const forged = await signCheckpoint({ size: 300, root: new Uint8Array(32) }, impostor.key, impostor.sign);
    await expectWrong(put("checkpoint", forged), "checkpoint: no signature of it is by the key");
  });

  it("a checkpoint of another log", async () => {
    const other = await newCase(logSigner("audit.us.brand.example"));
    await expectWrong(put("checkpoint", other.evidence.checkpoint), 'checkpoint: it is of the log "audit.us.brand.example"');
  });

  it("another checkpoint of the same log, which the proofs are not for", async () => {
    const other = await signCheckpoint({ size: 300, root: new Uint8Array(32) }, its.log.key, its.log.sign);
    await expectWrong(put("checkpoint", other), `event ${eventId(3)}, log index 3): the log does not hold this`);
  });

  it("a cosignature put upon another checkpoint", async () => {
    const own = await signCheckpoint({ size: 300, root: new Uint8Array(32) }, its.log.key, its.log.sign);
    const cosignature = its.evidence.checkpoint.split("\n").at(-2);
    const files = await resealed(put("checkpoint", `${own}${cosignature}\n`));
    const { code, out } = verify(files, ...keys, "--monitor-key", verifierKey(its.monitor.key));
    expect(code).toBe(1);
    expect(out).toContain(`checkpoint: the cosignature of ${its.monitor.key.name} is not over this checkpoint`);
  });

  it.each<[string, Partial<Pick<Manifest, "scope" | "events" | "missingNotices">>, string]>([
    [
      "events of another subject than the bundle is of",
      { scope: { kind: "subject", subject: "other" } },
      `event ${eventId(3)}, log index 3): it is of the subject ${subject}`,
    ],
    [
      "events of another time",
      { scope: { kind: "period", from: "2026-11-01T00:00:00Z", to: "2026-11-01T04:59:00Z" } },
      `event ${eventId(299)}, log index 299): it was received at 2026-11-01T04:59:00.000Z, outside`,
    ],
    ["a scope that nobody knows", { scope: { kind: "everything" } as unknown as Scope }, 'scope is of the kind "everything"'],
    [
      "a period that never was",
      { scope: { kind: "period", from: "x", to: "y" } },
      "names no subject, and no period that ends after it begins",
    ],
    ["a wrong number of events", { events: 8 }, "manifest.json: it counts 8 events, and events.jsonl has 7"],
    [
      "a notice said to be missing that is there",
      { missingNotices: [`sha256:${noticePath(0).slice(8)}`] },
      `manifest.json: it says that sha256:${noticePath(0).slice(8)} is missing, and it is there`,
    ],
    [
      "a notice said to be missing that nobody was shown",
      { missingNotices: [`sha256:${"0".repeat(64)}`] },
      `manifest.json: it says that "sha256:${"0".repeat(64)}" is missing, and no event names such a notice`,
    ],
  ])("%s", async (_what, about, message) => {
    const { code, out } = verify(await resealed(bundle, about));
    expect(out).toContain(message);
    expect(code).toBe(1);
  });

  it("a file of which nothing is checked", async () => {
    await expectWrong(put("summary.html", "<h1>Everybody agreed</h1>"), "summary.html: no bundle has such a file");
  });

  it("a whole other bundle, made by somebody else", async () => {
    const other = await bundleOf(its.evidence, manifestSigner());
    const { code, out } = verify(other);
    expect(code).toBe(1);
    expect(out).toContain("signed by another key than --manifest-key");
  });

  it("and what can be left out without a trace is said not to be proven", async () => {
    const without = (path: string) => putLines(path, linesOf(path).toSpliced(line(64), 1));
    const files = ["proofs.jsonl", "events.jsonl", "receipts.jsonl"].reduce(
      (rest, path) => put(path, bytesOf(path, without(path)), rest),
      bundle,
    );
    const { code, out } = verify(await resealed(files));
    expect(code).toBe(0);
    expect(out).toContain("these 6 events");
    expect(out).toContain("That there were no other events of the subject: 291 entries");
  });
});

describe("what is shown cannot deceive a reader at a terminal", () => {
  it("by control characters or lines of its own", async () => {
    const lines = linesOf("events.jsonl");
    const value = JSON.parse(lines[0] as string);
    lines[0] = canonicalJson({ ...value, event: { ...value.event, id: "x\u001b[2J\nPROVEN\n- all" } });
    const { out } = verify(putLines("events.jsonl", lines));
    expect(out).not.toContain("\u001b");
    expect(out).not.toMatch(/^PROVEN/m);
    expect(out).toContain("x\\u001b[2J\\u000aPROVEN");
  });
});

describe("without what it needs the verifier checks nothing, and says so with exit code 2", () => {
  it.each([
    ["no key", ["bundle"], "Without --log-key nothing can be proven"],
    ["no folder", ["--log-key", logKey], "Name one folder, not 0"],
    ["a folder that is not there", ["elsewhere", "--log-key", logKey], "elsewhere is no folder"],
    ["a key that was mistyped", ["bundle", "--log-key", logKey.replace("+", "x+")], "was mistyped"],
    ["no key at all", ["bundle", "--log-key", "abc"], '"abc" is no key'],
    ["a monitor's key as the log's", ["bundle", "--log-key", verifierKey(its.monitor.key)], "is of type 4: a log's is of type 1"],
    [
      "a manifest key that is none",
      ["bundle", "--log-key", logKey, "--manifest-key", "x"],
      '--manifest-key "x" is no file that holds an Ed25519 public key',
    ],
    ["an option that there is not", ["bundle", "--log-key", logKey, "--force"], "Unknown option"],
  ])("%s", (_what, args, message) => {
    const { code, out, err } = verify(bundle, ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("Exit codes:");
    expect(err).not.toContain("    at ");
  });
});
