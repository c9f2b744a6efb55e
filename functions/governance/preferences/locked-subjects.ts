// Subjects whose rows a transaction has locked, and what holds of them.
import type { Transaction } from "../database.ts";
import { type Owner, rebuild } from "./ledger/ledger.ts";
import { type Holding, holdingOf, isMissing, type Projection, type Read, readHeld } from "./ledger/projection.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";

export interface Locked {
  readonly owner: Owner;
  readonly held: Projection;
  readonly holding: Holding;
}

/**
 * Locks them for the transaction and reads what holds of each; one that does not exist is not there.
 * @param wait whether for those that somebody else has locked; otherwise they are there as undefined
 */
export async function lockSubjects(
  transaction: Transaction,
  keys: SubjectKeys,
  subjects: readonly string[],
  wait = true,
): Promise<Map<string, Locked | undefined>> {
  // Everybody locks in one order, so that nobody ever waits in a circle. The second statement sees what was committed until the locks were
  // there: each has a snapshot of its own.
  const [{ rows }, read] = await Promise.all([
    transaction.query<{ id: string; reference: string; key: Buffer }>(
      `SELECT id, reference, key FROM preferences.subject WHERE id = ANY ($1) ORDER BY id FOR UPDATE${wait ? "" : " SKIP LOCKED"}`,
      [subjects],
    ),
    readHeld(transaction, subjects),
  ]);
  const locked = new Map<string, Locked | undefined>(wait ? [] : [...read.keys()].map((id) => [id, undefined]));
  for (const { id, reference, key } of rows) {
    const owner = { id, reference, key: keys.unwrap(reference, key) };
    let known = read.get(id) as Read;
    if (isMissing(known)) {
      await rebuild(transaction, owner);
      known = (await readHeld(transaction, [id])).get(id) as Read;
    }
    locked.set(id, { owner, held: known.held, holding: holdingOf(known) });
  }
  return locked;
}
