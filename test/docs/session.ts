// A reader's shell: a copy of the work tree as a commit of its own, an empty home, a free port.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Platform } from "../platform.ts";

/** The gateway's port as pages write it. */
const pagePort = "8400";

export class Session implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #folder: string;
  readonly #bash: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #blocks = 0;

  private constructor(platform: Platform, folder: string) {
    this.#platform = platform;
    this.#folder = folder;
    const env = { ...platform.env, LANG: "C.UTF-8", TMPDIR: join(folder, "tmp") };
    this.#bash = spawn("bash", ["--noprofile", "--norc"], { cwd: platform.dir, env, stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#bash.stdout as Readable })[Symbol.asyncIterator]();
  }

  /** @param platform a fresh one; it is disposed of with the session */
  static async start(platform: Platform): Promise<Session> {
    const folder = dirname(platform.dir);
    for (const name of ["tmp", "blocks"]) mkdirSync(join(folder, name));
    const git = (...args: string[]) => execFileSync("git", args, { cwd: platform.dir });
    git("init", "--quiet");
    git("add", "--all");
    git("-c", "user.name=reader", "-c", "user.email=reader@brand.example", "commit", "--quiet", "-m", "As it stands");
    return new Session(platform, folder);
  }

  /** Runs a page's block in the shell; both streams come back in their order, with the page's port in the place of ours. */
  async run(code: string): Promise<{ readonly code: number; readonly output: string }> {
    const block = join(this.#folder, "blocks", `${this.#blocks++}`);
    writeFileSync(`${block}.sh`, `${code.replaceAll(pagePort, String(this.#platform.port))}\n`);
    this.#bash.stdin?.write(`. ${block}.sh </dev/null >${block}.out 2>&1; echo $?\n`);
    const { value } = await this.#answers.next();
    return { code: Number(value), output: readFileSync(`${block}.out`, "utf8").replaceAll(String(this.#platform.port), pagePort) };
  }

  /** What is there after a reader has purged and closed the shell, in words; empty when nothing is. Builds stay, as do caches. */
  async leftovers(): Promise<string[]> {
    await this.#close();
    const home = readdirSync(join(this.#folder, "home"), { recursive: true, encoding: "utf8" });
    const temporary = readdirSync(join(this.#folder, "tmp"));
    const status = execFileSync("git", ["status", "--porcelain", "--ignored"], { cwd: this.#platform.dir, encoding: "utf8" });
    const changed = status.split("\n").filter((line) => line !== "" && !/^!! (\.bailiwick|node_modules)\/$/.test(line));
    return [
      ...changed.map((line) => `work tree: ${line}`),
      // Go counts its own runs wherever it is asked for its version (go.dev/doc/telemetry).
      ...home.filter((path) => !isWithin(path, ".config/go/telemetry")).map((path) => `home: ${path}`),
      ...temporary.map((name) => `temporary folder: ${name}`),
      ...processesOf(this.#folder),
      ...((await answers(this.#platform.port)) ? [`port ${this.#platform.port}`] : []),
    ];
  }

  async #close(): Promise<void> {
    if (this.#bash.exitCode !== null) return;
    const closed = new Promise((done) => this.#bash.once("exit", done));
    this.#bash.stdin?.end();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#platform[Symbol.asyncDispose]();
  }
}

/** Whether a path is the folder, in it, or one of those that hold it. */
const isWithin = (path: string, folder: string) => `${path}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${path}/`);

const answers = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });

/** Processes that run in a folder, or were started with a path in it. Linux only; elsewhere there is nothing to look at. */
function processesOf(folder: string): string[] {
  if (!existsSync("/proc/self/cwd")) return [];
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const about = [command, readlinkSync(`/proc/${pid}/cwd`), readFileSync(`/proc/${pid}/environ`, "utf8")];
      return about.some((text) => text.includes(folder)) ? [`process ${pid}: ${command}`] : [];
    } catch {
      return []; // It ended while we looked, or is not ours to look at.
    }
  });
}
