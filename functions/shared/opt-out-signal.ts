// What Global Privacy Control (w3.org/TR/gpc), sent as `Sec-GPC: 1`, opts a known person out of. Which purposes it speaks about, and what it
// changes in which jurisdiction, the decision table says. Pure.
import { type ConsentRecord, type Purpose, purposes } from "./consent.ts";
import { type DecisionTable, decide, factsOf } from "./decision-table.ts";

export interface Law {
  readonly table: DecisionTable;
  readonly jurisdiction: string;
}

/**
 * 11 CCR 7025(c)(1): the signal is a valid request to opt out, for the browser, its profile and, where it is known, the consumer. These are the purposes
 * that it takes away of what may be done without it; they are off for the request at once, and are recorded as the consumer's own no.
 * Where that no holds the signal takes nothing away, so it is recorded once. (c)(5): its absence afterwards is no consent, and records nothing.
 */
export function optedOut({ table, jurisdiction }: Law, record: ConsentRecord, now: Date): Purpose[] {
  const allowed = (purpose: Purpose, gpc: boolean) => decide(table, factsOf(record, purpose, { jurisdiction, gpc }, now)).allow;
  return purposes.filter((purpose) => allowed(purpose, false) && !allowed(purpose, true));
}
