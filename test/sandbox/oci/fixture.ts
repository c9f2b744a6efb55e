// Images as OCI layouts on disk, the real crane to move them, and a loopback address for a host of the sandbox's internet.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import type { Internet } from "../../../sandbox/engine/internet.ts";
import { serve } from "../../../sandbox/runtimes/network/http.ts";
import { type Descriptor, digestOf } from "../../../sandbox/runtimes/oci/layout.ts";

const craneBinary = process.env.BAILIWICK_CRANE ?? join(homedir(), ".cache/bailiwick/crane-0.22.1/crane");
const run = promisify(execFile);

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
const configType = "application/vnd.oci.image.config.v1+json";

export type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

export async function layer(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry({ mtime: new Date(0), ...header }, content ?? "");
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return gzipSync(Buffer.concat(parts));
}

export interface Image {
  readonly digest: string;
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly manifest: Descriptor;
}

/** An image of these layers; those in `absent` are named in the manifest but are not among the blobs. */
export function image(layers: readonly Buffer[], config: object = {}, absent: readonly Descriptor[] = []): Image {
  const blobs = new Map<string, Buffer>();
  const add = (bytes: Buffer, mediaType: string): Descriptor => {
    blobs.set(digestOf(bytes), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const described = layers.map((bytes) => add(bytes, layerType));
  const diffIds = [...absent.map(({ digest }) => digest), ...layers.map((bytes) => digestOf(gunzipSync(bytes)))];
  const configBytes = Buffer.from(
    JSON.stringify({ architecture: "amd64", os: "linux", config, rootfs: { type: "layers", diff_ids: diffIds } }),
  );
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: add(configBytes, configType), layers: [...absent, ...described] };
  const descriptor = add(Buffer.from(JSON.stringify(manifest)), manifestType);
  return { digest: descriptor.digest, blobs, manifest: descriptor };
}

export function writeLayout(folder: string, { blobs, manifest }: Image): string {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  for (const [digest, bytes] of blobs) writeFileSync(join(folder, "blobs", digest.replace(":", "/")), bytes);
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  return folder;
}

/** A loopback address behind which the internet's `host` answers. */
export async function loopback(internet: Internet, host: string): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createServer((message, to) => {
    void serve((request) => internet.fetch(request), message, to, `https://${host}${message.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs crane as this user of this registry and gives what it printed. Rejects with its message. */
export async function crane(address: string, login: { user: string; password: string } | undefined, ...args: string[]): Promise<string> {
  const config = mkdtempSync(join(tmpdir(), "crane-"));
  try {
    const auth = login && Buffer.from(`${login.user}:${login.password}`).toString("base64");
    writeFileSync(join(config, "config.json"), JSON.stringify({ auths: auth ? { [address]: { auth } } : {} }));
    const { stdout } = await run(craneBinary, ["--insecure", ...args], { env: { DOCKER_CONFIG: config, HOME: config } });
    return stdout.trim();
  } finally {
    rmSync(config, { recursive: true, force: true });
  }
}
