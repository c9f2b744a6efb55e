// The artifact manifest beside the pack: what was built from reviewed sources. A program that has none is not judged by it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** Below the folder of the pack. Whoever builds copies the manifest there. */
export const artifactsFile = "artifacts.json";

const manifest = z.object({
  artifacts: z.array(
    z.object({
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      /** Where its files lie: a Worker's modules. */
      path: z.string().optional(),
    }),
  ),
});

export type Artifacts = readonly z.infer<typeof manifest>["artifacts"][number][];

/**
 * @param dir folder of the pack
 * @returns undefined where no manifest is
 * @throws Error when it is there and damaged
 */
export function loadArtifacts(dir: string): Artifacts | undefined {
  const file = join(dir, artifactsFile);
  if (!existsSync(file)) return undefined;
  try {
    return manifest.parse(JSON.parse(readFileSync(file, "utf8"))).artifacts;
  } catch (error) {
    throw new Error(`${artifactsFile} cannot be used: ${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}`);
  }
}
