// The same program and the same rules, set up as `pulumi new` and `pulumi policy new` do: ts-node compiles and checks both at every run.

import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import type { Server } from "../../sandbox/engine/grpc-server.ts";
import { serveLanguageHost } from "../../sandbox/engine/language-host.ts";
import { cacheDir } from "../paths.ts";
import { linkPackages } from "../work-tree.ts";
import type { BenchPlatform } from "./platform.ts";
import { succeed } from "./run.ts";

/** The settings of Pulumi's TypeScript templates (pulumi/templates, aws-typescript/tsconfig.json), and below them what our sources need. */
const compilerOptions = {
  strict: true,
  outDir: "bin",
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
  module: "nodenext",
  moduleResolution: "nodenext",
  target: "es2024",
  lib: ["es2024", "esnext.disposable"],
  types: ["node"],
  allowImportingTsExtensions: true,
};

/** The copy's `Pulumi.yaml`, and what stands in it for each setup. */
interface ProjectFile {
  readonly file: string;
  readonly ours: string;
  readonly usual: string;
}

export class UsualSetup implements AsyncDisposable {
  /** Overrides to the environment of `pulumi preview`. */
  readonly env: Readonly<Record<string, string>>;
  readonly #project: ProjectFile;
  readonly #host: Server;

  private constructor(project: ProjectFile, host: Server, env: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#host = host;
    this.env = env;
  }

  /** @param modules what `installTsNode` gave */
  static async create(platform: BenchPlatform, modules: string): Promise<UsualSetup> {
    const env: NodeJS.ProcessEnv = { ...platform.env, NODE_PATH: modules };
    // Neither the templates nor Pulumi's language host keep compiled code between runs.
    delete env.NODE_COMPILE_CACHE;
    const host = await serveLanguageHost({ env });

    const file = join(platform.dir, "Pulumi.yaml");
    const ours = readFileSync(file, "utf8");
    const project = parse(ours) as Record<string, unknown>;
    const usual = stringify({ ...project, runtime: { name: "nodejs", options: { typescript: true } } });
    writeFileSync(join(platform.dir, "stacks", "tsconfig.json"), JSON.stringify({ compilerOptions }));

    const bin = writeAnalyzerLauncher(platform);
    return new UsualSetup({ file, ours, usual }, host, {
      PULUMI_DEBUG_LANGUAGES: `nodejs:${host.port}`,
      PULUMI_OPTION_POLICY_PACK: writePack(platform),
      NODE_PATH: modules,
      PATH: [bin, process.env.PATH].join(delimiter),
    });
  }

  /** Which of the two the copy's `Pulumi.yaml` asks for, from now on. */
  select(setup: "ours" | "usual"): void {
    writeFileSync(this.#project.file, this.#project[setup]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.select("ours");
    await this.#host.close();
  }
}

/**
 * Installs ts-node into the cache, once.
 * @returns the folder of its packages
 * @throws Error with npm's words when it cannot be had
 */
export async function installTsNode(progress: (line: string) => void): Promise<string> {
  const source = join(import.meta.dirname, "ts-node");
  const manifest = readFileSync(join(source, "package.json"));
  const final = join(cacheDir, `usual-setup-${createHash("sha256").update(manifest).digest("hex").slice(0, 12)}`);
  if (existsSync(final)) return join(final, "node_modules");
  progress("installing ts-node, once ...");
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, "usual-setup."));
  try {
    for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(source, name), join(work, name));
    const options = { cwd: work, env: process.env, limitSeconds: 300 };
    await succeed("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], options);
    renameSync(work, final);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return join(final, "node_modules");
}

/** A pack folder: ts-node's register works with CommonJS only, so the rules are copied out of the reach of our `type: module`. */
function writePack(platform: BenchPlatform): string {
  const dir = mkdtempSync(join(platform.scratch, "usual-pack-"));
  for (const path of ["policies", "stacks/residency.ts", "cli/bench/usual-pack.ts"])
    cpSync(join(platform.dir, path), join(dir, path), { recursive: true });
  linkPackages(dir);
  writeFileSync(join(dir, "PulumiPolicy.yaml"), stringify({ name: "usual", runtime: "nodejs", version: "0.0.1" }));
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "usual", version: "0.0.1", main: "cli/bench/usual-pack.ts" }));
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  return dir;
}

/** What Pulumi's installation has on PATH: it runs the SDK's pack runner with node. @returns its folder */
function writeAnalyzerLauncher(platform: BenchPlatform): string {
  const runner = createRequire(join(platform.dir, "package.json")).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  const bin = mkdtempSync(join(platform.scratch, "bin-"));
  const file = join(bin, "pulumi-analyzer-policy-nodejs");
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${runner}" "$@"\n`);
  chmodSync(file, 0o755);
  return bin;
}
