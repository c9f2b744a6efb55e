import { existsSync, rmSync } from "node:fs";
import { stateDir } from "../paths.ts";
import { stopSandbox } from "../sandbox.ts";
import { print, progress } from "../terminal.ts";

export async function down(options: { purge?: boolean; json?: boolean }): Promise<void> {
  progress("stopping ...");
  const stopped = await stopSandbox();
  const purged = options.purge === true && existsSync(stateDir);
  if (options.purge) rmSync(stateDir, { recursive: true, force: true });
  if (options.json) return print(JSON.stringify({ stopped, purged }));
  if (options.purge) print(purged ? "Stopped. The embedded account and all its data are gone." : "There was nothing to discard.");
  else print(stopped ? "Stopped. All data is kept; ./bailiwick up goes on from here." : "Nothing was running. All data is kept.");
}
