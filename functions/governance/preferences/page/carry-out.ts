// Carries the wishes of a form out at the desk: all or nothing, but a person who says no is never told to look again.
import { isRestricting, type Purpose } from "../../../shared/consent.ts";
import { ProblemError } from "../../../shared/problem.ts";
import type { SubjectId } from "../../../shared/subject-id.ts";
import { widens } from "../preferences-under.ts";
import type { DeskChange, DeskDocument, PreferenceDesk, Wish, Wishes } from "./desk.ts";
import type { Outcome } from "./model.ts";

export interface CarriedOut {
  readonly outcome: Outcome;
  /** What was not taken, to stay marked. */
  readonly refused: Wishes;
}

/**
 * A wish that permits is taken only as decided on what holds and on a notice that we show: where the desk refuses it as stale, or because of
 * the phase, what of the form only restricts is sent again by itself. Throws every other problem of the desk.
 */
export async function carryOut(
  desk: PreferenceDesk,
  subject: SubjectId,
  change: DeskChange,
  held: DeskDocument["purposes"],
): Promise<CarriedOut> {
  const { wishes } = change;
  if (namesOf(wishes).length === 0) return { outcome: { kind: "nothing", saved: [], unsaved: [] }, refused: {} };
  const [restricting, other] = apart(wishes, held);
  const permits = namesOf(other).length > 0;
  try {
    // Whoever was told something else than we tell now has decided on something else.
    if (permits && change.notice === undefined) throw new ProblemError(anotherNotice);
    const { enforcement } = await desk.change(subject, change);
    return { outcome: { kind: "saved", saved: namesOf(wishes), unsaved: [], enforcement }, refused: {} };
  } catch (error) {
    const confirm = firstStepOf(error);
    if (confirm) return inTwoSteps(desk, subject, change, held, confirm);
    const kind = refusalOf(error);
    if (kind === undefined || !permits) throw error;
    const unsaved = namesOf(other).map((purpose) => ({ purpose, state: other[purpose]?.state }));
    if (namesOf(restricting).length === 0) return { outcome: { kind, saved: [], unsaved }, refused: other };
    const { enforcement } = await desk.change(subject, { ...change, wishes: restricting });
    return { outcome: { kind, saved: namesOf(restricting), unsaved, enforcement }, refused: other };
  }
}

/** The rest of the form does not wait for what is to be confirmed; the choices under a purpose are of the rest. */
async function inTwoSteps(
  desk: PreferenceDesk,
  subject: SubjectId,
  change: DeskChange,
  held: DeskDocument["purposes"],
  confirm: NonNullable<Outcome["confirm"]>,
): Promise<CarriedOut> {
  const all = Object.entries(change.wishes) as [Purpose, Wish][];
  const waits = (purpose: Purpose) => confirm.purposes.includes(purpose);
  const again: Wishes = Object.fromEntries(all.flatMap(([purpose, { chosen: _, ...wish }]) => (waits(purpose) ? [[purpose, wish]] : [])));
  const rest: Wishes = Object.fromEntries(
    all.flatMap(([purpose, wish]) => (!waits(purpose) ? [[purpose, wish]] : wish.chosen ? [[purpose, { chosen: wish.chosen }]] : [])),
  );
  if (namesOf(rest).length === 0) return { outcome: { kind: "confirm", saved: [], unsaved: [], confirm }, refused: again };
  const done = await carryOut(desk, subject, { ...change, wishes: rest, confirmation: undefined }, held);
  // What is to be confirmed is bound to what holds by now, whatever it is: nothing is permitted by asking.
  const asked = await carryOut(desk, subject, { ...change, wishes: again, ifMatch: "*", confirmation: undefined }, held);
  return {
    outcome: { ...done.outcome, saved: [...done.outcome.saved, ...asked.outcome.saved], confirm: asked.outcome.confirm },
    refused: { ...done.refused, ...asked.refused },
  };
}

const namesOf = (wishes: Wishes) => Object.keys(wishes) as Purpose[];

const anotherNotice = {
  status: 412,
  kind: "another-notice",
  title: "The notice has changed",
  detail: "The form was made with another notice than those that are shown now. Read the page again before granting.",
};

/** Wishes that only restrict, and all others. To choose less under a purpose is to restrict it. */
function apart(wishes: Wishes, held: DeskDocument["purposes"]): readonly [Wishes, Wishes] {
  const all = Object.entries(wishes) as [Purpose, Wish][];
  const restricts = ([purpose, { state, chosen = {} }]: (typeof all)[number]) =>
    (state === undefined || isRestricting(state)) && !widens({ ...held[purpose].chosen, ...chosen }, held[purpose].chosen);
  return [Object.fromEntries(all.filter(restricts)), Object.fromEntries(all.filter((each) => !restricts(each)))];
}

function firstStepOf(error: unknown): Outcome["confirm"] {
  if (!(error instanceof ProblemError) || error.problem.kind !== "confirmation-required") return undefined;
  const { purposes, confirmation } = error.problem.extensions as unknown as NonNullable<Outcome["confirm"]>;
  return { purposes, confirmation };
}

function refusalOf(error: unknown): "stale" | "read-only" | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  const { status, kind } = error.problem;
  if (status === 412 || status === 428) return "stale";
  return kind === "read-only" ? "read-only" : undefined;
}
