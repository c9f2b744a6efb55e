// Exemptions: who may break which rule with which resource, why, and until when. Nothing here outlives ninety days.
import { join } from "node:path";
import * as z from "zod";
import { glob } from "./glob.ts";
import type { Metadata } from "./rule.ts";
import { readList } from "./yaml-list.ts";

const day = 24 * 60 * 60 * 1000;
const longestDays = 90;

const entry = z.strictObject({
  rule: z.string(),
  /** Glob over URNs of the resources that may break the rule. */
  urn: z
    .string()
    .startsWith(
      "urn:pulumi:",
      "must be a URN or a glob over URNs, such as urn:pulumi:eu::*::gcp:sql/databaseInstance:DatabaseInstance::ledger",
    ),
  reason: z.string().min(20, "must say in a sentence why the rule may be broken and what holds instead"),
  owner: z.email("must be the e-mail address of the person who will end the exemption"),
  approver: z.email("must be the e-mail address of another person, who allowed it"),
  /** Where the discussion is. */
  ticket: z.string().min(1),
  /** Last day, as YYYY-MM-DD in UTC. */
  expires: z.iso.date("must be the last day of the exemption, as YYYY-MM-DD"),
});

export interface Exemption extends z.infer<typeof entry> {
  readonly matches: (urn: string) => boolean;
  /** Whole days that are left, today included. */
  readonly daysLeft: number;
}

/**
 * Reads `exemptions.yaml`.
 * @param rules every rule of the pack
 * @throws Error that lists every entry that is unreadable, expired, too long, approved by its owner, or not to be exempted
 */
export function loadExemptions(dir: string, rules: readonly Metadata[], now: Date, text?: string): Exemption[] {
  const exemptions = readList(join(dir, "exemptions.yaml"), entry, text).map((item) => ({
    ...item,
    matches: glob(item.urn),
    daysLeft: Math.ceil((Date.parse(item.expires) + day - now.getTime()) / day),
  }));
  const problems = exemptions.flatMap((item, index) =>
    faults(item, rules).map((fault) => `  entry ${index + 1} (${item.rule}, ${item.ticket}): ${fault}`),
  );
  if (problems.length > 0) throw new Error(`exemptions.yaml cannot be used:\n${problems.join("\n")}`);
  return exemptions;
}

function faults(exemption: Exemption, rules: readonly Metadata[]): string[] {
  const { owner, approver, expires, daysLeft } = exemption;
  const rule = rules.find(({ id }) => id === exemption.rule);
  const found: string[] = [];
  if (!rule) found.push(`there is no rule "${exemption.rule}"; allowed: ${rules.map(({ id }) => id).join(", ")}`);
  if (rule?.neverExempt) found.push(`${rule.id} allows no exemption: ${rule.why}`);
  if (owner.toLowerCase() === approver.toLowerCase()) found.push(`owner and approver are both ${owner}; another person must approve`);
  if (daysLeft <= 0) found.push(`expired on ${expires}, ${1 - daysLeft} days ago; mend what it covered, or have it approved anew`);
  if (daysLeft > longestDays + 1) found.push(`expires on ${expires}, in ${daysLeft - 1} days; at most ${longestDays} are allowed`);
  return found;
}
