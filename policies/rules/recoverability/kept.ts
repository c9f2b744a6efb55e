// Which data these rules are about. Stacks of the lifecycle `ephemeral` hold synthetic data only and must be easy to throw away.
import type { DataClass } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { leadsTo } from "../../relation.ts";
import { type Resource, read } from "../../resource.ts";
import type { Outcome, Rule, StackFinding } from "../../rule.ts";

type Judge = NonNullable<Rule["check"]>;

/** Says nothing of ephemeral stacks. */
export const inDurable =
  (check: Judge): Judge =>
  (resource: Resource, context: Context): Outcome =>
    context.lifecycle === "ephemeral" ? "notApplicable" : check(resource, context);

export const stackInDurable =
  (check: (resources: readonly Resource[], context: Context) => readonly StackFinding[]): NonNullable<Rule["checkStack"]> =>
  (resources, context) =>
    context.lifecycle === "ephemeral" ? [] : check(resources, context);

/** Says nothing of data that its owner declares to be of another class. What nobody declares is judged as if it were all of them. */
export const ofClass =
  (applies: (dataClass: DataClass) => boolean, check: Judge): Judge =>
  (resource, context) =>
    isOf(applies, resource, context) ? check(resource, context) : "notApplicable";

export function isOf(applies: (dataClass: DataClass) => boolean, resource: Resource, { register }: Context): boolean {
  const declared = dataClassOf(resource, register);
  return declared.kind !== "declared" || applies(declared.value);
}

/** What is public can be published again; the rest exists once. */
export const existsOnce = (dataClass: DataClass): boolean => dataClass !== "public";

/** Data that people, or a regulator, could ask for. Operational data is worth less than the trouble. */
export const isOwed = (dataClass: DataClass): boolean => existsOnce(dataClass) && dataClass !== "operational";

/** A replica has its own source to come back from. */
export const isReplica = ({ props }: Resource): boolean =>
  ["replicateSourceDb", "replicationSourceIdentifier", "masterInstanceName"].some((path) => read(props, path) !== undefined);

export const exceptReplicas =
  (check: Judge): Judge =>
  (resource, context) =>
    isReplica(resource) ? "notApplicable" : check(resource, context);

export const s3Bucket = "aws:s3/bucket:Bucket";
const bucketTypes = new Set([s3Bucket, "aws:s3/bucketV2:BucketV2"]);

export const isS3Bucket = ({ type }: Resource): boolean => bucketTypes.has(type);

/** Whether a resource of its own sets something of a bucket: versioning, lock, lifecycle. */
export const isPartOf = (part: Resource, bucket: Resource): boolean => leadsTo(part, "bucket", bucket);
