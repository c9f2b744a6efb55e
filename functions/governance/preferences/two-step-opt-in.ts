// The way back after an opt-out: title 11, California Code of Regulations, section 7028(a). Whoever has opted out of the sale or sharing of its data
// and wants it again first asks, and then confirms that separately. Nothing is written before; what the first step leads to is a confirmation, which
// the second one shows.
import { type ConsentRecord, type Purpose, type RecordedState, refusing, stateAt } from "../../shared/consent.ts";
import { ruleFor } from "../../shared/decision-table.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { issueConfirmation, type OptInRequest, verifyConfirmation } from "../../shared/tokens.ts";
import { type Choice, restrictingPart } from "./change.ts";
import { contradicted, type Law } from "./gpc.ts";

/** Makes confirmations, and knows its own. */
export interface Confirmations {
  readonly issue: (request: OptInRequest) => Promise<{ readonly confirmation: string; readonly expiresAt: string }>;
  /** What was asked for, and when; undefined for what is none, or no longer. */
  readonly requested: (confirmation: string) => Promise<(OptInRequest & { readonly requestedAt: string }) | undefined>;
}

/** Signed with the region's key of subject tokens, so that every instance knows what another one has asked for. Both keys: PEM. */
export const signedConfirmations = (keys: {
  readonly subjectTokenPrivateKey: string;
  readonly subjectTokenPublicKey: string;
  readonly region: string;
}): Confirmations => ({
  issue: (request) => issueConfirmation(keys.subjectTokenPrivateKey, request, keys.region),
  requested: (confirmation) => verifyConfirmation(keys.subjectTokenPublicKey, confirmation, keys.region).catch(() => undefined),
});

/**
 * The purposes that are to be allowed again although a no to them holds, where data is sold or shared until somebody opts out: what Global Privacy
 * Control speaks about, on the basis of an opt-out. Whose no it was, the person's hand or the browser's signal (7025(c)(1)), makes no difference. Where
 * nobody opted out, or a permission has merely ended, it is no way back. Pure.
 */
export function optingBackIn(changes: readonly [Purpose, RecordedState][], record: ConsentRecord, law: Law, now: Date): Purpose[] {
  const sharedUntilRefused = contradicted(law).filter((purpose) => ruleFor(law.table, law.jurisdiction, purpose)?.basis === "opt-out");
  return changes
    .filter(([purpose, state]) => state === "granted" && sharedUntilRefused.includes(purpose))
    .map(([purpose]) => purpose)
    .filter((purpose) => refusing(stateAt(record, purpose, now)) === undefined);
}

export interface SecondStep {
  readonly subject: SubjectId;
  /** Of what holds now. */
  readonly etag: string;
  readonly confirmation: string | undefined;
  readonly changes: readonly [Purpose, RecordedState][];
  readonly choices: readonly Choice[];
}

/**
 * Lets the way back pass where it is confirmed: by this subject, for these purposes, with nothing changed since.
 * @returns when it was first asked for @throws ProblemError 409 with a new confirmation
 */
export async function checkConfirmed(
  purposes: readonly Purpose[],
  { subject, etag, confirmation, changes, choices }: SecondStep,
  confirmations: Confirmations,
): Promise<string> {
  const asked = confirmation === undefined ? undefined : await confirmations.requested(confirmation);
  if (asked?.subject === subject && asked.etag === etag && purposes.every((purpose) => asked.purposes.includes(purpose)))
    return asked.requestedAt;
  const resend = restrictingPart(changes, choices);
  const why =
    confirmation === undefined ? "" : " The confirmation that came is of another request, or over, or something has changed since.";
  throw new ProblemError({
    status: 409,
    kind: "confirmation-required",
    title: "Please confirm",
    detail: `The person has opted out of ${purposes.join(", ")}. To allow it again takes two steps (11 CCR 7028(a)).${why} Ask the person to confirm; then send the same again with "confirmation". Nothing was changed${resend ? "; the restricting part is accepted when sent alone" : ""}.`,
    extensions: { purposes, ...(await confirmations.issue({ subject, purposes, etag })), ...(resend ? { resend } : {}) },
  });
}
