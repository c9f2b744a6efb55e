// The end of a subject: its key, so that nothing it said can ever be read again, its state and its first answers. What remains are ciphertext and
// commitments of nobody, over which every proof still verifies.
import { erasedRecord } from "../../shared/consent.ts";
import { erasureCommitment, holdLog, logErasure } from "../audit/erasure.ts";
import type { Transaction } from "../database.ts";
import { log } from "../log.ts";
import { schemaName } from "./migrations.ts";
import { enqueue } from "./outbox.ts";

export interface Forgetting {
  /** How long only whoever forgets may tell the edge, in seconds; absent where no edge must hear of it. */
  readonly announceAfter: number | undefined;
}

/** Subjects that are looked at together. */
const page = 10_000;

/**
 * Erases a subject for good (GDPR Art. 17), with those that were merged into it, or that was merged itself: the log keeps that each was. Before anything
 * else in its transaction. @returns whether there was one
 */
export async function erase(transaction: Transaction, subject: string, forgetting: Forgetting): Promise<boolean> {
  await holdLog(transaction);
  const own = await forget(transaction, subject, forgetting);
  const references = own.length > 0 ? own : await forgetMerged(transaction, "id", subject);
  for (const reference of references) logErasure(transaction, schemaName, reference);
  return references.length > 0;
}

/** Deletes a subject; the log hears nothing of it. @returns what the ledger knew it and those merged into it by; nothing where there was none */
export async function forget(transaction: Transaction, subject: string, { announceAfter }: Forgetting): Promise<string[]> {
  const own = await transaction.query<Known>("SELECT reference FROM preferences.subject WHERE id = $1 FOR UPDATE", [subject]);
  if (own.rows.length === 0) return [];
  const merged = await transaction.query<Known>("DELETE FROM preferences.merged_subject WHERE subject = $1 RETURNING reference", [subject]);
  transaction.send("DELETE FROM preferences.idempotency WHERE subject = $1", [subject]);
  transaction.send("DELETE FROM preferences.consent_outbox WHERE subject = $1", [subject]);
  transaction.send("DELETE FROM preferences.subject WHERE id = $1", [subject]);
  if (announceAfter !== undefined) enqueue(transaction, [{ subject, record: erasedRecord, delaySeconds: announceAfter }]);
  return [...own.rows, ...merged.rows].map(({ reference }) => reference);
}

interface Known {
  readonly reference: string;
}

async function forgetMerged(transaction: Transaction, by: "id" | "reference", value: string): Promise<string[]> {
  const { rows } = await transaction.query<Known>(`DELETE FROM preferences.merged_subject WHERE ${by} = $1 RETURNING reference`, [value]);
  return rows.map(({ reference }) => reference);
}

/**
 * Erases again whom a restored database has forgotten to have erased: some milliseconds for each thousand subjects, once after a restore.
 * @param lost commitments that the log has taken back, and of which the database did not know
 */
export async function forgetAgain(transaction: Transaction, lost: readonly Buffer[], forgetting: Forgetting): Promise<void> {
  if (lost.length === 0) return;
  const wanted = new Set(lost.map((commitment) => commitment.toString("hex")));
  let erased = 0;
  for await (const { id, reference } of everybody(transaction, "subject"))
    if (isAmong(wanted, reference)) erased += (await forget(transaction, id, forgetting)).length;
  for await (const { reference } of everybody(transaction, "merged_subject"))
    if (isAmong(wanted, reference)) erased += (await forgetMerged(transaction, "reference", reference)).length;
  if (erased > 0) log("WARNING", "The restored database had subjects that the log knows as erased; they are erased again.", { erased });
}

const isAmong = (wanted: ReadonlySet<string>, reference: string) => wanted.has(erasureCommitment(reference).toString("hex"));

async function* everybody(transaction: Transaction, table: "subject" | "merged_subject"): AsyncGenerator<Known & { readonly id: string }> {
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const { rows } = await transaction.query<Known & { id: string }>(
      `SELECT id, reference FROM preferences.${table} WHERE reference > $1 ORDER BY reference LIMIT ${page}`,
      [after],
    );
    yield* rows;
    if (rows.length < page) return;
    after = (rows.at(-1) as Known).reference;
  }
}
