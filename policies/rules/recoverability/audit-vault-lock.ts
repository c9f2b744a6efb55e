// The lock of a backup vault that holds audit data.
import { mustBeSet } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { leadsTo } from "../../relation.ts";
import type { Resource } from "../../resource.ts";
import type { StackFinding } from "../../rule.ts";
import { auditRetentionOf, keptFor } from "./audit-retention.ts";

export const vaultType = "aws:backup/vault:Vault";
export const vaultLockType = "aws:backup/vaultLockConfiguration:VaultLockConfiguration";

export const lockOf = (vault: Resource, resources: readonly Resource[]): Resource | undefined =>
  resources.find((other) => other.type === vaultLockType && leadsTo(other, "backupVaultName", vault));

/** Days after which nobody can lift it any more. Without them the lock is in governance mode (docs.aws.amazon.com/aws-backup, "Vault Lock"). */
const compliance = mustBeSet("changeableForDays", "changeableForDays: 3 or more", "a lock that an administrator lifts");

export function judgeVault(vault: Resource, resources: readonly Resource[], context: Context): StackFinding[] {
  const lock = lockOf(vault, resources);
  if (!lock) {
    const allowed =
      "a backup.VaultLockConfiguration of this vault with changeableForDays and minRetentionDays, or a LogicallyAirGappedVault";
    return [{ urn: vault.urn, finding: { kind: "violation", problem: "no lock keeps its audit data from being deleted", allowed } }];
  }
  const days = keptFor("minRetentionDays", "days", 1, auditRetentionOf(vault, context));
  return [compliance, days].flatMap((check) => check(lock, context)).map((finding) => ({ urn: lock.urn, finding }));
}
