// Cloud SQL for PostgreSQL.

import type { Iam } from "./iam.ts";
import type { GcpService } from "./service.ts";
import { sqlDatabase, sqlUser } from "./sql-access.ts";
import { sqlInstance } from "./sql-instance.ts";
import type { CloudSqlRuntime } from "./sql-runtime.ts";

export function createSql(runtime: CloudSqlRuntime, iam: Iam): GcpService {
  return {
    resources: [sqlInstance(runtime, iam), sqlDatabase(runtime), sqlUser(runtime)],
    functions: [],
    start: () => runtime.start(),
    stop: () => runtime.stop(),
    parts: () => runtime.parts(),
  };
}
