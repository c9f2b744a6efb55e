// Runs one rule over one resource in memory: the short way for tests of rules.
import { type Context, contextOf } from "../../policies/context.ts";
import type { Register } from "../../policies/register.ts";
import { type Properties, type Resource, UNKNOWN } from "../../policies/resource.ts";
import type { Finding, Outcome, Rule } from "../../policies/rule.ts";

export { UNKNOWN };

export interface Case {
  readonly type: string;
  readonly name?: string;
  readonly props?: Properties;
  readonly protect?: boolean;
  /** The provider's configuration. */
  readonly provider?: Properties;
  readonly secrets?: readonly string[];
}

export const resource = ({ type, name = "it", props = {}, protect = false, provider = {}, secrets = [] }: Case): Resource => {
  const cloud = type.split(":")[0];
  return {
    urn: `urn:pulumi:eu::test::${type}::${name}`,
    type,
    name,
    props,
    secrets: new Set(secrets),
    options: { protect },
    provider: {
      type: `pulumi:providers:${cloud}`,
      name: "default",
      urn: `urn:pulumi:eu::test::pulumi:providers:${cloud}::default`,
      props: provider,
    },
  };
};

const nothingRegistered: Register = () => undefined;

export const context = (stack = "eu", config: Record<string, string> = {}, register = nothingRegistered): Context =>
  contextOf({ stack, config }, register);

export const judged = (rule: Rule, it: Case, inside: Context = context()): Outcome => rule.check?.(resource(it), inside) ?? "notApplicable";

/** The problems of the violations; fails the reader's expectation if there are none. */
export function problems(outcome: Outcome): string[] {
  return typeof outcome === "string"
    ? [outcome]
    : outcome.map((finding: Finding) => (finding.kind === "violation" ? finding.problem : `undecided: ${finding.property}`));
}
