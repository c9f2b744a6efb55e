// What a rule says about several resources together: the short way for tests of relations.
import type { Context } from "../../policies/context.ts";
import type { Rule } from "../../policies/rule.ts";
import { type Case, context, resource } from "./judging.ts";

/** A resource, and by which property it depends on which others. */
export interface Member extends Case {
  readonly from?: Readonly<Record<string, readonly string[]>>;
}

/** What a rule says about a whole stack: name of the resource, problem. */
export function said(rule: Rule, members: readonly Member[], inside: Context = context()): string[] {
  const urnOf = (name: string) =>
    resource(members.find((other) => other.name === name) ?? { type: "elsewhere:index/other:Other", name }).urn;
  const resources = members.map((member) => ({
    ...resource(member),
    propertyDependencies: Object.fromEntries(Object.entries(member.from ?? {}).map(([property, all]) => [property, all.map(urnOf)])),
  }));
  return (rule.checkStack?.(resources, inside) ?? []).map(
    ({ urn, finding }) => `${urn.split("::").at(-1)}: ${finding.kind === "violation" ? finding.problem : "undecided"}`,
  );
}
