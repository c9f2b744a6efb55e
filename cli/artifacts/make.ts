// How each artifact is made from its sources: Workers and services by esbuild, the decision table by its compiler, the collector by Go.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild, type Metafile } from "esbuild";
import { type Bundle, buildOptions, bundles } from "../../functions/bundles.ts";
import { compileDecisionTable } from "../../functions/governance/policy/compile.ts";
import { canonicalJson } from "../../functions/shared/canonical-json.ts";
import { policyRevision } from "../../functions/shared/decision-table.ts";
import type { Artifact } from "../../stacks/artifact-manifest.ts";
import { workerDigest } from "../../stacks/worker-digest.ts";
import { PersonError } from "../errors.ts";
import type { BaseImage } from "./base-image.ts";
import type { BaseReference } from "./base-reference.ts";
import { buildCollectorImage, collectorModules, collectorRunsAnywhere } from "./collector-image.ts";
import { createImage, writeLayout } from "./oci-layout.ts";

export { buildPolicyPack } from "../../policies/build.ts";
export { billOfMaterials } from "./sbom.ts";

/** What images stand on. */
export interface Base {
  readonly image: BaseImage;
  readonly reference: BaseReference;
}

export interface Built {
  readonly digest: string;
  readonly size: number;
  readonly write: (dir: string) => void;
  /** For the bill of materials: what esbuild read, or the modules of a Go program. */
  readonly made: { readonly metafiles?: readonly Metafile[]; readonly goMod?: string };
  /** Of an image: what it stands on. */
  readonly base?: BaseReference;
  readonly availability: Artifact["availability"];
  readonly policyRevision?: string;
}

async function bundleFiles(bundle: Bundle): Promise<{ files: Record<string, Uint8Array>; metafiles: Metafile[] }> {
  const files: Record<string, Uint8Array> = {};
  const metafiles: Metafile[] = [];
  for (const output of Object.keys(bundle.entries)) {
    // esbuild writes the paths of packages into the bundle: as they stand in node_modules, wherever a link may lead.
    const result = await esbuild({ ...buildOptions(bundle, output), preserveSymlinks: true }).catch((error: Error) => {
      throw new PersonError(`"${bundle.name}" does not build:\n${error.message}`, "Mend the source it names.");
    });
    files[output] = result.outputFiles?.[0]?.contents as Uint8Array;
    metafiles.push(result.metafile as Metafile);
  }
  return { files, metafiles };
}

/** `site` carries the decision table: its digest covers the table, the signature is added at `publish`. */
async function buildWorker(bundle: Bundle, table: { readonly text: string; readonly revision: string }): Promise<Built> {
  const { files, metafiles } = await bundleFiles(bundle);
  const withTable = bundle.name === "site";
  const names = Object.keys(files).sort();
  return {
    digest: workerDigest(files, withTable ? table.text : undefined),
    size: names.reduce((sum, name) => sum + (files[name] as Uint8Array).length, 0),
    write: (dir) => {
      for (const name of names) writeFileSync(join(dir, name), files[name] as Uint8Array);
      if (withTable) writeFileSync(join(dir, "decision-table.json"), table.text);
    },
    made: { metafiles },
    availability: "anywhere",
    ...(withTable ? { policyRevision: table.revision } : {}),
  };
}

async function buildImage(bundle: Bundle, table: { readonly text: string }, base: Base | undefined): Promise<Built> {
  const { files, metafiles } = await bundleFiles(bundle);
  const inImage = { ...files, "decision-table.json": Buffer.from(table.text), "package.json": Buffer.from('{"type":"module"}') };
  const image = await createImage(
    {
      files: Object.fromEntries(Object.entries(inImage).map(([name, bytes]) => [`/app/${name}`, bytes])),
      entrypoint: ["node"],
      command: ["/app/main.js"],
      workingDir: "/app",
      env: ["NODE_ENV=production"],
    },
    base?.image,
  );
  return {
    digest: image.digest,
    size: image.size,
    write: (dir) => writeLayout(image, dir),
    made: { metafiles },
    availability: base ? "anywhere" : "sandbox-only",
    ...(base ? { base: base.reference } : {}),
  };
}

async function buildCollector(progress: (line: string) => void): Promise<Built> {
  const image = await buildCollectorImage(progress);
  return {
    digest: image.digest,
    size: image.size,
    write: (dir) => writeLayout(image, dir),
    made: { goMod: collectorModules() },
    availability: collectorRunsAnywhere ? "anywhere" : "sandbox-only",
  };
}

export interface Maker {
  readonly name: string;
  readonly kind: Artifact["kind"];
  /** @throws PersonError when a source does not build */
  readonly build: () => Promise<Built>;
}

/** Of all artifacts, in the order in which the manifest lists them. */
export async function makers(base: Base | undefined, progress: (line: string) => void): Promise<Maker[]> {
  const compiled = await compileDecisionTable();
  const table = { text: canonicalJson(compiled), revision: await policyRevision(compiled) };
  return [
    ...bundles.map(
      (bundle): Maker =>
        bundle.kind === "worker"
          ? { name: bundle.name, kind: "worker", build: () => buildWorker(bundle, table) }
          : { name: bundle.name, kind: "image", build: () => buildImage(bundle, table, base) },
    ),
    { name: "collector", kind: "image", build: () => buildCollector(progress) },
  ];
}
