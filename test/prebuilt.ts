// One build of the work tree for all platforms that are not about building: made before the first test of a tier that deploys.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Platform } from "./platform.ts";

/** Where the built artifacts stand while the tests run; `Platform.built` reads it. */
const variable = "BAILIWICK_PREBUILT";

export async function setup(): Promise<() => void> {
  // Several tiers in one run share it.
  if (process.env[variable] !== undefined) return () => {};
  const platform = await Platform.create();
  await platform.succeed("build");
  process.env[variable] = join(platform.dir, ".bailiwick");
  return () => {
    delete process.env[variable];
    rmSync(dirname(platform.dir), { recursive: true, force: true });
  };
}
