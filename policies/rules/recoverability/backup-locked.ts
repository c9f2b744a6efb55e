// Backups outlive whoever holds the account: ransomware deletes them first.
import { byType, mustBeWithin } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { isAuditStore } from "./audit-retention.ts";
import { lockOf, vaultLockType, vaultType } from "./audit-vault-lock.ts";
import { inDurable, isOf, isOwed, stackInDurable } from "./kept.ts";

const leastDays = 7;

/** Audit data must be locked for longer, and for everyone: `object-lock` says so. */
const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter((resource) => resource.type === vaultType && isOf(isOwed, resource, context) && !isAuditStore(resource, context))
    .filter((vault) => !lockOf(vault, resources))
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "no lock keeps its backups from being deleted",
        allowed: `a backup.VaultLockConfiguration of this vault with minRetentionDays ${leastDays} or more, or a LogicallyAirGappedVault`,
      },
    }));

export const backupLocked: Rule = {
  id: "recoverability/backup-locked",
  title: "Backups cannot be deleted before they are of no use",
  severity: "high",
  why: "Whoever encrypts a database for ransom deletes its backups first, with the same rights that made them.",
  remediation: "Lock the vault; test it in governance mode, then set changeableForDays, after which nobody can lift it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12(3)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: vaultType, name: "backups", props: { name: "backups" } },
      { type: vaultLockType, props: { backupVaultName: "backups", minRetentionDays: 7, changeableForDays: 3 } },
    ],
    fails: [{ type: vaultType, name: "backups", props: { name: "backups" } }],
  },
  check: inDurable(byType({ [vaultLockType]: [mustBeWithin("minRetentionDays", leastDays, 36_500, "days", 0)] })),
  checkStack: stackInDurable(checkStack),
};
