// The retention that a bucket's Object Lock rule puts on every new object.
import { text } from "./xml.ts";

export interface LockRule {
  readonly mode: "COMPLIANCE" | "GOVERNANCE";
  readonly days?: number;
  readonly years?: number;
}

/** The default rule in an ObjectLockConfiguration document; undefined when it has none. */
export function lockRule(document: string): LockRule | undefined {
  const mode = text(document, "Mode");
  if (mode !== "COMPLIANCE" && mode !== "GOVERNANCE") return undefined;
  const days = text(document, "Days");
  const years = text(document, "Years");
  return { mode, ...(days ? { days: Number(days) } : {}), ...(years ? { years: Number(years) } : {}) };
}

/** Until when an object written now is kept. A year has 365 days here, as it has at S3. */
export function retainUntil(rule: LockRule, now: Date): Date {
  return new Date(now.getTime() + (rule.days ?? 0) * 86_400_000 + (rule.years ?? 0) * 365 * 86_400_000);
}
