import { expect, it } from "vitest";
import { unusedExemptions } from "../../cli/exemptions.ts";
import { inUse, loadExemptions, withoutUse } from "../../policies/exemptions.ts";
import { rules } from "../../policies/rules/index.ts";

const rule = rules.find(({ neverExempt }) => !neverExempt)?.id;
const exemptions = loadExemptions(
  "",
  rules,
  new Date("2026-11-22"),
  JSON.stringify(
    ["urn:pulumi:eu::*", "urn:pulumi:*::aws:s3/bucket:Bucket::old"].map((urn) => ({
      rule,
      urn,
      reason: "The import bucket of March; its originals are protected.",
      owner: "anna@example.com",
      approver: "ben@example.com",
      ticket: "PRIV-1",
      expires: "2026-12-01",
    })),
  ),
);
const [first, second] = exemptions as [(typeof exemptions)[0], (typeof exemptions)[0]];
const run = (stack: string, ok: boolean, ...findings: [message: string, mandatory: boolean][]) => ({
  stack,
  ok,
  findings: findings.map(([message, mandatory]) => ({ rule: "exemptions", urn: "", message, mandatory })),
});
const unused = (...runs: ReturnType<typeof run>[]) => unusedExemptions(runs, ["eu", "us"], exemptions);

it("one for several stacks is unused when all of them ran and none needed it", () => {
  expect(unused(run("eu", true, [inUse(first), false]), run("us", true))).toEqual([`exemptions: ${withoutUse(second)}`]);
  expect(unused(run("eu", true, [inUse(first), false]), run("us", true, [inUse(second), false]))).toEqual([]);
  expect(unused(run("eu", true, [inUse(first), false]))).toEqual([]);
});

it("one that a run has called unused is not named again", () => {
  expect(unused(run("eu", false, [withoutUse(first), true]))).toEqual([]);
});

it("a run that failed before the pack saw the stack tells nothing", () => {
  expect(unused(run("eu", false), run("us", true))).toEqual([]);
});
