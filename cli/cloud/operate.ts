// A preview, an update or a look at one stack on the person's own backend and sign-ins, gated by the pack, following a plan.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packFile } from "../../policies/build.ts";
import { policyPackDir } from "../artifacts/paths.ts";
import { logDir, root } from "../paths.ts";
import { forgetDebugging, openEventLog, outcomeOf, readEvents } from "../pulumi/events.ts";
import { withLosses } from "../pulumi/losses.ts";
import { type Command, eventLogOf, type StackResult } from "../pulumi/operations.ts";

/**
 * Runs the `pulumi` on PATH, which brings its language host, as the person who is signed in.
 * @param plan a preview saves it there; an update does nothing that is not in it
 */
export async function operateInCloud(kind: Command, stack: string, plan = ""): Promise<StackResult> {
  const started = Date.now();
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const eventLog = eventLogOf(stack, kind);
  openEventLog(eventLog);
  const pack = ["--policy-pack", join(policyPackDir, packFile)];
  const ways: Readonly<Record<Command, readonly string[]>> = {
    preview: ["preview", ...pack, "--save-plan", plan],
    up: ["up", ...pack, "--yes", "--plan", plan],
    refresh: ["refresh", "--preview-only"],
  };
  const { code, output } = await run([
    ...ways[kind],
    "--stack",
    stack,
    "--event-log",
    eventLog,
    "--non-interactive",
    "--color",
    "never",
  ]).finally(() => forgetDebugging(eventLog));
  const events = readEvents(eventLog);
  const outcome = { ...outcomeOf(events), code, output };
  const done = kind === "preview" ? withLosses(stack, events, outcome) : outcome;
  return { ...done, stack, ok: done.code === 0, seconds: (Date.now() - started) / 1000 };
}

function run(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    let output = "";
    // The event log is an option of the engine's developers.
    const env = { ...process.env, PULUMI_DEBUG_COMMANDS: "true", PULUMI_SKIP_UPDATE_CHECK: "true" };
    const child = spawn("pulumi", [...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
      });
    child.on("error", (error) => resolve({ code: 69, output: `pulumi cannot be run: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 130, output }));
  });
}
