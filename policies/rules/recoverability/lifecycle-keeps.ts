// A lifecycle rule deletes without anybody looking: it must not delete what is still needed.
import { byType, type Check } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { numberOf, type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { type Finding, is, type Rule, type StackFinding } from "../../rule.ts";
import { auditRetentionOf, isAuditStore } from "./audit-retention.ts";
import { inDurable, isOf, isOwed, isPartOf, isS3Bucket, stackInDurable } from "./kept.ts";

/** As long as a backup: a version that is gone sooner brings nothing back. */
const leastDaysOfVersions = 7;

/** What a bucket's rules may do at the earliest, in days. Undefined: at any time. */
interface Terms {
  readonly objects?: { readonly days: number; readonly why: string };
  readonly versions?: { readonly days: number; readonly why: string };
}

function termsOf(bucket: Resource, context: Context): Terms {
  if (isAuditStore(bucket, context)) {
    // Its versions are locked: no rule deletes them before their time.
    const retention = auditRetentionOf(bucket, context);
    return retention ? { objects: retention } : {};
  }
  if (!isOf(isOwed, bucket, context)) return {};
  return { versions: { days: leastDaysOfVersions, why: "a version that is gone sooner brings nothing back" } };
}

function tooSoon(holder: Resource, property: string, term: Terms["objects"]): Finding[] {
  const days = read(holder.props, property);
  if (days === undefined || days === null || term === undefined) return [];
  if (days === UNKNOWN) return [{ kind: "undecided", property }];
  return numberOf(days) >= term.days
    ? []
    : [
        {
          kind: "violation",
          property,
          problem: `${is(holder, { path: property, value: days })}: a rule deletes after that many days`,
          allowed: `${term.days} days or more: ${term.why}`,
        },
      ];
}

/** S3's rules stand in a resource of their own, or on the bucket, where that is deprecated and spelt otherwise. */
const s3Rules = {
  separate: { rules: "rules[*]", off: ["status", "Disabled"], version: "noncurrentDays" },
  inline: { rules: "lifecycleRules[*]", off: ["enabled", false], version: "days" },
} as const;

function judgeS3(holder: Resource, { rules, off, version }: (typeof s3Rules)[keyof typeof s3Rules], terms: Terms): Finding[] {
  return select(holder.props, rules).flatMap(({ path, value }): Finding[] => {
    if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
    if (read(holder.props, `${path}.${off[0]}`) === off[1]) return [];
    return [
      ...tooSoon(holder, `${path}.expiration.days`, terms.objects),
      ...tooSoon(holder, `${path}.noncurrentVersionExpiration.${version}`, terms.versions),
    ];
  });
}

const google: Check = (bucket, context) => {
  const terms = termsOf(bucket, context);
  return select(bucket.props, "lifecycleRules[*]").flatMap(({ path, value }): Finding[] => {
    if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
    if (read(bucket.props, `${path}.action.type`) !== "Delete") return [];
    return [
      ...tooSoon(bucket, `${path}.condition.age`, terms.objects),
      ...tooSoon(bucket, `${path}.condition.daysSinceNoncurrentTime`, terms.versions),
    ];
  });
};

const configurations = new Set([
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
]);

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  return resources
    .filter(({ type }) => configurations.has(type))
    .flatMap((configuration) => {
      const bucket = resources.find((other) => isS3Bucket(other) && isPartOf(configuration, other));
      const findings = bucket ? judgeS3(configuration, s3Rules.separate, termsOf(bucket, context)) : [];
      return findings.map((finding) => ({ urn: configuration.urn, finding }));
    });
}

const inline: Check = (bucket, context) => judgeS3(bucket, s3Rules.inline, termsOf(bucket, context));

export const lifecycleKeeps: Rule = {
  id: "recoverability/lifecycle-keeps",
  title: "Lifecycle rules delete nothing before its time",
  severity: "high",
  why: "A rule that was written to save storage deletes the proof of consent a year before the law lets it go, every night, silently.",
  remediation: "Give the rule the days of the retention plan; for audit data the residency map has them (auditRetention).",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(e)" },
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "CCPA", clause: "11 CCR 7101" },
    { name: "ISO 27001", clause: "A.5.33" },
    { name: "ISO 27001", clause: "A.8.10" },
    { name: "SOC 2", clause: "C1.2" },
    { name: "DORA", clause: "Art. 12(1)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:storage/bucket:Bucket",
        props: { lifecycleRules: [{ action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 30 } }] },
      },
    ],
    fails: [
      {
        type: "gcp:storage/bucket:Bucket",
        props: { lifecycleRules: [{ action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 1 } }] },
      },
    ],
  },
  check: inDurable(byType({ "aws:s3/bucket:Bucket": [inline], "gcp:storage/bucket:Bucket": [google] })),
  checkStack: stackInDurable(checkStack),
};
