// A preview or an update of one stack on the person's own backend and sign-ins, gated by the pack, following a plan.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packFile } from "../../policies/build.ts";
import { policyPackDir } from "../artifacts/paths.ts";
import { logDir, root } from "../paths.ts";
import { readOutcome } from "../pulumi/events.ts";
import { eventLogOf, type StackResult } from "../pulumi/operations.ts";

/**
 * Runs the `pulumi` on PATH, which brings its language host, as the person who is signed in.
 * @param plan a preview saves it there; an update does nothing that is not in it
 */
export async function operateInCloud(kind: "preview" | "up", stack: string, plan: string): Promise<StackResult> {
  const started = Date.now();
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const eventLog = eventLogOf(stack, kind);
  rmSync(eventLog, { force: true });
  const way = kind === "preview" ? ["preview", "--save-plan", plan] : ["up", "--yes", "--plan", plan];
  const common = ["--stack", stack, "--policy-pack", join(policyPackDir, packFile), "--event-log", eventLog];
  const { code, output } = await run([...way, ...common, "--non-interactive", "--color", "never"]);
  return { ...readOutcome(eventLog), stack, ok: code === 0, code, output, seconds: (Date.now() - started) / 1000 };
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
