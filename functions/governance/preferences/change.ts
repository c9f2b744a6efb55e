// A wanted change of preferences against what holds: what of it is new, and whether it may be made. Pure.
import { type ConsentRecord, isRestricting, type Purpose, type RecordedState, stateAt } from "../../shared/consent.ts";
import { ProblemError } from "../../shared/problem.ts";
import { matches } from "./document.ts";

export type Wanted = Readonly<Partial<Record<Purpose, RecordedState>>>;

/** The part of the wish that is not already so. */
export function changesOf(record: ConsentRecord, wanted: Wanted, now: Date): [Purpose, RecordedState][] {
  return (Object.entries(wanted) as [Purpose, RecordedState][]).filter(([purpose, state]) => stateAt(record, purpose, now) !== state);
}

/**
 * Lets a change pass or throws its problem. What only restricts passes always: a person who says no must not be told to look again.
 * What permits anything must show, by `If-Match`, that it was decided on what holds now: 428 without, 412 when stale.
 */
export function checkPrecondition(changes: readonly [Purpose, RecordedState][], ifMatch: string | undefined, etag: string): void {
  if (changes.every(([, state]) => isRestricting(state))) return;
  if (ifMatch === undefined)
    throw new ProblemError({
      status: 428,
      kind: "precondition-required",
      title: "Say what you decided on",
      detail: 'Granting needs If-Match: the ETag of the preferences as the person saw them, or "*" to grant whatever holds now.',
      headers: { etag },
    });
  if (matches(ifMatch, etag)) return;
  const restricting = Object.fromEntries(changes.filter(([, state]) => isRestricting(state)));
  const mixed = Object.keys(restricting).length > 0;
  throw new ProblemError({
    status: 412,
    kind: "precondition-failed",
    title: "The preferences have changed",
    detail: `If-Match is ${ifMatch}, but the preferences are at ${etag}. Read them again before granting.${mixed ? " Nothing was changed; the restricting part is accepted when sent alone." : ""}`,
    extensions: mixed ? { resend: { purposes: restricting } } : {},
    headers: { etag },
  });
}
