import { exitCodes, PersonError } from "../errors.ts";
import { graphOf, toMermaid } from "../graph.ts";
import { stateResources } from "../pulumi/checkpoint.ts";
import { chosenStacks } from "../stacks.ts";
import { print } from "../terminal.ts";

export async function graph(name: string, options: { json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  const resources = stateResources(stack);
  if (!resources)
    throw new PersonError(`The stack "${stack}" is not deployed.`, `Deploy it: ./bailiwick up ${stack}.`, exitCodes.unavailable);
  const found = graphOf(resources);
  print(options.json ? JSON.stringify(found, null, 2) : toMermaid(found));
}
