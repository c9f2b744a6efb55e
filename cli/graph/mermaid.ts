// A graph as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), a box a cloud, in it a box a component of several parts. Pure.
import type { Graph, GraphNode } from "./graph.ts";

/** Types named in a node; more would hide the picture. */
const typesAtMost = 3;

export function toMermaid({ nodes, edges }: Graph): string {
  const ids = new Map<string, string>();
  const idOf = (name: string) => {
    const id = ids.get(name) ?? `n${ids.size}`;
    ids.set(name, id);
    return id;
  };
  const cloudOf = new Map(nodes.map(({ name, cloud }) => [name, cloud]));
  const boxes = [...Map.groupBy(nodes, ({ cloud }) => cloud)].sort(([a], [b]) => a.localeCompare(b));
  const outside = [...new Set(edges.map(({ to }) => to).filter((to) => !cloudOf.has(to)))].sort();
  const open = nodes.filter((node) => node.open);
  return [
    "flowchart LR",
    ...(open.length > 0 ? ['  person(["person"])'] : []),
    ...boxes.flatMap(([cloud, its], i) => [`  subgraph c${i}["${cloud}"]`, ...within(its, i, idOf), "  end"]),
    ...outside.map((name) => `  ${idOf(name)}["${name}"]`),
    ...open.map(({ name }) => `  person ==> ${idOf(name)}`),
    ...edges.map(({ from, to, way }) => {
      const arrow = way === "needs" ? "-.->" : cloudOf.get(from) === cloudOf.get(to) ? "-->" : "==>";
      return `  ${idOf(from)} ${arrow} ${idOf(to)}`;
    }),
  ].join("\n");
}

function within(nodes: readonly GraphNode[], cloud: number, idOf: (name: string) => string): string[] {
  return [...Map.groupBy(nodes, (node) => node.within)].flatMap(([name, its], i) => {
    const drawn = its.map((node) => `${idOf(node.name)}${shape(node)}`);
    if (its.length === 1) return drawn.map((line) => `    ${line}`);
    return [`    subgraph c${cloud}g${i}["${name}"]`, ...drawn.map((line) => `      ${line}`), "    end"];
  });
}

/** What keeps data is a drum. */
function shape({ name, kind, main, keeps }: GraphNode): string {
  const more = main.length > typesAtMost ? ", ..." : "";
  const types = main.join() === kind ? "" : `<br/><i>${main.slice(0, typesAtMost).join(", ")}${more}</i>`;
  const label = `"<b>${name}</b><br/>${kind}${types}"`;
  return keeps ? `[(${label})]` : `[${label}]`;
}
