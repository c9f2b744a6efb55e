import { buildArtifacts } from "../artifacts/build.ts";
import { print, progress, table } from "../terminal.ts";

export async function build(options: { json?: boolean }): Promise<void> {
  const { manifest, changed } = await buildArtifacts(progress);
  if (options.json) return print(JSON.stringify({ ...manifest, changed }, null, 2));
  const newest = new Map(manifest.artifacts.map((artifact) => [artifact.name, artifact]));
  print(
    table(
      ["artifact", "kind", "bytes", "digest", ""],
      [...newest.values()].map(({ name, kind, size, digest, availability }) => [
        name,
        kind,
        size,
        digest,
        [changed.includes(name) ? "new" : "", availability === "sandbox-only" ? "sandbox only: it has no base layer" : ""]
          .filter(Boolean)
          .join(", "),
      ]),
    ),
  );
}
