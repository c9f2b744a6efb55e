// What was built: the manifest that `./bailiwick build` writes, and where.
import { resolve } from "node:path";
import { z } from "zod";

export const artifactDir = resolve(import.meta.dirname, "..", ".bailiwick");

const artifact = z.strictObject({
  name: z.string(),
  kind: z.enum(["worker", "image"]),
  /** Of what was built. The same sources, packages and Node version give the same digest; an image's bytes also depend on Node's zlib. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Bytes. */
  size: z.int(),
  /** Folder below `artifactDir`: a Worker's modules, or an OCI layout. */
  path: z.string(),
  /** Policy revision that a Worker's decision table carries. */
  policyRevision: z.string().optional(),
  /** CycloneDX bill of materials, below `artifactDir`. */
  sbom: z.string(),
  /** From which sources it was built. */
  provenance: z.strictObject({ commit: z.string(), dirty: z.boolean(), lock: z.string(), node: z.string() }),
  /** `sandbox-only`: the image has no base layer, since none could be reached when it was built. */
  availability: z.enum(["anywhere", "sandbox-only"]),
});
export type Artifact = z.infer<typeof artifact>;

/** Oldest first, so the last of a name is its newest. */
export const manifestSchema = z.strictObject({ version: z.literal(1), artifacts: z.array(artifact) });
export type Manifest = z.infer<typeof manifestSchema>;

/** A manifest's text, or what is wrong with it: it was cut off, or says what no manifest says. */
export function parseManifest(
  text: string,
): { readonly data: Manifest; readonly problem?: never } | { readonly data?: never; readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problem: (error as SyntaxError).message };
  }
  const parsed = manifestSchema.safeParse(json);
  return parsed.success ? { data: parsed.data } : { problem: z.prettifyError(parsed.error) };
}
