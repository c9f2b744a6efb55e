// One PostgreSQL server: initialised on first use, reached through a private Unix socket only, restarted when it dies.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type Supervised, spawnSupervised } from "../process.ts";
import { findBinaries } from "./binaries.ts";
import { handOver, type Identity, ordinaryUser } from "./identity.ts";

export interface ServerOptions {
  readonly name: string;
  /** Its data; made on first use. */
  readonly dataDir: string;
  /** Folder of its socket: short, and for this server alone. Whoever can open the socket is trusted. */
  readonly socketDir: string;
  readonly logFile: string;
  readonly pidDir: string;
  /** Name of the superuser. */
  readonly admin: string;
  /** Server settings on top of ours, such as `max_connections`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly identity?: Identity;
}

// Small, because many run beside each other; fsync stays on, for what was committed must survive a kill.
const tuning = {
  shared_buffers: "64MB",
  io_method: "sync",
  max_connections: "100",
  dynamic_shared_memory_type: "posix",
  log_checkpoints: "off",
};
const readyWithinMs = 60_000;
const longestPauseMs = 5000;
/** What PostgreSQL says while children of a server that was killed still hold its memory or its lock: they end by themselves. */
const stillHeld = /is still in use|lock file .* already exists/;

export class PostgresServer {
  readonly #options: ServerOptions;
  readonly #identity: Identity;
  #process: Supervised | undefined;
  #state: "running" | "starting" | "stopped" = "stopped";
  #settings: Readonly<Record<string, string>>;
  #watch: Promise<void> = Promise.resolve();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#identity = options.identity ?? ordinaryUser();
  }

  get state() {
    return this.#state;
  }
  get pid() {
    return this.#process?.pid;
  }
  memory() {
    return this.#process?.memory();
  }

  /**
   * Starts it, and keeps it running until `stop`.
   * @throws Error with the log's last lines when it does not come up
   */
  async start(): Promise<void> {
    if (this.#state !== "stopped") return;
    this.#state = "starting";
    try {
      if (!existsSync(this.#options.dataDir)) await this.#initialise();
      await this.#launchOver();
    } catch (error) {
      this.#state = "stopped";
      throw error;
    }
    this.#watch = this.#keepRunning();
  }

  /** Ends it in order (a "fast" shutdown: open transactions are rolled back). */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    await this.#process?.stop(20_000, "SIGINT");
    await this.#watch;
  }

  async restart(settings: Readonly<Record<string, string>>): Promise<void> {
    await this.stop();
    this.#settings = settings;
    await this.start();
  }

  /** Runs statements as the superuser, each on its own. */
  async query(statements: readonly string[], database = "postgres"): Promise<pg.QueryResult[]> {
    const client = await this.#connect(database);
    try {
      const results: pg.QueryResult[] = [];
      for (const statement of statements) results.push(await client.query(statement));
      return results;
    } finally {
      await client.end();
    }
  }

  get socket(): string {
    return join(this.#options.socketDir, ".s.PGSQL.5432");
  }

  async #connect(database: string): Promise<pg.Client> {
    const client = new pg.Client({ host: this.#options.socketDir, port: 5432, user: this.#options.admin, database });
    // The server may die under us: whoever waits for a query gets that error, this one is nobody's.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  // Into a folder of another name first: one that has the right name is whole.
  async #initialise(): Promise<void> {
    const { dataDir, admin } = this.#options;
    const unfinished = `${dataDir}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    handOver(unfinished, this.#identity);
    const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
    const initdb = this.#spawn(findBinaries().initdb, ["-D", unfinished, "-U", admin, "--auth=trust", ...locale]);
    const { code } = await initdb.exited;
    if (code !== 0) throw new Error(`${this.#options.name}: initdb failed with code ${code}:\n${initdb.tail(10)}`);
    renameSync(unfinished, dataDir);
  }

  /** Waits for what is left of an earlier server on the same data. */
  async #launchOver(): Promise<void> {
    for (const deadline = Date.now() + readyWithinMs; ; await delay(100)) {
      try {
        return await this.#launch();
      } catch (error) {
        if (Date.now() > deadline || !stillHeld.test(String(error))) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    const { dataDir, socketDir, name } = this.#options;
    mkdirSync(socketDir, { recursive: true, mode: 0o700 });
    handOver(socketDir, this.#identity);
    const settings = {
      ...tuning,
      ...this.#settings,
      listen_addresses: "",
      unix_socket_directories: socketDir,
      unix_socket_permissions: "0700",
    };
    const flags = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    const child = this.#spawn(findBinaries().postgres, ["-D", dataDir, ...flags]);
    this.#process = child;
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    for (const deadline = Date.now() + readyWithinMs; ; await delay(20)) {
      if (ended) throw new Error(`${name}: PostgreSQL did not start:\n${child.tail(10)}`);
      try {
        await (await this.#connect("postgres")).end();
        break;
      } catch (error) {
        if (Date.now() < deadline) continue;
        await child.stop(0);
        throw new Error(`${name}: PostgreSQL did not answer within ${readyWithinMs / 1000} s: ${error}\n${child.tail(10)}`);
      }
    }
    if (this.#state === "starting") this.#state = "running";
  }

  async #keepRunning(): Promise<void> {
    for (let pauseMs = 50; this.#state !== "stopped"; ) {
      await this.#process?.exited;
      if (this.#state !== "running" && this.#state !== "starting") return;
      this.#state = "starting";
      try {
        await this.#launch();
        pauseMs = 50;
      } catch {
        // Its log says why.
        await delay(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  #spawn(command: string, args: string[]): Supervised {
    const { name, logFile, pidDir } = this.#options;
    // PostgreSQL's own libraries are found relative to its binary; the time zone is the cloud's.
    return spawnSupervised({ name, command, args, env: { TZ: "UTC", LC_ALL: "C" }, cwd: "/", logFile, pidDir, ...this.#identity });
  }
}
