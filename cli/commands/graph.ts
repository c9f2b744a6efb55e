import { graphOf } from "../graph/graph.ts";
import { toMermaid } from "../graph/mermaid.ts";
import { stackPrograms } from "../graph/stack-programs.ts";
import { allStacks, chosenStacks } from "../stacks.ts";
import { print } from "../terminal.ts";

export async function graph(name: string, options: { json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  // Whom it calls in other stacks is known by their addresses.
  const programs = stackPrograms(allStacks());
  const own = programs.get(stack) ?? [];
  programs.delete(stack);
  const found = graphOf(own, programs);
  print(options.json ? JSON.stringify(found, null, 2) : toMermaid(found));
}
