import { describe, expect, it } from "vitest";
import type { Rule } from "../../../../policies/rule.ts";
import { backupLocked } from "../../../../policies/rules/recoverability/backup-locked.ts";
import { backupRetention } from "../../../../policies/rules/recoverability/backup-retention.ts";
import { pointInTime } from "../../../../policies/rules/recoverability/point-in-time.ts";
import { zoneRedundancy } from "../../../../policies/rules/recoverability/zone-redundancy.ts";
import { type Case, context, resource, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const sql = "gcp:sql/databaseInstance:DatabaseInstance";
const rds = "aws:rds/instance:Instance";
const table = "aws:dynamodb/table:Table";
const operational = { tags: { "data-class": "operational" } };
const postgres = (backup: object) => ({
  type: sql,
  props: { databaseVersion: "POSTGRES_18", settings: { backupConfiguration: backup } } as never,
});
const config = "settings.backupConfiguration";

specify(pointInTime, [
  ["a table", { type: table, props: { pointInTimeRecovery: { enabled: true } } }, compliant],
  ["a table without", { type: table, props: {} }, ["pointInTimeRecovery.enabled is not set, which means false"]],
  [
    "a table for two days",
    { type: table, props: { pointInTimeRecovery: { enabled: true, recoveryPeriodInDays: 2 } } },
    ["pointInTimeRecovery.recoveryPeriodInDays is 2"],
  ],
  ["a table of operational data", { type: table, props: operational }, notApplicable],
  ["PostgreSQL", postgres({ enabled: true, pointInTimeRecoveryEnabled: true }), compliant],
  ["PostgreSQL with backups only", postgres({ enabled: true }), [`${config}.pointInTimeRecoveryEnabled is not set, which means false`]],
  [
    "PostgreSQL for three days",
    postgres({ pointInTimeRecoveryEnabled: true, transactionLogRetentionDays: 3 }),
    [`${config}.transactionLogRetentionDays is 3`],
  ],
  [
    "MySQL, where the argument has another name",
    { type: sql, props: { databaseVersion: "MYSQL_8_4", settings: { backupConfiguration: { binaryLogEnabled: true } } } },
    compliant,
  ],
  ["a replica", { type: sql, props: { databaseVersion: "POSTGRES_18", masterInstanceName: "a", settings: {} } }, notApplicable],
  [
    "Firestore",
    { type: "gcp:firestore/database:Database" },
    ["pointInTimeRecoveryEnablement is not set, which means POINT_IN_TIME_RECOVERY_DISABLED"],
  ],
  ["Spanner, by default", { type: "gcp:spanner/database:Database" }, ["versionRetentionPeriod is not set, which means 1h"]],
  [
    "Spanner for a day",
    { type: "gcp:spanner/database:Database", props: { versionRetentionPeriod: "24h" } },
    ['versionRetentionPeriod is "24h"'],
  ],
  ["Spanner for a week", { type: "gcp:spanner/database:Database", props: { versionRetentionPeriod: "168h" } }, compliant],
  ["AlloyDB, by default", { type: "gcp:alloydb/cluster:Cluster" }, compliant],
  [
    "AlloyDB without",
    { type: "gcp:alloydb/cluster:Cluster", props: { continuousBackupConfig: { enabled: false } } },
    ["continuousBackupConfig.enabled is false"],
  ],
  [
    "what is not known yet",
    { type: table, props: { pointInTimeRecovery: { enabled: UNKNOWN } } },
    ["undecided: pointInTimeRecovery.enabled"],
  ],
  ["what is no database", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

specify(backupRetention, [
  ["a fortnight", { type: rds, props: { backupRetentionPeriod: 14 } }, compliant],
  ["none, which is RDS's default", { type: rds, props: {} }, ["backupRetentionPeriod is not set, which means 0"]],
  ["a day, which is a cluster's", { type: "aws:rds/cluster:Cluster", props: {} }, ["backupRetentionPeriod is not set, which means 1"]],
  ["three days", { type: "aws:docdb/cluster:Cluster", props: { backupRetentionPeriod: 3 } }, ["backupRetentionPeriod is 3"]],
  ["of a replica", { type: rds, props: { replicateSourceDb: "orders" } }, notApplicable],
  ["of operational data", { type: rds, props: operational }, notApplicable],
  ["PostgreSQL", postgres({ enabled: true }), compliant],
  ["PostgreSQL without", { type: sql, props: { settings: { tier: "a" } } }, [`${config}.enabled is not set, which means false`]],
  [
    "PostgreSQL with two",
    postgres({ enabled: true, backupRetentionSettings: { retainedBackups: 2 } }),
    [`${config}.backupRetentionSettings.retainedBackups is 2`],
  ],
  ["a scratch file system", { type: "aws:fsx/lustreFileSystem:LustreFileSystem", props: { deploymentType: "SCRATCH_2" } }, compliant],
  ["a file system by default, which is a scratch one", { type: "aws:fsx/lustreFileSystem:LustreFileSystem", props: {} }, compliant],
  [
    "a persistent file system",
    { type: "aws:fsx/lustreFileSystem:LustreFileSystem", props: { deploymentType: "PERSISTENT_2" } },
    ["automaticBackupRetentionDays is not set, which means 0"],
  ],
  ["a plan that keeps a month", { type: "aws:backup/plan:Plan", props: { rules: [{ lifecycle: { deleteAfter: 30 } }] } }, compliant],
  ["a plan that keeps for ever", { type: "aws:backup/plan:Plan", props: { rules: [{ ruleName: "a" }] } }, compliant],
  [
    "a plan that keeps a day",
    { type: "aws:backup/plan:Plan", props: { rules: [{ lifecycle: { deleteAfter: 1 } }] } },
    ["rules[0].lifecycle.deleteAfter is 1"],
  ],
  ["a retention that is not known yet", { type: rds, props: { backupRetentionPeriod: UNKNOWN } }, ["undecided: backupRetentionPeriod"]],
  ["what is no database", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

const found = (rule: Rule, ...all: (Case & { from?: string })[]) => {
  const made = all.map((it) => ({ ...resource(it), ...(it.from ? { propertyDependencies: dependencies(it.from, all) } : {}) }));
  return rule.checkStack?.(made, context()).map(({ urn }) => urn.split("::").at(-1));
};
const dependencies = (name: string, all: readonly Case[]) => {
  const urns = [resource(all.find((it) => it.name === name) as Case).urn];
  return { fileSystemId: urns, backupVaultName: urns, instance: urns };
};

describe("backups that are resources of their own", () => {
  const files: Case = { type: "aws:efs/fileSystem:FileSystem", name: "files", props: {} };
  const policy = (status: string): Case & { from: string } => ({
    type: "aws:efs/backupPolicy:BackupPolicy",
    name: "policy",
    from: "files",
    props: { fileSystemId: UNKNOWN, backupPolicy: { status } },
  });

  it("are demanded of a file system", () => {
    expect(found(backupRetention, files)).toEqual(["files"]);
    expect(found(backupRetention, files, policy("DISABLED"))).toEqual(["files"]);
    expect(found(backupRetention, files, policy("ENABLED"))).toEqual([]);
    expect(found(backupRetention, files, { type: "aws:backup/selection:Selection", name: "all" })).toEqual([]);
    expect(found(backupRetention, { ...files, props: operational })).toEqual([]);
  });

  it("are demanded of Spanner", () => {
    const spanner: Case = { type: "gcp:spanner/instance:Instance", name: "spanner", props: { name: "orders" } };
    const schedule = { type: "gcp:spanner/backupSchedule:BackupSchedule", name: "nightly", props: { instance: "orders" } };
    expect(found(backupRetention, spanner)).toEqual(["spanner"]);
    expect(found(backupRetention, spanner, { ...schedule, props: { instance: "other" } })).toEqual(["spanner"]);
    expect(found(backupRetention, spanner, schedule)).toEqual([]);
    expect(found(backupRetention, { ...spanner, props: { defaultBackupScheduleType: "AUTOMATIC" } })).toEqual([]);
  });
});

const lock = "aws:backup/vaultLockConfiguration:VaultLockConfiguration";

specify(backupLocked, [
  ["a lock for a week", { type: lock, props: { backupVaultName: "a", minRetentionDays: 7 } }, compliant],
  ["a lock for a day", { type: lock, props: { backupVaultName: "a", minRetentionDays: 1 } }, ["minRetentionDays is 1"]],
  ["a lock that holds nothing back", { type: lock, props: { backupVaultName: "a" } }, ["minRetentionDays is not set, which means 0"]],
  ["a lock that is not known yet", { type: lock, props: { minRetentionDays: UNKNOWN } }, ["undecided: minRetentionDays"]],
  ["what is no lock", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

it("recoverability/backup-locked wants a lock on every vault", () => {
  const vault: Case = { type: "aws:backup/vault:Vault", name: "vault", props: { name: "backups" } };
  expect(found(backupLocked, vault)).toEqual(["vault"]);
  expect(found(backupLocked, vault, { type: lock, props: { backupVaultName: "others" } })).toEqual(["vault"]);
  expect(found(backupLocked, vault, { type: lock, props: { backupVaultName: "backups" } })).toEqual([]);
  expect(found(backupLocked, { ...vault, props: {} }, { type: lock, from: "vault", props: { backupVaultName: UNKNOWN } })).toEqual([]);
  expect(found(backupLocked, { ...vault, props: operational })).toEqual([]);
});

specify(zoneRedundancy, [
  ["a database in two zones", { type: rds, props: { multiAz: true } }, compliant],
  ["a database in one", { type: rds, props: {} }, ["multiAz is not set, which means false"]],
  ["its replica", { type: rds, props: { replicateSourceDb: "orders" } }, notApplicable],
  ["a database of operational data", { type: rds, props: operational }, notApplicable],
  ["Cloud SQL in one", { type: sql, props: { settings: { availabilityType: "ZONAL" } } }, ['settings.availabilityType is "ZONAL"']],
  ["Cloud SQL by default", { type: sql, props: { settings: {} } }, ["settings.availabilityType is not set, which means ZONAL"]],
  ["files in all zones", { type: "aws:efs/fileSystem:FileSystem", props: {} }, compliant],
  [
    "files in one",
    { type: "aws:efs/fileSystem:FileSystem", props: { availabilityZoneName: "eu-central-1a" } },
    ['availabilityZoneName is "eu-central-1a"'],
  ],
  [
    "files of Windows in one",
    { type: "aws:fsx/windowsFileSystem:WindowsFileSystem", props: {} },
    ["deploymentType is not set, which means SINGLE_AZ_1"],
  ],
  [
    "a search domain with a standby",
    { type: "aws:opensearch/domain:Domain", props: { clusterConfig: { multiAzWithStandbyEnabled: true } } },
    compliant,
  ],
  [
    "a search domain in one zone",
    { type: "aws:opensearch/domain:Domain", props: {} },
    ["clusterConfig.zoneAwarenessEnabled is not set, which means false"],
  ],
  ["a bucket of one zone", { type: "aws:s3/directoryBucket:DirectoryBucket", props: {} }, ["a directory bucket stands in a single zone"]],
  ["a form that is not known yet", { type: rds, props: { multiAz: UNKNOWN } }, ["undecided: multiAz"]],
  ["what is no store", { type: "aws:sns/topic:Topic" }, notApplicable],
]);
