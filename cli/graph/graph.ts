// The platform as a picture: the components of the stacks, and what each calls or needs. From what the programs make. Pure.
import { holdingOf } from "../../policies/resource-types.ts";

/** A resource as a program registers it. */
export interface ProgramResource {
  readonly urn: string;
  readonly type: string;
  /** Made by a provider; a component is not. */
  readonly custom: boolean;
  readonly parent: string;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A component that keeps data, or that data passes through. */
export interface GraphNode {
  /** Name in its stack. */
  readonly name: string;
  /** `EdgeSite` */
  readonly kind: string;
  /** Title of the cloud in which most of it stands. */
  readonly cloud: string;
  /** Name of the outermost component around it; its own where there is none. */
  readonly within: string;
  /** How many cloud resources it is made of. */
  readonly resources: number;
  /** Types of those that keep data or that data passes through, what it mainly is first. */
  readonly main: readonly string[];
  /** It mainly keeps data. */
  readonly keeps: boolean;
  /** People open one of its hostnames. */
  readonly open: boolean;
}

export interface GraphEdge {
  readonly from: string;
  /** Name in the same stack, or `<stack>: <name>` in another. */
  readonly to: string;
  /** `calls`: it knows the other's address. `needs`: it is made with a value of the other. */
  readonly way: "calls" | "needs";
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Components of settings and identities only, which the picture leaves out. */
  readonly leftOut: readonly string[];
}

const clouds: Readonly<Record<string, string>> = { cloudflare: "Cloudflare", gcp: "Google Cloud", aws: "AWS" };

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
const lastOf = (type: string) => type.slice(type.lastIndexOf(":") + 1);
const cloudOf = ({ type }: ProgramResource) => clouds[type.slice(0, type.indexOf(":"))];
const isHeld = ({ type }: ProgramResource) => holdingOf(type, true) !== "none";

/** Owner's URN to its resources: those of a component, or the one that stands alone. */
type Parts = ReadonlyMap<string, readonly ProgramResource[]>;

const partsOf = (resources: readonly ProgramResource[]): Parts =>
  Map.groupBy(
    resources.filter((resource) => resource.custom && cloudOf(resource) !== undefined),
    ({ urn, parent }) => (parent === "" || parent.includes("::pulumi:pulumi:Stack::") ? urn : parent),
  );

/** @param others resources of the stacks whose addresses this one may call, by stack */
export function graphOf(resources: readonly ProgramResource[], others: ReadonlyMap<string, readonly ProgramResource[]> = new Map()): Graph {
  const parts = partsOf(resources);
  const drawn = new Map([...parts].filter(([, its]) => its.some(isHeld)));
  const addresses = addressesOf(parts);
  const far = new Map(
    [...others].flatMap(([stack, its]) =>
      [...addressesOf(partsOf(its))].map(([host, owner]): [string, string] => [host, `${stack}: ${nameOf(owner)}`]),
    ),
  );

  const edges = new Map<string, GraphEdge>();
  const draw = (from: string, to: string, way: GraphEdge["way"]) => edges.set(`${from} ${to}`, { from, to, way });
  for (const [owner, its] of drawn) {
    for (const target of usedBy(parts, its)) if (target !== owner && drawn.has(target)) draw(nameOf(owner), nameOf(target), "needs");
    const texts = its.flatMap(({ inputs }) => textsIn(inputs));
    const hosts = hostsIn(texts);
    for (const host of hosts) if (!addresses.has(host) && far.has(host)) draw(nameOf(owner), far.get(host) as string, "calls");
    // Whoever answers at an address names itself.
    for (const [target, known] of Map.groupBy(
      hosts.filter((host) => !texts.includes(host)),
      (host) => addresses.get(host),
    )) {
      if (target === undefined || target === owner || !drawn.has(target)) continue;
      // Of the addresses of what stands before it, one is its own; with another it calls what stands behind the same front.
      if (known.length > (leadsTo(parts, target, owner) ? 1 : 0)) draw(nameOf(owner), nameOf(target), "calls");
    }
  }
  const called = new Set([...edges.values()].filter(({ way }) => way === "calls").map(({ to }) => to));
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const nodes = [...drawn].map(([owner, its]) => nodeOf(byUrn.get(owner) as ProgramResource, its, topOf(byUrn, owner), called));
  return {
    nodes: nodes.sort((a, b) => a.name.localeCompare(b.name)),
    edges: [...edges.values()].sort((a, b) => a.from.localeCompare(b.from) || a.to.localeCompare(b.to)),
    leftOut: [...parts.keys()]
      .filter((owner) => !drawn.has(owner))
      .map(nameOf)
      .sort(),
  };
}

function nodeOf({ urn, type }: ProgramResource, its: readonly ProgramResource[], within: string, called: ReadonlySet<string>): GraphNode {
  const held = its.filter(isHeld);
  const isStore = (resource: ProgramResource) => holdingOf(resource.type, true) === "stores";
  const [stores, others] = [held.filter(isStore), held.filter((resource) => !isStore(resource))];
  const keeps = typesOf(stores).length >= typesOf(others).length;
  return {
    name: nameOf(urn),
    kind: lastOf(type),
    cloud: [...new Set(held.map((resource) => cloudOf(resource) as string))].sort().join(" and "),
    within,
    resources: its.length,
    main: keeps ? [...typesOf(stores), ...typesOf(others)] : [...typesOf(others), ...typesOf(stores)],
    keeps,
    open: !called.has(nameOf(urn)) && its.some((resource) => lastOf(resource.type) === "WorkersCustomDomain"),
  };
}

const typesOf = (resources: readonly ProgramResource[]): string[] => [...new Set(resources.map(({ type }) => lastOf(type)))].sort();

/** Name of the outermost component around it, or its own. */
function topOf(byUrn: ReadonlyMap<string, ProgramResource>, urn: string): string {
  const parent = byUrn.get(byUrn.get(urn)?.parent ?? "");
  return parent === undefined || parent.type === "pulumi:pulumi:Stack" ? nameOf(urn) : topOf(byUrn, parent.urn);
}

/** Owners of what the resources take a value from. What they only wait for is no use of it. */
function usedBy(parts: Parts, its: readonly ProgramResource[]): Set<string> {
  const urns = new Set(its.flatMap(({ propertyDependencies }) => Object.values(propertyDependencies).flat()));
  return new Set([...parts].flatMap(([owner, own]) => (own.some(({ urn }) => urns.has(urn)) ? [owner] : [])));
}

function leadsTo(parts: Parts, from: string, to: string, seen = new Set<string>()): boolean {
  return [...usedBy(parts, parts.get(from) ?? [])].some((next) => {
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return leadsTo(parts, next, to, seen);
  });
}

/** Hostnames to the owner of the record or domain that makes them. */
const addressesOf = (parts: Parts): Map<string, string> =>
  new Map(
    [...parts].flatMap(([owner, its]) =>
      its.flatMap(({ type, inputs }): [string, string][] => {
        const host = { WorkersCustomDomain: inputs.hostname, DnsRecord: inputs.name }[lastOf(type)];
        return typeof host === "string" ? [[host, owner]] : [];
      }),
    ),
  );

const textsIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];

const hostsIn = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(/https:\/\/([a-z0-9.-]+)/g)].map(([, host]) => host as string))),
];
