// What a preview that the pack lets pass says of data that goes.
import { expect, it } from "vitest";
import { outcomeOf } from "../../cli/pulumi/events.ts";
import { couldLose, withLosses } from "../../cli/pulumi/losses.ts";
import { config, end, step } from "./review/events.ts";

const bucket = { type: "aws:s3/bucket:Bucket", name: "uploads", inputs: { tags: { "data-class": "personal" } } };
const replaced = step("eu", { op: "replace", ...bucket, keys: ["bucket"] });
const previewed = (code: number, ...events: Parameters<typeof outcomeOf>[0]) => {
  const { code: ended, findings } = withLosses("eu", events, { ...outcomeOf(events), code });
  return { ended, rules: findings.map(({ rule, mandatory }) => `${rule}: ${mandatory}`) };
};

it("a preview of a store that is made anew is refused", () => {
  expect(previewed(0, replaced, end())).toEqual({ ended: 2, rules: ["recoverability/replaces-data: true"] });
  expect(previewed(255, replaced, end("failed"))).toMatchObject({ ended: 255, rules: ["recoverability/replaces-data: true"] });
});

it("one of anything else is as it was, and so is one that came to no end", () => {
  expect(previewed(0, step("eu", { op: "update", ...bucket }), end())).toEqual({ ended: 0, rules: [] });
  expect(previewed(0, config({ "bailiwick:lifecycle": "ephemeral" }), replaced, end())).toEqual({ ended: 0, rules: [] });
  expect(previewed(1, replaced)).toEqual({ ended: 1, rules: [] });
});

it("an update of a stack is previewed for it where a store is that the engine itself does not protect", () => {
  const provider = { urn: "urn:pulumi:eu::bailiwick::pulumi:providers:aws::aws", type: "pulumi:providers:aws" };
  const store = (its: object) => ({
    ...{
      urn: `urn:pulumi:eu::bailiwick::${bucket.type}::uploads`,
      type: bucket.type,
      provider: `${provider.urn}::1`,
      inputs: bucket.inputs,
    },
    ...its,
  });
  expect(couldLose("eu", [])).toBe(false);
  expect(couldLose("eu", [provider, store({ protect: true })])).toBe(false);
  expect(couldLose("eu", [provider, store({ inputs: { tags: { "data-class": "public" } } })])).toBe(false);
  expect(couldLose("eu", [provider, store({})])).toBe(true);
});
