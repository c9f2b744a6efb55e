import { describe, expect, it } from "vitest";
import { deletionProtection } from "../../../../policies/rules/recoverability/deletion-protection.ts";
import { finalSnapshot } from "../../../../policies/rules/recoverability/final-snapshot.ts";
import { forceDestroy } from "../../../../policies/rules/recoverability/force-destroy.ts";
import { recoverabilityRules } from "../../../../policies/rules/recoverability/index.ts";
import { keyDeletionWindow } from "../../../../policies/rules/recoverability/key-deletion-window.ts";
import { protect } from "../../../../policies/rules/recoverability/protect.ts";
import { type Case, context, judged, problems, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const sql = "gcp:sql/databaseInstance:DatabaseInstance";
const run = "gcp:cloudrunv2/service:Service";
const publicTags = { tags: { "data-class": "public" } };

specify(deletionProtection, [
  ["a database with both protections", { type: sql, props: { settings: { deletionProtectionEnabled: true } } }, compliant],
  ["a service, by its provider's default", { type: run }, compliant],
  ["a table", { type: "aws:dynamodb/table:Table", props: { deletionProtectionEnabled: true } }, compliant],
  ["a table of public data", { type: "aws:dynamodb/table:Table", props: publicTags }, notApplicable],
  [
    "a database without Google's protection",
    { type: sql, props: { deletionProtection: true } },
    ["settings.deletionProtectionEnabled is not set, which means false"],
  ],
  [
    "a database whose protection is off",
    { type: sql, props: { deletionProtection: false, settings: { deletionProtectionEnabled: true } } },
    ["deletionProtection is false"],
  ],
  ["a service whose protection is off", { type: run, props: { deletionProtection: false } }, ["deletionProtection is false"]],
  [
    "a secret, which Google does not protect by itself",
    { type: "gcp:secretmanager/secret:Secret" },
    ["deletionProtection is not set, which means false"],
  ],
  [
    "a Firestore database",
    { type: "gcp:firestore/database:Database" },
    ["deleteProtectionState is not set, which means DELETE_PROTECTION_STATE_UNSPECIFIED"],
  ],
  [
    "people's accounts",
    { type: "aws:cognito/userPool:UserPool", props: { deletionProtection: "INACTIVE" } },
    ['deletionProtection is "INACTIVE"'],
  ],
  ["a protection that is not known yet", { type: run, props: { deletionProtection: UNKNOWN } }, ["undecided: deletionProtection"]],
  ["what holds nothing", { type: "gcp:compute/network:Network" }, notApplicable],
]);

it("recoverability/deletion-protection knows who protects without being asked", () => {
  const protects = (type: string) => judged(deletionProtection, { type }) === "compliant";
  const byDefault = ["aws:cloudtrail/eventDataStore:EventDataStore", "aws:neptunegraph/graph:Graph", "aws:qldb/ledger:Ledger"];
  const google = [
    "alloydb/cluster",
    "bigquery/table",
    "bigtable/instance",
    "cloudrunv2/job",
    "cloudrunv2/workerPool",
    "compute/storagePool",
  ];
  const more = ["container/cluster", "memorystore/instance", "redis/cluster", "redis/instance", "spanner/database"];
  const token = (path: string) => `gcp:${path}:${path.split("/")[1]?.replace(/^./, (first) => first.toUpperCase())}`;
  expect([...byDefault, ...google.map(token), ...more.map(token)].filter((type) => !protects(type))).toEqual([]);
  const asked = [
    "dsql/cluster",
    "docdb/cluster",
    "docdb/globalCluster",
    "neptune/cluster",
    "neptune/globalCluster",
    "rds/cluster",
    "rds/globalCluster",
    "rds/instance",
  ];
  expect(asked.map((path) => token(path).replace("gcp", "aws")).filter(protects)).toEqual([]);
  expect(
    ["bigtable/table", "filestore/instance", "secretmanager/regionalSecret", "dataproc/metastoreService"].map(token).filter(protects),
  ).toEqual([]);
});

specify(forceDestroy, [
  ["a bucket that is not emptied", { type: "aws:s3/bucket:Bucket", props: { forceDestroy: false } }, compliant],
  ["a bucket that nobody said it of", { type: "aws:s3/bucket:Bucket" }, compliant],
  ["a bucket of public data", { type: "aws:s3/bucket:Bucket", props: { ...publicTags, forceDestroy: true } }, notApplicable],
  ["a bucket that is emptied", { type: "gcp:storage/bucket:Bucket", props: { forceDestroy: true } }, ["forceDestroy is true"]],
  ["a repository", { type: "aws:ecr/repository:Repository", props: { forceDelete: true } }, ["forceDelete is true"]],
  ["a data set", { type: "gcp:bigquery/dataset:Dataset", props: { deleteContentsOnDestroy: true } }, ["deleteContentsOnDestroy is true"]],
  [
    "a cluster with all its instances",
    { type: "gcp:alloydb/cluster:Cluster", props: { deletionPolicy: "FORCE" } },
    ['deletionPolicy is "FORCE"'],
  ],
  ["a value that is not known yet", { type: "aws:s3/bucket:Bucket", props: { forceDestroy: UNKNOWN } }, ["undecided: forceDestroy"]],
  ["what holds nothing", { type: "gcp:compute/network:Network" }, notApplicable],
]);

const keeping = "settings.retainBackupsOnDelete is not set, which means false";

specify(finalSnapshot, [
  ["a database, by its provider's default", { type: "aws:rds/instance:Instance", props: { finalSnapshotIdentifier: "last" } }, compliant],
  [
    "a database without a last snapshot",
    { type: "aws:rds/cluster:Cluster", props: { skipFinalSnapshot: true } },
    ["skipFinalSnapshot is true"],
  ],
  [
    "a replica, which has a source",
    { type: "aws:rds/instance:Instance", props: { skipFinalSnapshot: true, replicateSourceDb: "orders" } },
    notApplicable,
  ],
  ["a scratch file system", { type: "aws:fsx/lustreFileSystem:LustreFileSystem", props: { deploymentType: "SCRATCH_2" } }, compliant],
  [
    "a persistent one",
    { type: "aws:fsx/lustreFileSystem:LustreFileSystem", props: { deploymentType: "PERSISTENT_2" } },
    ["skipFinalBackup is not set, which means true"],
  ],
  ["a database in memory", { type: "aws:memorydb/cluster:Cluster" }, ["finalSnapshotName is not set, which means no last snapshot"]],
  ["a database whose backups stay", { type: sql, props: { settings: { retainBackupsOnDelete: true } } }, compliant],
  ["a database with a last backup", { type: sql, props: { settings: { finalBackupConfig: { enabled: true } } } }, compliant],
  ["a database whose backups go with it", { type: sql, props: { settings: { tier: "a" } } }, [keeping]],
  ["one that says so", { type: sql, props: { settings: { retainBackupsOnDelete: false } } }, ["settings.retainBackupsOnDelete is false"]],
  ["settings that are not known yet", { type: sql, props: { settings: UNKNOWN } }, ["undecided: settings.retainBackupsOnDelete"]],
  ["what holds nothing", { type: "gcp:compute/network:Network" }, notApplicable],
]);

specify(keyDeletionWindow, [
  ["the default", { type: "aws:kms/key:Key" }, compliant],
  ["a month", { type: "gcp:kms/cryptoKey:CryptoKey", props: { destroyScheduledDuration: "2592000s" } }, compliant],
  ["a week", { type: "aws:kms/key:Key", props: { deletionWindowInDays: 7 } }, ["deletionWindowInDays is 7"]],
  [
    "a day at Google",
    { type: "gcp:kms/cryptoKey:CryptoKey", props: { destroyScheduledDuration: "86400s" } },
    ['destroyScheduledDuration is "86400s"'],
  ],
  ["a replica", { type: "aws:kms/replicaKey:ReplicaKey", props: { deletionWindowInDays: 10 } }, ["deletionWindowInDays is 10"]],
  [
    "a secret that is gone at once",
    { type: "aws:secretsmanager/secret:Secret", props: { recoveryWindowInDays: 0 } },
    ["recoveryWindowInDays is 0"],
  ],
  ["a secret that stays a week", { type: "aws:secretsmanager/secret:Secret", props: { recoveryWindowInDays: 7 } }, compliant],
  [
    "a window that is not known yet",
    { type: "aws:kms/key:Key", props: { deletionWindowInDays: UNKNOWN } },
    ["undecided: deletionWindowInDays"],
  ],
  ["what is no key", { type: "aws:kms/alias:Alias" }, notApplicable],
]);

const unprotected = ["the resource option protect is not set"];
const script = "cloudflare:index/workersScript:WorkersScript";
const object = { type: "durable_object_namespace", className: "Subject" };

specify(protect, [
  ["a bucket that is protected", { type: "cloudflare:index/r2Bucket:R2Bucket", protect: true }, compliant],
  ["a bucket that is not", { type: "cloudflare:index/r2Bucket:R2Bucket" }, unprotected],
  ["a database", { type: sql, props: { settings: { deletionProtectionEnabled: true } } }, unprotected],
  ["a key", { type: "aws:kms/key:Key" }, unprotected],
  ["a queue of public data", { type: "aws:sqs/queue:Queue", props: publicTags }, notApplicable],
  ["a queue whose class is not known yet", { type: "aws:sqs/queue:Queue", props: { tags: UNKNOWN } }, unprotected],
  ["a script that owns objects", { type: script, props: { migrations: { newSqliteClasses: ["Subject"] } } }, unprotected],
  ["a script that binds its own objects", { type: script, props: { bindings: [{ type: "kv_namespace" }, object] } }, unprotected],
  [
    "a script that names itself as their owner",
    { type: script, props: { scriptName: "a", bindings: [{ ...object, scriptName: "a" }] } },
    unprotected,
  ],
  [
    "a script that binds another's",
    { type: script, props: { scriptName: "a", bindings: [{ ...object, scriptName: "b" }] } },
    notApplicable,
  ],
  ["what can be made again", { type: "gcp:compute/network:Network" }, notApplicable],
]);

describe("a stack of the lifecycle ephemeral", () => {
  const broken: Case[] = [
    { type: sql, props: { deletionProtection: false, settings: { tier: "a", availabilityType: "ZONAL" } } },
    { type: "aws:s3/bucket:Bucket", props: { forceDestroy: true, tags: { "data-class": "audit" } } },
    { type: "aws:cloudwatch/logGroup:LogGroup", props: { retentionInDays: 1 } },
    { type: "aws:kms/key:Key", props: { deletionWindowInDays: 7 } },
  ];

  it.each(recoverabilityRules.map((rule) => [rule.id, rule] as const))("is none of %s's business", (_id, rule) => {
    const ephemeral = context("eu", { "bailiwick:lifecycle": "ephemeral" });
    for (const it of broken) expect(judged(rule, it, ephemeral)).toBe("notApplicable");
  });

  it("is not meant by a word that only looks like it", () => {
    const misspelt = context("eu", { "bailiwick:lifecycle": "Ephemeral!" });
    expect(problems(judged(deletionProtection, { type: sql, props: { deletionProtection: false } }, misspelt))).not.toEqual(notApplicable);
  });
});
