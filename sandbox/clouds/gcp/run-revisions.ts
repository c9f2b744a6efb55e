// What is known of a Cloud Run service: its revisions, and which of them get requests. Pure.
import { createHash } from "node:crypto";
import { CloudError, type Properties } from "../../engine/definition.ts";
import { latest, type Target } from "./run-traffic.ts";

/** A template, frozen under a name. */
export interface Revision {
  readonly name: string;
  readonly template: Properties;
  readonly created: string;
  /** Whether it ever passed its startup probe. */
  readonly ready: boolean;
}

export interface ServiceRecord {
  readonly uid: string;
  readonly created: string;
  readonly generation: number;
  readonly revisions: readonly Revision[];
  readonly latestReady?: string;
  readonly traffic: readonly Target[];
}

/** The same whatever the order of keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
const sameTemplate = (a: Properties, b: Properties) => canonical({ ...a, revision: "" }) === canonical({ ...b, revision: "" });

/**
 * The revision that a template asks for: an existing one, or a new one.
 * @throws CloudError 409 when its name belongs to another template
 */
export function chooseRevision(
  service: string,
  template: Properties,
  old: ServiceRecord | undefined,
): { revision: Revision; isNew: boolean } {
  const newest = old?.revisions.at(-1);
  if (template.revision === undefined && newest && sameTemplate(newest.template, template)) return { revision: newest, isNew: false };
  const number = String((old?.generation ?? 0) + 1).padStart(5, "0");
  const name = String(
    template.revision ?? `${service}-${number}-${createHash("sha256").update(canonical(template)).digest("hex").slice(0, 3)}`,
  );
  const existing = old?.revisions.find((revision) => revision.name === name);
  if (!existing) return { revision: { name, template, created: new Date().toISOString(), ready: false }, isNew: true };
  if (sameTemplate(existing.template, template)) return { revision: existing, isNew: false };
  throw new CloudError("conflict", `googleapi: Error 409: Revision named '${name}' with different configuration already exists., conflict`);
}

export const nameOf = (target: Target, record: ServiceRecord) => (target.revision === latest ? record.latestReady : target.revision);

/** The revisions that get requests. */
export function active(record: ServiceRecord): string[] {
  const names = record.traffic.filter(({ percent }) => percent > 0).flatMap((target) => nameOf(target, record) ?? []);
  return [...new Set(names)];
}
