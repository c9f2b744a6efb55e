// The base image: pulled once into the cache, and taken only as far as the pinned digest vouches for it.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { PersonError } from "../errors.ts";
import type { BaseReference } from "./base-reference.ts";

const run = promisify(execFile);

/** What Cloud Run runs (cloud.google.com/run/docs/container-contract, "Languages and images"). */
const platform = { os: "linux", architecture: "amd64" } as const;

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ mediaType: z.string(), digest: sha256, size: z.int() });
const imageSchema = z.object({ config: descriptor, layers: z.array(descriptor).min(1) });
const indexSchema = z.object({
  manifests: z.array(
    descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional() }),
  ),
});
const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.looseObject({ Env: z.array(z.string()).nullish() }).nullish(),
  rootfs: z.object({ diff_ids: z.array(sha256) }),
  history: z.array(z.looseObject({ empty_layer: z.boolean().optional() })).nullish(),
});

/** Media types of layers, as they come and as OCI calls them (github.com/opencontainers/image-spec, media-types.md, "Compatibility Matrix"). */
const layerTypes: Readonly<Record<string, string>> = {
  "application/vnd.oci.image.layer.v1.tar": "application/vnd.oci.image.layer.v1.tar",
  "application/vnd.oci.image.layer.v1.tar+gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.oci.image.layer.v1.tar+zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
  "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
};

export interface BaseImage {
  /** OCI layout that holds the blobs. */
  readonly folder: string;
  /** Of the image manifest, also where an index was pinned. */
  readonly digest: string;
  readonly config: z.infer<typeof configSchema>;
  /** Lowest first; `size` in bytes. */
  readonly layers: readonly z.infer<typeof descriptor>[];
}

/** The registry could not be reached, or did not let us in: `message` says how, in one line. */
export class BaseUnreachable extends Error {}

/** Bytes that are not those of their digest. */
class Damaged extends Error {}

export const blobFile = (folder: string, digest: string) => join(folder, "blobs", digest.replace(":", "/"));

/**
 * The image, from the cache or pulled into it. What is in the cache needs no network; what is damaged there is pulled again.
 * @param cache one folder in it a digest
 * @param crane path of the tool, asked for only when something is pulled
 * @throws BaseUnreachable
 * @throws PersonError when there is no such image, it is damaged, or it is not one to build upon
 */
