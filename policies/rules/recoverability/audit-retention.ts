// How long audit data must be kept: the residency map says it for each jurisdiction, with the law.
import { residencyOf } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { jurisdictionOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";

export interface AuditRetention {
  readonly days: number;
  readonly why: string;
}

/** Undefined where nobody says whose data it is: that is another rule's finding. */
export function auditRetentionOf(resource: Resource, { scope, register }: Context): AuditRetention | undefined {
  const declared = jurisdictionOf(resource, register);
  const jurisdiction = scope.kind === "jurisdiction" ? scope.jurisdiction : declared.kind === "declared" ? declared.value : undefined;
  return jurisdiction && residencyOf(jurisdiction).auditRetention;
}

export const isAudit = (dataClass: string): boolean => dataClass === "audit";
