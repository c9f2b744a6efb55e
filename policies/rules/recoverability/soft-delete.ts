// Where neither soft delete nor versions are on, a deleted object is gone in the same second. Data that is owed to people must have
// versions: that is `versioning`'s question. This one is about the rest.
import { byType, mustNot, where } from "../../arguments.ts";
import { numberOf } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { existsOnce, inDurable, isOf, isOwed } from "./kept.ts";

const buckets = byType({
  "gcp:storage/bucket:Bucket": [
    where(
      "retentionPolicy.retentionPeriod",
      (period) => period === undefined,
      where(
        "versioning.enabled",
        (enabled) => enabled !== true,
        mustNot(
          "softDeletePolicy.retentionDurationSeconds",
          (seconds) => numberOf(seconds) === 0,
          "604800 (seven days) or more, or versioning.enabled: true",
          "soft delete is off, and there are no versions",
        ),
      ),
    ),
  ],
});

export const softDelete: Rule = {
  id: "recoverability/soft-delete",
  title: "A deleted object can be had back for a while",
  severity: "medium",
  why: "Google keeps deleted objects for a week unless it is told not to; who switches that off keeps nothing between a typing error and its effect.",
  remediation:
    "Leave soft delete on. Where erased data must be gone at once, switch versioning on and end old versions by a lifecycle rule.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:storage/bucket:Bucket",
        props: { labels: { "data-class": "operational" }, softDeletePolicy: { retentionDurationSeconds: 604800 } },
      },
    ],
    fails: [
      {
        type: "gcp:storage/bucket:Bucket",
        props: { labels: { "data-class": "operational" }, softDeletePolicy: { retentionDurationSeconds: 0 } },
      },
    ],
  },
  check: inDurable((resource, context) =>
    isOf(isOwed, resource, context) || !isOf(existsOnce, resource, context) ? "notApplicable" : buckets(resource, context),
  ),
};
