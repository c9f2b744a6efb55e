// Compiles the consent policy (Cedar) into the decision table, by asking Cedar about every point of the domain. Runs at build.
import { readFileSync } from "node:fs";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { type ConsentState, consentStates, type Purpose, purposes } from "../../shared/consent.ts";
import { type Decision, type DecisionTable, format, type Rule } from "../../shared/decision-table.ts";
import { type LegalBasis, legalBasis, sharing } from "./legal-basis.ts";

/** What Cedar is asked. */
export interface Question {
  readonly purpose: Purpose;
  readonly basis: LegalBasis["basis"];
  readonly state: ConsentState;
  readonly gpc: boolean;
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

/** The policy as committed. */
export const consentPolicy = (): string => read("consent.cedar");

/**
 * The decision table of a policy text, by default the committed one.
 * Throws when the text does not parse, does not fit the schema, lacks a reason, or gives two reasons for one case.
 */
export async function compileDecisionTable(text = consentPolicy()): Promise<DecisionTable> {
  const ask = cedarPolicy(text);
  const ruleOf = (purpose: Purpose, basis: LegalBasis): Rule => ({
    ...basis,
    when: mapValues(consentStates, (state) => ({
      unsignalled: ask({ purpose, basis: basis.basis, state, gpc: false }),
      signalled: ask({ purpose, basis: basis.basis, state, gpc: true }),
    })),
  });
  const jurisdictions = Object.entries(legalBasis).map(([jurisdiction, bases]) => [
    jurisdiction,
    mapValues(purposes, (purpose) => ruleOf(purpose, bases[purpose])),
  ]);
  return { format, jurisdictions: Object.fromEntries(jurisdictions) };
}

/** A policy text, checked, as a function that asks Cedar. */
export function cedarPolicy(text: string): (question: Question) => Decision {
  const parts = expect(cedar.policySetTextToParts(text)).policies;
  const policies = Object.fromEntries(parts.map((policy, index) => [`rule ${index + 1}`, policy]));
  const schema = read("consent.cedarschema");
  const { validationErrors } = expect(cedar.validate({ schema, policies: { staticPolicies: policies } }));
  if (validationErrors.length > 0)
    throw new Error(
      `consent.cedar does not fit its schema:\n${validationErrors.map(({ policyId, error }) => `- ${policyId}: ${error.message}`).join("\n")}`,
    );
  const reasons = mapValues(Object.keys(policies), (id) => reasonOf(id, policies[id] as string));

  return ({ purpose, ...context }) => {
    const { response } = expect(
      cedar.isAuthorized({
        principal: { type: "Subject", id: "any" },
        action: { type: "Action", id: "use" },
        resource: { type: "Purpose", id: purpose },
        context,
        schema,
        validateRequest: true,
        policies: { staticPolicies: policies },
        entities: purposeEntities,
      }),
    );
    if (response.diagnostics.errors.length > 0)
      throw new Error(
        `Cedar could not evaluate ${response.diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`).join("; ")}.`,
      );
    const given = new Set(response.diagnostics.reason.map((id) => reasons[id]));
    if (given.size > 1)
      throw new Error(
        `consent.cedar gives several reasons (${[...given].sort().join(", ")}) for ${JSON.stringify({ purpose, ...context })}: make their conditions exclude each other.`,
      );
    return { allow: response.decision === "allow", reason: [...given][0] ?? "not-granted" };
  };
}

const purposeEntities: cedar.Entities = [
  { uid: { type: "PurposeGroup", id: "sharing" }, attrs: {}, parents: [] },
  ...purposes.map((purpose) => ({
    uid: { type: "Purpose", id: purpose },
    attrs: {},
    parents: sharing.includes(purpose) ? [{ type: "PurposeGroup", id: "sharing" }] : [],
  })),
];

function reasonOf(id: string, policy: string): string {
  const reason = expect(cedar.policyToJson(policy)).json.annotations?.reason;
  if (!reason) throw new Error(`consent.cedar, ${id} has no @reason("..."): every rule says why it decides.`);
  return reason;
}

/** Cedar's answer where it succeeded; throws what it complains about where it failed. */
function expect<Answer extends { type: string }>(answer: Answer): Extract<Answer, { type: "success" }> {
  if (answer.type !== "success")
    throw new Error(`Cedar refuses the policy: ${JSON.stringify((answer as unknown as { errors: unknown }).errors)}`);
  return answer as Extract<Answer, { type: "success" }>;
}

function mapValues<Key extends string, Value>(keys: readonly Key[], value: (key: Key) => Value): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<Key, Value>;
}
