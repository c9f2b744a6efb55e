import fc from "fast-check";
import { expect, it } from "vitest";
import { UNKNOWN, type Value } from "../../policies/resource.ts";
import { listedTypes } from "../../policies/resource-types.ts";
import { rules } from "../../policies/rules/index.ts";
import { context, resource } from "./judging.ts";
import { residencyArguments } from "./residency-tables.ts";

// Names that rules look for, so that random values land where rules look.
const names = [
  ...new Set(residencyArguments.flatMap(([, path]) => path.replaceAll("[*]", "").split("."))),
  ...[
    "region",
    "location",
    "zone",
    "tags",
    "labels",
    "data-class",
    "jurisdiction",
    "policy",
    "Statement",
    "ingress",
    "cidrBlocks",
    "allows",
    "ports",
  ],
  ...[
    "member",
    "members",
    "modules",
    "contentFile",
    "template",
    "containers",
    "image",
    "subdomain",
    "enabled",
    "bindings",
    "containerDefinitions",
  ],
];
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Value>(null, true, false, 0, "", "eu", "us-east-1", "{", "[1]", '{"Statement":[null,1]}', "*", UNKNOWN),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4 }),
  ),
})).value;

it("no properties make a rule throw, and each finding says what is wrong", () => {
  fc.assert(
    fc.property(fc.constantFrom(...listedTypes), fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6 }), (type, props) => {
      for (const rule of rules) {
        const outcome = rule.check?.(resource({ type, props }), context()) ?? "notApplicable";
        if (typeof outcome === "string") continue;
        expect(outcome.length).toBeGreaterThan(0);
        for (const finding of outcome) expect(finding.kind === "violation" ? finding.problem : finding.property).not.toBe("");
      }
    }),
    { numRuns: 2000 },
  );
});
