// The ways in which rules look at one argument of a resource. A rule over many types is a table: type -> what its arguments must be.
import type { Context } from "./context.ts";
import { isPresent, numberOf, type Properties, type Resource, read, select, UNKNOWN, type Value } from "./resource.ts";
import { type Finding, is, judge, type Outcome, outcomeOf } from "./rule.ts";

/** Looks at one thing of a resource. No finding: nothing to say against it. */
export type Check = (resource: Resource, context: Context) => readonly Finding[];

export type CheckTable = Readonly<Record<string, readonly Check[]>>;

/** The `check` of a rule that is a table: types that it does not name are not its business. */
export const byType =
  (table: CheckTable) =>
  (resource: Resource, context: Context): Outcome => {
    const checks = Object.hasOwn(table, resource.type) ? table[resource.type] : undefined;
    return checks ? outcomeOf(checks.flatMap((check) => check(resource, context))) : "notApplicable";
  };

/** The `check` of a rule that looks at several things: not applicable where none of them is. */
export const together =
  (...checks: readonly ((resource: Resource, context: Context) => Outcome)[]) =>
  (resource: Resource, context: Context): Outcome => {
    const outcomes = checks.map((check) => check(resource, context));
    const applies = outcomes.some((outcome) => outcome !== "notApplicable");
    return applies ? outcomeOf(outcomes.flatMap((outcome) => (typeof outcome === "string" ? [] : outcome))) : "notApplicable";
  };

/** A switch that a provider also takes as a text is named once. */
const oneOf = (values: readonly Value[]) =>
  [...new Set(values.map((value) => (value === "true" || value === "false" ? value : JSON.stringify(value))))].join(" or ");

/**
 * The argument must have one of these values.
 * @param otherwise what the provider takes when it is not set; `undefined`: it must be set
 */
export function mustBe(path: string, must: Value | readonly Value[], otherwise?: boolean | number | string): Check {
  const values = Array.isArray(must) ? (must as readonly Value[]) : [must as Value];
  const allowed = `${path}: ${oneOf(values)}`;
  return (resource) => {
    if (isPresent(resource.props, path))
      return judge(resource, path, (place) => (values.includes(place.value) ? undefined : { problem: is(resource, place), allowed }));
    return otherwise !== undefined && values.includes(otherwise) ? [] : [notSet(path, allowed, otherwise)];
  };
}

/** The argument, wherever it is set, must not be one that this refuses. @param allowed what stands after "Allowed:" */
export function mustNot(path: string, refuses: (value: Value) => boolean, allowed: string, because?: string): Check {
  return (resource) =>
    judge(resource, path, (place) =>
      refuses(place.value) ? { problem: because ? `${is(resource, place)}: ${because}` : is(resource, place), allowed } : undefined,
    );
}

/** The argument must be set, to whatever. Unknown counts: a key whose id is not known yet is still a key. */
export const mustBeSet =
  (path: string, allowed: string, otherwise?: string): Check =>
  ({ props }) =>
    isPresent(props, path) ? [] : [notSet(path, allowed, otherwise)];

/** A number within bounds. @param otherwise what the provider takes when it is not set; `undefined`: it must be set */
export function mustBeWithin(path: string, least: number, most: number, unit: string, otherwise?: number): Check {
  const to = most === Number.POSITIVE_INFINITY ? `at least ${least}` : least === most ? `${least}` : `${least} to ${most}`;
  const allowed = `${path}: ${to} ${unit}`;
  const fits = (value: Value | undefined) => numberOf(value) >= least && numberOf(value) <= most;
  return (resource) => {
    if (isPresent(resource.props, path))
      return judge(resource, path, (place) => (fits(place.value) ? undefined : { problem: is(resource, place), allowed }));
    return fits(otherwise) ? [] : [notSet(path, allowed, otherwise)];
  };
}

/** Does a check at every element of a list: one that lacks an argument is not hidden by another that has it. @param check gets the element's path */
export const inEach =
  (list: string, check: (at: string) => Check): Check =>
  (resource, context) =>
    select(resource.props, list).flatMap(({ path, value }): readonly Finding[] =>
      value === UNKNOWN ? [{ kind: "undecided", property: path }] : check(path)(resource, context),
    );

function notSet(path: string, allowed: string, otherwise: boolean | number | string | undefined): Finding {
  const means = otherwise === undefined ? "" : `, which means ${otherwise}`;
  return { kind: "violation", property: path.replaceAll("[*]", ""), problem: `${path} is not set${means}`, allowed };
}

/** Does these checks only where the argument has this value, or where nobody knows it yet. */
export const where =
  (path: string, applies: (value: Value | undefined) => boolean, ...checks: readonly Check[]): Check =>
  (resource, context) => {
    const value = read(resource.props, path);
    return value === UNKNOWN || applies(value) ? checks.flatMap((check) => check(resource, context)) : [];
  };

/** A JSON text, parsed; `UNKNOWN` while it is not known, `undefined` where it is absent or no JSON. An object is taken as it is. */
export function parseJson({ props }: { readonly props: Properties }, path: string): Value | undefined {
  const value = read(props, path);
  if (typeof value !== "string") return value ?? undefined;
  try {
    return JSON.parse(value) as Value;
  } catch {
    return undefined;
  }
}
