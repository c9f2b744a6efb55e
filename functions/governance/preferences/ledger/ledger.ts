// The append-only ledger of sealed events, and the plain projection of what holds. Both are written in the caller's transaction, under its lock
// on the subject's row.
import { randomUUID } from "node:crypto";
import type { ConsentRecord, Purpose, RecordedState } from "../../../shared/consent.ts";
import type { Queryable } from "../../database.ts";
import type { ConsentEvent } from "./consent-event.ts";
import { type Opened, open, seal } from "./seal.ts";

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
  "id" | "subject" | "epoch" | "purpose" | "state" | "validUntil" | "supersedes" | "basis" | "regulation"
>;

/** On what a purpose rests where the event was said. */
export type BasisOf = (purpose: Purpose) => Pick<ConsentEvent, "basis" | "regulation">;

/** Seals and appends the words that were said in the record's epoch, and brings the projection up to them. */
export async function append(
  client: Queryable,
  owner: Owner,
  record: ConsentRecord,
  circumstances: Circumstances,
  basisOf: BasisOf,
): Promise<ConsentEvent[]> {
  const { rows } = await client.query<{ purpose: string; event: string }>(
    "SELECT purpose, event FROM preferences.consent_state WHERE subject = $1",
    [owner.id],
  );
  const before = new Map(rows.map(({ purpose, event }) => [purpose, event]));
  const said = Object.entries(record.purposes).filter(([, { epoch }]) => epoch === record.epoch);
  const events = said.map(([purpose, { state, validUntil }]): ConsentEvent => {
    const supersedes = before.get(purpose);
    return {
      ...circumstances,
      ...basisOf(purpose as Purpose),
      id: randomUUID(),
      subject: owner.reference,
      epoch: record.epoch,
      purpose: purpose as Purpose,
      state,
      ...(validUntil === undefined ? {} : { validUntil }),
      ...(supersedes === undefined ? {} : { supersedes }),
    };
  });
  const sealed = events.map((event) => seal(owner.key, event));
  await client.query(
    `INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment)
     SELECT id, $1, $2, sealed, commitment FROM unnest($3::uuid[], $4::bytea[], $5::bytea[]) AS said (id, sealed, commitment)`,
    [owner.reference, record.epoch, events.map(({ id }) => id), sealed.map((each) => each.sealed), sealed.map((each) => each.commitment)],
  );
  await project(client, owner.id, events);
  return events;
}

/** Brings the projection up to these events, the later of a purpose over the earlier. */
async function project(client: Queryable, subject: string, events: readonly ConsentEvent[]): Promise<void> {
  const last = [...new Map(events.map((event) => [event.purpose, event])).values()];
  await client.query(
    `INSERT INTO preferences.consent_state (subject, purpose, epoch, state, valid_until, event)
     SELECT $1, purpose, epoch, state, valid_until, event
     FROM unnest($2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::uuid[]) AS said (purpose, epoch, state, valid_until, event)
     ON CONFLICT (subject, purpose) DO UPDATE
       SET epoch = excluded.epoch, state = excluded.state, valid_until = excluded.valid_until, event = excluded.event`,
    [
      subject,
      last.map(({ purpose }) => purpose),
      last.map(({ epoch }) => epoch),
      last.map(({ state }) => state),
      last.map(({ validUntil }) => validUntil ?? null),
      last.map(({ id }) => id),
    ],
  );
}

/** Makes the projection of a subject anew from the ledger. @throws Error where an event is not what was committed to */
export async function rebuild(client: Queryable, owner: Owner): Promise<void> {
  await client.query("DELETE FROM preferences.consent_state WHERE subject = $1", [owner.id]);
  await project(
    client,
    owner.id,
    (await history(client, owner)).map(({ event }) => event),
  );
}

export interface Entry extends Opened {
  /** In the order of the ledger. */
  readonly position: number;
  readonly commitment: Buffer;
}

/** Everything that a subject has said, in order. @param after positions up to this one are left out */
export async function history(client: Queryable, { reference, key }: Owner, after = 0, most = 10_000): Promise<Entry[]> {
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

/** The latest of what a subject has said, newest first. @param before positions from this one on are left out */
export async function latest(client: Queryable, { reference, key }: Owner, before: number | undefined, most: number): Promise<Entry[]> {
  const { rows } = await client.query<Row>(
    `SELECT position, id, sealed, commitment FROM preferences.consent_ledger
     WHERE reference = $1 AND ($2::bigint IS NULL OR position < $2) ORDER BY position DESC LIMIT $3`,
    [reference, before ?? null, most],
  );
  return rows.map((row) => opened(key, row));
}

interface Row extends Record<string, unknown> {
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

/** What holds of a subject, from the projection: the latest word on each purpose. */
export async function stateOf(client: Queryable, subject: string): Promise<ConsentRecord["purposes"]> {
  const { rows } = await client.query<{ purpose: string; epoch: string; state: RecordedState; valid_until: Date | null }>(
    "SELECT purpose, epoch, state, valid_until FROM preferences.consent_state WHERE subject = $1",
    [subject],
  );
  return Object.fromEntries(
    rows.map(({ purpose, epoch, state, valid_until }) => [
      purpose,
      { state, epoch: Number(epoch), ...(valid_until ? { validUntil: valid_until.toISOString() } : {}) },
    ]),
  );
}
