// One secret of a deployed stack, laid open: who may read it is who has the stack's passphrase, and may deploy it.

import { PersonError } from "../errors.ts";
import { root } from "../paths.ts";
import type { Ready } from "../ready.ts";
import { stackEnvironment } from "./environment.ts";
import { runPulumi } from "./run.ts";

interface Exported {
  readonly deployment: {
    readonly resources?: readonly { readonly urn: string; readonly outputs?: Record<string, { plaintext?: string }> }[];
  };
}

/** @throws PersonError where the stack has no such secret, or cannot be opened */
export async function secretOf({ pulumi, sandbox }: Ready, stack: string, resource: string, output: string): Promise<string> {
  const {
    code,
    stdout,
    output: said,
  } = await runPulumi(pulumi, ["stack", "export", "--show-secrets", "--non-interactive"], {
    cwd: root,
    env: stackEnvironment(sandbox, stack),
  });
  if (code !== 0)
    throw new PersonError(`The secrets of stack "${stack}" cannot be read:\n${said.trim()}`, `Deploy it first: ./bailiwick up ${stack}.`);
  const { resources = [] } = (JSON.parse(stdout) as Exported).deployment;
  const secret = resources.find(({ urn }) => urn.endsWith(`::${resource}`))?.outputs?.[output]?.plaintext;
  if (secret !== undefined) return JSON.parse(secret) as string;
  throw new PersonError(`Stack "${stack}" has no secret ${output} of ${resource}.`, `Deploy it first: ./bailiwick up ${stack}.`);
}
