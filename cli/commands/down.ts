import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../sandbox/state-lock.ts";
import { PersonError } from "../errors.ts";
import { stateDir } from "../paths.ts";
import { stopSandbox } from "../sandbox.ts";
import { print, progress } from "../terminal.ts";

export async function down(options: { purge?: boolean; json?: boolean }): Promise<void> {
  const there = existsSync(stateDir);
  if (options.purge && there && readdirSync(stateDir).length > 0 && !existsSync(join(stateDir, lockFile)))
    throw new PersonError(
      `${stateDir} holds no embedded account, so it is not removed.`,
      "Set BAILIWICK_STATE to the folder that you deployed with, or leave it out.",
    );
  progress("stopping ...");
  const stopped = await stopSandbox(() => {
    if (options.purge) rmSync(stateDir, { recursive: true, force: true });
  });
  const purged = options.purge === true && there;
  if (options.json) return print(JSON.stringify({ stopped, purged }));
  if (options.purge) print(purged ? "Stopped. The embedded account and all its data are gone." : "There was nothing to discard.");
  else print(stopped ? "Stopped. All data is kept; ./bailiwick up goes on from here." : "Nothing was running. All data is kept.");
}
