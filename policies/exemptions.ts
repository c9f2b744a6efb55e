// Exemptions: who may break which rule with which resource, why, and until when. Nothing here outlives ninety days.
import { join } from "node:path";
import * as z from "zod";
import { glob, stackOf } from "./glob.ts";
import type { Finding, Metadata } from "./rule.ts";
import { readList } from "./yaml-list.ts";

const day = 24 * 60 * 60 * 1000;
export const longestDays = 90;

const entry = z.strictObject({
  rule: z.string(),
  /** Glob over URNs of the resources that may break the rule. A component's URN stands for everything that it is made of as well. */
  urn: z
    .string()
    .startsWith(
      "urn:pulumi:",
      "must be a URN or a glob over URNs, such as urn:pulumi:eu::*::gcp:sql/databaseInstance:DatabaseInstance::ledger",
    ),
  /** Glob over the property that a finding is about; without it, every finding of the rule. */
  property: z.string().min(1).optional(),
  /** Glob over what a finding says is wrong: the words behind the rule's id. */
  problem: z.string().min(1).optional(),
  reason: z.string().min(20, "must say in a sentence why the rule may be broken and what holds instead"),
  owner: z.email("must be the e-mail address of the person who will end the exemption"),
  approver: z.email("must be the e-mail address of another person, who allowed it"),
  /** Where the discussion is. */
  ticket: z.string().min(1),
  /** Last day, as YYYY-MM-DD in UTC. */
  expires: z.iso.date("must be the last day of the exemption, as YYYY-MM-DD"),
});

/** An entry as the file holds it. */
export type ExemptionEntry = z.infer<typeof entry>;

export interface Exemption extends ExemptionEntry {
  /** Its place in the file, counted from 1. */
  readonly number: number;
  readonly matches: (urn: string) => boolean;
  /** Whether it is about this finding; one that is not known to say what is wrong has no `problem`. */
  readonly accepts: (finding: Finding) => boolean;
  /** Whole days that are left, today included. */
  readonly daysLeft: number;
}

/**
 * Reads `exemptions.yaml`.
 * @param rules every rule of the pack
 * @throws Error that lists every entry that is unreadable, expired, too long, approved by its owner, or not to be exempted
 */
export function loadExemptions(dir: string, rules: readonly Metadata[], now: Date, text?: string): Exemption[] {
  const exemptions = readList(join(dir, "exemptions.yaml"), entry, text).map((item, index) => ({
    ...item,
    number: index + 1,
    matches: glob(item.urn),
    accepts: acceptsOf(item),
    daysLeft: Math.ceil((Date.parse(item.expires) + day - now.getTime()) / day),
  }));
  const problems = exemptions.flatMap((item) =>
    faults(item, rules).map((fault) => `  entry ${item.number} (${item.rule}, ${item.ticket}): ${fault}`),
  );
  if (problems.length > 0) throw new Error(`exemptions.yaml cannot be used:\n${problems.join("\n")}`);
  return exemptions;
}

function acceptsOf({ property, problem }: ExemptionEntry): Exemption["accepts"] {
  const anything = () => true;
  const [isProperty, isProblem] = [property, problem].map((pattern) => (pattern === undefined ? anything : glob(pattern)));
  return (finding) =>
    isProperty?.(finding.property ?? "") === true && isProblem?.(finding.kind === "violation" ? finding.problem : "") === true;
}

/** What is printed of one in use, and how it is read back from the engine's events. */
export const inUse = (item: Exemption): string => `Exempted until ${item.expires}, ${item.daysLeft} days left: ${about(item)}`;
export const numberIn = (message: string): number | undefined => {
  const number = /^Exempted until .* days left: .*? \(entry (\d+), /.exec(message)?.[1];
  return number === undefined ? undefined : Number(number);
};
export const withoutUse = (item: Exemption): string =>
  `Exemption without use: ${about(item)}\n  Remedy:  Remove the entry from policies/exemptions.yaml.`;

const about = ({ number, rule, urn, property, problem, ticket, reason, owner, approver }: Exemption): string => {
  const which = [property && `property ${property}`, problem && `problem ${problem}`].filter(Boolean).join(", ");
  return `${rule} for ${urn}${which && `, ${which}`} (entry ${number}, ${ticket}: ${reason} Owner ${owner}, approved by ${approver}.)`;
};

/** Those that who runs these rules can need. What a change destroys is judged by others: replacements.ts. */
export const ofRules = (exemptions: readonly Exemption[], rules: readonly Metadata[]): Exemption[] =>
  exemptions.filter(({ rule }) => rules.some(({ id }) => id === rule));

/**
 * The exemptions that nothing needed. Only who has seen a stack can say so; one that names its stacks by a glob is judged when all of
 * them were seen.
 * @param used for each stack that was seen: the numbers of the entries that it used
 * @param complete whether these are all the stacks there are
 */
export function unusedIn(exemptions: readonly Exemption[], used: ReadonlyMap<string, ReadonlySet<number>>, complete: boolean): Exemption[] {
  return exemptions.filter((item) => {
    const stack = stackOf(item.urn) ?? "*";
    const seen = stack.includes("*") ? complete : used.has(stack);
    return seen && ![...used.values()].some((numbers) => numbers.has(item.number));
  });
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
