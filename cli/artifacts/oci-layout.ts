// Reproducible OCI images without Docker: one application layer, written as an OCI image layout (opencontainers/image-spec, image-layout.md).
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export interface ImageSpec {
  /** Path in the image (`/app/main.js`) to content. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly env: readonly string[];
}

export interface Image {
  /** Of the manifest: what `name@sha256:...` means. */
  readonly digest: string;
  /** Bytes of all blobs. */
  readonly size: number;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A tar whose bytes depend on the files alone: no times, no owners, sorted. */
async function tar(files: ImageSpec["files"]): Promise<Buffer> {
  const archive = pack();
  const whole = buffer(archive);
  const folders = new Set<string>();
  for (const path of Object.keys(files).sort()) {
    const parts = path.split("/").filter(Boolean);
    for (let i = 1; i < parts.length; i++) folders.add(`${parts.slice(0, i).join("/")}/`);
  }
  const mtime = new Date(0);
  for (const name of [...folders].sort()) archive.entry({ name, type: "directory", mode: 0o755, mtime });
  for (const path of Object.keys(files).sort())
    archive.entry({ name: path.replace(/^\//, ""), mode: 0o644, mtime }, Buffer.from(files[path] as Uint8Array));
  archive.finalize();
  return whole;
}

/** The image of a spec. The same spec gives the same digest on every machine. */
export async function createImage(spec: ImageSpec): Promise<Image> {
  const layer = await tar(spec.files);
  const compressed = gzipSync(layer, { level: 9 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: {
        // The number of distroless' "nonroot": a service never runs as root.
        User: "65532:65532",
        Env: spec.env,
        Entrypoint: spec.entrypoint,
        Cmd: spec.command,
        WorkingDir: spec.workingDir,
      },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "bailiwick build" }],
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digestOf(compressed), size: compressed.length }],
    }),
  );
  const blobs = new Map([compressed, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  return { digest: digestOf(manifest), size: compressed.length + config.length + manifest.length, blobs };
}

/** Writes an image layout that `crane push` takes. */
export function writeLayout(image: Image, dir: string): void {
  mkdirSync(join(dir, "blobs", "sha256"), { recursive: true });
  for (const [digest, bytes] of image.blobs) writeFileSync(join(dir, "blobs", "sha256", digest.slice(7)), bytes);
  const manifest = image.blobs.get(image.digest) as Uint8Array;
  const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image.digest, size: manifest.length };
  writeFileSync(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
