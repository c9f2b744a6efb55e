// Commands of the person's own, run with the person's own environment and sign-ins.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { root } from "../paths.ts";

const exec = promisify(execFile);

export interface CommandOutput {
  readonly ok: boolean;
  /** What it printed; both streams when it failed. */
  readonly output: string;
  /** There is no such command. */
  readonly absent: boolean;
}

/** Runs it in the work tree. Never throws. */
export async function outputOf(command: string, args: readonly string[]): Promise<CommandOutput> {
  try {
    const { stdout } = await exec(command, args, { cwd: root, timeout: 60_000 });
    return { ok: true, output: stdout, absent: false };
  } catch (error) {
    const { code, stdout = "", stderr = "", message } = error as Error & { code?: string; stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}` || message, absent: code === "ENOENT" };
  }
}

/** A Google access token: `GOOGLE_OAUTH_ACCESS_TOKEN`, else that of gcloud; undefined when nobody is signed in. */
export async function googleToken(): Promise<string | undefined> {
  if (process.env.GOOGLE_OAUTH_ACCESS_TOKEN) return process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
  const { ok, output } = await outputOf("gcloud", ["auth", "print-access-token"]);
  return ok ? output.trim() : undefined;
}
