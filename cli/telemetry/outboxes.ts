// What waits in a region's services, as their databases say (functions/telemetry/README.md, "What waits in services").
import pg from "pg";
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { Backlog } from "../../functions/telemetry/path-sums.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { owner } from "../commands/up.ts";
import { PersonError } from "../errors.ts";
import { accessToken, openDatabase } from "../sandbox.ts";

/** A service that keeps telemetry until a collector has it. */
export interface Outbox {
  readonly service: string;
  /** Of its tables, in the region's database. */
  readonly schema: string;
  /** E-mail of the service account that may read the view. */
  readonly reader: string;
}

export interface Database {
  readonly connectionName: string;
  readonly name: string;
}

/** @throws PersonError when the database does not answer */
export async function outboxBacklog(sandbox: SandboxFile, database: Database, outbox: Outbox): Promise<Map<Path, Backlog>> {
  const client = new pg.Client({
    host: await openDatabase(sandbox, database.connectionName, owner),
    database: database.name,
    user: outbox.reader.replace(/\.gserviceaccount\.com$/, ""),
    password: await accessToken(sandbox, `serviceAccount:${outbox.reader}`),
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ path: Path; spooled: string; rejected: string; dropped: string; oldest_at: Date | null }>(
      `SELECT path, spooled, rejected, dropped, oldest_at FROM ${pg.escapeIdentifier(outbox.schema)}.telemetry_backlog`,
    );
    return new Map(
      rows.map(({ path, spooled, rejected, dropped, oldest_at }) => [
        path,
        {
          spooled: Number(spooled),
          rejected: Number(rejected),
          dropped: Number(dropped),
          ...(oldest_at === null ? {} : { waitingSinceMs: oldest_at.getTime() }),
        },
      ]),
    );
  } catch (error) {
    throw new PersonError(
      `What waits in the service ${outbox.service} cannot be read: ${(error as Error).message}`,
      "./bailiwick status shows what runs.",
    );
  } finally {
    await client.end();
  }
}
