// Every place a resource can be put, copied or replicated to must be one that the residency map allows for the stack's
// jurisdiction and for the class of data the resource may hold.
import { type CloudName, clouds, residencyOf } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { isPresent, type Located, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import { type Holding, holdingOf } from "../../resource-types.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule, type Violation } from "../../rule.ts";
import { allowedPlaces, type Demand, demandOf, lawOf, nameOf } from "./demand.ts";
import { commonArguments, type LocationArgument, locationArguments, spanning } from "./location-arguments.ts";

/** A value that names a place, and how to read it. */
interface Place extends Located {
  readonly reads: Exclude<LocationArgument["reads"], "forbidden">;
}

function check(resource: Resource, context: Context): Outcome {
  const holding = holdingOf(resource.type, resource.provider !== undefined);
  if (holding === undefined) return [unlisted(resource)];
  const cloud = clouds.find((name) => resource.type.startsWith(`${name}:`) || resource.type === `pulumi:providers:${name}`);
  if (cloud === undefined) return "notApplicable";
  const declared: readonly LocationArgument[] = [...commonArguments[cloud], ...(locationArguments[resource.type] ?? [])];
  const places = placesOf(resource, cloud, holding, declared);
  const forbidden = declared.filter(({ reads, path }) => reads === "forbidden" && isPresent(resource.props, path));
  if (holding !== "stores" && places.length === 0 && forbidden.length === 0) return "notApplicable";

  const demand = demandOf(resource, context, cloud, holding);
  if (!("within" in demand)) return demand;
  return outcomeOf([
    ...natureOf(resource, demand),
    ...places.flatMap((place) => judgePlace(resource, place, demand)),
    ...forbidden.flatMap((argument) => judgeForbidden(resource, argument, demand)),
  ]);
}

const unlisted = (resource: Resource): Violation => ({
  kind: "violation",
  problem: `nobody has said whether the type ${resource.type} holds data`,
  allowed: "types that policies/resource-types.ts lists as one that stores, carries or holds no data",
  remedy: "List the type there, with its location arguments if it has any, or use a type that is listed.",
});

/** Every value that names a place. Where nobody names one, the place that the vendor then takes. */
function placesOf(resource: Resource, cloud: CloudName, holding: Holding, declared: readonly LocationArgument[]): Place[] {
  const named = declared.flatMap((argument): Place[] => {
    if (argument.reads === "forbidden") return [];
    const found = select(resource.props, argument.path);
    if (found.length > 0) return found.map((place) => ({ ...place, reads: argument.reads }));
    const absent = argument.reads === "location" ? argument.absent : undefined;
    if (!absent) return [];
    const condition = absent.onlyIf === undefined ? true : read(resource.props, absent.onlyIf);
    return condition === true || condition === UNKNOWN
      ? [{ path: `${argument.path} (not set)`, value: absent.place, reads: "location" }]
      : [];
  });
  // AWS puts a resource without a region into its provider's.
  const inherits = cloud === "aws" && holding !== "none" && !isPresent(resource.props, "region");
  return inherits ? [...named, { ...inheritedRegion(resource), reads: "location" }] : named;
}

function inheritedRegion({ provider }: Resource): Located {
  const region = provider ? read(provider.props, "region") : undefined;
  return region === undefined
    ? { path: "region (not set)", value: "what the deploying machine says" }
    : { path: "region of the provider", value: region };
}

function natureOf({ type }: Resource, demand: Demand): Finding[] {
  const problem = spanning[type];
  return problem && demand.dataClass !== "public" ? [refuse({ problem, allowed: allowedPlaces(demand).join(", ") }, demand)] : [];
}

function judgePlace(resource: Resource, place: Place, demand: Demand): Finding[] {
  if (place.value === UNKNOWN) return [{ kind: "undecided", property: place.path }];
  const location = place.reads === "arn" ? regionOfArn(place.value) : regionOf(place.value);
  if (location === undefined || (location === "global" && demand.holding === "none")) return [];
  const allowed =
    place.reads === "regionKey"
      ? demand.within.map((jurisdiction) => residencyOf(jurisdiction).cloudflare.regionKey)
      : allowedPlaces(demand);
  if (allowed.includes(location)) return [];
  return [
    refuse({ property: place.path, problem: `${is(resource, place)}, outside ${nameOf(demand)}`, allowed: allowed.join(", ") }, demand),
  ];
}

function judgeForbidden(resource: Resource, argument: LocationArgument, demand: Demand): Finding[] {
  if (argument.reads !== "forbidden" || demand.dataClass === "public") return [];
  const { path, harmless, problem, allowed } = argument;
  const refusal = ({ path: property }: Located) => refuse({ property, problem: `${property} ${problem}`, allowed }, demand);
  // Without a harmless value it is the presence that breaks the promise, and unknown is present.
  if (harmless === undefined) return select(resource.props, path).map(refusal);
  return judge(resource, path, (place) => (place.value === harmless ? undefined : refusal(place)));
}

/**
 * `europe-west3-a`, `EUROPE-WEST3`, `eu-central-1a`, `regional-europe-west3` and self-links, as a region of the map.
 * `default` is Cloudflare's word for unpinned.
 */
function regionOf(value: Value): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = (value.split("/").at(-1) ?? "").toLowerCase().replace(/^regional-/, "");
  if (name === "default") return "global";
  const zone = /^([a-z]+-[a-z]+\d+)-[a-z]$/.exec(name) ?? /^([a-z]{2}(?:-[a-z]+)+-\d)(?:-[a-z]+-\d)?[a-z]$/.exec(name);
  return zone?.[1] ?? name;
}

/** The region of an ARN; undefined for a plain identifier, which names something in the same region. */
function regionOfArn(value: Value): string | undefined {
  return typeof value === "string" && value.startsWith("arn:") ? value.split(":")[3] || undefined : undefined;
}

function refuse(what: { readonly property?: string; readonly problem: string; readonly allowed: string }, demand: Demand): Violation {
  const subject = demand.holding === "stores" ? `${demand.dataClass} data` : "resources";
  const whose = demand.within.length === 1 ? demand.within[0] : "any jurisdiction";
  const allowed =
    what.allowed === ""
      ? `no place of ${demand.cloud} may hold ${subject} of ${whose}`
      : `${what.allowed} (${subject} of ${whose} on ${demand.cloud})`;
  return { kind: "violation", ...what, law: lawOf(demand), allowed };
}

/**
 * Reads every location argument that `location-arguments.ts` lists, on any program. A missing Cloudflare `jurisdiction`
 * is the place "global", which only public data may have. Location hints are not pins.
 */
export const location: Rule = {
  id: "residency/location",
  title: "Data stays where its law is",
  severity: "critical",
  why: "Personal data that leaves its jurisdiction, even as a replica, a backup or a cached copy, falls under a law that the person was never told about.",
  remediation: "Take the location from the residency map (stacks/residency.ts) instead of writing it by hand.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 30" },
    { name: "ISO 27001", clause: "A.5.34" },
    { name: "SOC 2", clause: "C1.1" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:s3/bucket:Bucket", props: { region: "eu-central-1", tags: { "data-class": "personal" } } }],
    fails: [{ type: "aws:s3/bucket:Bucket", props: { region: "us-east-1", tags: { "data-class": "personal" } } }],
  },
  check,
};
