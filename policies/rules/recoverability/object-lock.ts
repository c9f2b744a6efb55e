// Audit data is locked: nobody, not even the account's root, can change or delete it before its time.
import { byType, type Check, mustBe } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { numberOf, type Properties, type Resource, read, show, UNKNOWN, type Value } from "../../resource.ts";
import type { Finding, Rule, StackFinding } from "../../rule.ts";
import { auditRetentionOf, isAuditStore, keptFor } from "./audit-retention.ts";
import { judgeVault, vaultType } from "./audit-vault-lock.ts";
import { inDurable, isPartOf, isS3Bucket, stackInDurable } from "./kept.ts";

const ofAudit =
  (...checks: readonly Check[]): Check =>
  (resource, context) =>
    isAuditStore(resource, context) ? checks.flatMap((check) => check(resource, context)) : [];

const secondsOfDay = 86_400;

const longEnough =
  (path: string, unit: string, perDay: number, otherwise?: number): Check =>
  (resource, context) =>
    keptFor(path, unit, perDay, auditRetentionOf(resource, context), otherwise)(resource, context);

const locks = new Set([
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
  "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
]);

const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter((resource) => isAuditStore(resource, context))
    .flatMap((store) => {
      if (store.type === vaultType) return judgeVault(store, resources, context);
      return isS3Bucket(store) ? judgeBucket(store, resources, context) : [];
    });

/** S3 sets the default retention in a resource beside the bucket, or on the bucket, where that is deprecated. */
function judgeBucket(bucket: Resource, resources: readonly Resource[], context: Context): StackFinding[] {
  const lock = resources.find((other) => locks.has(other.type) && isPartOf(other, bucket));
  const [holder, path] = lock ? [lock, "rule.defaultRetention"] : [bucket, "objectLockConfiguration.rule.defaultRetention"];
  return judgeRetention(holder, path, bucket, context).map((finding) => ({ urn: holder.urn, finding }));
}

function judgeRetention(holder: Resource, path: string, bucket: Resource, context: Context): Finding[] {
  const retention = read(holder.props, path);
  const shown = (of: string, value: Value) => show(holder, { path: `${path}.${of}`, value });
  if (retention === UNKNOWN) return [{ kind: "undecided", property: path }];
  const { mode, days, years } = (typeof retention === "object" && retention !== null ? retention : {}) as Properties;
  const demanded = auditRetentionOf(bucket, context);
  const least = demanded?.days ?? 1;
  const allowed = `mode COMPLIANCE for at least ${least} days${demanded ? `: ${demanded.why}` : ""}`;
  if (mode === undefined)
    return [{ kind: "violation", property: path, problem: "no retention locks what is written into the bucket", allowed }];
  if ([mode, days, years].includes(UNKNOWN)) return [{ kind: "undecided", property: path }];
  if (mode !== "COMPLIANCE")
    return [
      {
        kind: "violation",
        property: `${path}.mode`,
        problem: `${path}.mode is ${shown("mode", mode ?? null)}, which an administrator lifts`,
        allowed,
      },
    ];
  const given = numberOf(days ?? 0) + numberOf(years ?? 0) * 365;
  return given >= least ? [] : [{ kind: "violation", property: path, problem: `${path} locks for ${shown("days", given)} days`, allowed }];
}

export const objectLock: Rule = {
  id: "recoverability/object-lock",
  title: "Audit data cannot be changed or deleted before its time",
  severity: "critical",
  why: "A consent trail that an administrator can rewrite proves nothing to a regulator, nor to the person whose consent it was.",
  remediation: "Lock the store in compliance mode for as long as the residency map says (auditRetention in stacks/residency.ts).",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "GDPR", clause: "Art. 7(1)" },
    { name: "CCPA", clause: "11 CCR 7101" },
    { name: "ISO 27001", clause: "A.5.28" },
    { name: "ISO 27001", clause: "A.5.33" },
    { name: "SOC 2", clause: "CC7.3" },
    { name: "NIS2", clause: "Art. 21(2)(b)" },
    { name: "DORA", clause: "Art. 12(1)" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:s3/bucket:Bucket", name: "trail", props: { bucket: "trail", objectLockEnabled: true, tags: { "data-class": "audit" } } },
      {
        type: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        props: { bucket: "trail", rule: { defaultRetention: { mode: "COMPLIANCE", days: 1500 } } },
      },
    ],
    fails: [
      { type: "aws:s3/bucket:Bucket", name: "trail", props: { bucket: "trail", objectLockEnabled: true, tags: { "data-class": "audit" } } },
      {
        type: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        props: { bucket: "trail", rule: { defaultRetention: { mode: "GOVERNANCE", days: 1500 } } },
      },
    ],
  },
  check: inDurable(
    byType({
      // Its lock cannot be lifted (docs.aws.amazon.com/aws-backup, "Logically air-gapped vault").
      "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault": [ofAudit(longEnough("minRetentionDays", "days", 1))],
      "gcp:backupdisasterrecovery/backupVault:BackupVault": [
        ofAudit(longEnough("backupMinimumEnforcedRetentionDuration", "seconds", secondsOfDay)),
      ],
      // For how long, `log-retention` says.
      "gcp:logging/projectBucketConfig:ProjectBucketConfig": [ofAudit(mustBe("locked", true, false))],
      "gcp:storage/bucket:Bucket": [
        ofAudit(mustBe("retentionPolicy.isLocked", true, false), longEnough("retentionPolicy.retentionPeriod", "seconds", secondsOfDay)),
      ],
    }),
  ),
  checkStack: stackInDurable(checkStack),
};
