// Reproducible OCI images without Docker: one application layer, on a base image where there is one, written as an OCI image layout
// (github.com/opencontainers/image-spec: image-layout.md, config.md).
import { createHash } from "node:crypto";
import { copyFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { type BaseImage, blobFile } from "./base-image.ts";

export interface ImageSpec {
  /** Path in the image (`/app/main.js`) to content. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Which of the files are programs. */
  readonly executables?: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly env: readonly string[];
}

export interface Image {
  /** Of the manifest: what `name@sha256:...` means. */
  readonly digest: string;
  /** Bytes of all blobs, those of the base among them. */
  readonly size: number;
  /** What is ours: application layer, configuration, manifest. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly base: BaseImage | undefined;
}

/** When everything was made, for the same sources to give the same bytes. */
const created = "1970-01-01T00:00:00Z";

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A tar whose bytes depend on the files alone: no times, no owners, sorted. */
async function tar({ files, executables = [] }: ImageSpec): Promise<Buffer> {
  const archive = pack();
  const whole = buffer(archive);
  const folders = new Set<string>();
  for (const path of Object.keys(files).sort()) {
    const parts = path.split("/").filter(Boolean);
    for (let i = 1; i < parts.length; i++) folders.add(`${parts.slice(0, i).join("/")}/`);
  }
  const mtime = new Date(0);
  for (const name of [...folders].sort()) archive.entry({ name, type: "directory", mode: 0o755, mtime });
  // Images without a base have none, and every program expects one that anybody may write to.
  archive.entry({ name: "tmp/", type: "directory", mode: 0o1777, mtime });
  for (const path of Object.keys(files).sort())
    archive.entry(
      { name: path.replace(/^\//, ""), mode: executables.includes(path) ? 0o755 : 0o644, mtime },
      Buffer.from(files[path] as Uint8Array),
    );
  archive.finalize();
  return whole;
}

/** The base's variables and ours, which win. */
function mergedEnv(base: readonly string[], ours: readonly string[]): string[] {
  const nameOf = (line: string) => line.split("=", 1)[0];
  const names = new Set(ours.map(nameOf));
  return [...base.filter((line) => !names.has(nameOf(line))), ...ours];
}

/** An entry for each layer, as readers of images expect: a base that tells less of itself gets one in its place. */
function historyOf({ config, layers }: BaseImage): readonly object[] {
  const told = config.history ?? [];
  if (told.filter((entry) => !entry.empty_layer).length === layers.length) return told;
  return layers.map(({ digest }) => ({ created, created_by: `base image layer ${digest}` }));
}

/**
 * The image of a spec. The same spec on the same base gives the same digest on every machine.
 * @param base stands below the application layer; absent: the image holds the application alone
 */
export async function createImage(spec: ImageSpec, base?: BaseImage): Promise<Image> {
  const layer = await tar(spec);
  // Of a large program the last tenth costs seconds at every build.
  const compressed = gzipSync(layer, { level: layer.length > 16 * 1024 * 1024 ? 1 : 9 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      created,
      config: {
        ...base?.config.config,
        // The number of distroless' "nonroot": a service never runs as root.
        User: "65532:65532",
        Env: mergedEnv(base?.config.config?.Env ?? [], spec.env),
        Entrypoint: spec.entrypoint,
        Cmd: spec.command,
        WorkingDir: spec.workingDir,
      },
      rootfs: { type: "layers", diff_ids: [...(base?.config.rootfs.diff_ids ?? []), digestOf(layer)] },
      history: [...(base ? historyOf(base) : []), { created, created_by: "bailiwick build" }],
    }),
  );
  const baseLayers = base?.layers ?? [];
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [
        ...baseLayers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
        { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digestOf(compressed), size: compressed.length },
      ],
      // github.com/opencontainers/image-spec, annotations.md
      ...(base ? { annotations: { "org.opencontainers.image.base.digest": base.digest } } : {}),
    }),
  );
  const blobs = new Map([compressed, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  const below = new Map(baseLayers.map(({ digest, size }) => [digest, size]));
  const sizes = [compressed.length, config.length, manifest.length, ...below.values()];
  return { digest: digestOf(manifest), size: sizes.reduce((sum, size) => sum + size), blobs, base };
}

/** Writes an image layout that `crane push` takes. */
export function writeLayout(image: Image, dir: string): void {
  mkdirSync(join(dir, "blobs", "sha256"), { recursive: true });
  for (const [digest, bytes] of image.blobs) writeFileSync(blobFile(dir, digest), bytes);
  const { base } = image;
  if (base)
    for (const digest of new Set(base.layers.map((layer) => layer.digest))) share(blobFile(base.folder, digest), blobFile(dir, digest));
  const manifest = image.blobs.get(image.digest) as Uint8Array;
  const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image.digest, size: manifest.length };
  writeFileSync(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/** Releases share the layers of their base; where the file system does not allow it, each has a copy. */
function share(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
