// What brings data back, and what keeps it from going.
import type { Rule } from "../../rule.ts";
import { backupLocked } from "./backup-locked.ts";
import { backupRetention } from "./backup-retention.ts";
import { deletionProtection } from "./deletion-protection.ts";
import { finalSnapshot } from "./final-snapshot.ts";
import { forceDestroy } from "./force-destroy.ts";
import { keyDeletionWindow } from "./key-deletion-window.ts";
import { lifecycleKeeps } from "./lifecycle-keeps.ts";
import { logRetention } from "./log-retention.ts";
import { objectLock } from "./object-lock.ts";
import { pointInTime } from "./point-in-time.ts";
import { protect } from "./protect.ts";
import { softDelete } from "./soft-delete.ts";
import { versioning } from "./versioning.ts";
import { zoneRedundancy } from "./zone-redundancy.ts";

export const recoverabilityRules: readonly Rule[] = [
  protect,
  deletionProtection,
  forceDestroy,
  finalSnapshot,
  keyDeletionWindow,
  backupRetention,
  pointInTime,
  backupLocked,
  versioning,
  softDelete,
  objectLock,
  lifecycleKeeps,
  logRetention,
  zoneRedundancy,
];
