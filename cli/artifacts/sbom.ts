import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { root } from "../paths.ts";
import type { BaseReference } from "./base-reference.ts";

/**
 * The npm packages whose files went into a bundle or the Go modules of a program, and the base image below it, as CycloneDX 1.6 (cyclonedx.org/docs/1.6/json).
 * What is in the base image its own bill of materials says.
 */
export function billOfMaterials(
  name: string,
  digest: string,
  { metafiles = [], goMod }: { readonly metafiles?: readonly Metafile[]; readonly goMod?: string },
  base?: BaseReference,
) {
  const packages = new Map<string, { name: string; version: string; license: string | undefined }>();
  for (const input of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    const at = input.lastIndexOf("node_modules/");
    if (at < 0) continue;
    for (let dir = dirname(resolve(root, "functions", input)); dir.startsWith(join(root, "node_modules")); dir = dirname(dir)) {
      const file = join(dir, "package.json");
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string; license?: string };
      if (!manifest.name || !manifest.version) continue; // A folder's "type" marker, not the package's own manifest.
      packages.set(`${manifest.name}@${manifest.version}`, { name: manifest.name, version: manifest.version, license: manifest.license });
      break;
    }
  }
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name, version: digest } },
    components: [
      ...(base ? [container(base)] : []),
      ...(goMod === undefined ? [] : goModules(goMod)),
      ...[...packages.values()]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map(({ name: component, version, license }) => ({
          type: "library",
          name: component,
          version,
          purl: `pkg:npm/${component.replace("@", "%40")}@${version}`,
          ...(license === undefined ? {} : { licenses: [licenseChoice(license)] }),
        })),
    ],
  };
}

/** An identifier of SPDX, an expression of them, or what else the package says (the object `licenseChoice` of the schema). */
function licenseChoice(license: string) {
  if (/ (AND|OR|WITH) /.test(license)) return { expression: license };
  return { license: /^[A-Za-z0-9.+-]+$/.test(license) && license !== "UNLICENSED" ? { id: license } : { name: license } };
}

/** Its package URL: github.com/package-url/purl-spec, type "oci". */
function container({ repository, digest }: BaseReference) {
  const short = repository.split("/").at(-1);
  return {
    type: "container",
    name: repository,
    version: digest,
    purl: `pkg:oci/${short}@${digest.replace(":", "%3A")}?arch=amd64&repository_url=${repository}`,
    hashes: [{ alg: "SHA-256", content: digest.slice("sha256:".length) }],
  };
}

/** The modules that a go.mod pins (go.dev/ref/mod#go-mod-file-require); package URLs of type "golang". */
function goModules(goMod: string) {
  return [...goMod.matchAll(/^\s+(\S+\.\S+\/?\S*) (v\S+)/gm)].map(([, module, version]) => ({
    type: "library",
    name: module,
    version,
    purl: `pkg:golang/${module}@${version}`,
  }));
}
