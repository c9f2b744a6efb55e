import { expect, it } from "vitest";
import type { Rule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules/index.ts";
import { Session } from "../../policies/session.ts";
import { context, resource } from "./judging.ts";

const rule = (more: Partial<Rule>): Rule => ({
  id: "topic/rule",
  title: "A rule",
  severity: "low",
  why: "because",
  remediation: "Mend it.",
  frameworks: [{ name: "GDPR", clause: "Art. 5" }],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: { passes: [], fails: [] },
  ...more,
});
const it_ = resource({ type: "aws:s3/bucket:Bucket" });
const session = (one: Rule) => new Session({ rules: [one], context: context(), exemptions: [], dryRun: false });

it("a rule that throws is a finding that blocks", () => {
  const broken = rule({
    check: () => {
      throw new Error("cannot read it");
    },
  });
  expect(session(broken).analyze(it_).diagnostics).toMatchObject([{ rule: "topic/rule", blocks: true }]);
  expect(session(broken).analyze(it_).diagnostics[0]?.message).toContain("the rule itself failed: cannot read it");
});

it("a stack rule that throws is a finding that blocks", () => {
  const broken = rule({
    checkStack: () => {
      throw new Error("cannot relate them");
    },
  });
  expect(session(broken).analyzeStack([it_]).diagnostics).toMatchObject([{ rule: "topic/rule", blocks: true }]);
});

it("an advisory rule does not block", () => {
  const advisory = rule({
    enforcement: { advisory: "a trial until June" },
    check: () => [{ kind: "violation", problem: "p", allowed: "a" }],
  });
  expect(session(advisory).analyze(it_).diagnostics).toMatchObject([{ blocks: false }]);
});

it("the pack's rules have complete metadata, and their ids are the paths of their files", async () => {
  const { existsSync } = await import("node:fs");
  for (const one of rules) {
    expect(existsSync(new URL(`../../policies/rules/${one.id}.ts`, import.meta.url)), one.id).toBe(true);
    expect(one.frameworks.length, one.id).toBeGreaterThan(0);
    expect(one.why.length, one.id).toBeGreaterThan(40);
    expect(one.remediation.length, one.id).toBeGreaterThan(20);
  }
});
