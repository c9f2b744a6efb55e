// The migration job of the preferences service.
import { runMigrationJob } from "../migration-job.ts";
import { schema } from "./migrations.ts";

await runMigrationJob(schema);
