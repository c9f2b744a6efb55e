// The migration job: runs once per release, before the service, as the user that owns the tables.
import pg from "pg";
import { connectionConfig } from "../database.ts";
import { readEnvironment } from "../environment.ts";
import { log, reasonOf } from "../log.ts";
import { migrationEnvironment } from "./environment.ts";
import { migrations } from "./migrations.ts";
import { migrate } from "./migrator.ts";

try {
  const environment = readEnvironment(migrationEnvironment, process.env);
  const client = new pg.Client({
    ...connectionConfig({ socket: environment.DATABASE_SOCKET, name: environment.DATABASE_NAME, user: environment.DATABASE_USER }),
    // A step over large tables, or the wait for another run, may take as long as the job's own time limit.
    query_timeout: 0,
  });
  await client.connect();
  try {
    const { applied } = await migrate(client, migrations, environment.SERVICE_USERS);
    log("INFO", applied.length > 0 ? `Applied migrations ${applied.join(", ")}.` : "The database is up to date.", { applied });
  } finally {
    await client.end();
  }
} catch (error) {
  log("ERROR", reasonOf(error));
  process.exitCode = 1;
}
