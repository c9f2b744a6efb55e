// The consent model: what a subject has said about each purpose, and what that amounts to at a moment.
import * as z from "zod/mini";

export const purposes = ["personalisation", "analytics", "email-marketing", "advertising"] as const;
/** Why data is used. Each has its legal basis per jurisdiction (functions/governance/policy/legal-basis.ts). */
export type Purpose = (typeof purposes)[number];

export const recordedStates = ["granted", "denied", "withdrawn"] as const;
/** What a person can say. */
export type RecordedState = (typeof recordedStates)[number];

export const consentStates = [...recordedStates, "expired", "none"] as const;
/** What holds at a moment. `expired` is evaluated from `validUntil` and never written; `none` means nothing was ever said. */
export type ConsentState = (typeof consentStates)[number];

export interface ConsentEntry {
  readonly state: RecordedState;
  /** RFC 3339 instant after which a grant no longer counts. */
  readonly validUntil?: string | undefined;
}

/**
 * Everything a subject has said, as of one consent epoch. The epoch is 0 before the first word and grows by one with every
 * change, restricting or not: so a newer record always has the larger epoch, and replaying an older one can never win.
 */
export interface ConsentRecord {
  readonly epoch: number;
  /** By purpose. A reader must bear purposes it does not know: a newer writer may have introduced them. */
  readonly purposes: Readonly<Record<string, ConsentEntry>>;
}

export const nothingSaid: ConsentRecord = { epoch: 0, purposes: {} };

/** What the record amounts to for a purpose at an instant. */
export function stateAt(record: ConsentRecord, purpose: string, now: Date): ConsentState {
  const entry = Object.hasOwn(record.purposes, purpose) ? record.purposes[purpose] : undefined;
  if (!entry) return "none";
  const over = entry.state === "granted" && entry.validUntil !== undefined && Date.parse(entry.validUntil) <= now.getTime();
  return over ? "expired" : entry.state;
}

/** Whether saying this can only take permission away. Restricting changes are never refused for being late. */
export function isRestricting(state: RecordedState): boolean {
  return state !== "granted";
}

const schema = z.object({
  epoch: z.int().check(z.minimum(0)),
  purposes: z.record(
    z.string().check(z.regex(/^[a-z][a-z0-9-]{0,63}$/)),
    z.object({ state: z.enum(recordedStates), validUntil: z.optional(z.iso.datetime({ offset: true })) }),
  ),
});

/** Reads a record that came from outside. Throws a zod error that names every wrong member. */
export function parseConsentRecord(value: unknown): ConsentRecord {
  return schema.parse(value);
}
