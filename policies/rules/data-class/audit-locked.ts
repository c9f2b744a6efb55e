// An audit trail is proof only where nobody, its keeper included, can change it: in a store that can be locked.
import { jurisdictions, placesFor } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import type { Outcome, Rule, Violation } from "../../rule.ts";
import { cloudOf } from "../residency/demand.ts";
import { byClass } from "./classes.ts";

/** Stores that can be locked. In which mode and for how long is `recoverability/object-lock`. */
const lockable = new Set([
  "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault",
  "aws:backup/vault:Vault",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketV2:BucketV2",
  "gcp:backupdisasterrecovery/backupVault:BackupVault",
  "gcp:logging/projectBucketConfig:ProjectBucketConfig",
  "gcp:storage/bucket:Bucket",
]);

function check(resource: Resource, context: Context): Outcome {
  if (holdingOf(resource.type, resource.provider !== undefined) !== "stores") return "notApplicable";
  return byClass(resource, context, (dataClass) => (dataClass === "audit" && !canBeLocked(resource.type) ? [unlockable] : []));
}

/** By the residency map and by the list: neither alone is enough. */
function canBeLocked(type: string): boolean {
  const cloud = cloudOf(type);
  const promised = jurisdictions.some((jurisdiction) => placesFor(jurisdiction, "audit").some((place) => place.cloud === cloud));
  return promised && lockable.has(type);
}

const unlockable: Violation = {
  kind: "violation",
  problem: "holds audit data and cannot be locked",
  allowed: "S3 with Object Lock, Cloud Storage with a locked retention policy, a locked log bucket or backup vault",
};

export const auditLocked: Rule = {
  id: "data-class/audit-locked",
  title: "Audit data lies only in stores that can be locked",
  severity: "critical",
  why: "A trail that an administrator can edit proves nothing to a regulator, and nothing to the person who says they never agreed.",
  remediation: "Keep audit data in a bucket with Object Lock, a bucket with a locked retention policy, or a locked log bucket.",
  frameworks: [
    { name: "GDPR", clause: "Art. 7(1)" },
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "UK GDPR", clause: "Art. 5(2)" },
    { name: "ISO 27001", clause: "A.5.33" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.3" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:s3/bucket:Bucket", props: { tags: { "data-class": "audit" } } }],
    fails: [{ type: "aws:dynamodb/table:Table", props: { tags: { "data-class": "audit" } } }],
  },
  check,
};
