// The append-only ledger of sealed events. It is written, and the plain projection of what holds with it, in the caller's transaction, under
// its lock on the subjects' rows.
import { randomUUID } from "node:crypto";
import type { ConsentRecord, Purpose } from "../../../shared/consent.ts";
import type { Queryable, Transaction } from "../../database.ts";
import type { ChosenUnder } from "../preferences-under.ts";
import type { ConsentEvent } from "./consent-event.ts";
import { type HeldRow, type Projection, project, projected } from "./projection.ts";
import { type Opened, open, type Sealed, seal } from "./seal.ts";

/** A subject as the ledger knows it. */
export interface Owner {
  readonly id: string;
  readonly reference: string;
  /** Unwrapped. */
  readonly key: Uint8Array;
}

/** What is the same for all that is said at once. */
export type Circumstances = Omit<
  ConsentEvent,
  | "id"
  | "subject"
  | "epoch"
  | "purpose"
  | "state"
  | "preferences"
  | "requestedAt"
  | "validUntil"
  | "despiteSignal"
  | "supersedes"
  | "basis"
  | "regulation"
>;

/** What is said in the record's epoch. */
export interface Saying {
  /** With the words of that epoch among its words. */
  readonly record: ConsentRecord;
  /** What is chosen anew under purposes. */
  readonly chosen: ChosenUnder;
  /** When a purpose was first asked for, of those that had to be confirmed. */
  readonly requestedAt?: Readonly<Partial<Record<Purpose, string>>> | undefined;
}

/** On what a purpose rests where the event was said. */
export type BasisOf = (purpose: Purpose) => Pick<ConsentEvent, "basis" | "regulation">;

/** An event as the ledger keeps it. */
export interface LedgerRow extends Sealed {
  readonly id: string;
  readonly reference: string;
  readonly epoch: number;
}

/** What is said, sealed for the ledger, and what the projection then has anew. @param held what the projection has of the subject until then */
export function appended(
  owner: Owner,
  held: Projection,
  { record, chosen, requestedAt = {} }: Saying,
  circumstances: Circumstances,
  basisOf: BasisOf,
): { readonly events: readonly LedgerRow[]; readonly held: readonly HeldRow[] } {
  const words = Object.fromEntries(Object.entries(record.purposes).filter(([, { epoch }]) => epoch === record.epoch));
  const about = [...new Set([...Object.keys(words), ...Object.keys(chosen)])] as Purpose[];
  const events = about.map((purpose): ConsentEvent => {
    const { state, validUntil, despiteSignal } = words[purpose] ?? {};
    const preferences = chosen[purpose];
    const supersedes = held.get(purpose)?.event;
    const requested = requestedAt[purpose];
    return {
      ...circumstances,
      ...basisOf(purpose),
      id: randomUUID(),
      subject: owner.reference,
      epoch: record.epoch,
      purpose,
      ...(state === undefined ? {} : { state }),
      ...(preferences === undefined ? {} : { preferences }),
      ...(requested === undefined ? {} : { requestedAt: requested }),
      ...(validUntil === undefined ? {} : { validUntil }),
      ...(despiteSignal === undefined ? {} : { despiteSignal }),
      ...(supersedes === undefined ? {} : { supersedes }),
    };
  });
  return {
    events: events.map((event) => ({ id: event.id, reference: owner.reference, epoch: record.epoch, ...seal(owner.key, event) })),
    held: projected(owner.id, held, events),
  };
}

/** Appends events, of however many subjects, in this order. */
export function append(transaction: Transaction, events: readonly LedgerRow[]): void {
  transaction.send(
    `INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment)
     SELECT id, reference, epoch, sealed, commitment
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[])
       WITH ORDINALITY AS said (id, reference, epoch, sealed, commitment, place) ORDER BY place`,
    [
      events.map(({ id }) => id),
      events.map(({ reference }) => reference),
      events.map(({ epoch }) => epoch),
      events.map(({ sealed }) => sealed),
      events.map(({ commitment }) => commitment),
    ],
  );
}

