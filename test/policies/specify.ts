// A rule's tests as a table: what passes, each way of breaking it, what a preview cannot know, what is not its business.
import { describe, expect, it } from "vitest";
import type { Context } from "../../policies/context.ts";
import type { Example, ExampleResource, Rule } from "../../policies/rule.ts";
import { context, findingsOf, judged, problems, resource } from "./judging.ts";

type Resources = ExampleResource | Example;

export interface Specification {
  readonly passes: readonly (readonly [name: string, resources: Resources])[];
  /** With a part of every problem that is found, in the order of the findings. */
  readonly refused: readonly (readonly [name: string, resources: Resources, ...problems: string[]])[];
  /** With the property that is not known. */
  readonly undecided?: readonly (readonly [name: string, resources: Resources, property: string])[];
  /** A type of which the rule says nothing. */
  readonly silent: string;
  readonly inside?: Context;
}

const listed = (resources: Resources): Example => (Array.isArray(resources) ? (resources as Example) : [resources as ExampleResource]);

export function specify(rule: Rule, { passes, refused, undecided = [], silent, inside = context() }: Specification): void {
  const found = (resources: Resources) => problems(findingsOf(rule, listed(resources), inside));

  describe("passes", () => {
    it.each(passes.map(([name, resources]) => ({ name, resources })))("$name", ({ resources }) => {
      expect(found(resources)).toEqual([]);
    });
  });

  describe("refuses", () => {
    it.each(refused.map(([name, resources, ...parts]) => ({ name, resources, parts })))("$name", ({ resources, parts }) => {
      expect(found(resources)).toEqual(parts.map((part) => expect.stringContaining(part)));
    });
  });

  if (undecided.length > 0)
    describe("leaves undecided", () => {
      it.each(undecided.map(([name, resources, property]) => ({ name, resources, property })))("$name", ({ resources, property }) => {
        expect(found(resources)).toEqual([`undecided: ${property}`]);
      });
    });

  it(`says nothing about ${silent}`, () => {
    expect(judged(rule, { type: silent }, inside)).toBe("notApplicable");
    expect(rule.checkStack?.([resource({ type: silent })], inside) ?? []).toEqual([]);
  });
}

/** That a rule's correction is judged compliant, stays as it is when corrected again, and leaves alone what is right, unknown or secret. */
export function specifyRemedy(
  rule: Rule,
  wrong: ExampleResource,
  right: object,
  untouched: readonly (ExampleResource & { readonly secrets?: readonly string[] })[],
): void {
  describe("its correction", () => {
    it("is compliant, and stays", () => {
      const once = rule.remediate?.(resource(wrong), context());
      expect(once).toMatchObject(right);
      const corrected = { ...wrong, props: once ?? {} };
      expect(rule.check?.(resource(corrected), context())).toBe("compliant");
      expect(rule.remediate?.(resource(corrected), context())).toBeUndefined();
    });

    it("changes nothing that is right, unknown or secret", () => {
      for (const it of untouched) expect(rule.remediate?.(resource(it), context())).toBeUndefined();
    });
  });
}
