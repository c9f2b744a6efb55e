// What one more resource costs: a program of many resources behind which nothing runs, through the real engine and the sandbox's provider.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Ready } from "../ready.ts";
import { type BenchPlatform, linkPackages } from "./platform.ts";
import { succeed } from "./run.ts";

export interface SyntheticFigures {
  readonly resources: number;
  /** Seconds of `pulumi up` from nothing, without a preview before it. */
  readonly create: number;
  /** Seconds of `pulumi preview` when nothing changes. */
  readonly preview: number;
}

/** @param sizes numbers of resources; 0 shows what engine and program cost by themselves */
export async function measureSynthetic(
  platform: BenchPlatform,
  ready: Ready,
  sizes: readonly number[],
  progress: (line: string) => void,
): Promise<SyntheticFigures[]> {
  const figures: SyntheticFigures[] = [];
  const { PULUMI_OPTION_POLICY_PACK, PULUMI_OPTION_CONFIG_FILE, PULUMI_STACK, ...env } = {
    ...platform.env,
    ...(await platform.pulumiEnvironment(ready.sandbox, "eu")),
  };
  const backend = join(platform.scratch, "synthetic-backend");
  mkdirSync(backend);
  env.PULUMI_BACKEND_URL = pathToFileURL(backend).href;
  for (const resources of sizes) {
    progress(`${resources} synthetic resources ...`);
    const dir = project(platform, resources);
    const pulumi = async (...args: string[]) =>
      (await succeed(ready.pulumi, [...args, "--non-interactive"], { cwd: dir, env, limitSeconds: 240 })).seconds;
    await pulumi("stack", "init", "synthetic");
    const quiet = ["--color", "never", "--suppress-outputs", "--suppress-progress"];
    const create = await pulumi("up", "--yes", "--skip-preview", ...quiet);
    figures.push({ resources, create, preview: await pulumi("preview", "--expect-no-changes", ...quiet) });
  }
  return figures;
}

function project(platform: BenchPlatform, resources: number): string {
  const dir = join(platform.scratch, `synthetic-${resources}`);
  mkdirSync(dir);
  linkPackages(dir);
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(dir, "Pulumi.yaml"), `name: synthetic-${resources}\nruntime: nodejs\nmain: index.ts\n`);
  writeFileSync(
    join(dir, "index.ts"),
    `import { RandomId } from "@pulumi/random/randomId.js";\nfor (let i = 0; i < ${resources}; i++) new RandomId(\`id-\${i}\`, { byteLength: 8 });\n`,
  );
  return dir;
}

/** Milliseconds that one resource adds to what a program costs by itself. */
export const costPerResource = (figure: SyntheticFigures, empty: SyntheticFigures, of: "create" | "preview"): number =>
  ((figure[of] - empty[of]) * 1000) / figure.resources;
