// The first line of every report: whether this may merge, and if not, why. Pure.
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import type { Review, StackReview } from "./model.ts";

export interface Verdict {
  readonly mayMerge: boolean;
  /** Why not, gravest first. Counts and names of stacks only, so that it is short whatever happened. */
  readonly reasons: readonly string[];
  /** What does not stand against it and should be known. */
  readonly notes: readonly string[];
}

/** Days before an exemption ends from which everyone is told. */
const soon = 14;

/** @param expected stacks that must have been previewed */
export function verdictOf({ stacks }: Review, expected: readonly string[]): Verdict {
  const missing = expected.filter((name) => !stacks.some(({ stack }) => stack === name));
  const losing = (data: "destroyed" | "left behind") => (stack: StackReview) =>
    stack.resources.filter(({ loses }) => loses?.data === data && !loses.exempted);
  const mandatory = (stack: StackReview) => stack.findings.filter((finding) => finding.mandatory);
  const open = (stack: StackReview) => stack.undecided.filter((finding) => finding.mandatory);
  const against = [mandatory, open, losing("destroyed"), losing("left behind")];
  const failed = (stack: StackReview) => !stack.ok && (stack.errors.length > 0 || against.every((of) => of(stack).length === 0));
  const unused = unusedIn(stacks);
  const reasons = [
    ...told(stacks, losing("destroyed"), (n) => (n === 1 ? "1 change destroys data" : `${n} changes destroy data`)),
    ...told(stacks, losing("left behind"), (n) => (n === 1 ? "1 change leaves data behind" : `${n} changes leave data behind`)),
    ...told(stacks, mandatory, (n) => (n === 1 ? "1 mandatory rule is broken" : `mandatory rules are broken ${n} times`)),
    ...told(stacks, open, (n) => (n === 1 ? "1 mandatory rule is undecided" : `mandatory rules are undecided ${n} times`)),
    ...named(
      stacks.filter(failed).map(({ stack }) => stack),
      "the preview failed",
    ),
    ...named(missing, "there is no preview"),
    ...(unused.length === 0 ? [] : [unused.length === 1 ? "1 exemption is without use" : `${unused.length} exemptions are without use`]),
    ...(stacks.length + expected.length === 0 ? ["nothing was previewed"] : []),
  ];
  const advisory = (stack: StackReview) => [...stack.findings, ...stack.undecided].filter((finding) => !finding.mandatory);
  const notes = [
    ...told(stacks, advisory, (n) => (n === 1 ? "1 advisory finding" : `${n} advisory findings`)),
    ...told(
      stacks,
      ({ exemptions }) => exemptions,
      (n) => (n === 1 ? "1 exemption in use" : `${n} exemptions in use`),
    ),
    ...told(
      stacks,
      ({ exemptions }) => exemptions.filter(({ daysLeft }) => daysLeft !== undefined && daysLeft <= soon),
      (n) => `${n} of them ${n === 1 ? "ends" : "end"} within ${soon} days`,
    ),
  ];
  return { mayMerge: reasons.length === 0, reasons, notes };
}

/** Every stack of the map: only who has seen all of them knows what none needs. */
const every = ["global", ...jurisdictions.map((jurisdiction) => residencyOf(jurisdiction).region)];

/** Exemptions that no stack needs. */
export function unusedIn(stacks: readonly StackReview[]): string[] {
  const [first, ...others] = stacks;
  if (first === undefined || !every.every((name) => stacks.some(({ stack }) => stack === name))) return [];
  return first.unusedExemptions.filter((message) => others.every(({ unusedExemptions }) => unusedExemptions.includes(message)));
}

/** `3 changes destroy data (eu, us)` */
function told(stacks: readonly StackReview[], of: (stack: StackReview) => readonly unknown[], words: (count: number) => string): string[] {
  const concerned = stacks.filter((stack) => of(stack).length > 0);
  return named(
    concerned.map(({ stack }) => stack),
    words(concerned.reduce((sum, stack) => sum + of(stack).length, 0)),
  );
}

const named = (stacks: readonly string[], words: string): string[] => (stacks.length === 0 ? [] : [`${words} (${stacks.join(", ")})`]);
