// What a resource's place is judged by: whose data it may hold, and of which class. Where nobody says so, the rules on
// declarations speak (residency/declared-jurisdiction, data-class/declared), and the other rules judge by the strictest that is left.
import {
  type CloudName,
  clouds,
  type DataClass,
  type Jurisdiction,
  jurisdictions,
  placesFor,
  residencyOf,
} from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { dataClassOf, jurisdictionOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";
import { type Holding, holdingOf } from "../../resource-types.ts";
import { type Finding, type Outcome, outcomeOf, type Violation } from "../../rule.ts";

export interface Demand {
  readonly cloud: CloudName;
  /** One jurisdiction, or all of the map in the stack `global`. */
  readonly within: readonly Jurisdiction[];
  readonly dataClass: DataClass;
  readonly holding: Holding;
  /** The property whose value will tell the class; until then it counts as personal. */
  readonly classWaitsFor?: string;
}

export function cloudOf(type: string): CloudName | undefined {
  return clouds.find((name) => type.startsWith(`${name}:`) || type === `pulumi:providers:${name}`);
}

/** The demand; undefined where no jurisdiction is known, or the resource is of no cloud. */
export function demandOf(resource: Resource, context: Context): Demand | undefined {
  const cloud = cloudOf(resource.type);
  const within = jurisdictionsOf(resource, context);
  if (cloud === undefined || within.length === 0) return undefined;
  const holding = holdingOf(resource.type, resource.provider !== undefined) ?? "stores";
  const declared = dataClassOf(resource, context.register);
  if (declared.kind === "declared") return { cloud, within, holding, dataClass: declared.value };
  // What carries data, and a store of which nobody said what it holds, is judged as if personal data passed through it.
  const dataClass = context.scope.kind === "global" && holding !== "stores" ? "operational" : "personal";
  return { cloud, within, holding, dataClass, ...(declared.kind === "unknown" ? { classWaitsFor: declared.property } : {}) };
}

/** The stack's jurisdiction and the one that the resource declares, which may be the only one, or contradict it: then either counts. */
function jurisdictionsOf(resource: Resource, { scope, register }: Context): readonly Jurisdiction[] {
  const declared = jurisdictionOf(resource, register);
  const own = scope.kind === "jurisdiction" ? [scope.jurisdiction] : [];
  if (declared.kind === "declared") return [...new Set([...own, declared.value])];
  return scope.kind === "global" ? jurisdictions : own;
}

/**
 * Judges a resource by its demand. Where its class is not known yet, only what no class would allow is a finding; what depends on the
 * class is undecided.
 */
export function under(resource: Resource, context: Context, judge: (demand: Demand) => readonly Finding[]): Outcome {
  const demand = demandOf(resource, context);
  if (demand === undefined) return "notApplicable";
  const strict = judge(demand);
  if (demand.classWaitsFor === undefined || strict.length === 0) return outcomeOf(strict);
  const certain = judge({ ...demand, dataClass: "public" });
  return certain.length > 0 ? certain : [{ kind: "undecided", property: demand.classWaitsFor }];
}

/** Where data of this class may rest. What it needs besides, a key of one's own or a lock, is for `data-class/*` to say. */
export const allowedPlaces = ({ cloud, within, dataClass }: Demand): string[] => [
  ...new Set(
    within.flatMap((jurisdiction) =>
      placesFor(jurisdiction, dataClass === "sensitive" || dataClass === "audit" ? "personal" : dataClass)
        .filter((place) => place.cloud === cloud)
        .map(({ location }) => location),
    ),
  ),
];

/** The law of the one jurisdiction, or the map itself. */
export const lawOf = ({ within }: Pick<Demand, "within">): string =>
  within.length === 1 && within[0] ? residencyOf(within[0]).law : "the residency map (stacks/residency.ts)";

/** `the jurisdiction eu (European Union)` */
export const nameOf = ({ within }: Demand): string =>
  within.length === 1 && within[0] ? `the jurisdiction ${within[0]} (${residencyOf(within[0]).title})` : "every place of the residency map";

/** `eu-central-1, eu-west-1 (personal data of eu on aws)`: places that would do, or that there are none. */
export function those(places: readonly string[], { holding, dataClass, within, cloud }: Demand): string {
  const subject = holding === "stores" ? `${dataClass} data` : "resources";
  const whose = `${subject} of ${within.length === 1 ? within[0] : "any jurisdiction"}`;
  return places.length === 0 ? `no place of ${cloud} may hold ${whose}` : `${places.join(", ")} (${whose} on ${cloud})`;
}

/** A violation of the jurisdiction's law. */
export const refuse = (
  demand: Demand,
  what: { readonly property?: string; readonly problem: string; readonly allowed: string; readonly remedy?: string },
): Violation => ({ kind: "violation", ...what, law: lawOf(demand) });
