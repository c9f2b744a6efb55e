// The consent policy in its compiled form: a finite table that the edge and the services look up in the same way.
// It is written from the Cedar text by functions/governance/policy and is proven equal to it over the whole domain.
import * as z from "zod/mini";
import { canonicalDigest } from "./canonical-json.ts";
import { type ConsentRecord, type ConsentState, consentStates, signalCounts, stateAt } from "./consent.ts";

/** The hash of one compiled policy: SHA-256 of the table's canonical JSON. */
export type PolicyRevision = `sha256:${string}`;

export interface Decision {
  readonly allow: boolean;
  /** Why, as a word for machines and people: `granted`, `not-granted`, `withdrawn`, `gpc`, ... */
  readonly reason: string;
}

/** What the law and the policy say about one purpose in one jurisdiction. */
export interface Rule {
  /** `opt-in`: nothing without a grant. `opt-out`: allowed until the person objects. */
  readonly basis: "opt-in" | "opt-out";
  /** The provision it rests on. */
  readonly law: string;
  /** How many days a grant counts. */
  readonly validDays: number;
  /** By consent state; `signalled` holds where the person's browser sends Global Privacy Control. */
  readonly when: Readonly<Record<ConsentState, { readonly unsignalled: Decision; readonly signalled: Decision }>>;
}

export const format = "bailiwick/decision-table/1";

export interface DecisionTable {
  readonly format: typeof format;
  /** By jurisdiction, then purpose. `*` holds for every jurisdiction that has no entry of its own: the strictest of all. */
  readonly jurisdictions: Readonly<Record<string, Readonly<Record<string, Rule>>>>;
}

/** What a decision depends on, and all of it. */
export interface Facts {
  readonly jurisdiction: string;
  readonly purpose: string;
  readonly state: ConsentState;
  /** Global Privacy Control (`Sec-GPC: 1`) was sent. https://www.w3.org/TR/gpc/ */
  readonly gpc: boolean;
}

/** The facts of a purpose as a record has them. */
export const factsOf = (
  record: ConsentRecord,
  purpose: string,
  { jurisdiction, gpc }: Pick<Facts, "jurisdiction" | "gpc">,
  now: Date,
): Facts => ({ jurisdiction, purpose, state: stateAt(record, purpose, now), gpc: gpc && signalCounts(record, purpose) });

/** Looks the facts up. What the table does not know is refused. */
export function decide(table: DecisionTable, facts: Facts): Decision {
  const rule = ruleFor(table, facts.jurisdiction, facts.purpose);
  if (!rule) return { allow: false, reason: "unknown-purpose" };
  return rule.when[facts.state][facts.gpc ? "signalled" : "unsignalled"];
}

/** The rule for a purpose in a jurisdiction, or undefined for a purpose that the policy does not know. */
export function ruleFor(table: DecisionTable, jurisdiction: string, purpose: string): Rule | undefined {
  const rules = Object.hasOwn(table.jurisdictions, jurisdiction) ? table.jurisdictions[jurisdiction] : table.jurisdictions["*"];
  return rules && Object.hasOwn(rules, purpose) ? rules[purpose] : undefined;
}

export function policyRevision(table: DecisionTable): Promise<PolicyRevision> {
  return canonicalDigest(table);
}

const decision = z.strictObject({ allow: z.boolean(), reason: z.string().check(z.regex(/^[a-z][a-z-]*$/)) });
const rule = z.strictObject({
  basis: z.enum(["opt-in", "opt-out"]),
  law: z.string(),
  validDays: z.int().check(z.positive()),
  // A record over an enumeration is exhaustive: a table with a hole is refused.
  when: z.record(z.enum(consentStates), z.strictObject({ unsignalled: decision, signalled: decision })),
});
const schema = z.strictObject({
  format: z.literal(format),
  jurisdictions: z
    .record(z.string(), z.record(z.string(), rule))
    .check(z.refine((all) => Object.hasOwn(all, "*"), 'must have an entry "*"')),
});

/** Reads a table that came from outside. Throws a zod error that names every wrong or missing member. */
export function parseDecisionTable(value: unknown): DecisionTable {
  return schema.parse(value);
}