export async function provideBaseImage(reference: BaseReference, cache: string, crane: () => Promise<string>): Promise<BaseImage> {
  const kept = join(cache, reference.digest.replace(":", "-"));
  if (existsSync(kept)) {
    try {
      return await readBase(kept, reference);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      rmSync(kept, { recursive: true });
    }
  }
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, ".pull-"));
  try {
    await pull(reference, await crane(), work);
    const image = await readBase(work, reference);
    keep(work, kept);
    return { ...image, folder: kept };
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    throw damaged(reference, error.message);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Moves a pulled image to its place, unless another build was first. */
function keep(work: string, kept: string): void {
  try {
    renameSync(work, kept);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

async function pull(reference: BaseReference, crane: string, folder: string): Promise<void> {
  const pinned = await ask(reference, crane, ["manifest", named(reference)], 60);
  const digest = imageDigest(verified(pinned, reference.digest), reference);
  await ask(reference, crane, ["pull", "--format=oci", `${reference.repository}@${digest}`, folder], 900);
  // crane leaves an index out when it pulls one image of it; it is the first link from the pinned digest to the layers.
  writeFileSync(blobFile(folder, reference.digest), pinned);
}

/** Reads the image of a layout, each blob against the digest by which the one before names it. @throws Damaged, PersonError */
async function readBase(folder: string, reference: BaseReference): Promise<BaseImage> {
  const digest = imageDigest(readBlob(folder, reference.digest), reference);
  const manifest = imageManifest(readBlob(folder, digest), reference);
  const config = configSchema.safeParse(json(readBlob(folder, manifest.config.digest)));
  if (!config.success || config.data.rootfs.diff_ids.length !== manifest.layers.length)
    throw unusable(reference, "its configuration is not that of a container image");
  const { os, architecture } = config.data;
  if (os !== platform.os || architecture !== platform.architecture) throw unusable(reference, `it is made for ${os}/${architecture}`);
  const layers = manifest.layers.map((layer) => {
    const mediaType = layerTypes[layer.mediaType];
    if (mediaType === undefined) throw unusable(reference, `a layer of it is of the type "${layer.mediaType}"`);
    return { ...layer, mediaType };
  });
  for (const layer of layers) await requireIntact(folder, layer);
  return { folder, digest, config: config.data, layers };
}

/** Of the image that a pinned manifest is, or of the one for our platform that a pinned index names. */
function imageDigest(pinned: Buffer, reference: BaseReference): string {
  const index = indexSchema.safeParse(json(pinned));
  if (!index.success) {
    imageManifest(pinned, reference);
    return reference.digest;
  }
  const offered = index.data.manifests.filter((each) => each.platform !== undefined);
  // Variants of amd64 (v2, v3) need processors that not every host has.
  const chosen = offered.find(
    ({ platform: its }) => its?.os === platform.os && its.architecture === platform.architecture && its.variant === undefined,
  );
  if (chosen) return chosen.digest;
  const names = offered.map(({ platform: its }) => [its?.os, its?.architecture, its?.variant].filter(Boolean).join("/"));
  throw unusable(reference, `it is an index of images for ${names.join(", ") || "no platform"}`);
}

function imageManifest(bytes: Buffer, reference: BaseReference): z.infer<typeof imageSchema> {
  const manifest = imageSchema.safeParse(json(bytes));
  if (manifest.success) return manifest.data;
  throw unusable(reference, "it is no container image");
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined; // What is no JSON fits no schema.
  }
}

function verified(bytes: Buffer, digest: string): Buffer {
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` === digest) return bytes;
  throw new Damaged(`the bytes of ${digest} are not those of this digest`);
}

function readBlob(folder: string, digest: string): Buffer {
  const file = blobFile(folder, digest);
  if (!existsSync(file)) throw new Damaged(`${digest} is missing`);
  return verified(readFileSync(file), digest);
}

/** As `readBlob`, for what may be large. */
async function requireIntact(folder: string, { digest, size }: z.infer<typeof descriptor>): Promise<void> {
  const file = blobFile(folder, digest);
  if (!existsSync(file)) throw new Damaged(`the layer ${digest} is missing`);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(part);
    bytes += part.length;
  }
  if (`sha256:${hash.digest("hex")}` !== digest || bytes !== size)
    throw new Damaged(`the layer ${digest} of ${size} bytes is not what its ${bytes} bytes are`);
}

/** Runs crane with the person's own registry credentials. What the registry answered wrongly is an error, no answer is `BaseUnreachable`. */
async function ask(reference: BaseReference, crane: string, args: readonly string[], seconds: number): Promise<Buffer> {
  try {
    return (await run(crane, [...args], { encoding: "buffer", timeout: seconds * 1000, maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    const { stderr, killed, message } = error as Error & { stderr?: Buffer; killed?: boolean };
    const words = killed ? `no answer within ${seconds} s` : (stderr?.toString().split("Error: ").at(-1) ?? message);
    const said = words.trim().replace(/\s+/g, " ");
    if (/does not match|error verifying|BLOB_UNKNOWN/.test(said)) throw damaged(reference, said);
    if (/MANIFEST_UNKNOWN|NAME_UNKNOWN|404 Not Found/.test(said))
      throw new PersonError(
        `There is no base image ${named(reference)}: the registry does not know it (${said}).`,
        "Correct functions/base-image.yaml: crane digest host/path:tag gives the digest that a tag has now.",
      );
    throw new BaseUnreachable(said);
  }
}

export const named = ({ repository, digest }: BaseReference) => `${repository}@${digest}`;

const damaged = (reference: BaseReference, how: string) =>
  new PersonError(
    `The base image ${named(reference)} came damaged: ${how}. Nothing of it was kept.`,
    "Build again. If it stays so, the registry holds it damaged: push it there anew, or pin another in functions/base-image.yaml.",
  );

const unusable = (reference: BaseReference, why: string) =>
  new PersonError(
    `The base image ${named(reference)} cannot be built upon: ${why}. Allowed: an image, or an index with one, for ${platform.os}/${platform.architecture}, with tar layers that its registry holds.`,
    "Pin another in functions/base-image.yaml.",
  );
