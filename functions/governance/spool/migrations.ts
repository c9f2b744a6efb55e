// The spool's part of the region's database.
import type { Schema } from "../migrator.ts";
import { telemetryDueIndex, telemetryGrants, telemetryTables } from "../telemetry/tables.ts";

export const schemaName = "spool";

export const schema: Schema = {
  name: schemaName,
  migrations: [
    { version: 1, sql: telemetryTables(schemaName) },
    { version: 2, sql: telemetryDueIndex(schemaName) },
  ],
  grants: (user) => `
  GRANT USAGE ON SCHEMA ${schemaName} TO ${user};
  ${telemetryGrants(schemaName, user)}`,
};
