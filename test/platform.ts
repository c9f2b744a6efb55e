// A whole platform of its own for one test: a copy of the work tree in a temporary folder, a sandbox on a free port, and the person's tool
// run there as a person runs it. Nothing of it is left when it is disposed of.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { Agent, fetch, type RequestInit, type Response } from "undici";
import { cacheDir } from "../cli/paths.ts";
import { freePort } from "../cli/port.ts";
import { copyWorkTree } from "../cli/work-tree.ts";
import { once } from "./once.ts";

export interface Ended {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Node resolves no `*.localhost`; curl and browsers do. */
const loopback = new Agent({ connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) } });

/** A folder with modes and times as they are, of which a database's folder makes much. */
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);

export class Platform implements AsyncDisposable {
  /** The copy of the work tree: change what you like. */
  readonly dir: string;
  /** Of the gateway. */
  readonly port: number;
  readonly #home: string;
  readonly #running = new Set<Started>();

  private constructor(folder: string, port: number) {
    this.dir = join(folder, "bailiwick");
    this.#home = join(folder, "home");
    this.port = port;
  }

  /** Copies the work tree. The sandbox starts with the first command that needs it. */
  static async create(): Promise<Platform> {
    const folder = mkdtempSync(join(tmpdir(), "platform-"));
    const platform = new Platform(folder, await freePort());
    mkdirSync(platform.#home);
    copyWorkTree(platform.dir);
    return platform;
  }

  /** One that finds everything built: by the same sources, so `build` has nothing to do until some of them change. */
  static async built(): Promise<Platform> {
    const platform = await Platform.create();
    copy(process.env.BAILIWICK_PREBUILT as string, join(platform.dir, ".bailiwick"));
    return platform;
  }

  /**
   * One that was deployed and stopped: the first `up` of any stack brings all of them back. It is deployed from nothing once, by the first
   * test that asks, and copied for each.
   * @param extent all stacks, or all but `us`, for who makes a region
   */
  static async deployed(extent: "whole" | "without us" = "whole"): Promise<Platform> {
    const platform = await Platform.built();
    const original = `${process.env.BAILIWICK_PREBUILT}-deployed`;
    await once(original, async () => {
      await using first = await Platform.built();
      for (const [name, ...stacks] of [
        ["without us", "global", "eu", "apac"],
        ["whole", "us"],
      ] as const) {
        await first.succeed("up", ...stacks);
        await first.succeed("down");
        copy(join(first.dir, ".sandbox"), `${original} ${name}`);
      }
    });
    copy(`${original} ${extent}`, join(platform.dir, ".sandbox"));
    return platform;
  }

  /** What a command sees: nothing of the person who runs the tests but Node and the built tools. */
  get env(): NodeJS.ProcessEnv {
    return {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: this.#home,
      // Tools are built once for all platforms.
      BAILIWICK_CACHE: cacheDir,
      BAILIWICK_PORT: String(this.port),
      ...(process.env.TMPDIR === undefined ? {} : { TMPDIR: process.env.TMPDIR }),
    };
  }

  /** Starts any command in the copy and does not wait for it. It is ended with the platform. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
    const child = spawn(command, args, { cwd: this.dir, env: { ...this.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
    const started = { child, ended };
    this.#running.add(started);
    const forget = () => this.#running.delete(started);
    ended.then(forget, forget);
    return started;
  }

  /** `./bailiwick <args>`, to its end. @param env more variables, or others */
  bailiwick(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(join(this.dir, "bailiwick"), args, env).ended;
  }

  /** `./bailiwick <args>` that must succeed. @throws Error with all it said, if it does not */
  async succeed(...args: string[]): Promise<Ended> {
    const ended = await this.bailiwick(args);
    if (ended.code === 0) return ended;
    throw new Error(`./bailiwick ${args.join(" ")} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
  }

  /** The plain command line as a person runs it: `eval "$(./bailiwick env <stack>)"; pulumi <args>`. */
  pulumi(stack: string, args: readonly string[]): Promise<Ended> {
    const script = 'set -e; words=$(./bailiwick env "$0"); eval "$words"; exec pulumi "$@" --non-interactive --color never';
    return this.start("bash", ["-c", script, stack, ...args]).ended;
  }

  /** Address of a region's site, or of `api` and `www`, for `fetch` below and for curl. */
  url(name: string, path = "/"): string {
    return `http://${name}.localhost:${this.port}${path}`;
  }

  /** @param name a host's first label (`eu`, `api`) or a whole address; redirects within the platform can be followed */
  fetch(name: string, path = "/", init: RequestInit = {}): Promise<Response> {
    return fetch(name.includes("://") ? name : this.url(name, path), { dispatcher: loopback, redirect: "manual", ...init });
  }

  /** Ends what still runs, discards the embedded account, and removes the copy. @throws Error when the account could not be discarded */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#running) child.kill("SIGKILL");
    await Promise.allSettled([...this.#running].map(({ ended }) => ended));
    const down = existsSync(join(this.dir, "bailiwick")) ? await this.bailiwick(["down", "--purge"]) : undefined;
    rmSync(dirname(this.dir), { recursive: true, force: true });
    if (down && down.code !== 0) throw new Error(`./bailiwick down --purge ended with ${down.code}:\n${down.stderr}`);
  }
}
