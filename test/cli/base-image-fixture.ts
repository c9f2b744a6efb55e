// Small base images, and crane's own registry on loopback to pull them from.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { digestOf } from "../../sandbox/runtimes/oci/layout.ts";
import { layer } from "../sandbox/oci/fixture.ts";

export const craneBinary = process.env.BAILIWICK_CRANE ?? join(homedir(), ".cache/bailiwick/crane-0.22.1/crane");
const run = promisify(execFile);

/** Media types, as OCI and as Docker call them. */
const types = {
  oci: {
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
    config: "application/vnd.oci.image.config.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    index: "application/vnd.oci.image.index.v1+json",
  },
  docker: {
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    config: "application/vnd.docker.container.image.v1+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
  },
} as const;

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}
const blob = (mediaType: string, bytes: Buffer): Blob => ({ mediaType, digest: digestOf(bytes), size: bytes.length, bytes });
const jsonBlob = (mediaType: string, content: object) => blob(mediaType, Buffer.from(JSON.stringify(content)));
const descriptor = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size });

/** What calls itself an image, whatever it says. */
export const manifest = (content: object) => jsonBlob(types.oci.manifest, content);

/** An image, or an index of images: what it is named by, and everything below that. */
export interface Pushable {
  readonly top: Blob;
  /** Manifests that an index names. */
  readonly below: readonly Blob[];
  readonly blobs: readonly Blob[];
}

export interface Base extends Pushable {
  readonly layers: readonly Blob[];
  readonly diffIds: readonly string[];
}

export interface BaseOptions {
  readonly architecture?: string;
  readonly kind?: keyof typeof types;
  readonly layerType?: string;
  readonly config?: object;
  readonly history?: readonly object[];
}

/** A distribution with Node.js as small as can be: two layers, the second over the first. */
export async function base(options: BaseOptions = {}): Promise<Base> {
  const { architecture = "amd64", kind = "oci", layerType = types[kind].layer, config = {}, history } = options;
  const archives = await Promise.all([
    layer([
      { name: "usr/bin/", type: "directory" },
      { name: "bin", type: "symlink", linkname: "usr/bin" },
      { name: "etc/os-release", content: `ID=small ${architecture}\n` },
    ]),
    layer([{ name: "usr/bin/node", content: "#!/bin/sh\n", mode: 0o755 }]),
  ]);
  const layers = archives.map((bytes) => blob(layerType, bytes));
  const diffIds = archives.map((bytes) => digestOf(gunzipSync(bytes)));
  const image = { architecture, os: "linux", config, rootfs: { type: "layers", diff_ids: diffIds }, ...(history ? { history } : {}) };
  const configBlob = jsonBlob(types[kind].config, image);
  const top = jsonBlob(types[kind].manifest, {
    schemaVersion: 2,
    mediaType: types[kind].manifest,
    config: descriptor(configBlob),
    layers: layers.map(descriptor),
  });
  return { top, below: [], blobs: [configBlob, ...layers], layers, diffIds };
}

/** An index of images, each for its platform. */
export function index(images: readonly (readonly [Base, object])[], kind: keyof typeof types = "oci"): Pushable {
  const manifests = images.map(([{ top }, platform]) => ({ ...descriptor(top), platform }));
  return {
    top: jsonBlob(types[kind].index, { schemaVersion: 2, mediaType: types[kind].index, manifests }),
    below: images.map(([{ top }]) => top),
    blobs: images.flatMap(([{ blobs }]) => blobs),
  };
}

/** crane's registry; its blobs are on disk, where a test can damage them. */
export class Registry implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "base-registry-"));
  readonly #process: ChildProcess;
  #host = "";

  private constructor() {
    const args = ["registry", "serve", "--address", "127.0.0.1:0", "--disk", this.#folder];
    this.#process = spawn(craneBinary, args, { stdio: ["ignore", "ignore", "pipe"] });
  }

  static async start(): Promise<Registry> {
    const registry = new Registry();
    const words = registry.#process.stderr as NodeJS.ReadableStream;
    for await (const line of createInterface({ input: words })) {
      const port = /serving on port (\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      registry.#host = `127.0.0.1:${port}`;
      break;
    }
    words.resume();
    return registry;
  }

  get host() {
    return this.#host;
  }

  /** Everything that crane says. */
  async crane(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(craneBinary, args, { env: { HOME: this.#folder, DOCKER_CONFIG: this.#folder } });
    return stdout + stderr;
  }

  /** @param path of the repository */
  async push(path: string, { top, below, blobs }: Pushable): Promise<{ readonly repository: string; readonly digest: string }> {
    const repository = `${this.#host}/${path}`;
    const send = async (method: string, place: string, { bytes, mediaType }: Blob) => {
      const url = `http://${this.#host}/v2/${path}/${place}`;
      const { status } = await fetch(url, { method, body: new Uint8Array(bytes), headers: { "content-type": mediaType } });
      if (status !== 201) throw new Error(`${method} ${url} was answered with ${status}`);
    };
    for (const each of blobs) await send("POST", `blobs/uploads/?digest=${each.digest}`, each);
    for (const each of [...below, top]) await send("PUT", `manifests/${each.digest}`, each);
    return { repository, digest: top.digest };
  }

  damage({ digest }: Blob): void {
    damageFile(join(this.#folder, digest.replace(":", "/")));
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** As long as before, with another last byte. */
export function damageFile(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  writeFileSync(file, bytes);
}
