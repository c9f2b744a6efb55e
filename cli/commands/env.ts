import { dirname } from "node:path";
import { ensureStack } from "../pulumi/backend.ts";
import { stackEnvironment } from "../pulumi/environment.ts";
import { requireReady } from "../ready.ts";
import { chosenStacks } from "../stacks.ts";
import { print } from "../terminal.ts";

export async function env(name: string, options: { json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  const ready = await requireReady();
  await ensureStack(ready.pulumi, ready.sandbox, stack);
  const variables = stackEnvironment(ready.sandbox, stack);
  if (options.json) return print(JSON.stringify(variables, null, 2));
  const quote = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  for (const [variable, value] of Object.entries(variables)) print(`export ${variable}=${quote(value)}`);
  // `pulumi` and the Node that runs the policy pack, which need not be on the person's own PATH.
  print(`export PATH=${quote(dirname(ready.pulumi))}:${quote(dirname(process.execPath))}:"$PATH"`);
}
