// No input makes a rule throw or the pack die, and what rules correct is corrected.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Properties, UNKNOWN, type Value } from "../../policies/resource.ts";
import type { Finding } from "../../policies/rule.ts";
import { rules } from "../../policies/rules/index.ts";
import { asset, output, type RunningPack, reference, removeBuild, secret, startPack, unknowns } from "./harness.ts";
import { context, resource } from "./judging.ts";
import { readPaths, shape, stack } from "./shapes.ts";

const inEu = context();

function expectSaying(findings: readonly Finding[], id: string): void {
  expect(findings.length, id).toBeGreaterThan(0);
  for (const finding of findings) expect(finding.kind === "violation" ? finding.problem : finding.property, id).not.toBe("");
}

describe("whatever the properties are", () => {
  it("they stand where rules look", () => {
    const read = [...readPaths.values()].flat();
    expect(new Set(read).size).toBeGreaterThan(50);
    expect(readPaths.get("aws:s3/bucket:Bucket")).toContain("region");
  });

  it("no rule throws, and each finding says what is wrong", () => {
    fc.assert(
      fc.property(shape, (it_) => {
        for (const rule of rules) {
          const outcome = rule.check?.(resource(it_), inEu) ?? "notApplicable";
          if (typeof outcome !== "string") expectSaying(outcome, rule.id);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("no relation between resources throws, nor what settles an unknown", () => {
    fc.assert(
      fc.property(stack, (resources) => {
        for (const rule of rules) {
          for (const { finding } of rule.checkStack?.(resources, inEu) ?? []) expectSaying([finding], rule.id);
          for (const it_ of resources)
            for (const property of Object.keys(it_.props)) rule.settles?.({ kind: "undecided", property }, it_, resources);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe.each(rules.filter(({ remediate }) => remediate).map((rule) => [rule.id, rule] as const))("what %s corrects", (_id, rule) => {
  const violations = (props: Properties, it_: { type: string; protect: boolean }) => {
    const outcome = rule.check?.(resource({ ...it_, props }), inEu) ?? "notApplicable";
    return typeof outcome === "string" ? [] : outcome.filter(({ kind }) => kind === "violation");
  };
  const [failing] = rule.examples.fails;

  it("is what its example breaks", () => {
    expect(rule.remediate?.(resource(failing as never), inEu)).toBeDefined();
  });

  it("stays as it is when it is corrected again, and an unknown stays unknown", () => {
    fc.assert(
      fc.property(shape, fc.boolean(), ({ type, ...it_ }, same) => {
        const one = { ...it_, type: same ? (failing?.type ?? type) : type };
        const corrected = rule.remediate?.(resource(one), inEu);
        if (corrected === undefined) return;
        const again = rule.remediate?.(resource({ ...one, props: corrected }), inEu);
        if (again !== undefined) expect(again).toEqual(corrected);
        expect(unknownsIn(corrected)).toEqual(unknownsIn(one.props));
        expect(violations(corrected, one).length).toBeLessThanOrEqual(violations(one.props, one).length);
      }),
      { numRuns: 500 },
    );
  });

  it("is compliant then", () => {
    const props = rule.remediate?.(resource(failing as never), inEu) ?? {};
    expect(violations(props, { protect: false, ...failing } as never)).toEqual([]);
  });
});

const unknownsIn = (value: Value, path = ""): string[] => {
  if (value === UNKNOWN) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => unknownsIn(item as Value, `${path}.${key}`));
};

describe("the executable pack", () => {
  let pack: RunningPack;
  beforeAll(async () => {
    pack = await startPack();
    await pack.configure("eu", { "bailiwick:remediate": "true" });
  });
  afterAll(async () => {
    await pack.stop();
    await removeBuild();
  });

  /** As the engine would write it, with any value a secret, an output, an asset or a reference. */
  const wire = (value: Value, how: number): unknown => {
    if (value === UNKNOWN) return how % 2 === 0 ? unknowns[how % unknowns.length] : output();
    if (Array.isArray(value)) return (value as readonly Value[]).map((item, index) => wire(item, how + index));
    const plain =
      typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, item], index) => [key, wire(item as Value, how * 3 + index)]))
        : value;
    const ways = [secret(plain), output({ value: plain, secret: true }), asset("a.js"), reference("urn:pulumi:eu::t::t::n", "n")];
    return how % 7 < ways.length ? ways[how % 7] : plain;
  };

  it("lives, judges and corrects, whatever it is sent", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat({ max: 1000 }), async ({ type, props, protect }, how) => {
        const input = { type, protect, props: wire(props, how * 7 + 5) as Record<string, unknown> };
        await pack.remediate(input);
        const found = [...(await pack.analyze(input)), ...(await pack.analyzeStack([input]))];
        for (const { message } of found) expect(message).not.toContain("the rule itself failed");
      }),
      { numRuns: 150 },
    );
  });
});
