// What the pack says of states, how an estate adopts it, and what is kept of it.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { audit } from "../../policies/audit.ts";
import { baselineOf, renderEntries, withEntries } from "../../policies/baseline.ts";
import { controlsOf, renderControls } from "../../policies/controls.ts";
import { loadExemptions } from "../../policies/exemptions.ts";
import { loadResults, recordResult } from "../../policies/results.ts";
import type { Finding, Rule } from "../../policies/rule.ts";
import { readState } from "../../policies/state.ts";
import { context } from "./judging.ts";

const today = new Date("2026-11-22T12:00:00Z");
const bucketType = "aws:s3/bucket:Bucket";
const state = (stack: string, ...inputs: object[]) =>
  readState(
    `${stack}.json`,
    JSON.stringify({
      deployment: {
        resources: inputs.map((its, index) => ({
          urn: `urn:pulumi:${stack}::shop::${bucketType}::b${index}`,
          type: bucketType,
          inputs: its,
          outputs: its,
        })),
      },
    }),
  );

const rule = (id: string, check: Rule["check"], more: Partial<Rule> = {}): Rule => ({
  id,
  title: "A rule",
  severity: "low",
  why: "because",
  remediation: "Mend it.",
  frameworks: [
    { name: "SOC 2", clause: "CC10.1" },
    { name: "SOC 2", clause: "CC6.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: { passes: [], fails: [] },
  ...(check && { check }),
  ...more,
});
const broken = (property: string): Finding => ({ kind: "violation", property, problem: `${property} is "no"`, allowed: "yes" });
const rules = [
  rule("a/acl", ({ props }) => (props.acl === "no" ? [broken("acl")] : "compliant")),
  rule("a/law", ({ props }) => (props.law === "no" ? [broken("law")] : "notApplicable"), { neverExempt: true }),
  rule("a/key", ({ props }) => (props.key === "?" ? [{ kind: "undecided", property: "key" }] : "notApplicable")),
  rule("a/all", undefined, { checkStack: () => [] }),
];
const judge = (exemptions: string, complete: boolean, ...states: ReturnType<typeof state>[]) =>
  audit(states, { rules, exemptions: loadExemptions("", rules, today, exemptions), contextOf: context, complete });

const adoption = { owner: "anna@example.com", approver: "ben@example.com", ticket: "PRIV-1", expires: "2027-02-20", today: "2026-11-22" };

describe("a check of states", () => {
  it("finds what a deployment would be refused for", () => {
    const { stacks, refused } = judge("[]", true, state("eu", { acl: "yes" }), state("us", { acl: "no" }, { key: "?" }));
    expect(refused).toBe(true);
    expect(stacks.map(({ stack, diagnostics }) => [stack, diagnostics.map((each) => each.rule)])).toEqual([
      ["eu", []],
      ["us", ["a/acl", "a/key"]],
    ]);
    expect(stacks[1]?.diagnostics[1]?.message).toContain("key is a secret, which the state holds encrypted");
  });

  it("says that an exemption is unused only when no stack that could need it does", () => {
    const entry = { ...baselineOf(judge("[]", true, state("eu", { acl: "no" })), rules, adoption).entries[0], urn: "urn:pulumi:*::b0" };
    const exemption = JSON.stringify([entry]);
    const fine = state("eu", { acl: "yes" });
    expect(judge(exemption, false, fine)).toMatchObject({ unused: [], refused: false });
    expect(judge(exemption, true, fine)).toMatchObject({ unused: [{ number: 1 }], refused: true });
    expect(judge(exemption, true, fine, state("us", { acl: "no" }))).toMatchObject({ unused: [], refused: false });
    const own = JSON.stringify([{ ...entry, urn: "urn:pulumi:eu::*" }]);
    const { unused, stacks } = judge(own, false, fine);
    expect(unused).toHaveLength(1);
    expect(stacks[0]?.diagnostics).toEqual([]);
  });
});

describe("a baseline", () => {
  const found = () => judge("[]", true, state("eu", { acl: "no", law: "no" }, { acl: "no" }, { key: "?" }));

  it("exempts each finding and no more, and nothing that must be mended or is not known", () => {
    const { entries, mend, undecided } = baselineOf(found(), rules, adoption);
    expect(entries.map(({ rule: id, urn, property }) => [id, urn.slice(-2), property])).toEqual([
      ["a/acl", "b0", "acl"],
      ["a/acl", "b1", "acl"],
    ]);
    expect(mend.map((each) => each.rule)).toEqual(["a/law"]);
    expect(undecided.map((each) => each.rule)).toEqual(["a/key"]);
  });

  it("lets the estate pass that it was made of, and refuses what breaks newly", () => {
    const file = renderEntries(baselineOf(judge("[]", true, state("eu", { acl: "no" })), rules, adoption).entries);
    expect(judge(file, true, state("eu", { acl: "no" }))).toMatchObject({ refused: false });
    expect(judge(file, true, state("eu", { acl: "no" }, { acl: "no" }))).toMatchObject({ refused: true });
    expect(judge(file, true, state("eu", { acl: "yes" }))).toMatchObject({ refused: true, unused: [{ rule: "a/acl" }] });
  });

  it("is added behind what a file holds, whose comments stay", () => {
    const { entries } = baselineOf(found(), rules, adoption);
    const empty = withEntries("# Keep this empty.\n#\n# - rule: x\n[]\n", entries);
    expect(empty).toMatch(/^# Keep this empty\.\n#\n# - rule: x\n- rule: a\/acl\n {2}urn: /);
    const more = withEntries(empty.replace("\n- rule", "\n# of old\n- rule"), entries);
    expect(more).toContain("# of old\n");
    expect(loadExemptions("", rules, today, more)).toHaveLength(4);
  });
});

describe("what is recorded of a check", () => {
  it("is read back, and shown for each clause", () => {
    const dir = mkdtempSync(join(tmpdir(), "results-"));
    const { stacks } = judge("[]", true, state("eu", { acl: "no" }, { acl: "yes", key: "?" }), state("us", { acl: "yes" }));
    for (const each of stacks)
      recordResult(
        each,
        rules.map(({ id }) => id),
        "2026-11-22",
        dir,
      );
    expect(readdirSync(dir)).toEqual(["eu.json", "us.json"]);
    const page = renderControls([...rules, rule("a/new", () => "compliant")], loadResults(dir));
    expect(page).toContain("| eu | 2026-11-22 | 2 |");
    expect(page).toContain("| CC6.1 | [a/acl](policies.md#aacl) | 1 broken | 1 kept |");
    expect(page).toContain("|  | [a/law](policies.md#alaw) | none | none |");
    expect(page).toContain("|  | [a/key](policies.md#akey) | 1 undecided | none |");
    expect(page).toContain("|  | [a/new](policies.md#anew) | not looked | not looked |");
    writeFileSync(join(dir, "eu.json"), "{}");
    expect(() => loadResults(dir)).toThrow("policies/results/eu.json is not what policy check --record writes");
    rmSync(dir, { recursive: true });
  });

  it("says so where nobody looked", () => {
    expect(renderControls(rules, [])).toContain("Nobody has recorded a result yet");
  });

  it("orders clauses as people count", () => {
    expect(controlsOf(rules).map(({ clause }) => clause)).toEqual(["CC6.1", "CC10.1"]);
  });
});
