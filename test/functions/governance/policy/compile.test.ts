import { beforeAll, describe, expect, test } from "vitest";
import { cedarPolicy, compileDecisionTable, consentPolicy } from "../../../../functions/governance/policy/compile.ts";
import { legalBasis } from "../../../../functions/governance/policy/legal-basis.ts";
import { consentStates, purposes } from "../../../../functions/shared/consent.ts";
import { type DecisionTable, decide, type Facts, parseDecisionTable } from "../../../../functions/shared/decision-table.ts";

/** Every point of the domain. */
const domain = Object.entries(legalBasis).flatMap(([jurisdiction, bases]) =>
  purposes.flatMap((purpose) =>
    consentStates.flatMap((state) => [true, false].map((gpc) => ({ jurisdiction, purpose, state, gpc, basis: bases[purpose].basis }))),
  ),
);

/** The points where a table says something else than a policy text. */
function differences(table: DecisionTable, text: string): Facts[] {
  const ask = cedarPolicy(text);
  return domain.filter(({ purpose, basis, state, gpc, ...rest }) => {
    const { allow, reason } = decide(table, { purpose, state, gpc, ...rest });
    const cedar = ask({ purpose, basis, state, gpc });
    return allow !== cedar.allow || reason !== cedar.reason;
  });
}

describe("the decision table", () => {
  let table: DecisionTable;
  beforeAll(async () => {
    table = await compileDecisionTable();
  });
  const at = (jurisdiction: string, purpose: string, state: Facts["state"], gpc = false) =>
    decide(table, { jurisdiction, purpose, state, gpc });

  test("says what Cedar says at every point of the domain", () => {
    expect(domain).toHaveLength(5 * 4 * 5 * 2);
    expect(differences(table, consentPolicy())).toEqual([]);
  });

  test.each([
    ["a rule is dropped", /@reason\("gpc"\)[^;]*;/, ""],
    [
      "a rule is turned round",
      'forbid (principal, action == Action::"use", resource)\nwhen { context.state == "expired" }',
      'permit (principal, action == Action::"use", resource)\nwhen { context.state == "expired" }',
    ],
    ["a condition is dropped", 'context.basis == "opt-out" && ', ""],
    ["a reason is renamed", '@reason("granted")', '@reason("yes")'],
    ["a basis is swapped", 'context.basis == "opt-out"', 'context.basis == "opt-in"'],
  ])("no longer says what Cedar says once %s", (_, before, after) => {
    const mutated = consentPolicy().replace(before, after);
    expect(mutated).not.toBe(consentPolicy());
    expect(differences(table, mutated)).not.toEqual([]);
  });

  test("allows nothing after a no, anywhere", () => {
    for (const facts of domain.filter(({ state }) => ["denied", "withdrawn", "expired"].includes(state)))
      expect(decide(table, facts)).toEqual({ allow: false, reason: facts.state });
  });

  test("allows nothing before a yes where the basis is opt-in", () => {
    for (const facts of domain.filter(({ basis, state }) => basis === "opt-in" && state !== "granted"))
      expect(decide(table, facts).allow).toBe(false);
  });

  test("never allows because of Global Privacy Control what it refuses without", () => {
    for (const facts of domain.filter(({ gpc }) => gpc))
      if (decide(table, facts).allow) expect(decide(table, { ...facts, gpc: false }).allow).toBe(true);
  });

  test("personalises nobody anywhere who has not said yes", () => {
    for (const facts of domain.filter(({ purpose }) => purpose === "personalisation"))
      expect(decide(table, facts).allow).toBe(facts.state === "granted");
  });

  test("lets an American be counted until they object, and a European only after a yes", () => {
    expect(at("us", "analytics", "none")).toEqual({ allow: true, reason: "not-opted-out" });
    expect(at("eu", "analytics", "none")).toEqual({ allow: false, reason: "not-granted" });
  });

  test("takes Global Privacy Control as an opt-out of advertising, even against a grant", () => {
    expect(at("us", "advertising", "none", true)).toEqual({ allow: false, reason: "gpc" });
    expect(at("us", "advertising", "granted", true)).toEqual({ allow: false, reason: "gpc" });
    expect(at("us", "advertising", "none", false).allow).toBe(true);
  });

  test("holds a jurisdiction it does not name to the strictest basis", () => {
    expect(at("uk", "analytics", "none").allow).toBe(false);
    expect(at("uk", "analytics", "granted").allow).toBe(true);
  });

  test("refuses a purpose it does not know", () => {
    expect(at("eu", "horoscopes", "granted")).toEqual({ allow: false, reason: "unknown-purpose" });
    expect(at("eu", "constructor", "granted").allow).toBe(false);
  });

  test("survives the way through a file", () => expect(parseDecisionTable(JSON.parse(JSON.stringify(table)))).toEqual(table));

  test("is the same every time it is compiled", async () =>
    expect(JSON.stringify(await compileDecisionTable())).toBe(JSON.stringify(table)));
});

describe("a policy text is refused", () => {
  test("when it does not parse", async () => expect(compileDecisionTable("permit (principal")).rejects.toThrow("Cedar refuses the policy"));
  test("when it asks for what does not exist", async () =>
    expect(compileDecisionTable('@reason("x") permit (principal, action, resource) when { context.age > 17 };')).rejects.toThrow(
      "does not fit its schema",
    ));
  test("when a rule gives no reason", async () =>
    expect(compileDecisionTable("permit (principal, action, resource);")).rejects.toThrow('has no @reason("...")'));
  test("when two rules give two reasons for one case", async () =>
    expect(
      compileDecisionTable('@reason("one") permit (principal, action, resource); @reason("two") permit (principal, action, resource);'),
    ).rejects.toThrow("several reasons (one, two)"));
});
