// What changes of subjects write: rows, gathered so that many changes need one statement a table. Each subject is in it once.
import type { Transaction } from "../database.ts";
import { type KeptAnswer, keepAnswers } from "./idempotency.ts";
import { append, type LedgerRow } from "./ledger/ledger.ts";
import { type HeldRow, project } from "./ledger/projection.ts";
import { type Announcement, enqueue } from "./outbox.ts";

export interface Changeset {
  /** The epochs that subjects have reached. */
  readonly reached: readonly { readonly subject: string; readonly epoch: number }[];
  readonly events: readonly LedgerRow[];
  readonly held: readonly HeldRow[];
  readonly announced: readonly Announcement[];
  readonly answers: readonly KeptAnswer[];
}

/** Writes all of them, in the caller's transaction and under its locks on the subjects' rows. */
export function write(transaction: Transaction, changesets: readonly Partial<Changeset>[]): void {
  const all = <Row>(rowsOf: (changeset: Partial<Changeset>) => readonly Row[] | undefined) =>
    changesets.flatMap((each) => rowsOf(each) ?? []);
  const reached = all((each) => each.reached);
  const events = all((each) => each.events);
  const held = all((each) => each.held);
  const announced = all((each) => each.announced);
  const answers = all((each) => each.answers);
  if (reached.length > 0) reach(transaction, reached);
  if (events.length > 0) append(transaction, events);
  if (held.length > 0) project(transaction, held);
  if (announced.length > 0) enqueue(transaction, announced);
  if (answers.length > 0) keepAnswers(transaction, answers);
}

function reach(transaction: Transaction, reached: Changeset["reached"]): void {
  transaction.send(
    `UPDATE preferences.subject s SET epoch = reached.epoch
     FROM unnest($1::text[], $2::bigint[]) AS reached (id, epoch) WHERE s.id = reached.id`,
    [reached.map(({ subject }) => subject), reached.map(({ epoch }) => epoch)],
  );
}
