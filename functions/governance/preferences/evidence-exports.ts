// Gathers what a regulator is given: events, their proofs for one published checkpoint, receipts and notices. The whole bundle is in memory while it
// is made, some 30 KB an event: so there is a bound, and one is made at a time.
import { pack } from "tar-stream";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { alarm } from "../audit/alarms.ts";
import { openCheckpoint } from "../audit/checkpoint.ts";
import { erasureCommitment } from "../audit/erasure.ts";
import { bundleOf, type HiddenEvent, isOneLog, type MonitorsWord, type ShownEvent } from "../audit/evidence/bundle.ts";
import type { Scope } from "../audit/evidence/manifest.ts";
import { heartbeatOf, heartbeatSalt } from "../audit/heartbeat.ts";
import type { LogKey } from "../audit/sequencer.ts";
import type { ShownHead, ShownLog } from "../audit/shown-log.ts";
import { NoteError, type NoteKey } from "../audit/signed-note.ts";
import { TileError } from "../audit/tiles.ts";
import type { Database } from "../database.ts";
import { beganBeforeIsOver } from "../transactions-under-way.ts";
import { open } from "./ledger/seal.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import { referencesOf } from "./merging.ts";
import { receiptOf } from "./receipt.ts";

/** Events of one bundle: some 60 MB of memory and two seconds of work. */
export const mostEvents = 2000;
/** Subjects that one may stand for: its manifest names them, and has 64 KiB at most. */
const mostMerged = 1000;
/** Events that are read at once. */
const page = 1000;
/** An event says the moment when it was written, its row the moment when the transaction began: what is looked for by the one is judged again by the other. */
const clocksMinutes = 10;
/** How long an export waits for what is being written; a write takes milliseconds. */
const patienceMs = 5000;

export interface EvidenceOptions {
  readonly database: Database;
  readonly keys: () => Promise<SubjectKeys>;
  readonly log: ShownLog;
  readonly signer: () => Promise<LogKey>;
  /** Who keeps the records: the region's own host name. */
  readonly publisher: string;
  readonly mostEvents?: number;
  readonly patienceMs?: number;
}

/** What is asked for. */
export type Wanted =
  /** `merged`: with what was said as subjects that were merged into it. Never for the person itself: why, `merging.ts` says. */
  | { readonly kind: "subject"; readonly subject: SubjectId; readonly merged: boolean }
  | { readonly kind: "period"; readonly from: string; readonly to: string };

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly reference: string;
  readonly sealed: Buffer;
  readonly commitment: Buffer;
  readonly position: string;
  readonly recorded_at: Date;
  /** The same, to the microsecond. */
  readonly recorded: string;
  readonly index: string | null;
  /** Null where the subject was erased, or the one that it had been merged into. */
  readonly key: Buffer | null;
}

/** An event, opened where its subject's key is still there. */
interface Found {
  readonly index: number | undefined;
  readonly receivedAt: string;
  readonly content: Omit<ShownEvent, "index" | "proof"> | Omit<HiddenEvent, "index" | "proof">;
}

