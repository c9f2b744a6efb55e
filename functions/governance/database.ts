// PostgreSQL through the platform's socket mount, as an IAM user: a fresh access token is the password of every new connection.
import pg from "pg";
import { log, reasonOf } from "./log.ts";
import { databasePassword, MetadataUnavailable } from "./metadata-server.ts";
import { traced } from "./telemetry/traced.ts";

export interface DatabaseOptions {
  /** Folder of the socket: `/cloudsql/<connection name>`. */
  readonly socket: string;
  readonly name: string;
  readonly user: string;
  /**
   * Connections at most. Few: two revisions of each service run side by side during a rollout, beside the migration jobs, and the smallest
   * instances allow 22 in all.
   */
  readonly connections: number;
}

/** The database cannot be asked now. Nothing was written, or the writer cannot know: the same request may be sent again. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The database cannot be reached, or has no room: ${reasonOf(cause)}.`, { cause });
    this.name = "DatabaseUnavailable";
  }
}

export function connectionConfig({ socket, name, user }: Omit<DatabaseOptions, "connections">): pg.ClientConfig {
  return {
    host: socket,
    database: name,
    user,
    password: databasePassword,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
    pipeline: true,
  };
}

/**
 * How a service's statements are planned. Each looks up a few rows by an index, however large its tables have become. A plan is made once a connection:
 * PostgreSQL would make one for each list of values that is shorter than it guesses. And it would plan to read tables whole, and join them so, while they are
 * small, and keep that plan however they grow, until it has looked at them again. What no index helps is read whole all the same
 * (https://www.postgresql.org/docs/current/runtime-config-query.html).
 */
const planning = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  // Before PostgreSQL 18 a plan for which there is no other way counts as one that is worth compiling.
  jit: "off",
} as const;
const planned = Object.entries(planning)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ");

/**
 * Statements that are asked at once go out at once, and are done one after the other, each with a snapshot of its own: where one fails, the
 * transaction does none of the rest.
 */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}

export interface Transaction extends Queryable {
  /** A statement whose rows nobody needs: it travels with what is asked beside it, at the latest with the commit, which fails where it fails. */
  send(text: string, values?: unknown[]): void;
}

/** Names of the statements that have values, one for each text: the server parses and plans each once a connection. */
const names = new Map<string, string>();

function prepared(text: string, values: unknown[] | undefined): pg.QueryConfig {
  if (values === undefined) return { text };
  const name = names.get(text) ?? `s${names.size}`;
  names.set(text, name);
  return { name, text, values };
}

export class Database {
  readonly #pool: pg.Pool;

  constructor(options: DatabaseOptions) {
    this.#pool = new pg.Pool({ ...connectionConfig(options), options: planned, max: options.connections, idleTimeoutMillis: 60_000 });
    // From its first moment to its last: a connection that breaks while nobody listens ends the process. Between being made and being handed out
    // there is such a moment in the pool. What is under way fails by itself, and an idle connection is replaced at the next use.
    this.#pool.on("connect", (client) => client.on("error", noteBreak));
    this.#pool.on("error", () => {});
  }

  /** Runs one statement. Throws DatabaseUnavailable when there is no database to run it. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.statements.query<Row>(text, values)).rows;
  }

  /** Statements of no transaction, each by itself and on any connection. */
  readonly statements: Queryable = {
    query: (text, values) =>
      traced(spanOf("query"), async () => {
        try {
          return await this.#pool.query(prepared(text, values));
        } catch (error) {
          throw translated(error);
        }
      }),
  };

  /**
   * Runs the work in one transaction: what it returns is committed, what it throws is rolled back. It begins in the same journey as what the
   * work asks first, and is committed in the same one as what the work sent last.
   */
  transaction<T>(work: (client: Transaction) => Promise<T>): Promise<T> {
    return traced(spanOf("transaction"), () => this.#transaction(work));
  }

  async #transaction<T>(work: (client: Transaction) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    let broken: Error | undefined;
    const sent: Promise<pg.QueryResult>[] = [];
    let failed: unknown;
    try {
      const connection = await this.#pool.connect();
      client = connection;
      const query = <Row extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<Row>> => {
        together(connection);
        const answered = connection.query<Row>(config);
        answered.catch((error: unknown) => {
          failed ??= error;
        });
        return answered;
      };
      const send = (config: pg.QueryConfig) => {
        sent.push(query(config));
      };
      send({ text: "BEGIN" });
      const result = await work({
        query: (text, values) => query(prepared(text, values)),
        send: (text, values) => send(prepared(text, values)),
      });
      send({ text: "COMMIT" });
      let last: pg.QueryResult | undefined;
      // In the order in which they were done: the first that failed is why.
      for (const answered of sent) last = await answered;
      // The server answers otherwise where a statement failed and the work did not mind.
      if (last?.command !== "COMMIT") throw new Error("The transaction was rolled back: one of its statements had failed.");
      return result;
    } catch (error) {
      // Where even the rollback fails the connection is thrown away, and the server rolls back by itself.
      await client?.query("ROLLBACK").catch((failed: Error) => {
        broken = failed;
      });
      // Of statements that went out at once the first that failed says why; of the rest somebody may hear first, and they only say that they were not done.
      throw translated(isOfAborted(error) ? failed : error);
    } finally {
      client?.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** What is asked stays unsaid: a statement's text would be long, and its values personal. */
export const spanOf = (operation: "query" | "transaction") =>
  ({
    name: `postgresql.${operation}`,
    kind: "client",
    attributes: { "db.system.name": "postgresql", "db.operation.name": operation },
  }) as const;

/** Holds back what is written until everything that is asked now is there: one packet, where pg makes one of each statement. */
function together({ connection: { stream } }: pg.PoolClient): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: in_failed_sql_transaction. */
const isOfAborted = (error: unknown) => error instanceof pg.DatabaseError && error.code === "25P02";

function noteBreak(error: Error): void {
  log("WARNING", "A database connection broke.", { reason: reasonOf(error) });
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, authorisation (a token that is over), rollback (of two transactions
// that waited for each other), resources, operator, system.
const unavailableClasses = new Set(["08", "28", "40", "53", "57", "58"]);

function translated(error: unknown): unknown {
  if (error instanceof pg.DatabaseError)
    return unavailableClasses.has(error.code?.slice(0, 2) ?? "") ? new DatabaseUnavailable(error) : error;
  if (error instanceof MetadataUnavailable) return new DatabaseUnavailable(error);
  if (!(error instanceof Error) || (error.name !== "Error" && !("syscall" in error))) return error;
  // pg reports a lost connection and a time-out as plain errors without a code; sockets as errors with a system call.
  const lost = "syscall" in error || /terminated|timeout|not queryable|ended/i.test(error.message);
  return lost ? new DatabaseUnavailable(error) : error;
}
