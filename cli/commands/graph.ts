import { existsSync, readFileSync } from "node:fs";
import { exitCodes, PersonError } from "../errors.ts";
import { graphOf, type StateResource, toMermaid } from "../graph.ts";
import { stateFile } from "../pulumi/backend.ts";
import { backendDir } from "../pulumi/environment.ts";
import { chosenStacks } from "../stacks.ts";
import { print } from "../terminal.ts";

export async function graph(name: string, options: { json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  const file = stateFile(stack, backendDir);
  if (!existsSync(file))
    throw new PersonError(`The stack "${stack}" is not deployed.`, `Deploy it: ./bailiwick up ${stack}.`, exitCodes.unavailable);
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest?: { resources?: StateResource[] } } };
  const found = graphOf(checkpoint.latest?.resources ?? []);
  print(options.json ? JSON.stringify(found, null, 2) : toMermaid(found));
}
