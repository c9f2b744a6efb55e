// Two subjects that turn out to be one person. The known one stays, with whatever permits less. The other ends, but for its key: without that nobody
// could ever show again what it had consented to (GDPR Art. 7(1)).
//
// The key lies under the one that stays, and opens evidence for whoever may ask for anybody's, and a receipt for the service that had reported the
// event. It never opens anything for the person: two people may share one browser, and a merge that was wrong must tell neither what the other said.

import { mergedWords } from "../../shared/consent.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Database, Transaction } from "../database.ts";
import { choicesOf } from "./change.ts";
import type { Saying } from "./ledger/ledger.ts";
import type { Holding } from "./ledger/projection.ts";
import { mergedChoices } from "./preferences-under.ts";

/** What the one that stays says anew for the other; undefined where that is nothing. */
export function takenOver({ record, chosen }: Holding, other: Holding): Saying | undefined {
  const epoch = record.epoch + 1;
  const words = mergedWords(record, other.record, epoch);
  const choices = choicesOf(chosen, mergedChoices(chosen, other.chosen));
  if (Object.keys(words).length === 0 && choices.length === 0) return undefined;
  return {
    record: { epoch, purposes: { ...record.purposes, ...words } },
    chosen: Object.fromEntries(choices.map(({ purpose, chosen }) => [purpose, chosen])),
  };
}

/** Keeps what opens the words of the other, and of whoever was merged into that one, under the one that stays. Before the other's row is deleted. */
export function keepMerged(transaction: Transaction, other: SubjectId, known: SubjectId): void {
  // Whoever has said nothing leaves nothing to be shown.
  transaction.send(
    `INSERT INTO preferences.merged_subject (reference, id, key, subject)
     SELECT reference, id, key, $1 FROM preferences.subject WHERE id = $2 AND epoch > 0`,
    [known, other],
  );
  transaction.send("UPDATE preferences.merged_subject SET subject = $1 WHERE subject = $2", [known, other]);
}

/** What stands for a subject in the ledger, and for those that were merged into it, sorted; undefined for one that does not exist. */
export async function referencesOf(
  database: Pick<Database, "query">,
  subject: SubjectId,
): Promise<{ readonly own: string; readonly merged: readonly string[] } | undefined> {
  const rows = await database.query<{ own: string; merged: string | null }>(
    `SELECT s.reference AS own, m.reference AS merged
     FROM preferences.subject s LEFT JOIN preferences.merged_subject m ON m.subject = s.id WHERE s.id = $1`,
    [subject],
  );
  return rows[0] && { own: rows[0].own, merged: rows.flatMap(({ merged }) => merged ?? []).sort() };
}
