// `up` and `preview` of one stack on the sandbox, through the real engine with the policy pack.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { logDir, root } from "../paths.ts";
import { clearLocks, ensureStack, mendState, stackExists } from "./backend.ts";
import { stackEnvironment } from "./environment.ts";
import { type Outcome, readOutcome } from "./events.ts";
import { isOrphaned, runPulumi } from "./run.ts";

export interface StackResult extends Outcome {
  readonly stack: string;
  readonly ok: boolean;
  readonly code: number;
  readonly seconds: number;
  /** All that Pulumi said. */
  readonly output: string;
}

/** Time between two looks at the event log, in milliseconds. */
const tick = 250;

/**
 * @param kind `up` previews first and updates only if nothing is refused
 * @param progress gets the number of resources done so far, now and then
 * @param say gets what a person should know: a lock that was released, a state that was mended
 */
export async function operate(
  kind: "up" | "preview",
  stack: string,
  context: { readonly pulumi: string; readonly sandbox: SandboxFile },
  progress: (done: number) => void,
  say: (line: string) => void,
): Promise<StackResult> {
  const started = Date.now();
  const { pulumi, sandbox } = context;
  await ensureStack(pulumi, sandbox, stack);
  const mended = mendState(stack);
  if (mended) say(mended);
  for (const line of await clearLocks(stack, (pid) => isOrphaned(stack, pid))) say(line);
  mkdirSync(logDir, { recursive: true });
  const eventLog = join(logDir, `${stack}-${kind}.events.jsonl`);
  rmSync(eventLog, { force: true });
  const args = [kind, ...(kind === "up" ? ["--yes"] : []), "--non-interactive", "--color", "never", "--event-log", eventLog];
  const timer = setInterval(() => progress(readOutcome(eventLog).done), tick);
  const result = await runPulumi(pulumi, args, { cwd: root, env: stackEnvironment(sandbox, stack), record: stack }).finally(() =>
    clearInterval(timer),
  );
  const outcome = readOutcome(eventLog);
  const held = /the stack is currently locked by[\s\S]*?created by ([^\n]+)/.exec(result.output);
  if (held) throw new PersonError(`Stack "${stack}" is being changed by ${held[1]}.`, "Wait for it to end, then try again.");
  return { ...outcome, stack, ok: result.code === 0, code: result.code, seconds: (Date.now() - started) / 1000, output: result.output };
}

/** A stack's outputs, secrets left out; undefined when it was never deployed. */
export async function stackOutputs(
  context: { readonly pulumi: string; readonly sandbox: SandboxFile },
  stack: string,
): Promise<Record<string, unknown> | undefined> {
  if (!stackExists(stack)) return undefined;
  const result = await runPulumi(context.pulumi, ["stack", "output", "--json"], {
    cwd: root,
    env: stackEnvironment(context.sandbox, stack),
  });
  if (result.code !== 0)
    throw new PersonError(`pulumi could not read the outputs of "${stack}":\n${result.output}`, "Read its words above.");
  const all = JSON.parse(result.stdout) as { outputs?: Record<string, unknown> } & Record<string, unknown>;
  return all.outputs ?? all;
}
