// The platform as a picture: the components of a deployed stack and what rests on what, from the engine's own record. Pure.

import type { StateResource } from "./pulumi/checkpoint.ts";

export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** Of the component (`EdgeSite`), or of the resource where it stands alone. */
  readonly kind: string;
  /** Title of the cloud in which most of it stands. */
  readonly cloud: string;
  /** How many cloud resources it is made of. */
  readonly resources: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Ids: the first rests on the second. What follows from others is left out. */
  readonly edges: readonly (readonly [string, string])[];
}

const clouds: Readonly<Record<string, string>> = { cloudflare: "Cloudflare", gcp: "Google Cloud", aws: "AWS" };
const elsewhere = "made by the engine";

/** @param resources of one stack's state */
export function graphOf(resources: readonly StateResource[]): Graph {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const shown = resources.filter(({ type, custom, external }) => custom && !external && !type.startsWith("pulumi:"));

  /** The component that made it, or itself where none did. */
  const ownerOf = (urn: string): StateResource | undefined => {
    const resource = byUrn.get(urn);
    if (!resource?.custom) return resource;
    for (let up = byUrn.get(resource.parent ?? ""); up; up = byUrn.get(up.parent ?? "")) {
      if (up.type === "pulumi:pulumi:Stack") return resource;
      if (!up.custom) return up;
    }
    return resource;
  };

  const members = new Map<string, StateResource[]>();
  const edges = new Map<string, Set<string>>();
  for (const resource of shown) {
    const owner = ownerOf(resource.urn) as StateResource;
    members.set(owner.urn, [...(members.get(owner.urn) ?? []), resource]);
    const targets = edges.get(owner.urn) ?? new Set();
    edges.set(owner.urn, targets);
    for (const urn of [...(resource.dependencies ?? []), ...Object.values(resource.propertyDependencies ?? {}).flat()]) {
      const target = ownerOf(urn);
      if (target && target.urn !== owner.urn && !target.type.startsWith("pulumi:")) targets.add(target.urn);
    }
  }
  const ids = new Map([...members.keys()].map((urn) => [urn, nameOf(urn)]));
  const nodes = [...members].map(([urn, made]): GraphNode => {
    const owner = byUrn.get(urn) as StateResource;
    return {
      id: nameOf(urn),
      name: nameOf(urn),
      kind: owner.type.split(":").at(-1) as string,
      cloud: cloudOf(made),
      resources: made.length,
    };
  });
  return { nodes: nodes.sort((a, b) => a.id.localeCompare(b.id)), edges: reduced(edges, ids) };
}

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

function cloudOf(resources: readonly StateResource[]): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) {
    const cloud = clouds[type.slice(0, type.indexOf(":"))] ?? elsewhere;
    counts.set(cloud, (counts.get(cloud) ?? 0) + (cloud === elsewhere ? 0.5 : 1));
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b))[0]?.[0] as string;
}

/** Without the edges that a longer way says already. */
function reduced(edges: ReadonlyMap<string, ReadonlySet<string>>, ids: ReadonlyMap<string, string>): [string, string][] {
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    [...(edges.get(from) ?? [])].some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return [...edges]
    .flatMap(([from, targets]) =>
      [...targets]
        .filter((to) => ids.has(to))
        .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to, new Set([from]))))
        .map((to): [string, string] => [ids.get(from) as string, ids.get(to) as string]),
    )
    .sort(([a, b], [c, d]) => a.localeCompare(c) || b.localeCompare(d));
}

/** As a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), a box a cloud. */
export function toMermaid({ nodes, edges }: Graph): string {
  const numbers = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const boxes = [...new Set(nodes.map(({ cloud }) => cloud))].sort();
  return [
    "flowchart LR",
    ...boxes.flatMap((cloud, i) => [
      `  subgraph c${i}["${cloud}"]`,
      ...nodes
        .filter((node) => node.cloud === cloud)
        .map(
          ({ id, name, kind, resources }) =>
            `    ${numbers.get(id)}["<b>${name}</b><br/>${kind}${resources > 1 ? `, ${resources} resources` : ""}"]`,
        ),
      "  end",
    ]),
    ...edges.map(([from, to]) => `  ${numbers.get(from)} --> ${numbers.get(to)}`),
  ].join("\n");
}
