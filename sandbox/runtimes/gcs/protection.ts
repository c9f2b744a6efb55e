// What keeps an object from being deleted or overwritten: retention and holds. Pure decisions.
// Source: cloud.google.com/storage/docs/bucket-lock and .../object-holds
import { GcsError } from "./errors.ts";
import type { BucketConfig, RetentionPolicy, StoredObject } from "./model.ts";

/** RFC 3339 time until which the bucket's policy keeps the object; undefined without a policy, or while an event-based hold delays it. */
export function retainedUntil(object: StoredObject, policy: RetentionPolicy | undefined): string | undefined {
  if (!policy || object.eventBasedHold) return undefined;
  const start = Date.parse(object.retentionStart ?? object.timeCreated);
  return new Date(start + policy.retentionPeriod * 1000).toISOString();
}

/**
 * @param change `delete`: this version goes; `supersede`: it gives way to another as the live one and is kept where versions are
 * @throws GcsError while a hold or the retention policy forbids it
 */
export function requireUnprotected(object: StoredObject, config: BucketConfig, change: "delete" | "supersede", now = Date.now()): void {
  const path = `${object.bucket}/${object.name}`;
  const hold = object.temporaryHold ? "Temporary" : object.eventBasedHold ? "Event-Based" : undefined;
  if (hold) {
    throw new GcsError(
      403,
      "objectUnderActiveHold",
      `Object '${path}' is under active ${hold} hold and cannot be deleted, overwritten or archived until hold is removed.`,
    );
  }
  if (change === "supersede" && config.versioning) return;
  const until = retainedUntil(object, config.retentionPolicy);
  if (until !== undefined && Date.parse(until) > now) {
    throw new GcsError(
      403,
      "retentionPolicyNotMet",
      `Object '${path}' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until ${until}`,
    );
  }
}

/** @throws GcsError when a locked policy would be shortened, removed or unlocked */
export function requireAllowedPolicy(bucket: string, old: RetentionPolicy | undefined, next: RetentionPolicy | undefined): void {
  if (!old?.isLocked) return;
  const refuse = (what: string) => new GcsError(403, "forbidden", `${what} a locked Retention Policy for bucket '${bucket}'.`);
  if (!next) throw refuse("Cannot remove");
  if (!next.isLocked) throw refuse("Cannot unlock");
  if (next.retentionPeriod < old.retentionPeriod) throw refuse("Cannot reduce retention duration of");
}
