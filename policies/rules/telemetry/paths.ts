// How a program shows its paths of telemetry. A path is a name of its own choosing (`gcp`, `first`). What belongs to a path says so by the
// tag or label `telemetry-path`: its collectors, and above all the stores in which it ends. Where a sender keeps what a path has not taken
// yet, the store says so by `telemetry-spool`, with the names of the paths, joined by `_`. What can carry neither stands in
// policies/register.yaml (`telemetryPath`, `telemetrySpool`).
import type { Context } from "../../context.ts";
import { dataClassOf, tagOf } from "../../declaration.ts";
import type { Register } from "../../register.ts";
import type { Resource } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";

export interface Path {
  readonly name: string;
  /** Whose machines it needs, collectors included: `aws`, `gcp`, `cloudflare`. */
  readonly vendors: ReadonlySet<string>;
  /** The stores in which it ends. */
  readonly sinks: readonly Resource[];
}

/** What runs code that people's requests reach. */
const workloads = new Set([
  "aws:apprunner/service:Service",
  "aws:ec2/instance:Instance",
  "aws:ecs/service:Service",
  "aws:eks/cluster:Cluster",
  "aws:lambda/function:Function",
  "cloudflare:index/pagesProject:PagesProject",
  "cloudflare:index/worker:Worker",
  "cloudflare:index/workersScript:WorkersScript",
  "gcp:appengine/standardAppVersion:StandardAppVersion",
  "gcp:cloudfunctions/function:Function",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:cloudrun/service:Service",
  "gcp:cloudrunv2/service:Service",
  "gcp:compute/instance:Instance",
  "gcp:container/cluster:Cluster",
]);

/** `aws` of `aws:s3/bucket:Bucket` */
export const vendorOf = ({ type }: Pick<Resource, "type">): string => type.split(":")[0] ?? "";

const isStore = (resource: Resource) => holdingOf(resource.type, resource.provider !== undefined) === "stores";

const tagText = (resource: Resource, key: string): string | undefined => {
  const value = tagOf(resource, key)?.value;
  return typeof value === "string" && value !== "" ? value : undefined;
};

const pathOf = (resource: Resource, register: Register) => tagText(resource, "telemetry-path") ?? register(resource.urn)?.telemetryPath;

/** Paths that end in a store. */
export function pathsOf(resources: readonly Resource[], { register }: Context): Path[] {
  const belonging = new Map<string, Resource[]>();
  // A component is made of resources, and is none of anybody's.
  for (const resource of resources.filter(({ provider }) => provider)) {
    const name = pathOf(resource, register);
    if (name !== undefined) belonging.set(name, [...(belonging.get(name) ?? []), resource]);
  }
  return [...belonging]
    .map(([name, all]) => ({ name, vendors: new Set(all.map(vendorOf)), sinks: all.filter(isStore) }))
    .filter(({ sinks }) => sinks.length > 0);
}

/** A cache forgets when it is full or starts anew: nothing can wait there. */
const forgets = /^(aws:(elasticache|memorydb)|gcp:(redis|memcache|memorystore))\//;

/** The stores in which a sender keeps what this path has not taken yet. */
export const spoolsOf = (resources: readonly Resource[], { name }: Path, { register }: Context): Resource[] =>
  resources.filter((resource) => {
    const paths = tagText(resource, "telemetry-spool")?.split(/[_,+\s]+/) ?? register(resource.urn)?.telemetrySpool ?? [];
    return paths.includes(name) && isStore(resource) && !forgets.test(resource.type);
  });

/**
 * The resource that stands for the stack: where programs serve people and keep their data, for a jurisdiction. Undefined elsewhere: there
 * is nothing whose trace must not be lost.
 */
export function servesPeople(resources: readonly Resource[], { scope, lifecycle, register }: Context): Resource | undefined {
  const workload = resources.find(({ type }) => workloads.has(type));
  const keeps = resources.some((resource) => {
    const declared = dataClassOf(resource, register);
    return isStore(resource) && declared.kind === "declared" && !["public", "operational"].includes(declared.value);
  });
  if (scope.kind !== "jurisdiction" || lifecycle !== "durable" || !workload || !keeps) return undefined;
  return resources.find(({ type }) => type === "pulumi:pulumi:Stack") ?? workload;
}
