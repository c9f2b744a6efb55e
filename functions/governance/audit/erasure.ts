// What the log keeps of an erasure. A database that was restored to an earlier moment has the subject again, with its key; the log does not forget.
import { randomUUID } from "node:crypto";
import type { Transaction } from "../database.ts";
import { commitmentTo, noSalt } from "./leaf.ts";

/** A lock of the database beside the log's own, which is held while KMS is asked for a signature: no erasure waits for that. */
const takenBackLock = 7_140_333;

/**
 * The commitment to the erasure of the subject that the ledger knows by this reference. Whoever still has the reference can tell, and nobody else: it is
 * a random UUID (RFC 9562 section 5.4), whose 122 bits cannot be guessed, so that it needs no salt, which would have to be kept somewhere that forgets.
 */
export const erasureCommitment = (reference: string): Buffer => commitmentTo(noSalt, { erased: true, subject: reference });

/** Lets the log take nothing back until the transaction ends: that could be the very same erasure. Before any row is locked. */
export async function holdLog(transaction: Transaction): Promise<void> {
  await transaction.query("SELECT pg_advisory_xact_lock_shared($1)", [takenBackLock]);
}

/** Waits until no erasure is under way, and lets none begin until the transaction ends. Before the log takes anything back. */
export async function holdErasures(transaction: Transaction): Promise<void> {
  await transaction.query("SELECT pg_advisory_xact_lock($1)", [takenBackLock]);
}

/** Has an erasure logged, in the transaction that erases, under `holdLog`. One that the log knows already is not logged again. */
export function logErasure(transaction: Transaction, schema: string, reference: string): void {
  transaction.send(
    `WITH erased AS (
       INSERT INTO ${schema}.log_erasure (event, reference)
       SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM ${schema}.log_entry WHERE commitment = $3) ON CONFLICT DO NOTHING RETURNING event)
     INSERT INTO ${schema}.log_pending (event, commitment) SELECT event, $3 FROM erased`,
    [randomUUID(), reference, erasureCommitment(reference)],
  );
}