/** Makes the projection of a subject anew from the ledger. @throws Error where an event is not what was committed to */
export async function rebuild(transaction: Transaction, owner: Owner): Promise<void> {
  transaction.send("DELETE FROM preferences.consent_state WHERE subject = $1", [owner.id]);
  const events: ConsentEvent[] = [];
  for await (const { event } of everything(transaction, owner)) events.push(event);
  project(transaction, projected(owner.id, new Map(), events));
}

/** Events that are read at once. */
const page = 1000;

/** Everything that a subject has said, in order. */
async function* everything(client: Queryable, owner: Owner): AsyncGenerator<Entry> {
  for (let after = 0; ; ) {
    const entries = await history(client, owner, after, page);
    yield* entries;
    if (entries.length < page) return;
    after = (entries.at(-1) as Entry).position;
  }
}

export interface Entry extends Opened {
  /** In the order of the ledger. */
  readonly position: number;
  readonly commitment: Buffer;
}

/** An event as its subject sees it: what stands for the subject in ledger and log is nobody's business, for with it two leaks could be joined. */
export const shownEvent = ({ event: { subject: _, ...shown } }: Entry): Omit<ConsentEvent, "subject"> => shown;

/** A page of what a subject has said, in order. @param after positions up to this one are left out */
export async function history(client: Queryable, { reference, key }: Owner, after: number, most: number): Promise<Entry[]> {
  const { rows } = await client.query<Row>(
    `SELECT position, id, sealed, commitment FROM preferences.consent_ledger
     WHERE reference = $1 AND position > $2 ORDER BY position LIMIT $3`,
    [reference, after, most],
  );
  return rows.map((row) => opened(key, row));
}

/** One event of this very subject; undefined for any other id. */
export async function entryOf(client: Queryable, { reference, key }: Owner, id: string): Promise<Entry | undefined> {
  const { rows } = await client.query<Row>(
    "SELECT position, id, sealed, commitment FROM preferences.consent_ledger WHERE id = $1 AND reference = $2",
    [id, reference],
  );
  return rows[0] && opened(key, rows[0]);
}

/** An event that a service has brought, of whichever subject, merged ones too; undefined for any other id. @param unwrap opens the key of a subject */
export async function broughtBy(
  client: Queryable,
  service: string,
  id: string,
  unwrap: (reference: string, key: Buffer) => Uint8Array,
): Promise<Entry | undefined> {
  const { rows } = await client.query<Row & { reference: string; key: Buffer }>(
    `SELECT l.position, l.id, l.sealed, l.commitment, l.reference, COALESCE(s.key, m.key) AS key FROM preferences.consent_ledger l
     LEFT JOIN preferences.subject s USING (reference) LEFT JOIN preferences.merged_subject m USING (reference)
     WHERE l.id = $1 AND COALESCE(s.key, m.key) IS NOT NULL`,
    [id],
  );
  const entry = rows[0] && opened(unwrap(rows[0].reference, rows[0].key), rows[0]);
  const { source, actor, method } = entry?.event ?? {};
  // What this service itself has found out it writes down in its own name, which another service might bear as well.
  return source === service && actor === service && (method === "api" || method === "gpc") ? entry : undefined;
}

/** The largest position that there can be, a bigint's. A condition that is sometimes none would keep PostgreSQL from looking it up. */
const beyondAll = "9223372036854775807";

/** The latest of what a subject has said, newest first. @param before positions from this one on are left out */
export async function latest(client: Queryable, { reference, key }: Owner, before: number | undefined, most: number): Promise<Entry[]> {
  const { rows } = await client.query<Row>(
    `SELECT position, id, sealed, commitment FROM preferences.consent_ledger
     WHERE reference = $1 AND position < $2 ORDER BY position DESC LIMIT $3`,
    [reference, before ?? beyondAll, most],
  );
  return rows.map((row) => opened(key, row));
}

interface Row {
  readonly position: string;
  readonly id: string;
  readonly sealed: Buffer;
  readonly commitment: Buffer;
}

const opened = (key: Uint8Array, { position, id, sealed, commitment }: Row): Entry => ({
  position: Number(position),
  commitment,
  ...open(key, id, { sealed, commitment }),
});
