// What one more resource costs: a program of many resources behind which nothing runs, through the real engine and the sandbox's provider.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Ready } from "../ready.ts";
import { linkPackages } from "../work-tree.ts";
import type { BenchPlatform } from "./platform.ts";
import { succeed } from "./run.ts";

export interface SyntheticFigures {
  readonly resources: number;
  /** Seconds of `pulumi up` from nothing, without a preview before it, saving the state once at the end. */
  readonly create: number;
  /** The same as a person runs it: the engine saves the whole state after every step. Undefined where that would take too long. */
  readonly createSaved: number | undefined;
  /** Seconds of `pulumi preview` when nothing changes. */
  readonly preview: number;
}

/** The whole state after every step is work that grows with the square of the number of resources. */
const mostSaved = 500;

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
    const quiet = ["--non-interactive", "--color", "never"];
    const pulumi = async (args: readonly string[], more: Record<string, string> = {}) =>
      (await succeed(ready.pulumi, [...args, ...quiet], { cwd: dir, env: { ...env, ...more }, limitSeconds: 300 })).seconds;
    const create = async (stack: string, more: Record<string, string> = {}) => {
      await pulumi(["stack", "init", stack]);
      return pulumi(["up", "--yes", "--skip-preview", "--stack", stack], more);
    };
    const once = await create("once", { PULUMI_SKIP_CHECKPOINTS: "true" });
    const preview = await pulumi(["preview", "--expect-no-changes", "--stack", "once"]);
    const createSaved = resources <= mostSaved ? await create("saved") : undefined;
    figures.push({ resources, create: once, createSaved, preview });
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

/** Milliseconds that one resource adds to what a program costs by itself; undefined where it was not measured. */
export function costPerResource(
  figure: SyntheticFigures,
  empty: SyntheticFigures,
  of: "create" | "createSaved" | "preview",
): number | undefined {
  const [seconds, base] = [figure[of], empty[of]];
  return seconds === undefined || base === undefined || figure.resources === 0 ? undefined : ((seconds - base) * 1000) / figure.resources;
}
