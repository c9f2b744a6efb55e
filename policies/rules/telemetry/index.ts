// What is known about what happened, and what must not be.
import type { Rule } from "../../rule.ts";
import { accessClause } from "./access-clause.ts";
import { accessLogs } from "./access-logs.ts";
import { alertRoute } from "./alert-route.ts";
import { auditTrail } from "./audit-trail.ts";
import { deadLetter } from "./dead-letter.ts";
import { logIntegrity } from "./log-integrity.ts";
import { personalInLogs } from "./personal-in-logs.ts";
import { retentionClause } from "./retention-clause.ts";
import { senderSpool } from "./sender-spool.ts";
import { twoPaths } from "./two-paths.ts";
import { unsampledAudit } from "./unsampled-audit.ts";

export const telemetryRules: readonly Rule[] = [
  twoPaths,
  senderSpool,
  retentionClause,
  accessClause,
  personalInLogs,
  unsampledAudit,
  auditTrail,
  logIntegrity,
  accessLogs,
  alertRoute,
  deadLetter,
];
