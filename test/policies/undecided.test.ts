// What is not known yet hides nothing that is, and lets nothing pass.
import { describe, expect, it } from "vitest";
import type { Example, Rule } from "../../policies/rule.ts";
import { rules } from "../../policies/rules/index.ts";
import { findingsOf, UNKNOWN } from "./judging.ts";

const failing = rules.filter(({ check }) => check).map((rule) => [rule.id, rule] as const);

/** The example, in which one argument of every resource is known only after the deployment. */
const withUnknown = (example: Example, property: string): Example =>
  example.map((each) => ({ ...each, props: { ...each.props, [property]: UNKNOWN } }));

describe("tags that are not known yet", () => {
  it.each(
    ["location", "multi-region", "replication", "backup-copies", "log-destination", "message-storage", "transfer", "network-peering"].map(
      (name) => [name, rules.find(({ id }) => id === `residency/${name}`) as Rule] as const,
    ),
  )("do not hide the place that residency/%s knows", (_name, rule) => {
    for (const property of ["tags", "labels"])
      expect(findingsOf(rule, withUnknown(rule.examples.fails, property)).map(({ kind }) => kind)).toContain("violation");
  });

  it.each(failing)("let nothing pass that %s refuses: some rule refuses it, or says that it cannot tell", (_id, rule) => {
    for (const property of ["tags", "labels"]) {
      const example = withUnknown(rule.examples.fails, property);
      expect(rules.flatMap((each) => findingsOf(each, example)).length, property).toBeGreaterThan(0);
    }
  });
});

it.each(failing)("an undecided finding of %s names the property that it waits for", (_id, rule) => {
  const properties = Object.keys(Object.assign({}, ...rule.examples.fails.map(({ props }) => props ?? {})));
  for (const property of properties)
    for (const finding of findingsOf(rule, withUnknown(rule.examples.fails, property)))
      if (finding.kind === "undecided") expect(finding.property).toMatch(/^\S+/);
});
