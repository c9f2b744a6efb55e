// Builds the pack into one executable file. Run as `node policies/build.ts <folder>`, or called by whoever needs it.
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** What goes into `--policy-pack`, below the folder that was built into. */
export const packFile = "bailiwick-policies";

/**
 * Bundles the pack with everything it needs, executable, with its registers, its exemptions and its version beside it.
 * @param outDir is created if it is not there
 * @returns absolute or relative path (as `outDir`) of the executable
 */
export async function buildPolicyPack(outDir: string): Promise<string> {
  const here = import.meta.dirname;
  const executable = join(outDir, packFile);
  await mkdir(outDir, { recursive: true });
  const { version } = JSON.parse(await readFile(join(here, "../package.json"), "utf8")) as { version: string };
  await build({
    entryPoints: [join(here, "pack.ts")],
    outfile: executable,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.11",
    minify: true,
    // Generated protocol code is CommonJS and asks for Node's modules by require.
    banner: { js: '#!/usr/bin/env node\nimport { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  await chmod(executable, 0o755);
  await Promise.all(["register.yaml", "vendors.yaml", "exemptions.yaml"].map((file) => copyFile(join(here, file), join(outDir, file))));
  await writeFile(
    join(outDir, "package.json"),
    `${JSON.stringify({ name: "bailiwick-policies", version, private: true, type: "module" }, null, 2)}\n`,
  );
  return executable;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outDir = process.argv[2];
  if (outDir) console.log(await buildPolicyPack(outDir));
  else console.error("Usage: node policies/build.ts <folder>");
  process.exitCode = outDir ? 0 : 64;
}
