// The plain projection of what holds: per purpose the latest word, and the latest choice under it. It may be deleted, and is made again of the ledger.
import type { ConsentRecord, RecordedState } from "../../../shared/consent.ts";
import type { Queryable, Transaction } from "../../database.ts";
import type { Chosen, ChosenUnder } from "../preferences-under.ts";
import type { ConsentEvent } from "./consent-event.ts";

/** What holds of a subject. */
export interface Holding {
  /** When that is, by the database's clock: the one clock that decides, of however many instances, whether a grant is over. */
  readonly at: Date;
  readonly record: ConsentRecord;
  /** By purpose; one under which nothing was chosen is not there. */
  readonly chosen: ChosenUnder;
}

/** What holds of one purpose, and the event that said the latest of it. */
interface Held {
  readonly epoch: number;
  /** Absent where only preferences under the purpose were ever said. */
  readonly state?: RecordedState | undefined;
  readonly validUntil?: string | undefined;
  readonly despiteSignal?: true | undefined;
  readonly chosen?: Chosen | undefined;
  readonly event: string;
}
/** What the projection has of a subject, by purpose. */
export type Projection = ReadonlyMap<string, Held>;

/** A word takes the place of a word, a choice that of a choice. */
function after(held: Held | undefined, { id, epoch, state, validUntil, despiteSignal, preferences }: ConsentEvent): Held {
  const chosen = preferences ?? held?.chosen;
  return state === undefined ? { epoch, ...held, chosen, event: id } : { epoch, state, validUntil, despiteSignal, chosen, event: id };
}

export function holdingOf({ at, epoch, held }: Read): Holding {
  const words = [...held].flatMap(([purpose, { state, epoch, validUntil, despiteSignal }]) =>
    state === undefined
      ? []
      : [[purpose, { state, epoch, ...(validUntil ? { validUntil } : {}), ...(despiteSignal ? { despiteSignal } : {}) }] as const],
  );
  const chosen = [...held].flatMap(([purpose, { chosen }]) => (chosen === undefined ? [] : [[purpose, chosen] as const]));
  return { at, record: { epoch, purposes: Object.fromEntries(words) }, chosen: Object.fromEntries(chosen) };
}

/** The projections of subjects ($1) and the subjects' epochs, of one moment: that of the statement, which is later than a lock that it waited for. */
const selectHeld = `
  SELECT s.id, statement_timestamp() AS at, s.epoch AS reached, c.purpose, c.epoch, c.state, c.valid_until, c.despite_signal, c.chosen, c.event
  FROM preferences.subject s LEFT JOIN preferences.consent_state c ON c.subject = s.id WHERE s.id = ANY ($1)`;

type Selected = { readonly id: string; readonly at: Date; readonly reached: string } & (Row | { readonly purpose: null });

/** What the projection has of a subject at a moment. */
export interface Read {
  readonly at: Date;
  readonly epoch: number;
  readonly held: Projection;
}

/** What the projection has of subjects, by subject; one that does not exist is not there. */
export async function readHeld(client: Queryable, subjects: readonly string[]): Promise<Map<string, Read>> {
  const { rows } = await client.query<Selected>(selectHeld, [subjects]);
  const read = new Map<string, { at: Date; epoch: number; held: Map<string, Held> }>();
  for (const row of rows) {
    const known = read.get(row.id) ?? { at: row.at, epoch: Number(row.reached), held: new Map() };
    if (row.purpose !== null) known.held.set(row.purpose, asHeld(row));
    read.set(row.id, known);
  }
  return read;
}

/** Whether something was said, and nothing of it is there: then the projection was deleted. */
export const isMissing = ({ epoch, held }: Read): boolean => epoch > 0 && held.size === 0;

/** What holds of a purpose, as the projection keeps it. */
export interface HeldRow extends Held {
  readonly subject: string;
  readonly purpose: string;
}

/** What the projection, which holds this of the subject, has anew after these events. */
export function projected(subject: string, held: Projection, events: readonly ConsentEvent[]): HeldRow[] {
  const changed = new Map<string, Held>();
  for (const event of events) changed.set(event.purpose, after(changed.get(event.purpose) ?? held.get(event.purpose), event));
  return [...changed].map(([purpose, now]) => ({ subject, purpose, ...now }));
}

/** Brings the projection up to these rows, of however many subjects. */
export function project(transaction: Transaction, rows: readonly HeldRow[]): void {
  transaction.send(
    `INSERT INTO preferences.consent_state (subject, purpose, epoch, state, valid_until, despite_signal, chosen, event)
     SELECT subject, purpose, epoch, state, valid_until, despite_signal, chosen::jsonb, event
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::boolean[], $7::text[], $8::uuid[])
       AS said (subject, purpose, epoch, state, valid_until, despite_signal, chosen, event)
     ON CONFLICT (subject, purpose) DO UPDATE
       SET epoch = excluded.epoch, state = excluded.state, valid_until = excluded.valid_until, despite_signal = excluded.despite_signal,
           chosen = excluded.chosen, event = excluded.event`,
    [
      rows.map(({ subject }) => subject),
      rows.map(({ purpose }) => purpose),
      rows.map(({ epoch }) => epoch),
      rows.map(({ state }) => state ?? null),
      rows.map(({ validUntil }) => validUntil ?? null),
      rows.map(({ despiteSignal }) => despiteSignal ?? false),
      rows.map(({ chosen }) => (chosen === undefined ? null : JSON.stringify(chosen))),
      rows.map(({ event }) => event),
    ],
  );
}

interface Row {
  readonly purpose: string;
  readonly epoch: string;
  readonly state: RecordedState | null;
  readonly valid_until: Date | null;
  readonly despite_signal: boolean;
  readonly chosen: Chosen | null;
  readonly event: string;
}

const asHeld = ({ epoch, state, valid_until, despite_signal, chosen, event }: Row): Held => ({
  epoch: Number(epoch),
  state: state ?? undefined,
  validUntil: valid_until?.toISOString(),
  despiteSignal: despite_signal || undefined,
  chosen: chosen ?? undefined,
  event,
});
