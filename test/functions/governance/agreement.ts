// What the tables of the service say against one another, past the service: an event is in all of them or in none.
import type { Postgres } from "./postgres.ts";

/** Each finds rows that must not be. */
const contradictions: Readonly<Record<string, string>> = {
  "an event of the ledger that does not wait for the log, or is not in it, exactly once": `
    SELECT l.id FROM preferences.consent_ledger l
    LEFT JOIN preferences.log_pending p ON p.event = l.id AND p.commitment = l.commitment
    LEFT JOIN preferences.log_entry e ON e.event = l.id AND e.commitment = l.commitment
    WHERE num_nonnulls(p.event, e.event) <> 1`,
  "an entry of the log, or one that waits for it, without its event": `
    SELECT event FROM (SELECT event FROM preferences.log_entry UNION ALL SELECT event FROM preferences.log_pending) AS entries
    WHERE event NOT IN (SELECT id FROM preferences.consent_ledger UNION ALL SELECT event FROM preferences.log_heartbeat)`,
  "a gap in the log": `
    SELECT index FROM (SELECT index, row_number() OVER (ORDER BY index) - 1 AS expected FROM preferences.log_entry) AS entries
    WHERE index <> expected`,
  "a signed head beyond the entries": `
    SELECT size FROM preferences.log_head WHERE size > (SELECT count(*) FROM preferences.log_entry)`,
  "an epoch that the ledger has not reached, or has left out": `
    SELECT s.id, s.epoch FROM preferences.subject s LEFT JOIN preferences.consent_ledger l USING (reference)
    GROUP BY s.id, s.epoch HAVING s.epoch <> coalesce(max(l.epoch), 0) OR s.epoch <> count(DISTINCT l.epoch)`,
  "a projection that is not of the latest event": `
    SELECT s.id FROM preferences.subject s
    JOIN LATERAL (SELECT id FROM preferences.consent_ledger l WHERE l.reference = s.reference ORDER BY position DESC LIMIT 1) AS last ON true
    LEFT JOIN preferences.consent_state c ON c.event = last.id AND c.subject = s.id AND c.epoch = s.epoch
    WHERE c.event IS NULL`,
  "an epoch that the edge will not hear of, or that was never said": `
    SELECT coalesce(o.subject, said.id), coalesce(o.epoch, said.epoch) FROM preferences.consent_outbox o
    FULL JOIN (SELECT DISTINCT s.id, l.epoch FROM preferences.consent_ledger l JOIN preferences.subject s USING (reference)) AS said
      ON said.id = o.subject AND said.epoch = o.epoch
    WHERE o.subject IS NULL OR said.id IS NULL`,
  "a first answer to a change that was never made, or none to one that was": `
    SELECT coalesce(i.subject, said.id), coalesce(i.epoch, said.epoch)
    FROM (SELECT subject, (answer ->> 'consentEpoch')::bigint AS epoch FROM preferences.idempotency) AS i
    FULL JOIN (SELECT DISTINCT s.id, l.epoch FROM preferences.consent_ledger l JOIN preferences.subject s USING (reference)) AS said
      ON said.id = i.subject AND said.epoch = i.epoch
    WHERE i.subject IS NULL OR said.id IS NULL`,
};

/** Every contradiction between the tables: empty where all writes were words with an `Idempotency-Key`, at instances that tell an edge. */
export async function contradictionsIn(postgres: Postgres): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(contradictions)) {
    const rows = await postgres.admin(sql);
    if (rows.length > 0) found.push(`${rows.length} times ${what}: ${JSON.stringify(rows[0])}`);
  }
  return found;
}
