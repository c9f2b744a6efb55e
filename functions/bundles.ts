// What is bundled from this folder, and how: one list for the build that ships and for the tests that run the same bundles.
import type { BuildOptions } from "esbuild";

export interface Bundle {
  /** Name of the artifact: `site`, `preferences`, ... */
  readonly name: string;
  readonly kind: "worker" | "service";
  /** Output file name to entry, relative to functions/. */
  readonly entries: Readonly<Record<string, string>>;
}

export const bundles: readonly Bundle[] = [
  { name: "site", kind: "worker", entries: { "index.js": "edge/site/index.ts" } },
  { name: "subjects", kind: "worker", entries: { "index.js": "edge/subjects/index.ts" } },
  { name: "telemetry", kind: "worker", entries: { "index.js": "edge/telemetry/index.ts" } },
  { name: "home", kind: "worker", entries: { "index.js": "edge/home/index.ts" } },
  { name: "storefront", kind: "worker", entries: { "index.js": "edge/storefront/index.ts" } },
  {
    name: "preferences",
    kind: "service",
    entries: { "main.js": "governance/preferences/main.ts", "migrate.js": "governance/preferences/migrate.ts" },
  },
  {
    name: "spool",
    kind: "service",
    entries: { "main.js": "governance/spool/main.ts", "migrate.js": "governance/spool/migrate.ts" },
  },
];

/** esbuild's options for one output file of a bundle. The result depends on the sources alone. */
export function buildOptions(bundle: Bundle, output: string): BuildOptions {
  const entry = bundle.entries[output];
  if (entry === undefined)
    throw new Error(`The bundle "${bundle.name}" has no output "${output}": it has ${Object.keys(bundle.entries).join(", ")}.`);
  const common: BuildOptions = {
    absWorkingDir: import.meta.dirname,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    write: false,
    logLevel: "silent",
  };
  if (bundle.kind === "worker")
    return {
      ...common,
      target: "es2024",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      // The signed table is uploaded beside the script as a text module.
      external: ["cloudflare:*", "./decision-table.jws"],
    };
  return {
    ...common,
    target: "node24",
    platform: "node",
    // pg asks for its native sibling only when told to.
    external: ["pg-native", "pg-cloudflare"],
    // CommonJS packages in an ES module still call require() for Node's own modules.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  };
}
