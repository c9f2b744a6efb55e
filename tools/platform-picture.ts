// The pictures of docs/architecture.md: each stack as its program makes it.
import { type Graph, graphOf, type ProgramResource } from "../cli/graph/graph.ts";
import { toMermaid } from "../cli/graph/mermaid.ts";

const [begin, end] = ["<!-- Drawn from the stacks' programs by `node tools/docs.ts --write`. -->", "<!-- End of what is drawn. -->"];

/** The page with its pictures as they should be. @throws Error when the page has no place for them */
export function withPictures(page: string, pictures: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no place for pictures: a line "${begin}", and a line "${end}" after it.`);
  return `${page.slice(0, from)}${begin}\n\n${pictures}\n${page.slice(to)}`;
}

/** Stacks that look alike share a picture. */
export function platformPictures(programs: ReadonlyMap<string, readonly ProgramResource[]>): string {
  const drawn = [...programs].map(([stack, own]) => {
    const others = new Map([...programs].filter(([name]) => name !== stack));
    return { stack, graph: graphOf(own, others) };
  });
  return [...Map.groupBy(drawn, ({ graph }) => JSON.stringify(graph))]
    .map(([, alike]) => section(alike.map(({ stack }) => `\`${stack}\``).join(" and "), (alike[0] as (typeof drawn)[number]).graph))
    .join("\n");
}

function section(title: string, graph: Graph): string {
  const leftOut = graph.leftOut.length > 0 ? `\nNot drawn: ${graph.leftOut.map((name) => `\`${name}\``).join(", ")}.\n` : "";
  return `### ${title}\n\n\`\`\`mermaid\n${toMermaid(graph)}\n\`\`\`\n${leftOut}`;
}
