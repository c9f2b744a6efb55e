// Unpacks an image of a layout into a folder that stands for its `/`. No layer can write outside of it.
import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { chmod, link, mkdir, open, readdir, realpath, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, normalize, relative, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { extract, type Header } from "tar-stream";
import type { ImageConfig, UnpackedImage } from "../cloud-run/image.ts";
import type { Layout, Manifest } from "./layout.ts";

const underway = new Map<string, Promise<void>>();

/**
 * The image's files and configuration. Unpacked once, into `<cacheDir>/<digest>`; layers that the layout does not hold are left out.
 * @param digest of an image manifest, or of an index that has one for linux
 * @throws Error when a layer is not a tar archive or reaches outside of the image
 */
export async function unpackImage(layout: Layout, digest: string, cacheDir: string): Promise<UnpackedImage> {
  const manifest = imageManifest(layout, digest);
  const rootDir = join(cacheDir, manifest.digest.replace(":", "-"));
  if (!existsSync(rootDir)) {
    const work = underway.get(rootDir) ?? unpackLayers(layout, manifest.layers, rootDir).finally(() => underway.delete(rootDir));
    underway.set(rootDir, work);
    await work;
  }
  const { config = {} } = JSON.parse(layout.read(manifest.config).toString()) as { config?: ImageConfig };
  return { rootDir, config };
}

interface ImageManifest {
  readonly digest: string;
  readonly config: string;
  readonly layers: readonly string[];
}

function imageManifest(layout: Layout, digest: string): ImageManifest {
  const manifest = JSON.parse(layout.read(digest).toString()) as Manifest;
  if (manifest.config && manifest.layers) {
    return { digest, config: manifest.config.digest, layers: manifest.layers.map((layer) => layer.digest) };
  }
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const linux = (manifest.manifests ?? []).filter(({ platform }) => platform === undefined || platform.os === "linux");
  const chosen = linux.find(({ platform }) => platform?.architecture === architecture) ?? linux[0];
  if (!chosen) throw new Error(`the image index ${digest} holds no image for linux`);
  return imageManifest(layout, chosen.digest);
}

async function unpackLayers(layout: Layout, layers: readonly string[], rootDir: string): Promise<void> {
  const parent = dirname(rootDir);
  mkdirSync(parent, { recursive: true });
  const temporary = join(realpathSync(parent), `.unpacking-${randomUUID()}`);
  mkdirSync(temporary);
  try {
    for (const digest of layers.filter((each) => layout.size(each) !== undefined)) await unpackLayer(layout, digest, temporary);
    await rename(temporary, rootDir);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function unpackLayer(layout: Layout, digest: string, root: string): Promise<void> {
  const archive = extract();
  const source = layout.stream(digest) as Readable;
  const expand = await decompressor(layout.blobPath(digest));
  const read = expand ? pipeline(source, expand, archive) : pipeline(source, archive);
  const write = (async () => {
    for await (const entry of archive) {
      await place(root, entry.header, entry as AsyncIterable<unknown> as AsyncIterable<Buffer>);
      entry.resume();
    }
  })();
  const [failed] = (await Promise.allSettled([write, read])).filter((result) => result.status === "rejected");
  if (failed) throw new Error(`cannot unpack the layer ${digest}: ${(failed.reason as Error).message}`);
}

/** By the first bytes: media types of layers are not always true. */
async function decompressor(path: string) {
  const file = await open(path, "r");
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(() => file.close());
  if (buffer.readUInt16BE(0) === 0x1f8b) return createGunzip();
  return buffer.readUInt32LE(0) === 0xfd2fb528 ? createZstdDecompress() : undefined;
}

async function place(root: string, header: Header, body: AsyncIterable<Buffer>): Promise<void> {
  const named = inside(root, header.name);
  if (named === root) return;
  await mkdir(dirname(named), { recursive: true });
  // Where links have led: a target that is relative to the name alone could lead out.
  const folder = requireInside(root, await realpath(dirname(named)));
  const name = basename(named);
  const path = join(folder, name);

  // Whiteouts: github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
  if (name === ".wh..wh..opq") {
    for (const child of await readdir(folder)) await rm(join(folder, child), { recursive: true, force: true });
    return;
  }
  if (name.startsWith(".wh.")) {
    const hidden = name.slice(4);
    if (["", ".", ".."].includes(hidden)) throw new Error(`"${header.name}" hides what may be outside of the image`);
    await rm(join(folder, hidden), { recursive: true, force: true });
    return;
  }

  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present && !(header.type === "directory" && present.isDirectory())) await rm(path, { recursive: true });
  switch (header.type) {
    case "directory":
      await mkdir(path, { recursive: true });
      await chmod(path, permissions(header, 0o700));
      return;
    case "symlink": {
      const target = header.linkname;
      const absolute = target.startsWith("/") ? inside(root, target) : inside(root, relative(root, resolve(folder, target)));
      await symlink(relative(folder, absolute) || ".", path);
      return;
    }
    case "link":
      await link(requireInside(root, await realpath(inside(root, header.linkname))), path);
      return;
    case "file":
    case "contiguous-file": {
      const file = await open(path, "wx", permissions(header, 0o600));
      try {
        for await (const part of body) await file.write(part);
        await file.chmod(permissions(header, 0o600));
      } finally {
        await file.close();
      }
      return;
    }
    default: // Devices and pipes: a process of the sandbox gets none.
      return;
  }
}

/** No set-user bits, and never so little that we cannot read or remove it. */
const permissions = (header: Header, least: number) => ((header.mode ?? 0o644) & 0o777) | least;

/** The path of a name in the image. */
function inside(root: string, name: string): string {
  const clean = normalize(name.replace(/^\/+/, "") || ".").replace(/\/$/, "");
  if (clean === ".." || clean.startsWith("../") || name.includes("\0")) throw new Error(`"${name}" reaches outside of the image`);
  return join(root, clean);
}

/** Refuses a real path that is not below the root, and returns it. */
function requireInside(root: string, path: string): string {
  if (path !== root && !path.startsWith(`${root}/`)) throw new Error(`"${relative(root, path)}" is outside of the image`);
  return path;
}