export class EvidenceExports {
  readonly #options: EvidenceOptions;
  #busy = false;

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /**
   * A tar of the bundle's files. Throws a problem where it cannot be made now, or not of so much.
   * @param watched what another region has seen of this log, cosigned, to be put into it
   */
  async tar(wanted: Wanted, watched?: string): Promise<AsyncIterable<unknown>> {
    if (this.#busy) throw later(429, "another-export", "Another export is being made", "One is made at a time. Ask again in a moment.", 5);
    this.#busy = true;
    try {
      const archive = pack();
      for (const { path, bytes } of await this.#bundle(wanted, watched))
        archive.entry({ name: path, mtime: new Date(0) }, Buffer.from(bytes));
      archive.finalize();
      return archive;
    } finally {
      this.#busy = false;
    }
  }

  async #bundle(wanted: Wanted, watched: string | undefined) {
    const { log, signer } = this.#options;
    const { key, sign } = await signer();
    if (wanted.kind === "period") await this.#settled(wanted.to);
    // The head first: what comes later is not in it, and is left out or waited for.
    const head = await log.head();
    const { scope, found } = await this.#find(wanted);
    const placed = placesIn(head, found);
    const events = await this.#prove(placed, head as ShownHead);
    const monitors = watched === undefined ? [] : [await this.#monitorsWord(head as ShownHead, watched, key)];
    const { notices, missingNotices } = await this.#notices(events);
    return bundleOf(
      {
        scope,
        madeAt: new Date().toISOString(),
        checkpoint: (head as ShownHead).checkpoint,
        log: key,
        monitors,
        events,
        notices,
        missingNotices,
      },
      { publicKey: key.publicKey, sign },
    );
  }

  async #find(wanted: Wanted): Promise<{ scope: Scope; found: Found[] }> {
    if (wanted.kind === "period") return { scope: wanted, found: await this.#ofPeriod(wanted) };
    const { database } = this.#options;
    const references = await referencesOf(database, wanted.subject);
    if (!references)
      throw new ProblemError({
        status: 404,
        kind: "unknown-subject",
        title: "No such subject",
        detail: "There is no subject with this id here: it never was, or it was erased.",
      });
    const merged = wanted.merged ? references.merged : [];
    if (merged.length > mostMerged) throw standsForTooMany(merged.length);
    const rows: Row[] = [];
    // One after the other: that is how the ledger's index has them in order.
    for (const reference of [references.own, ...merged]) {
      const values = [reference, this.#most + 1 - rows.length];
      rows.push(...(await database.query<Row>(selectEvents("reference = $1 ORDER BY position LIMIT $2", "l.position"), values)));
      if (rows.length > this.#most) throw tooMany(this.#most, undefined);
    }
    return {
      scope: { kind: "subject", subject: references.own, ...(merged.length > 0 && { merged }) },
      found: await this.#opened(rows),
    };
  }

  /** Once it is, nothing is ever added to what was written up to then. */
  async #settled(to: string): Promise<void> {
    const { database } = this.#options;
    const [today] = await database.query<{ over: boolean }>("SELECT $1::timestamptz <= now() AS over", [to]);
    if (!today?.over) throw notOver(to);
    if (!(await beganBeforeIsOver(database, to, this.#options.patienceMs ?? patienceMs))) throw beingWritten(to);
  }

  async #ofPeriod({ from, to }: { from: string; to: string }): Promise<Found[]> {
    const { database } = this.#options;
    const heartbeats = await database.query<{ event: string; at: Date; index: string }>(
      `SELECT event, at, index FROM preferences.log_heartbeat JOIN preferences.log_entry USING (event) WHERE at >= $1 AND at < $2 ORDER BY at LIMIT $3`,
      [from, to, this.#most + 1],
    );
    const erasures = await database.query<{ at: Date; index: string | null; reference: string }>(
      `SELECT at, index, reference FROM preferences.log_erasure LEFT JOIN preferences.log_entry USING (event) WHERE at >= $1 AND at < $2 ORDER BY at LIMIT $3`,
      [from, to, this.#most + 1],
    );
    const found = [
      ...(await this.#recorded(from, to)),
      // Of whom it was is nobody's business any more.
      ...erasures.map(({ at, index, reference }): Found => {
        const content = { commitment: erasureCommitment(reference) };
        return { index: index === null ? undefined : Number(index), receivedAt: at.toISOString(), content };
      }),
      ...heartbeats.map(({ event, at, index }): Found => {
        const heartbeat = heartbeatOf(event, at);
        return { index: Number(index), receivedAt: heartbeat.receivedAt, content: { event: heartbeat, salt: heartbeatSalt } };
      }),
    ].sort((a, b) => Date.parse(a.receivedAt) - Date.parse(b.receivedAt));
    if (found.length > this.#most) throw tooMany(this.#most, found[this.#most]?.receivedAt);
    return found;
  }

  /** Page by page, until there are more than a bundle may have. */
  async #recorded(from: string, to: string): Promise<Found[]> {
    const found: Found[] = [];
    let after: unknown[] = ["-infinity", 0];
    for (;;) {
      const rows = await this.#options.database.query<Row>(
        selectEvents(
          `recorded_at >= $1::timestamptz - make_interval(mins => $3) AND recorded_at < $2::timestamptz + make_interval(mins => $3)
             AND (recorded_at, position) > ($4::timestamptz, $5) ORDER BY recorded_at, position LIMIT $6`,
          "l.recorded_at, l.position",
        ),
        [from, to, clocksMinutes, ...after, page],
      );
      const within = ({ receivedAt }: Found) => Date.parse(from) <= Date.parse(receivedAt) && Date.parse(receivedAt) < Date.parse(to);
      found.push(...(await this.#opened(rows)).filter(within));
      const last = rows.at(-1);
      if (!last || rows.length < page || found.length > this.#most) return found;
      after = [last.recorded, last.position];
    }
  }

  async #opened(rows: readonly Row[]): Promise<Found[]> {
    const keys = await this.#options.keys();
    return rows.map(({ id, reference, sealed, commitment, recorded_at, index, key }) => {
      const place = index === null ? undefined : Number(index);
      if (key === null) return { index: place, receivedAt: recorded_at.toISOString(), content: { commitment } };
      const { event, salt } = open(keys.unwrap(reference, key), id, { sealed, commitment });
      const receipt = receiptOf(event, commitment, this.#options.publisher);
      return { index: place, receivedAt: event.receivedAt, content: { event, salt, receipt } };
    });
  }

  async #prove(placed: readonly (Found & { index: number })[], { size }: ShownHead): Promise<(ShownEvent | HiddenEvent)[]> {
    const proofs = await this.#options.log.inclusions(
      placed.map(({ index }) => index),
      size,
    );
    return placed.map(({ index, content }, i) => ({ ...content, index, proof: proofs[i] ?? [] }));
  }

  /** Whose the cosignature is, whoever checks the bundle knows better: here only what it is over is judged. */
  async #monitorsWord(head: ShownHead, watched: string, key: NoteKey): Promise<MonitorsWord> {
    const seen = openedNote(watched, key);
    const [from, to] = [head.size, seen.size].sort((a, b) => a - b) as [number, number];
    const proof = await this.#options.log.consistency(from, to).catch((error: unknown) => {
      throw error instanceof TileError && seen.size > head.size ? seenEarlier(seen.size, head.size) : error;
    });
    if (isOneLog(head, seen, proof)) return { checkpoint: watched, proof };
    alarm("distrust", { log: key.name, verdict: "a monitor has seen another log", evidence: { before: watched, after: head.checkpoint } });
    throw new ProblemError({
      status: 409,
      kind: "another-log-was-seen",
      title: "The log contradicts what was seen of it",
      detail: `This log has signed a checkpoint of size ${seen.size}, which a monitor has seen, and what it shows now, of size ${head.size}, is not the same log. No evidence is handed out with that: find out which of the two is true.`,
    });
  }

  async #notices(events: readonly (ShownEvent | HiddenEvent)[]) {
    const named = [...new Set(events.flatMap((each) => ("event" in each && each.event.notice ? [each.event.notice.sha256] : [])))];
    const rows = await this.#options.database.query<{ digest: string; document: string }>(
      "SELECT digest, document FROM preferences.notice WHERE digest = ANY ($1::text[])",
      [named],
    );
    const kept = new Set(rows.map(({ digest }) => digest));
    return {
      notices: rows.map(({ document }) => Buffer.from(document)),
      missingNotices: named.filter((digest) => !kept.has(digest)),
    };
  }

  get #most(): number {
    return this.#options.mostEvents ?? mostEvents;
  }
}

/** Only what the page has of the ledger is looked up elsewhere, not all of the period. @param condition with order and limit @param order the same */
const selectEvents = (condition: string, order: string) =>
  `SELECT l.id, l.reference, l.sealed, l.commitment, l.position, l.recorded_at, l.recorded_at::text AS recorded, e.index,
      COALESCE(s.key, m.key) AS key
   FROM (SELECT * FROM preferences.consent_ledger WHERE ${condition}) l
     LEFT JOIN preferences.log_entry e ON e.event = l.id LEFT JOIN preferences.subject s ON s.reference = l.reference
      LEFT JOIN preferences.merged_subject m ON m.reference = l.reference ORDER BY ${order}`;

function openedNote(note: string, key: NoteKey) {
  try {
    return openCheckpoint(note, key).checkpoint;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new ProblemError({
      status: 422,
      kind: "invalid-request",
      title: "The request is not valid",
      detail: `"watched" is no checkpoint of this log: ${error.message}`,
    });
  }
}

/** In the order of the log. Throws a problem where some have no place in what is published. */
function placesIn(head: ShownHead | undefined, found: readonly Found[]): (Found & { index: number })[] {
  const placed = found.filter((each): each is Found & { index: number } => each.index !== undefined && each.index < (head?.size ?? 0));
  const waiting = found.length - placed.length;
  if (head === undefined || waiting > 0)
    throw later(
      409,
      "not-yet-in-the-log",
      "Not everything is in the log yet",
      `${waiting} of ${found.length} events wait for the log's next publication, which is at most a minute away while its stores can be reached.`,
      15,
    );
  return placed.sort((a, b) => a.index - b.index);
}

/** The monitor was shown what this database does not know yet, or not any more: the sequencer takes it back from what was published. */
const seenEarlier = (seen: number, shown: number) =>
  later(
    409,
    "not-yet-in-the-log",
    "Not everything is in the log yet",
    `The monitor saw the log of size ${seen}; here it has ${shown} entries so far.`,
    15,
  );

/** No fault of ours, and none that an objective should count. */
function later(status: 409 | 429, kind: string, title: string, detail: string, seconds: number): ProblemError {
  return new ProblemError({ status, kind, title, detail, headers: { "retry-after": String(seconds) } });
}

/** What is still to come cannot be proven to be whole. */
function notOver(to: string): ProblemError {
  return new ProblemError({
    status: 422,
    kind: "invalid-request",
    title: "The request is not valid",
    detail: `The period ends at ${to}, which is still to come by the database's clock. Ask for one that is over.`,
  });
}

/** A bundle that might lack something is worse than none. */
function beingWritten(to: string): ProblemError {
  return new ProblemError({
    status: 503,
    kind: "still-being-written",
    title: "Try again in a moment",
    detail: `A transaction that began before ${to} is still under way in the database, and may yet add to the period. Ask again, or for a period that ended earlier.`,
    headers: { "retry-after": "5" },
  });
}

const standsForTooMany = (merged: number) =>
  tooMuch(`The subject stands for ${merged} others as well, and a bundle names ${mostMerged} at most. Ask for periods instead.`);

function tooMany(most: number, to: string | undefined): ProblemError {
  const advice = to ? ` Ask for the period up to ${to} first, then from there on.` : " Ask for periods instead.";
  return tooMuch(`A bundle has at most ${most} events.${advice}`, to ? { to } : {});
}

const tooMuch = (detail: string, extensions: Readonly<Record<string, string>> = {}) =>
  new ProblemError({ status: 422, kind: "too-many-events", title: "Too much for one bundle", detail, extensions });
