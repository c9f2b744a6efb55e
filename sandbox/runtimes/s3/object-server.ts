// The object server behind the S3 front: one versitygw process on a private Unix socket, spoken to with keys that only the front has.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Agent } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { forward } from "../network/http.ts";
import { type Supervised, spawnSupervised } from "../process.ts";
import { sign } from "./sigv4.ts";

export interface ObjectServerOptions {
  /** Path of the versitygw binary. */
  readonly command: string;
  /** Holds `objects/` (the buckets) and `versions/` (their older versions). Must be on a file system with extended attributes. */
  readonly dataDir: string;
  readonly socketPath: string;
  readonly logFile: string;
  /** Folder of this server's pid file alone. */
  readonly pidDir: string;
  readonly log: (message: string) => void;
}

export interface Send {
  readonly method: string;
  /** Path-style, encoded, with its query: `/bucket/key?versionId=1`. */
  readonly path: string;
  readonly headers?: Headers;
  readonly body?: RequestInit["body"];
  /** What `x-amz-content-sha256` says of the body. Default `UNSIGNED-PAYLOAD`. */
  readonly payload?: string;
  readonly signal?: AbortSignal;
}

const host = "s3.us-east-1.amazonaws.com";
/** How long a start may take: it takes a twentieth of a second where nothing is wrong. */
const startTimeoutMs = 15_000;

export class ObjectServer {
  readonly #options: ObjectServerOptions;
  readonly #root = { accessKeyId: `root${randomBytes(8).toString("hex")}`, secret: randomBytes(24).toString("hex"), region: "us-east-1" };
  readonly #agent = new Agent({ keepAlive: true });
  #process: Supervised | undefined;
  #stopping = false;
  #ready: Promise<void> | undefined;

  constructor(options: ObjectServerOptions) {
    this.#options = options;
  }

  /** Returns when it answers. Restarts it whenever it dies, until `stop`. */
  async start(): Promise<void> {
    this.#stopping = false;
    this.#ready ??= this.#launch();
    await this.#ready;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#ready = undefined;
    this.#agent.destroy();
    await this.#process?.stop(5_000);
    this.#process = undefined;
  }

  get process(): Supervised | undefined {
    return this.#process;
  }

  /** Sends a signed request as root and gives the answer, unread. Waits for a restart that is under way. */
  async send({ method, path, headers = new Headers(), body, payload = "UNSIGNED-PAYLOAD", signal }: Send): Promise<Response> {
    if (!this.#ready) throw new Error("the object server is not running");
    await this.#ready;
    const url = new URL(path, `http://${host}`);
    sign({ method, url, headers, payload }, this.#root);
    const request = new Request(url, { method, headers, body, signal, ...(body ? { duplex: "half" } : {}) } as RequestInit);
    // It never closes an idle connection, but drops one at once that it is asked to close, with what it has not read of the request.
    return forward(request, { socketPath: this.#options.socketPath, agent: this.#agent });
  }

  /** Removes whatever is there of a bucket, as if nobody had ever made it. */
  discard(bucket: string): void {
    rmSync(join(this.#options.dataDir, "objects", bucket), { recursive: true, force: true });
  }

  /** Forces an object that was just written, and the folders that name it, to the disk. */
  async sync(bucket: string, key: string): Promise<void> {
    const root = join(this.#options.dataDir, "objects");
    const file = join(root, bucket, key);
    await fsync(file);
    for (let folder = dirname(file); folder.length >= root.length; folder = dirname(folder)) await fsync(folder);
  }

  async #launch(): Promise<void> {
    const { command, dataDir, socketPath, logFile, pidDir, log } = this.#options;
    const objects = join(dataDir, "objects");
    const versions = join(dataDir, "versions");
    mkdirSync(objects, { recursive: true });
    mkdirSync(versions, { recursive: true });
    // A killed server leaves its socket behind, and the next could not take its place.
    rmSync(socketPath, { force: true });
    const child = spawnSupervised({
      name: "s3",
      command,
      args: ["--port", socketPath, "--quiet", "--keep-alive", "--health", "/healthz", "posix", "--versioning-dir", versions, objects],
      env: { ROOT_ACCESS_KEY_ID: this.#root.accessKeyId, ROOT_SECRET_ACCESS_KEY: this.#root.secret, VGW_REGION: this.#root.region },
      logFile,
      pidDir,
    });
    this.#process = child;
    void child.exited.then(({ code, signal }) => {
      if (this.#stopping || this.#process !== child) return;
      log(`s3: the object server ended (${signal ?? `exit code ${code}`}), starting it again`);
      this.#ready = delay(200).then(() => (this.#stopping ? undefined : this.#launch()));
      this.#ready.catch((error: Error) => log(error.message));
    });
    const deadline = Date.now() + startTimeoutMs;
    while (!(await this.#answers())) {
      if (child.memory() === undefined || Date.now() > deadline) {
        const why = child.memory() === undefined ? "ended while starting" : `did not answer within ${startTimeoutMs / 1000} s`;
        throw new Error(`s3: the object server ${why}; see ${logFile}:\n${child.tail(10)}`);
      }
      await delay(10);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const answer = await forward(new Request(`http://${host}/healthz`), { socketPath: this.#options.socketPath });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}

async function fsync(path: string): Promise<void> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    // Deleted or replaced meanwhile by another request: that one syncs what it wrote.
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}
