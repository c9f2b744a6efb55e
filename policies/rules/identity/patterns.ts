// How a policy writes actions and resources.
import type { Value } from "../../resource.ts";

/** Whether a pattern of IAM (`iam:Put*`) covers an action. IAM reads actions without regard to case. */
export function covers(pattern: string, action: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i").test(action);
}

/** A resource that is none in particular: `*`, or an ARN whose last part is nothing but wildcards (`arn:aws:s3:::*`). */
export function isAnyResource(resource: Value): boolean {
  if (typeof resource !== "string") return false;
  const name = resource.startsWith("arn:") ? resource.split(":").slice(5).join(":") : resource;
  return /^[*?:/]*$/.test(name) && name !== "";
}

/** As `isAnyResource`, or every one of a kind of IAM's own: `arn:aws:iam::123456789012:role/*`. */
export const isAnyIdentity = (resource: Value): boolean =>
  isAnyResource(resource) ||
  (typeof resource === "string" && /^arn:[^:]*:iam::[^:]*:(role|user|group|policy|instance-profile)\/\*+$/.test(resource));
