// The migration job of the spool.
import { runMigrationJob } from "../migration-job.ts";
import { schema } from "./migrations.ts";

await runMigrationJob(schema);
