// The migration job of a service: runs once per release, before the service, as the user that owns the tables.
import pg from "pg";
import * as z from "zod";
import { connectionConfig } from "./database.ts";
import { databaseEnvironment, readEnvironment } from "./environment.ts";
import { log, reasonOf } from "./log.ts";
import { migrate, type Schema } from "./migrator.ts";

const migrationEnvironment = z.object({
  ...databaseEnvironment,
  /** Users that get what a service may do, comma-separated. */
  SERVICE_USERS: z.string().transform((list) =>
    list
      .split(",")
      .map((user) => user.trim())
      .filter(Boolean),
  ),
});

/** Runs it to its end; the exit code says whether the schema is at its newest. */
export async function runMigrationJob(schema: Schema): Promise<void> {
  try {
    const environment = readEnvironment(migrationEnvironment, process.env);
    const client = new pg.Client({
      ...connectionConfig({ socket: environment.DATABASE_SOCKET, name: environment.DATABASE_NAME, user: environment.DATABASE_USER }),
      // A step over large tables, or the wait for another run, may take as long as the job's own time limit.
      query_timeout: 0,
    });
    await client.connect();
    try {
      const { applied } = await migrate(client, schema, environment.SERVICE_USERS);
      log("INFO", applied.length > 0 ? `Applied migrations ${applied.join(", ")}.` : "The database is up to date.", { applied });
    } finally {
      await client.end();
    }
  } catch (error) {
    log("ERROR", reasonOf(error));
    process.exitCode = 1;
  }
}
