// What a resource's place is judged by: whose data it may hold, and of which class. Where nobody can tell, that is the finding.
import {
  type CloudName,
  type DataClass,
  dataClasses,
  type Jurisdiction,
  jurisdictions,
  placesFor,
  residencyOf,
} from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { dataClassOf, jurisdictionOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";
import type { Holding } from "../../resource-types.ts";
import type { Finding, Violation } from "../../rule.ts";

export interface Demand {
  readonly cloud: CloudName;
  /** One jurisdiction, or all of the map in the stack `global`. */
  readonly within: readonly Jurisdiction[];
  readonly dataClass: DataClass;
  readonly holding: Holding;
}

/** The demand, or the findings that say why there is none. */
export function demandOf(resource: Resource, context: Context, cloud: CloudName, holding: Holding): Demand | readonly Finding[] {
  const within = jurisdictionsOf(resource, context);
  const dataClass = dataClassFor(resource, context, holding);
  const findings = [within, dataClass].filter((answer): answer is Finding => typeof answer === "object" && "kind" in answer);
  return findings.length > 0 ? findings : { cloud, holding, within: within as readonly Jurisdiction[], dataClass: dataClass as DataClass };
}

export const allowedPlaces = ({ cloud, within, dataClass }: Demand): string[] => [
  ...new Set(
    within.flatMap((jurisdiction) =>
      placesFor(jurisdiction, dataClass)
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

function jurisdictionsOf(resource: Resource, { scope, register, stack }: Context): readonly Jurisdiction[] | Finding {
  const declared = jurisdictionOf(resource, register);
  const own = scope.kind === "jurisdiction" ? scope.jurisdiction : undefined;
  if (declared.kind === "invalid") {
    return violation(declared.property, `${declared.property} is ${declared.shown}, which is no jurisdiction`, jurisdictions.join(", "));
  }
  // A label that is not known yet cannot widen what the stack's own jurisdiction allows.
  if (declared.kind === "unknown") return own ? [own] : { kind: "undecided", property: declared.property };
  if (declared.kind === "declared" && own && own !== declared.value) {
    return {
      ...violation("jurisdiction", `declares the jurisdiction "${declared.value}" in the stack "${stack}" of "${own}"`, own),
      law: lawOf({ within: [own] }),
      remedy: `Move it to the stack of ${residencyOf(declared.value).title}, or correct what it declares.`,
    };
  }
  if (declared.kind === "declared") return [declared.value];
  if (own) return [own];
  if (scope.kind === "unmapped") {
    return {
      ...violation(undefined, scope.problem, `${jurisdictions.join(", ")} or global`),
      remedy:
        "Name the stack after a region of the residency map, set bailiwick:jurisdiction in its configuration, or tag the resource with its jurisdiction.",
    };
  }
  return jurisdictions;
}

/** What carries data, or holds none, is judged as if personal data passed through it. */
function dataClassFor(resource: Resource, { scope, register }: Context, holding: Holding): DataClass | Finding {
  const declared = dataClassOf(resource, register);
  if (holding !== "stores" && declared.kind !== "declared") return scope.kind === "global" ? "operational" : "personal";
  switch (declared.kind) {
    case "unknown":
      return { kind: "undecided", property: declared.property };
    case "invalid":
      return violation(declared.property, `${declared.property} is ${declared.shown}, which is no data class`, dataClasses.join(", "));
    case "absent":
      return {
        ...violation(undefined, "stores data and declares no data class", dataClasses.join(", ")),
        law: "GDPR Art. 30",
        remedy: "Set the tag or label data-class; what can carry neither belongs into policies/register.yaml.",
      };
    case "declared":
      if (scope.kind !== "global" || declared.value === "public" || declared.value === "operational") return declared.value;
      return {
        ...violation(undefined, `holds ${declared.value} data in the stack global`, "public or operational data in global"),
        remedy: "Move it to the region stack of its jurisdiction.",
      };
  }
}

const violation = (property: string | undefined, problem: string, allowed: string): Violation => ({
  kind: "violation",
  ...(property === undefined ? {} : { property }),
  problem,
  allowed,
});
