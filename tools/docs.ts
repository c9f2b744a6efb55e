// The generated pages of docs/: `node tools/docs.ts --write` writes them, `--check` (the default) ends with 1 and names those that are stale.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stackPrograms } from "../cli/graph/stack-programs.ts";
import { allStacks } from "../cli/stacks.ts";
import { controlsPage, renderControls } from "../policies/controls.ts";
import { policiesPage, renderPolicies } from "../policies/docs.ts";
import { loadResults } from "../policies/results.ts";
import { rules } from "../policies/rules/index.ts";
import { createAws } from "../sandbox/clouds/aws/index.ts";
import { createCloudflare } from "../sandbox/clouds/cloudflare/index.ts";
import { createGcp } from "../sandbox/clouds/gcp/index.ts";
import { createRandom } from "../sandbox/clouds/random/index.ts";
import { createTls } from "../sandbox/clouds/tls/index.ts";
import type { Ground } from "../sandbox/engine/cloud.ts";
import { Internet } from "../sandbox/engine/internet.ts";
import { Store } from "../sandbox/engine/store.ts";
import { type CloudDefinitions, fidelityTable, recordedShare } from "./fidelity.ts";
import { platformPictures, withPictures } from "./platform-picture.ts";

export interface Page {
  /** Absolute. */
  readonly file: string;
  readonly content: string;
}

const docs = resolve(import.meta.dirname, "..", "docs");
const architecture = join(docs, "architecture.md");

/** Every generated page, as it should be. @param programs what the stacks make */
export const generatedPages = (programs = stackPrograms(allStacks())): Page[] => [
  { file: fileURLToPath(policiesPage), content: renderPolicies() },
  { file: fileURLToPath(controlsPage), content: renderControls(rules, loadResults()) },
  { file: join(docs, "sandbox.md"), content: sandboxPage(embeddedClouds()) },
  { file: architecture, content: withPictures(readFileSync(architecture, "utf8"), platformPictures(programs)) },
];

/** The pages whose file does not say what it should. */
export const stalePages = (pages = generatedPages()): Page[] =>
  pages.filter(({ file, content }) => {
    try {
      return readFileSync(file, "utf8") !== content;
    } catch {
      return true;
    }
  });

/** The definitions of all embedded clouds. Nothing is started. */
export function embeddedClouds(): CloudDefinitions[] {
  const folder = mkdtempSync(join(tmpdir(), "docs-"));
  const store = new Store(":memory:");
  const ground: Ground = {
    store,
    internet: new Internet(),
    dataDir: join(folder, "data"),
    logDir: join(folder, "logs"),
    pidDir: join(folder, "pids"),
    socketDir: join(folder, "sockets"),
    tools: { versitygw: "versitygw" },
    egress: { proxyUrl: "", caFile: "" },
    log: () => {},
  };
  try {
    return [createAws(ground), createGcp(ground), createCloudflare(ground), createTls(), createRandom()].map(({ name, resources }) => ({
      name,
      resources,
    }));
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function sandboxPage(clouds: readonly CloudDefinitions[]): string {
  const all = clouds.flatMap(({ resources }) => resources);
  return `<!-- Generated from the definitions in sandbox/clouds by \`node tools/docs.ts --write\`. Change them, not this page. -->

# The embedded cloud: how close it comes

Whoever tries something here wants to know what it proves. So every resource type says how close it comes to the real cloud:

- **runs**: a real process or store stands behind it, and answers the real protocol;
- **enforces**: its semantics hold: a lock locks, a missing binding refuses;
- **records**: it is kept as state only, checked against the schema, and does nothing, for the reason given.

Nothing is called *runs* or *enforces* without a test that talks to it. Of ${all.length} types, ${Math.round(recordedShare(all) * 100)} % are *records*. A preview works for every type
of the SDKs, from its declarations; creating a type that is not listed is an error that names it.

What differs from the real clouds beyond that stands with each of them: [AWS](../sandbox/clouds/aws/README.md),
[Google Cloud](../sandbox/clouds/gcp/README.md), [Cloudflare](../sandbox/clouds/cloudflare/README.md). To add a type, see there and
[the engine](../sandbox/engine/README.md). What no sandbox can show: latencies, quotas, prices, how long a real cloud takes to make something, and
bugs of the real providers.

${fidelityTable(clouds)}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const stale = stalePages();
  if (process.argv.includes("--write")) for (const { file, content } of stale) writeFileSync(file, content);
  for (const { file } of stale) console.log(`${process.argv.includes("--write") ? "written" : "stale"}: ${file}`);
  if (stale.length > 0 && !process.argv.includes("--write")) {
    console.log("Write them anew: node tools/docs.ts --write");
    process.exitCode = 1;
  }
}
