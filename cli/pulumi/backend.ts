// The file backend of the embedded account: whether a stack is there, whole, and free.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { stateDir } from "../paths.ts";
import { projectName } from "../stacks.ts";
import { backendDir, engineEnvironment, keepSalt, saltOf } from "./environment.ts";
import { runPulumi } from "./run.ts";

export const stateFile = (stack: string, backend: string) => join(backend, ".pulumi", "stacks", projectName, `${stack}.json`);
const lockDir = (stack: string, backend: string) => join(backend, ".pulumi", "locks", "organization", projectName, stack);

export const stackExists = (stack: string) => existsSync(stateFile(stack, backendDir));

/** Makes the stack if it is not there. `stack init` writes into the project's folder, so it runs in a scratch project of the same name. */
export async function ensureStack(pulumi: string, sandbox: SandboxFile, stack: string): Promise<void> {
  if (stackExists(stack)) return;
  mkdirSync(backendDir, { recursive: true, mode: 0o700 });
  const scratch = mkdtempSync(join(stateDir, "init-"));
  try {
    writeFileSync(join(scratch, "Pulumi.yaml"), `name: ${projectName}\nruntime: nodejs\n`);
    const scratchConfig = join(scratch, `Pulumi.${stack}.yaml`);
    // All stacks share the passphrase. With one salt too, the engine derives one key for a stack and for what it reads of another:
    // a quarter second less for every operation of a region.
    const shared = saltOf("global");
    if (shared !== undefined) writeFileSync(scratchConfig, stringify({ encryptionsalt: shared }));
    const result = await runPulumi(pulumi, ["stack", "init", stack, "--non-interactive"], {
      cwd: scratch,
      env: engineEnvironment(sandbox),
    });
    if (result.code !== 0 && stackExists(stack)) return await untilSalted(stack);
    if (result.code !== 0) throw new PersonError(`pulumi could not make the stack "${stack}":\n${result.output}`, "Read its words above.");
    const config = parse(readFileSync(scratchConfig, "utf8")) as { encryptionsalt: string };
    keepSalt(stack, config.encryptionsalt);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Another command made the stack at the same moment, and is about to write down what its secrets are encrypted with. */
async function untilSalted(stack: string): Promise<void> {
  for (const end = Date.now() + 10_000; saltOf(stack) === undefined; await delay(25))
    if (Date.now() > end)
      throw new PersonError(
        `The stack "${stack}" is there, but nobody wrote down what its secrets are encrypted with.`,
        "Start afresh: ./bailiwick down --purge.",
      );
}

/**
 * Puts the backup in place of a state file that was cut off (a full disk, a machine that lost power). Beside each file the backend keeps
 * its attributes, which it needs for nothing here and which an engine that is killed may leave empty: those that nobody can read go.
 * @returns what was done, for the person; undefined when the state is whole
 * @throws PersonError when the backup is damaged too
 */
export function mendState(stack: string, backend = backendDir): string | undefined {
  const file = stateFile(stack, backend);
  const backup = `${file}.bak`;
  for (const attributes of [`${file}.attrs`, `${backup}.attrs`]) if (existsSync(attributes) && !isJson(attributes)) rmSync(attributes);
  if (!existsSync(file) || isJson(file)) return undefined;
  if (!existsSync(backup) || !isJson(backup))
    throw new PersonError(
      `The state of stack "${stack}" is damaged, and so is its backup (${file}).`,
      "Take an older one from .pulumi/backups beside it, or start afresh: ./bailiwick down --purge.",
    );
  copyFileSync(file, `${file}.damaged`);
  copyFileSync(backup, file);
  return `the state of "${stack}" was cut off: its backup is in place, the damaged file is kept as ${file}.damaged`;
}

function isJson(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}

interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** The command line of a living process, or undefined. */
function commandOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled (EPERM), and lives.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "pulumi"; // No /proc: alive is all that is known.
  }
}

/**
 * Releases locks that dead processes left. Waits a little for an update whose own command line was killed and which is winding up.
 * @returns what was done, for the person
 * @throws PersonError when a living process holds the stack
 */
export async function clearLocks(stack: string, orphaned: (pid: number) => boolean, backend = backendDir): Promise<string[]> {
  const said: string[] = [];
  for (const end = Date.now() + 60_000; ; await delay(100)) {
    const dir = lockDir(stack, backend);
    // Beside each lock the backend keeps its attributes.
    const locks = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".json")) : [];
    let waiting: Lock | undefined;
    for (const name of locks) {
      const file = join(dir, name);
      let lock: Lock;
      try {
        lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
      } catch {
        continue; // Released this very moment, or not written yet.
      }
      const command = commandOf(lock.pid);
      if (!command?.includes("pulumi")) {
        for (const gone of [file, `${file}.attrs`]) rmSync(gone, { force: true });
        said.push(`released the lock on "${stack}" of process ${lock.pid}, which is gone`);
      } else if (orphaned(lock.pid) && Date.now() < end) waiting = lock;
      else
        throw new PersonError(
          `Stack "${stack}" is being changed by ${lock.username}@${lock.hostname}, process ${lock.pid}, since ${lock.timestamp}.`,
          "Wait for it to end, or end it (Ctrl-C in its terminal), then try again.",
        );
    }
    if (!waiting) return said;
    if (said.length === 0) said.push(`waited for process ${waiting.pid}, whose command line was ended, to leave "${stack}" in order`);
  }
}
