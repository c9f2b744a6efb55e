// Which findings an exemption lets pass, and which entries nobody needs.
import { describe, expect, it } from "vitest";
import { type ExemptionEntry, inUse, loadExemptions, numberIn, unusedIn } from "../../policies/exemptions.ts";
import type { Finding, Rule } from "../../policies/rule.ts";
import { Session } from "../../policies/session.ts";
import { context, resource } from "./judging.ts";

const now = new Date("2026-11-22T12:00:00Z");
const bucket = resource({ type: "aws:s3/bucket:Bucket", name: "uploads" });
const site = { ...resource({ type: "acme:web:Site", name: "shop" }), provider: undefined };

const breaks: Finding[] = [
  { kind: "violation", property: "acl", problem: 'acl is "public-read"', allowed: "private" },
  { kind: "violation", property: "logging.bucket", problem: "logging.bucket is not set", allowed: "a bucket" },
];
const rule: Rule = {
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
  check: ({ type }) => (type.startsWith("aws:") ? breaks : "notApplicable"),
};

const entries = (...all: Partial<ExemptionEntry>[]) =>
  loadExemptions(
    "",
    [rule],
    now,
    JSON.stringify(
      all.map((more) => ({
        rule: rule.id,
        urn: bucket.urn,
        reason: "The import bucket of March; its originals are protected.",
        owner: "anna@example.com",
        approver: "ben@example.com",
        ticket: "PRIV-1",
        expires: "2026-12-01",
        ...more,
      })),
    ),
  );

/** What is left of the findings, and the notes on exemptions. */
function judged(exemptions: ReturnType<typeof entries>, resources = [bucket]) {
  const session = new Session({ rules: [rule], context: context("eu"), exemptions, dryRun: false });
  const found = resources.flatMap((each) => session.analyze(each).diagnostics.map(({ message }) => message.split("\n")[0]?.split(": ")[1]));
  return { found, notes: session.analyzeStack(resources).diagnostics, session };
}
const both = ['acl is "public-read"', "logging.bucket is not set"];

describe("an exemption", () => {
  it("without a property covers every finding of its rule", () => {
    expect(judged(entries({})).found).toEqual([]);
  });

  it.each<[string, Partial<ExemptionEntry>, string[]]>([
    ["for a property", { property: "acl" }, [both[1] as string]],
    ["for a glob over properties", { property: "logging.*" }, [both[0] as string]],
    ["for what is wrong", { problem: 'acl is "public-*"' }, [both[1] as string]],
    ["for a property that nothing is about", { property: "policy" }, both],
  ])("%s hides no other finding", (_name, more, left) => {
    expect(judged(entries(more)).found).toEqual(left);
  });

  it("of a component covers all that it is made of, at any depth, and nothing else", () => {
    const part = { ...resource({ type: "acme:web:Store", name: "store" }), provider: undefined, parent: site.urn };
    const inside = { ...bucket, urn: `${bucket.urn}-inside`, parent: part.urn };
    const { found, notes } = judged(entries({ urn: "urn:pulumi:eu::*::acme:web:Site::shop" }), [site, part, inside, bucket]);
    expect(found).toEqual(both);
    expect(notes.map(({ urn, blocks }) => [urn, blocks])).toEqual([[inside.urn, false]]);
  });

  it("of a resource does not cover its children, nor one of the stack everything", () => {
    const child = { ...bucket, urn: `${bucket.urn}-child`, parent: bucket.urn };
    expect(judged(entries({}), [bucket, child]).found).toEqual(both);
    const stack = { ...resource({ type: "pulumi:pulumi:Stack", name: "test-eu" }), provider: undefined };
    expect(judged(entries({ urn: stack.urn }), [stack, { ...bucket, parent: stack.urn }]).found).toEqual(both);
  });

  it("is not undone by parents that stand in a circle", () => {
    const [one, other] = [
      { ...site, urn: `${site.urn}-1`, parent: `${site.urn}-2` },
      { ...site, urn: `${site.urn}-2`, parent: `${site.urn}-1` },
    ];
    expect(judged(entries({ urn: "urn:pulumi:eu::none" }), [one, other, { ...bucket, parent: one.urn }]).found).toEqual(both);
  });

  it("is printed with the days left, and found again by its number", () => {
    const [first, second] = entries({}, { property: "acl", reason: "So it is (entry 9, as they say), until March." });
    expect(inUse(first as never)).toMatch(/^Exempted until 2026-12-01, 10 days left: topic\/rule for urn:pulumi:eu::/);
    expect([first, second].map((item) => numberIn(inUse(item as never)))).toEqual([1, 2]);
    expect(numberIn("Exemption without use: topic/rule for x (entry 1, PRIV-1: ...)")).toBeUndefined();
  });
});

describe("an exemption without use", () => {
  const all = entries({}, { urn: "urn:pulumi:us::*" }, { urn: "urn:pulumi:*::aws:s3/bucket:Bucket::old" });
  const numbers = (used: Record<string, number[]>, complete: boolean) =>
    unusedIn(all, new Map(Object.entries(used).map(([stack, its]) => [stack, new Set(its)])), complete).map(({ number }) => number);

  it("is told by the stack that it names, and by no other", () => {
    expect(numbers({ eu: [] }, false)).toEqual([1]);
    expect(numbers({ eu: [1] }, false)).toEqual([]);
    expect(numbers({ us: [] }, false)).toEqual([2]);
  });

  it("that names no single stack is told when all were seen", () => {
    expect(numbers({ eu: [1], us: [2] }, false)).toEqual([]);
    expect(numbers({ eu: [1], us: [2] }, true)).toEqual([3]);
    expect(numbers({ eu: [1], us: [2, 3] }, true)).toEqual([]);
  });

  it("blocks the run of its stack", () => {
    const { notes } = judged(entries({ property: "policy" }));
    expect(notes).toMatchObject([{ rule: "exemptions", blocks: true }]);
    expect(notes[0]?.message).toContain(
      "Exemption without use: topic/rule for urn:pulumi:eu::test::aws:s3/bucket:Bucket::uploads, property policy",
    );
  });
});

it("a session counts what became of each rule", () => {
  const { session } = judged(entries({ property: "acl" }));
  expect([...session.tally]).toEqual([["topic/rule", { judged: 1, violations: 1, undecided: 0, exempted: 1 }]]);
});
