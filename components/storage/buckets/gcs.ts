import { Bucket, type BucketArgs } from "@pulumi/gcp/storage/bucket.js";
import type * as pulumi from "@pulumi/pulumi";
import { residencyOf } from "../../../stacks/residency.ts";
import { labels, type Transform, transformed } from "../../component.ts";
import type { BucketShape } from "./bucket.ts";

export interface GcsTransform {
  readonly bucket?: Transform<BucketArgs>;
}

/**
 * Cloud Storage. Audit data is locked for as long as the residency map says: a new version may take an object's place, and the one before stays
 * (cloud.google.com/storage/docs/bucket-lock, "Retention policies and Object Versioning"). The lock cannot be taken off again, nor an object before
 * its time, so an ephemeral bucket has none. What is erased must be gone, so soft delete is off where the data is about persons (cloud.google.com/storage/docs/soft-delete). */
export function createGcsBucket(
  name: string,
  shape: BucketShape & { readonly project: string; readonly location: string; readonly key: pulumi.Input<string> },
  transform: GcsTransform = {},
): pulumi.Output<string> {
  const aboutPersons = ["pseudonymous", "personal", "sensitive"].includes(shape.dataClass);
  const bucket = new Bucket(
    `${name}-bucket`,
    ...transformed(
      transform.bucket,
      {
        project: shape.project,
        name: shape.bucket,
        // The API answers in upper case; so written, nothing ever differs.
        location: shape.location.toUpperCase(),
        storageClass: "STANDARD",
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        versioning: { enabled: true },
        encryption: { defaultKmsKeyName: shape.key },
        softDeletePolicy: { retentionDurationSeconds: aboutPersons ? 0 : 604_800 },
        lifecycleRules: [
          { action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: shape.noncurrentDays, withState: "ARCHIVED" } },
          ...(shape.keptDays === undefined ? [] : [{ action: { type: "Delete" }, condition: { age: shape.keptDays, withState: "LIVE" } }]),
        ],
        ...(shape.dataClass === "audit" && shape.durable
          ? { retentionPolicy: { isLocked: true, retentionPeriod: String(residencyOf(shape.jurisdiction).auditRetention.days * 86_400) } }
          : {}),
        forceDestroy: !shape.durable,
        labels: labels(shape.jurisdiction, shape.dataClass),
      },
      { parent: shape.parent, protect: shape.durable, dependsOn: shape.dependsOn },
    ),
  );
  return bucket.name;
}
