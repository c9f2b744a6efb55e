// How long audit data must be kept: the residency map says it for each jurisdiction, with the law.
import { residencyOf } from "../../../stacks/residency.ts";
import { type Check, mustBeWithin } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { dataClassOf, jurisdictionOf } from "../../declaration.ts";
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

/** Whether it declares to hold audit data. */
export function isAuditStore(resource: Resource, { register }: Context): boolean {
  const declared = dataClassOf(resource, register);
  return declared.kind === "declared" && declared.value === "audit";
}

/**
 * The argument keeps for at least as long as the law demands.
 * @param perDay how many of the argument's units a day has
 * @param otherwise what the provider takes when it is not set
 */
export const keptFor = (path: string, unit: string, perDay: number, retention: AuditRetention | undefined, otherwise?: number): Check =>
  mustBeWithin(
    path,
    (retention?.days ?? 1) * perDay,
    Number.POSITIVE_INFINITY,
    `${unit}${retention ? `: ${retention.why}` : ""}`,
    otherwise,
  );
