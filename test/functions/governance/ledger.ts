// What a subject's ledger says to whoever may use the region's key, past the service.
import { type Entry, history } from "../../../functions/governance/preferences/ledger/ledger.ts";
import { SubjectKeys } from "../../../functions/governance/preferences/ledger/subject-keys.ts";
import type { Region } from "./region.ts";

/** Everything that the subject has said, in order. @throws Error where an event is not what the ledger committed to */
export async function ledgerOf({ postgres, kms }: Region, subject: string): Promise<Entry["event"][]> {
  const query = async (text: string, values?: unknown[]) => postgres.admin<Record<string, never>>(text, "brand", values);
  const keys = await SubjectKeys.open({ query } as never, kms);
  const [row] = await postgres.admin<{ reference: string; key: Buffer }>(
    "SELECT reference, key FROM preferences.subject WHERE id = $1",
    "brand",
    [subject],
  );
  if (!row) throw new Error(`there is no subject ${subject}`);
  const owner = { id: subject, reference: row.reference, key: keys.unwrap(row.reference, row.key) };
  const client = { query: async (text: string, values?: unknown[]) => ({ rows: await query(text, values) }) };
  return (await history(client as never, owner, 0, 10_000)).map(({ event }) => event);
}
