// A wanted change of preferences against what holds: what of it is new, and whether it may be made. Pure.
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentRecord, isRestricting, type Purpose, type RecordedState, stateAt } from "../../shared/consent.ts";
import { ProblemError } from "../../shared/problem.ts";
import { matches } from "./document.ts";
import { type Chosen, type ChosenPatch, type ChosenPatches, type ChosenUnder, patched, widens } from "./preferences-under.ts";

export type Wanted = Readonly<Partial<Record<Purpose, RecordedState>>>;

/** The part of the wish that is not already so. */
export function changesOf(record: ConsentRecord, wanted: Wanted, now: Date): [Purpose, RecordedState][] {
  return (Object.entries(wanted) as [Purpose, RecordedState][]).filter(([purpose, state]) => stateAt(record, purpose, now) !== state);
}

/** What a person wants chosen under a purpose, where it is not already so. */
export interface Choice {
  readonly purpose: Purpose;
  /** What was asked for. */
  readonly patch: ChosenPatch;
  /** All that is chosen then. */
  readonly chosen: Chosen;
  /** Whether it lets more through than what holds. */
  readonly widens: boolean;
}

export function choicesOf(held: ChosenUnder, wanted: ChosenPatches): Choice[] {
  return (Object.entries(wanted) as [Purpose, ChosenPatch][]).flatMap(([purpose, patch]) => {
    const before = held[purpose] ?? {};
    const chosen = patched(before, patch);
    if (canonicalJson(chosen) === canonicalJson(before)) return [];
    return [{ purpose, patch, chosen, widens: widens(chosen, before) }];
  });
}

/** Phase 1 of a rollout is for reading: what permits is refused, what restricts never. Throws the problem that says so. */
export function checkPhase(changes: readonly [Purpose, RecordedState][], choices: readonly Choice[]): void {
  if (!permits(changes, choices)) return;
  const resend = restrictingPart(changes, choices);
  throw new ProblemError({
    status: 403,
    kind: "read-only",
    title: "Not yet",
    detail: `This region is in phase 1 of its rollout: nothing can be permitted until phase 2. Refusing and withdrawing are always possible.${resend ? ` ${takenAlone}` : ""}`,
    extensions: { phase: "1", ...(resend && { resend }) },
  });
}

const takenAlone = "Nothing was changed; the restricting part is accepted when sent alone.";

const permits = (changes: readonly [Purpose, RecordedState][], choices: readonly Choice[]): boolean =>
  changes.some(([, state]) => !isRestricting(state)) || choices.some(({ widens }) => widens);

/**
 * Lets a change pass or throws its problem. What only restricts passes always: a person who says no must not be told to look again.
 * What permits anything must show, by `If-Match`, that it was decided on what holds now: 428 without, 412 when stale.
 */
export function checkPrecondition(
  changes: readonly [Purpose, RecordedState][],
  choices: readonly Choice[],
  ifMatch: string | undefined,
  etag: string,
): void {
  if (!permits(changes, choices)) return;
  if (ifMatch === undefined)
    throw new ProblemError({
      status: 428,
      kind: "precondition-required",
      title: "Say what you decided on",
      detail: 'Granting needs If-Match: the ETag of the preferences as the person saw them, or "*" to grant whatever holds now.',
      headers: { etag },
    });
  if (matches(ifMatch, etag)) return;
  const resend = restrictingPart(changes, choices);
  throw new ProblemError({
    status: 412,
    kind: "precondition-failed",
    title: "The preferences have changed",
    detail: `If-Match is ${ifMatch}, but the preferences are at ${etag}. Read them again before granting.${resend ? ` ${takenAlone}` : ""}`,
    extensions: resend ? { resend } : {},
    headers: { etag },
  });
}

/** What of a refused change only restricts, to be sent alone; undefined where there is nothing of that kind. */
export function restrictingPart(changes: readonly [Purpose, RecordedState][], choices: readonly Choice[]): object | undefined {
  const restricting = {
    purposes: Object.fromEntries(changes.filter(([, state]) => isRestricting(state))),
    preferences: Object.fromEntries(choices.filter(({ widens }) => !widens).map(({ purpose, patch }) => [purpose, patch])),
  };
  const parts = Object.entries(restricting).filter(([, part]) => Object.keys(part).length > 0);
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}
