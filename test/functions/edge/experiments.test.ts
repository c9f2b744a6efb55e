import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtIn, chooseVariation, type Experiment, parseExperiments } from "../../../functions/edge/site/experiments.ts";
import { newSubjectId } from "../../../functions/shared/subject-id.ts";

const experiment = (...weights: number[]): Experiment => ({
  key: "tea",
  slot: "hero",
  variations: weights.map((weight, index) => ({ name: `v${index}`, weight, content: {} })),
});

describe("an experiment", () => {
  test("shows a subject the same variation every time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
        fc.string(),
        async (weights, subject) => {
          const first = await chooseVariation(experiment(...weights), subject);
          expect(await chooseVariation(experiment(...weights), subject)).toEqual(first);
        },
      ),
    );
  });

  test("never shows a variation of weight 0", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }), fc.string(), async (weights, subject) => {
        fc.pre(weights.some((weight) => weight > 0));
        expect((await chooseVariation(experiment(...weights), subject)).weight).toBeGreaterThan(0);
      }),
    );
  });

  test("shares subjects out by weight", async () => {
    const drawn = await Promise.all(Array.from({ length: 4000 }, () => chooseVariation(experiment(1, 3), newSubjectId("eu"))));
    // 1000 expected; eight standard deviations are about 220.
    expect(Math.abs(drawn.filter(({ name }) => name === "v0").length - 1000)).toBeLessThan(220);
  });
});

describe("an experiments document", () => {
  test("may hold what is built in", () => expect(parseExperiments({ experiments: builtIn })).toEqual(builtIn));
  test.each([
    ["a script for a link", { action: { label: "x", href: "javascript:alert(1)" } }],
    ["another site's path for a link", { action: { label: "x", href: "//evil.example" } }],
    ["an unknown part", { html: "<b>" }],
  ])("is refused with %s", (_, content) => {
    expect(() =>
      parseExperiments({ experiments: [{ key: "tea", slot: "hero", variations: [{ name: "a", weight: 1, content }] }] }),
    ).toThrow();
  });
  test("is refused when nothing has a weight", () =>
    expect(() => parseExperiments({ experiments: [experiment(0, 0)] })).toThrow("above 0"));
});
