// The bundle that a regulator gets: files that prove, without this service or its code, what was in the log. `verify.mjs` reads it.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import { openCheckpoint } from "../checkpoint.ts";
import { commitmentTo, leafOf } from "../leaf.ts";
import type { TreeHead } from "../log.ts";
import { type Hash, leafHash, verifyConsistency, verifyInclusion } from "../merkle.ts";
import type { NoteKey } from "../signed-note.ts";
import type { File } from "../tiles.ts";
import { eventsTable } from "./events-table.ts";
import { type ManifestSigner, type Scope, sealed, sha256 } from "./manifest.ts";

/** What every event has, whatever else it says. */
export interface LoggedEvent {
  readonly id: string;
  /** The subject's reference in the log. */
  readonly subject: string;
  readonly receivedAt: string;
  /** The notice shown; its text is found by the hash, `sha256:` and 64 hexadecimal digits. */
  readonly notice?: { readonly sha256: string };
}

interface Placed {
  /** Its position in the log, from 0. */
  readonly index: number;
  /** That it is in the log as of the bundle's checkpoint. */
  readonly proof: readonly Hash[];
}

/** An event whose subject's key is still there. */
export interface ShownEvent extends Placed {
  readonly event: LoggedEvent;
  readonly salt: Uint8Array;
  /** An object in canonical JSON, with a member `commitment`: the base64url of the event's. */
  readonly receipt?: string;
}

/** An event whose subject was erased, or that the bundle's scope keeps back, or an erasure: the log's commitment is all that can be shown. */
export interface HiddenEvent extends Placed {
  readonly commitment: Uint8Array;
}

/** The word of somebody else who watches the log. */
export interface MonitorsWord {
  /** What it saw: a checkpoint signed by the log, with the monitor's cosignature. */
  readonly checkpoint: string;
  /** That the larger of this and the bundle's checkpoint began as the smaller. */
  readonly proof: readonly Hash[];
}

export interface Evidence {
  readonly scope: Scope;
  /** RFC 3339. */
  readonly madeAt: string;
  /** A signed checkpoint of the log, cosignatures and all. */
  readonly checkpoint: string;
  readonly log: NoteKey;
  readonly monitors: readonly MonitorsWord[];
  /** In the order of the log. */
  readonly events: readonly (ShownEvent | HiddenEvent)[];
  /** The texts of the notices that the events name. */
  readonly notices: readonly Uint8Array[];
  /** Notices whose texts nobody gave to the service: `sha256:` and 64 hexadecimal digits. */
  readonly missingNotices: readonly string[];
}

