// The preferences document: what the API shows of a subject, and its ETag.
import { createHash } from "node:crypto";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentRecord, type ConsentState, type Purpose, purposes, stateAt } from "../../shared/consent.ts";
import type { SubjectId } from "../../shared/subject-id.ts";

export interface PreferencesDocument {
  readonly subject: SubjectId;
  readonly jurisdiction: string;
  readonly consentEpoch: number;
  /** What holds now, for every purpose. */
  readonly purposes: Readonly<Record<Purpose, ConsentState>>;
  /** Until when a grant counts, for the purposes that have one. */
  readonly validUntil: Readonly<Partial<Record<Purpose, string>>>;
}

export function preferencesDocument(subject: SubjectId, jurisdiction: string, record: ConsentRecord, now: Date): PreferencesDocument {
  const states = purposes.map((purpose) => [purpose, stateAt(record, purpose, now)] as const);
  const ends = states.flatMap(([purpose, state]) => (state === "granted" ? [[purpose, record.purposes[purpose]?.validUntil]] : []));
  return {
    subject,
    jurisdiction,
    consentEpoch: record.epoch,
    purposes: Object.fromEntries(states) as Record<Purpose, ConsentState>,
    validUntil: Object.fromEntries(ends.filter(([, end]) => end !== undefined)),
  };
}

/** A strong validator: the same for two documents exactly when they are equal (RFC 9110 section 8.8.3). */
export function etagOf(document: PreferencesDocument): string {
  return `"${createHash("sha256").update(canonicalJson(document)).digest("base64url").slice(0, 22)}"`;
}

/** Whether an `If-Match` (or `If-None-Match`) list names the ETag; `*` names any that exists. Weak tags never match strongly (RFC 9110 section 8.8.3.2). */
export function matches(list: string, etag: string): boolean {
  return list.split(",").some((item) => item.trim() === "*" || item.trim() === etag);
}
