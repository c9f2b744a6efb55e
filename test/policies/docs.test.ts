import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { policiesPage, renderPolicies } from "../../policies/docs.ts";

it("docs/policies.md says what the rules say (write it anew with `node policies/docs.ts`)", () => {
  expect(readFileSync(policiesPage, "utf8")).toBe(renderPolicies());
});
