// `up` and `preview` of one stack on the sandbox, through the real engine with the policy pack.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { logDir, root } from "../paths.ts";
import { isApplied, recordApplied } from "./applied.ts";
import { clearLocks, ensureStack, mendState } from "./backend.ts";
import { stackEnvironment } from "./environment.ts";
import { countingDone, forgetDebugging, type Outcome, openEventLog, outcomeOf, readEvents } from "./events.ts";
import { couldLose, withLosses } from "./losses.ts";
import { isOrphaned, runPulumi } from "./run.ts";

export interface StackResult extends Outcome {
  readonly stack: string;
  readonly ok: boolean;
  readonly code: number;
  readonly seconds: number;
  /** All that Pulumi said. */
  readonly output: string;
}

type Done = Outcome & Pick<StackResult, "code" | "output">;

/** `refresh` only looks: what stands in the clouds against what the state says. */
export type Command = "up" | "preview" | "refresh";

/** Where the engine writes what it does. */
export const eventLogOf = (stack: string, command: Command) => join(logDir, `${stack}-${command}.events.jsonl`);

/** Time between two looks at the event log, in milliseconds. */
const tick = 250;

/**
 * What keeps this one stack from being worked on (somebody else holds it, say) is in its result, so that others' are not lost with it.
 * @param kind `refresh` only looks; `up` previews first and updates only if nothing is refused; where all is as the last `up` left it and the preview finds
 * nothing to change, the preview is all there is to do
 * @param progress gets the number of resources done so far, now and then
 * @param say gets what a person should know: a lock that was released, a state that was mended
 * @param plan file of a plan: a preview saves it there, an update does nothing that is not in it
 */
export async function operate(
  kind: Command,
  stack: string,
  context: { readonly pulumi: string; readonly sandbox: SandboxFile },
  progress: (done: number) => void,
  say: (line: string) => void,
  plan?: string,
): Promise<StackResult> {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  try {
    const done = await work(kind, stack, context, progress, say, plan);
    return { ...done, stack, ok: done.code === 0, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof PersonError)) throw error;
    const errors = [`${error.message}\nwhat to do: ${error.advice}`];
    return { stack, ok: false, code: error.exitCode, seconds: seconds(), output: "", changes: {}, findings: [], errors, rules: 0 };
  }
}

async function work(
  kind: Command,
  stack: string,
  context: { readonly pulumi: string; readonly sandbox: SandboxFile },
  progress: (done: number) => void,
  say: (line: string) => void,
  plan: string | undefined,
): Promise<Done> {
  const { pulumi, sandbox } = context;
  // Locks first: a stack that is being made is held already.
  for (const line of await clearLocks(stack, (pid) => isOrphaned(stack, pid))) say(line);
  await ensureStack(pulumi, sandbox, stack);
  const mended = mendState(stack);
  if (mended) say(mended);
  const run = (command: Command, ...args: string[]) => pulumiWithEvents(command, args, stack, context, progress);
  if (kind === "preview") return run("preview", ...(plan === undefined ? [] : ["--save-plan", plan]));
  if (kind === "refresh") return run("refresh", "--preview-only");
  // A preview of its own tells what an update would destroy. The engine's stops by itself before what is protected, and that is nearly everything.
  const previewed = plan === undefined && (isApplied(stack, pulumi) || couldLose(stack)) ? await run("preview") : undefined;
  if (previewed && (previewed.code !== 0 || Object.keys(previewed.changes).every((change) => change === "same"))) return previewed;
  const updated = await run("up", ...(plan === undefined ? (previewed ? ["--skip-preview"] : []) : ["--plan", plan]));
  if (updated.code === 0) recordApplied(stack, pulumi);
  return updated;
}

async function pulumiWithEvents(
  command: Command,
  more: readonly string[],
  stack: string,
  { pulumi, sandbox }: { readonly pulumi: string; readonly sandbox: SandboxFile },
  progress: (done: number) => void,
): Promise<Done> {
  mkdirSync(logDir, { recursive: true });
  const eventLog = eventLogOf(stack, command);
  openEventLog(eventLog);
  const args = [command, ...(command === "up" ? ["--yes"] : []), "--non-interactive", "--color", "never", "--event-log", eventLog, ...more];
  const done = countingDone(eventLog);
  const timer = setInterval(() => progress(done()), tick);
  const { code, output } = await runPulumi(pulumi, args, { cwd: root, env: stackEnvironment(sandbox, stack), record: stack }).finally(
    () => {
      clearInterval(timer);
      forgetDebugging(eventLog);
    },
  );
  const held = /the stack is currently locked by[\s\S]*?created by ([^\n]+)/.exec(output);
  if (held) throw new PersonError(`Stack "${stack}" is being changed by ${held[1]}.`, "Wait for it to end, then try again.");
  const events = readEvents(eventLog);
  const outcome = { ...outcomeOf(events), code, output };
  return command === "preview" ? withLosses(stack, events, outcome) : outcome;
}
