// Where data will live: what each store, and each thing that data passes through, declares, and where it stands.
import { type Declared, dataClassOf, jurisdictionOf } from "../../policies/declaration.ts";
import type { Register } from "../../policies/register.ts";
import { type Properties, type Resource, select, UNKNOWN, type Value } from "../../policies/resource.ts";
import { holdingOf } from "../../policies/resource-types.ts";
import { ownPlaces } from "../../policies/rules/residency/own-place.ts";
import { clouds, type Jurisdiction } from "../../stacks/residency.ts";
import type { Holding } from "./model.ts";
import { inClouds, type Plan, type Planned } from "./plan.ts";

export const cloudTitles = { aws: "AWS", gcp: "Google Cloud", cloudflare: "Cloudflare" } as const;
export const cloudOf = ({ type }: Pick<Planned, "type">) => clouds.find((cloud) => type.startsWith(`${cloud}:`));

/** Not pinned to anywhere. */
export const anywhere = "anywhere";
export const notKnownYet = "known after the deployment";
/** A Durable Object's jurisdiction is no argument of any resource: the Worker names it when it makes the object's id. */
const pinnedInCode = "as its code pins it";

export function holdingsOf(plan: Plan, register: Register, own: Jurisdiction | undefined): Holding[] {
  const providers = new Map(plan.resources.filter(({ type }) => type.startsWith("pulumi:providers:")).map((each) => [each.urn, each]));
  return plan.resources
    .filter((each) => inClouds(each) && each.operation !== "delete" && each.operation !== "read")
    .flatMap((each) => holding(asJudged(each, providers.get(each.provider)), register, own) ?? []);
}

/** As a rule sees it. */
function asJudged({ urn, type, name, props }: Planned, provider: Planned | undefined): Resource {
  return {
    urn,
    type,
    name,
    props,
    secrets: new Set(),
    options: { protect: false },
    ...(provider ? { provider: { type: provider.type, name: provider.name, urn: provider.urn, props: provider.props } } : {}),
  };
}

function holding(resource: Resource, register: Register, own: Jurisdiction | undefined): Holding | undefined {
  const cloud = cloudOf(resource);
  const holds = ownsDurableObjects(resource) ? "stores" : holdingOf(resource.type, true);
  const dataClass = declared(dataClassOf(resource, register));
  // Of what only carries, a reader wants to know where somebody said what.
  if (cloud === undefined || holds === undefined || holds === "none" || (holds === "carries" && dataClass === undefined)) return undefined;
  return {
    name: resource.name,
    type: resource.type,
    cloud: cloudTitles[cloud],
    holding: holds,
    dataClass: dataClass ?? "undeclared",
    jurisdiction: declared(jurisdictionOf(resource, register)) ?? own ?? "undeclared",
    places: placesOf(resource, cloud),
  };
}

/** What a Worker's own classes keep lies in Durable Objects. */
const ownsDurableObjects = ({ type, props }: Resource): boolean =>
  type === "cloudflare:index/workersScript:WorkersScript" &&
  select(props, "bindings[*]").some(
    ({ value }) => (value as Properties | null)?.type === "durable_object_namespace" && (value as Properties).scriptName === undefined,
  );

const declared = <T>(answer: Declared<T>): T | undefined => (answer.kind === "declared" ? answer.value : undefined);

/** Where it stands, as the rules on residency read it. What Cloudflare is not told a place for is everywhere. */
function placesOf(resource: Resource, cloud: string): string[] {
  if (ownsDurableObjects(resource)) return [pinnedInCode];
  // Cloudflare's pin is no place but a jurisdiction.
  const pins = cloud === "cloudflare" ? select(resource.props, "jurisdiction") : [];
  const places = [...ownPlaces(resource), ...pins].map(({ value }) => placeOf(value));
  if (places.length === 0 && cloud === "cloudflare") return [anywhere];
  return [...new Set(places)].sort();
}

/** `EUROPE-WEST3-A` and `europe-west3` are one place. */
function placeOf(value: Value): string {
  if (value === UNKNOWN) return notKnownYet;
  const name = String(value).split("/").at(-1)?.toLowerCase() ?? "";
  if (name === "default" || name === "global") return anywhere;
  return name.replace(/^([a-z]+-[a-z]+\d+)-[a-z]$/, "$1").replace(/^([a-z]{2}-[a-z]+-\d)[a-z]$/, "$1");
}
