// The resource graph as SVG: who uses stands above what it uses, in rows that fit their page. Pure.

import { escaped } from "./escape.ts";
import type { Operation, Picture } from "./model.ts";

const box = { width: 172, height: 64, across: 12, down: 44, margin: 6 } as const;

type Node = Picture["nodes"][number];
interface Placed extends Node {
  readonly x: number;
  readonly y: number;
}

/** @param perRow boxes that stand beside each other at most */
export function toSvg({ nodes, edges }: Picture, perRow: number, title: string): string {
  const inside = edges.filter(({ from, to }) => from !== to && [from, to].every((name) => nodes.some((node) => node.name === name)));
  const placed = place(nodes, inside, perRow);
  const columns = columnsOf(layersOf(nodes, inside), perRow);
  const width = 2 * box.margin + columns * box.width + (columns - 1) * box.across;
  const height = Math.max(0, ...placed.map(({ y }) => y + box.height)) + box.margin;
  const byName = new Map(placed.map((node) => [node.name, node]));
  const drawn = inside.map(({ from, to, way }) => edge(byName.get(from) as Placed, byName.get(to) as Placed, way));
  return [
    `<svg role="img" aria-label="${escaped(title)}" viewBox="0 0 ${width} ${height}" width="${width}" xmlns="http://www.w3.org/2000/svg">`,
    ...drawn,
    ...placed.map(shape),
    "</svg>",
  ].join("\n");
}

const columnsOf = (layers: readonly (readonly Node[])[], perRow: number) =>
  Math.min(perRow, Math.max(1, ...layers.map((layer) => layer.length)));

/** Layers by the longest way to what uses nothing above it; within a layer close to what it is tied to, and alphabetically first. */
function place(nodes: readonly Node[], edges: Picture["edges"], perRow: number): Placed[] {
  const layers = layersOf(nodes, edges);
  const columns = columnsOf(layers, perRow);
  const placed: Placed[] = [];
  let row = 0;
  for (const layer of layers) {
    const before = new Map(placed.map(({ name, x }) => [name, x]));
    const pull = ({ name }: Node) => {
      const near = edges.flatMap(({ from, to }) => (to === name ? (before.get(from) ?? []) : from === name ? (before.get(to) ?? []) : []));
      return near.length === 0 ? Number.MAX_SAFE_INTEGER : near.reduce((sum, x) => sum + x, 0) / near.length;
    };
    const ordered = [...layer].sort((a, b) => pull(a) - pull(b) || a.name.localeCompare(b.name));
    for (let i = 0; i < ordered.length; i += perRow) {
      const shown = ordered.slice(i, i + perRow);
      // In the middle: an edge that passes by does not run behind it.
      const shift = (columns - shown.length) / 2;
      shown.forEach((node, column) => {
        placed.push({
          ...node,
          x: box.margin + (column + shift) * (box.width + box.across),
          y: box.margin + row * (box.height + box.down),
        });
      });
      row++;
    }
  }
  return placed;
}

function layersOf(nodes: readonly Node[], edges: Picture["edges"]): Node[][] {
  const depth = new Map<string, number>();
  // A way round in circles ends where it comes back to itself.
  const depthOf = (name: string, path: ReadonlySet<string>): number => {
    const known = depth.get(name);
    if (known !== undefined) return known;
    const above = edges.filter(({ to, from }) => to === name && !path.has(from));
    const found = above.reduce((most, { from }) => Math.max(most, 1 + depthOf(from, new Set([...path, name]))), 0);
    if (path.size === 0) depth.set(name, found);
    return found;
  };
  const tied = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const [joined, alone] = [nodes.filter(({ name }) => tied.has(name)), nodes.filter(({ name }) => !tied.has(name))];
  const layers = [...Map.groupBy(joined, ({ name }) => depthOf(name, new Set()))].sort(([a], [b]) => a - b).map(([, layer]) => layer);
  return alone.length === 0 ? layers : [...layers, alone];
}

function edge(from: Placed, to: Placed, way: "calls" | "needs"): string {
  const [x1, x2] = [from.x + box.width / 2, to.x + box.width / 2];
  const down = to.y > from.y;
  const [y1, y2] = down ? [from.y + box.height, to.y] : [from.y, to.y + box.height];
  const bend = Math.max(24, Math.abs(y2 - y1) / 2) * (down ? 1 : -1);
  return `<path class="edge ${way}" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/><circle class="end ${way}" cx="${x2}" cy="${y2}" r="3"/>`;
}

const marks: Readonly<Record<Operation, string>> = {
  create: "new",
  change: "changed",
  replace: "replaced",
  delete: "deleted",
  same: "",
  read: "",
};

/** What keeps data is a drum. */
function shape({ x, y, name, kind, cloud, keeps, open, resources, operation }: Placed): string {
  const { width, height } = box;
  const outline = keeps
    ? `<path class="box" d="M${x} ${y + 7}v${height - 14}c0 9 ${width} 9 ${width} 0v-${height - 14}c0 -9 -${width} -9 -${width} 0c0 9 ${width} 9 ${width} 0"/>`
    : `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;
  const says = [marks[operation], open ? "open to people" : "", `${resources} ${resources === 1 ? "resource" : "resources"}`].filter(
    (word) => word !== "",
  );
  const middle = x + width / 2;
  return [
    `<g class="node ${operation}"><title>${escaped(`${name}: ${kind}, ${cloud}, ${says.join(", ")}`)}</title>${outline}`,
    `<text class="name" x="${middle}" y="${y + 28}">${escaped(short(name, 23))}</text>`,
    `<text class="kind" x="${middle}" y="${y + 42}">${escaped(short(kind, 28))}</text>`,
    `<text class="kind" x="${middle}" y="${y + 55}">${escaped(short([cloud, marks[operation]].filter((word) => word !== "").join(", "), 30))}</text></g>`,
  ].join("");
}

const short = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
