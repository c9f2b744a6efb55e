import { describe, expect, it } from "vitest";
import type { Rule } from "../../../../policies/rule.ts";
import { backupLocked } from "../../../../policies/rules/recoverability/backup-locked.ts";
import { lifecycleKeeps } from "../../../../policies/rules/recoverability/lifecycle-keeps.ts";
import { logRetention } from "../../../../policies/rules/recoverability/log-retention.ts";
import { objectLock } from "../../../../policies/rules/recoverability/object-lock.ts";
import { softDelete } from "../../../../policies/rules/recoverability/soft-delete.ts";
import { versioning } from "../../../../policies/rules/recoverability/versioning.ts";
import { residencyOf } from "../../../../stacks/residency.ts";
import { type Case, context, problems, resource, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const gcs = "gcp:storage/bucket:Bucket";
const s3 = "aws:s3/bucket:Bucket";
const of = (dataClass: string) => ({ tags: { "data-class": dataClass } });
const labelled = (dataClass: string) => ({ labels: { "data-class": dataClass } });
const days = residencyOf("eu").auditRetention.days;

/** What a stack rule says of a bucket and of what stands beside it. The second one's `bucket` comes from the first. */
const related = (rule: Rule, bucket: Case, part?: Case) => {
  const whole = resource({ name: "bucket", ...bucket });
  const beside = part && { ...resource({ name: "part", ...part }), propertyDependencies: { bucket: [whole.urn] } };
  const found = rule.checkStack?.(beside ? [whole, beside] : [whole], context()) ?? [];
  return problems(found.map(({ finding }) => finding));
};

specify(versioning, [
  ["versions", { type: gcs, props: { ...labelled("personal"), versioning: { enabled: true } } }, compliant],
  ["none", { type: gcs, props: labelled("personal") }, ["versioning.enabled is not set, which means false"]],
  ["none of what nobody says the class of", { type: gcs, props: { versioning: { enabled: false } } }, ["versioning.enabled is false"]],
  ["none of operational data", { type: gcs, props: labelled("operational") }, notApplicable],
  ["none of what may not be deleted", { type: gcs, props: { retentionPolicy: { retentionPeriod: "86400" } } }, compliant],
  ["what is not known yet", { type: gcs, props: { versioning: { enabled: UNKNOWN } } }, ["undecided: versioning.enabled"]],
  ["what is no bucket", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

describe("recoverability/versioning of a bucket of S3", () => {
  const part = (status: unknown, props: object = { bucket: UNKNOWN }): Case => ({
    type: "aws:s3/bucketVersioning:BucketVersioning",
    props: { ...props, versioningConfiguration: { status } } as never,
  });
  const none = ["the bucket keeps no versions"];

  it.each<[string, string[], Case, Case?]>([
    ["beside it", [], { type: s3 }, part("Enabled")],
    ["beside it, by a status that is not known yet", [], { type: s3 }, part(UNKNOWN)],
    ["on it, as of old", [], { type: s3, props: { versioning: { enabled: true } } }],
    ["by its lock", [], { type: s3, props: { objectLockEnabled: true } }],
    ["by its lock, as of old", [], { type: s3, props: { objectLockConfiguration: { objectLockEnabled: "Enabled" } } }],
    ["on it, in the older type", [], { type: "aws:s3/bucketV2:BucketV2", props: { versionings: [{ enabled: true }] } }],
    [
      "by what the provider answers for a bucket without a lock",
      none,
      { type: s3, props: { objectLockConfiguration: { objectLockEnabled: "" } } },
    ],
    ["nowhere", none, { type: s3 }],
    ["suspended", none, { type: s3 }, part("Suspended")],
    ["of operational data", [], { type: s3, props: of("operational") }],
  ])("%s", (_name, says, bucket, beside) => {
    expect(related(versioning, bucket, beside)).toEqual(says);
  });

  it("does not take another bucket's", () => {
    const all = [resource({ type: s3, name: "a", props: { bucket: "a" } }), resource(part("Enabled", { bucket: "b" }))];
    expect(versioning.checkStack?.(all, context())).toHaveLength(1);
  });
});

const off = "softDeletePolicy.retentionDurationSeconds is 0: soft delete is off, and there are no versions";

const operational = (props: object) => ({ type: gcs, props: { ...labelled("operational"), ...props } as never });
const switchedOff = { softDeletePolicy: { retentionDurationSeconds: 0 } };

specify(softDelete, [
  ["a week, by default", operational({}), compliant],
  ["off, with versions", operational({ ...switchedOff, versioning: { enabled: true } }), compliant],
  ["off", operational(switchedOff), [off]],
  ["off, where nothing may be deleted", operational({ ...switchedOff, retentionPolicy: { retentionPeriod: "86400" } }), compliant],
  ["off, of public data", operational({ ...switchedOff, ...labelled("public") }), notApplicable],
  ["off, of personal data, which must have versions", operational({ ...switchedOff, ...labelled("personal") }), notApplicable],
  [
    "what is not known yet",
    operational({ softDeletePolicy: { retentionDurationSeconds: UNKNOWN } }),
    ["undecided: softDeletePolicy.retentionDurationSeconds"],
  ],
  ["what is no bucket", { type: "aws:sqs/queue:Queue", props: of("operational") }, notApplicable],
]);

const seconds = String(days * 86_400);
const audit = (policy: object) => ({ type: gcs, props: { ...labelled("audit"), ...policy } as never });

specify(objectLock, [
  ["locked for as long as the law says", audit({ retentionPolicy: { isLocked: true, retentionPeriod: seconds } }), compliant],
  ["not locked", audit({ retentionPolicy: { retentionPeriod: seconds } }), ["retentionPolicy.isLocked is not set, which means false"]],
  [
    "locked for a year",
    audit({ retentionPolicy: { isLocked: true, retentionPeriod: "31536000" } }),
    ['retentionPolicy.retentionPeriod is "31536000"'],
  ],
  ["no policy", audit({}), ["retentionPolicy.isLocked is not set, which means false", "retentionPolicy.retentionPeriod is not set"]],
  ["a log bucket", { type: "gcp:logging/projectBucketConfig:ProjectBucketConfig", props: { ...of("audit"), locked: true } }, compliant],
  [
    "a log bucket that is open",
    { type: "gcp:logging/projectBucketConfig:ProjectBucketConfig", props: of("audit") },
    ["locked is not set, which means false"],
  ],
  [
    "an air-gapped vault for a year",
    { type: "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault", props: { ...of("audit"), minRetentionDays: 365 } },
    ["minRetentionDays is 365"],
  ],
  [
    "a vault of Google's",
    {
      type: "gcp:backupdisasterrecovery/backupVault:BackupVault",
      props: { ...labelled("audit"), backupMinimumEnforcedRetentionDuration: `${seconds}s` },
    },
    compliant,
  ],
  ["personal data, which is not locked", { type: gcs, props: labelled("personal") }, compliant],
  ["a policy that is not known yet", audit({ retentionPolicy: UNKNOWN }), ["undecided: retentionPolicy", "undecided: retentionPolicy"]],
  ["what is no bucket", { type: "aws:sqs/queue:Queue", props: of("audit") }, notApplicable],
]);

describe("recoverability/object-lock of a bucket of S3", () => {
  const bucket: Case = { type: s3, props: { ...of("audit"), objectLockEnabled: true } };
  const lock = (defaultRetention: unknown): Case => ({
    type: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    props: { bucket: UNKNOWN, rule: { defaultRetention } } as never,
  });
  const path = "rule.defaultRetention";

  it.each<[string, string[], Case, Case?]>([
    ["in compliance mode", [], bucket, lock({ mode: "COMPLIANCE", days })],
    ["for years", [], bucket, lock({ mode: "COMPLIANCE", years: 5 })],
    [
      "on the bucket, as of old",
      [],
      { type: s3, props: { ...of("audit"), objectLockConfiguration: { rule: { defaultRetention: { mode: "COMPLIANCE", days } } } } },
    ],
    ["in governance mode", [`${path}.mode is "GOVERNANCE", which an administrator lifts`], bucket, lock({ mode: "GOVERNANCE", days })],
    ["a day too short", [`${path} locks for ${days - 1} days`], bucket, lock({ mode: "COMPLIANCE", days: days - 1 })],
    ["years too few", [`${path} locks for 730 days`], bucket, lock({ mode: "COMPLIANCE", years: 2 })],
    ["without a default", ["no retention locks what is written into the bucket"], bucket],
    ["by a retention that is not known yet", [`undecided: ${path}`], bucket, lock(UNKNOWN)],
    ["by days that are not known yet", [`undecided: ${path}`], bucket, lock({ mode: "COMPLIANCE", days: UNKNOWN })],
    ["of personal data", [], { type: s3, props: of("personal") }],
  ])("%s", (_name, says, it_, beside) => {
    expect(related(objectLock, it_, beside)).toEqual(says);
  });
});

describe("recoverability/object-lock of a vault of AWS Backup", () => {
  const vault: Case = { type: "aws:backup/vault:Vault", name: "vault", props: { ...of("audit"), name: "trail" } };
  const lock = (props: object): Case => ({
    type: "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    props: { backupVaultName: "trail", ...props } as never,
  });

  it.each<[string, string[], Case?]>([
    ["locked for everyone", [], lock({ changeableForDays: 3, minRetentionDays: days })],
    ["without a lock", ["no lock keeps its audit data from being deleted"]],
    [
      "with another vault's",
      ["no lock keeps its audit data from being deleted"],
      lock({ backupVaultName: "other", changeableForDays: 3, minRetentionDays: days }),
    ],
    [
      "in governance mode",
      ["changeableForDays is not set, which means a lock that an administrator lifts"],
      lock({ minRetentionDays: days }),
    ],
    ["a day too short", [`minRetentionDays is ${days - 1}`], lock({ changeableForDays: 3, minRetentionDays: days - 1 })],
  ])("%s", (_name, says, beside) => {
    const all = [vault, ...(beside ? [beside] : [])].map(resource);
    expect(problems((objectLock.checkStack?.(all, context()) ?? []).map(({ finding }) => finding))).toEqual(says);
    expect(backupLocked.checkStack?.(all, context())).toEqual([]);
  });
});

const group = "aws:cloudwatch/logGroup:LogGroup";
const bucketOfLogs = "gcp:logging/projectBucketConfig:ProjectBucketConfig";

specify(logRetention, [
  ["three months", { type: group, props: { retentionInDays: 90 } }, compliant],
  ["for ever, by default", { type: group, props: {} }, ["retentionInDays is not set, which means 0"]],
  ["for ever", { type: group, props: { retentionInDays: 0 } }, ["retentionInDays is 0"]],
  ["a week", { type: group, props: { retentionInDays: 7 } }, ["retentionInDays is 7"]],
  ["ten years", { type: group, props: { retentionInDays: 3653 } }, ["retentionInDays is 3653"]],
  ["ten years of an audit trail", { type: group, props: { ...of("audit"), retentionInDays: 3653 } }, compliant],
  ["a year of an audit trail", { type: group, props: { ...of("audit"), retentionInDays: 365 } }, ["retentionInDays is 365"]],
  ["a group that only passes on", { type: group, props: { logGroupClass: "DELIVERY" } }, compliant],
  ["a month at Google, by default", { type: bucketOfLogs, props: {} }, compliant],
  ["a day at Google", { type: bucketOfLogs, props: { retentionDays: 1 } }, ["retentionDays is 1"]],
  ["what is not known yet", { type: group, props: { retentionInDays: UNKNOWN } }, ["undecided: retentionInDays"]],
  ["what is no log", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

const ending = (condition: object, dataClass = "personal") => ({
  type: gcs,
  props: { ...labelled(dataClass), lifecycleRules: [{ action: { type: "Delete" }, condition }] } as never,
});
const rule = "lifecycleRules[0].condition";

specify(lifecycleKeeps, [
  ["versions of a month", ending({ daysSinceNoncurrentTime: 30, withState: "ARCHIVED" }), compliant],
  [
    "versions of a day",
    ending({ daysSinceNoncurrentTime: 1 }),
    [`${rule}.daysSinceNoncurrentTime is 1: a rule deletes after that many days`],
  ],
  ["versions of a day, of operational data", ending({ daysSinceNoncurrentTime: 1 }, "operational"), compliant],
  ["personal data after a year", ending({ age: 365 }), compliant],
  ["audit data after a year", ending({ age: 365 }, "audit"), [`${rule}.age is 365: a rule deletes after that many days`]],
  ["audit data after its time", ending({ age: days }, "audit"), compliant],
  [
    "audit data into cheaper storage",
    { type: gcs, props: { ...labelled("audit"), lifecycleRules: [{ action: { type: "SetStorageClass" }, condition: { age: 30 } }] } },
    compliant,
  ],
  ["days that are not known yet", ending({ age: UNKNOWN }, "audit"), [`undecided: ${rule}.age`]],
  ["rules that are not known yet", { type: gcs, props: { lifecycleRules: UNKNOWN } }, ["undecided: lifecycleRules"]],
  [
    "on a bucket of S3, as of old",
    { type: s3, props: { ...of("audit"), lifecycleRules: [{ enabled: true, expiration: { days: 90 } }] } },
    ["lifecycleRules[0].expiration.days is 90: a rule deletes after that many days"],
  ],
  ["what is no bucket", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

describe("recoverability/lifecycle-keeps of a bucket of S3", () => {
  const rules = (...all: object[]): Case => ({
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    props: { bucket: UNKNOWN, rules: all.map((each) => ({ status: "Enabled", ...each })) } as never,
  });
  const bucket = (dataClass: string): Case => ({ type: s3, props: of(dataClass) });
  const early = (path: string, after: number) => [`rules[0].${path} is ${after}: a rule deletes after that many days`];

  it.each<[string, string[], Case, Case]>([
    ["versions of a month", [], bucket("personal"), rules({ noncurrentVersionExpiration: { noncurrentDays: 30 } })],
    [
      "versions of a day",
      early("noncurrentVersionExpiration.noncurrentDays", 1),
      bucket("personal"),
      rules({ noncurrentVersionExpiration: { noncurrentDays: 1 } }),
    ],
    ["audit data after a year", early("expiration.days", 365), bucket("audit"), rules({ expiration: { days: 365 } })],
    ["audit data after its time", [], bucket("audit"), rules({ expiration: { days }, noncurrentVersionExpiration: { noncurrentDays: 1 } })],
    ["a rule that is switched off", [], bucket("audit"), rules({ status: "Disabled", expiration: { days: 1 } })],
    ["days that are not known yet", ["undecided: rules[0].expiration.days"], bucket("audit"), rules({ expiration: { days: UNKNOWN } })],
  ])("%s", (_name, says, it_, beside) => {
    expect(related(lifecycleKeeps, it_, beside)).toEqual(says);
  });
});
