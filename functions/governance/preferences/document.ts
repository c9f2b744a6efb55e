// The preferences document: what the API shows of a subject, and its ETag.
import { createHash } from "node:crypto";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentState, type Purpose, purposes, signalCounts, stateAt } from "../../shared/consent.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Holding } from "./ledger/projection.ts";
import type { ChosenUnder } from "./preferences-under.ts";

export interface PreferencesDocument {
  readonly subject: SubjectId;
  readonly jurisdiction: string;
  readonly consentEpoch: number;
  /** What holds now, for every purpose. */
  readonly purposes: Readonly<Record<Purpose, ConsentState>>;
  /** Until when a grant counts, for the purposes that have one. */
  readonly validUntil: Readonly<Partial<Record<Purpose, string>>>;
  /** What is chosen under purposes: channels, topics, frequency. What is not there sets no limit. */
  readonly preferences: ChosenUnder;
  /** Purposes that are granted although the browser sends Global Privacy Control: for them the signal counts no more. */
  readonly despiteSignal: Purpose[];
}

/** What then holds. */
export interface Changed extends PreferencesDocument {
  /** The event that said the latest of the purpose that was asked `about`: what was already so was said before, and stands in that one. */
  readonly event?: string;
}

export function preferencesDocument(subject: SubjectId, jurisdiction: string, { at, record, chosen }: Holding): PreferencesDocument {
  const states = purposes.map((purpose) => [purpose, stateAt(record, purpose, at)] as const);
  const ends = states.flatMap(([purpose, state]) => (state === "granted" ? [[purpose, record.purposes[purpose]?.validUntil]] : []));
  return {
    subject,
    jurisdiction,
    consentEpoch: record.epoch,
    purposes: Object.fromEntries(states) as Record<Purpose, ConsentState>,
    validUntil: Object.fromEntries(ends.filter(([, end]) => end !== undefined)),
    preferences: chosen,
    despiteSignal: purposes.filter((purpose) => !signalCounts(record, purpose)),
  };
}

/** A strong validator: the same for two documents exactly when they are equal (RFC 9110 section 8.8.3). */
export function etagOf(document: PreferencesDocument): string {
  return `"${createHash("sha256").update(canonicalJson(document)).digest("base64url").slice(0, 22)}"`;
}

/** Whether an `If-Match` list names the ETag; `*` names any that exists. Weak tags never match strongly (RFC 9110 section 8.8.3.2). */
export function matches(list: string, etag: string): boolean {
  return list.split(",").some((item) => item.trim() === "*" || item.trim() === etag);
}

/** The same for an `If-None-Match` list, for which a weak tag does (RFC 9110 section 13.1.2). */
export const isKnown = (list: string, etag: string): boolean => matches(list.replaceAll("W/", ""), etag);
