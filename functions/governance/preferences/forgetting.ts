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

/** Erases a subject for good (GDPR Art. 17): the log keeps that it was. Before anything else in its transaction. @returns whether there was one */
export async function erase(transaction: Transaction, subject: string, forgetting: Forgetting): Promise<boolean> {
  await holdLog(transaction);
  const reference = await forget(transaction, subject, forgetting);
  if (reference === undefined) return false;
  logErasure(transaction, schemaName, reference);
  return true;
}

/** Deletes a subject; the log hears nothing of it. @returns what the ledger knew it by; undefined where there was none */
export async function forget(transaction: Transaction, subject: string, { announceAfter }: Forgetting): Promise<string | undefined> {
  const { rows } = await transaction.query<{ reference: string }>("SELECT reference FROM preferences.subject WHERE id = $1 FOR UPDATE", [
    subject,
  ]);
  if (!rows[0]) return undefined;
  transaction.send("DELETE FROM preferences.idempotency WHERE subject = $1", [subject]);
  transaction.send("DELETE FROM preferences.consent_outbox WHERE subject = $1", [subject]);
  transaction.send("DELETE FROM preferences.subject WHERE id = $1", [subject]);
  if (announceAfter !== undefined) enqueue(transaction, [{ subject, record: erasedRecord, delaySeconds: announceAfter }]);
  return rows[0].reference;
}

/**
 * Erases again whom a restored database has forgotten to have erased: some milliseconds for each thousand subjects, once after a restore.
 * @param lost commitments that the log has taken back, and of which the database did not know
 */
export async function forgetAgain(transaction: Transaction, lost: readonly Buffer[], forgetting: Forgetting): Promise<void> {
  const wanted = new Set(lost.map((commitment) => commitment.toString("hex")));
  let erased = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const { rows } = await transaction.query<{ id: string; reference: string }>(
      `SELECT id, reference FROM preferences.subject WHERE reference > $1 ORDER BY reference LIMIT ${page}`,
      [after],
    );
    for (const { id, reference } of rows)
      if (wanted.has(erasureCommitment(reference).toString("hex")) && (await forget(transaction, id, forgetting))) erased++;
    if (rows.length < page) break;
    after = (rows.at(-1) as { reference: string }).reference;
  }
  if (erased > 0) log("WARNING", "The restored database had subjects that the log knows as erased; they are erased again.", { erased });
}