/** The files of a bundle. The same evidence gives the same bytes. Throws where the evidence would not stand: nobody shall be handed what a regulator then refuses. */
export async function bundleOf(evidence: Evidence, signer: ManifestSigner): Promise<File[]> {
  const { events, notices, missingNotices, checkpoint, monitors, scope, madeAt } = evidence;
  const problems = wrongIn(evidence);
  if (problems.length > 0)
    throw new Error(`No bundle was made, for it would not stand:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  const files = [
    text("checkpoint", checkpoint),
    ...(monitors.length === 0
      ? []
      : [text("monitors.jsonl", lines(monitors.map(({ checkpoint, proof }) => ({ checkpoint, hashes: proof.map(base64url) }))))]),
    text(
      "events.jsonl",
      lines(
        events.map((each) => ("event" in each ? { index: each.index, event: each.event, salt: base64url(each.salt) } : hiddenLine(each))),
      ),
    ),
    text("events.csv", eventsTable(events)),
    text("proofs.jsonl", lines(events.map(({ index, proof }) => ({ index, hashes: proof.map(base64url) })))),
    text("receipts.jsonl", events.map((each) => ("event" in each && each.receipt ? `${each.receipt}\n` : "")).join("")),
    ...[...new Map(notices.map((notice) => [`notices/${sha256(notice)}`, notice]))].map(([path, bytes]) => ({ path, bytes })),
  ];
  return sealed(files, { scope, madeAt, events: events.length, missingNotices: [...missingNotices].sort() }, signer);
}

const hiddenLine = ({ index, commitment }: HiddenEvent) => ({ index, commitment: base64url(commitment) });

function wrongIn({ checkpoint: note, log, monitors, events, notices, missingNotices, scope }: Evidence): string[] {
  const { size, root } = openCheckpoint(note, log).checkpoint;
  const strangers = monitors.filter(({ checkpoint, proof }) => {
    const seen = openCheckpoint(checkpoint, log).checkpoint;
    return !isOneLog({ size, root }, seen, proof);
  });
  const texts = new Set(notices.map((notice) => `sha256:${sha256(notice)}`));
  const named = new Set(events.flatMap((each) => ("event" in each && each.event.notice ? [each.event.notice.sha256] : [])));
  const ofPlace = (each: ShownEvent | HiddenEvent, before: Placed | undefined, commitment: Uint8Array) => [
    !verifyInclusion({ ...each, size, root, leaf: leafHash(leafOf(commitment)) }) &&
      `is not proven to be at log index ${each.index} of ${size}`,
    before !== undefined &&
      before.index >= each.index &&
      `stands after log index ${before.index}: give each event once, in the order of the log`,
  ];
  const ofContent = ({ event, receipt }: ShownEvent, commitment: Uint8Array) => [
    !isWithin(scope, event) && "is outside of the bundle's scope",
    event.notice &&
      !texts.has(event.notice.sha256) &&
      !missingNotices.includes(event.notice.sha256) &&
      `names the notice ${event.notice.sha256}, whose text is missing`,
    receipt !== undefined && commitmentOn(receipt) !== base64url(commitment) && "has a receipt that does not bear its commitment",
    receipt !== undefined && !isCanonical(receipt) && "has a receipt that is no canonical JSON",
  ];
  const wrong = events.flatMap((each, i) => {
    const shown = "event" in each;
    const commitment = shown ? commitmentTo(each.salt, each.event) : each.commitment;
    const problems = [...ofPlace(each, events[i - 1], commitment), ...(shown ? ofContent(each, commitment) : [])];
    const name = shown ? `event ${each.event.id}` : `the event at log index ${each.index}`;
    return problems.filter((problem) => typeof problem === "string").map((problem) => `${name} ${problem}`);
  });
  const superfluous = [...texts, ...missingNotices].filter((digest) => !named.has(digest));
  return [
    ...wrongScope(scope),
    ...wrong,
    ...strangers.map(() => "what a monitor saw is not proven to be this log"),
    ...superfluous.map((digest) => `no event names the notice ${digest}`),
    ...missingNotices.filter((digest) => texts.has(digest)).map((digest) => `the notice ${digest} is there, and said to be missing`),
  ];
}

/** Whether the larger of two logs began as the smaller. */
export function isOneLog(a: TreeHead, b: TreeHead, proof: readonly Hash[]): boolean {
  const [older, newer] = a.size < b.size ? [a, b] : [b, a];
  return verifyConsistency({ from: older.size, fromRoot: older.root, size: newer.size, root: newer.root, proof });
}

/** The same subjects are said in one way. */
function wrongScope(scope: Scope): string[] {
  if (scope.kind !== "subject" || scope.merged === undefined) return [];
  const { subject, merged } = scope;
  const isList = merged.length > 0 && merged.every((each, i) => each !== subject && (i === 0 || (merged[i - 1] as string) < each));
  return isList ? [] : ["the scope's merged subjects are no sorted list of others than its subject"];
}

function isWithin(scope: Scope, { subject, receivedAt }: LoggedEvent): boolean {
  if (scope.kind === "subject") return subject === scope.subject || (scope.merged?.includes(subject) ?? false);
  const received = Date.parse(receivedAt);
  return Date.parse(scope.from) <= received && received < Date.parse(scope.to);
}

const isCanonical = (receipt: string): boolean => canonicalJson(JSON.parse(receipt)) === receipt;

function commitmentOn(receipt: string): unknown {
  const value: unknown = JSON.parse(receipt);
  return typeof value === "object" && value !== null && "commitment" in value ? value.commitment : undefined;
}

/** Writes a bundle into a folder, which must not be there yet. */
export async function writeBundle(folder: string, files: readonly File[]): Promise<void> {
  await mkdir(folder);
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes, { flag: "wx" });
  }
}

const text = (path: string, content: string): File => ({ path, bytes: Buffer.from(content) });
const lines = (values: readonly object[]) => values.map((value) => `${canonicalJson(value)}\n`).join("");
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
