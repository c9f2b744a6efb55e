// Runs one rule over one resource in memory: the short way for tests of rules.
import { type Context, contextOf, type Knowledge } from "../../policies/context.ts";
import type { Register } from "../../policies/register.ts";
import { type Properties, type Resource, UNKNOWN } from "../../policies/resource.ts";
import type { Example, Finding, Outcome, Rule } from "../../policies/rule.ts";
import { type Vendor, vendorsOf } from "../../policies/vendors.ts";
import { asWritten } from "../../policies/written.ts";

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

/** A vendor with whom everything is agreed. */
export const goodVendor: Vendor = {
  name: "lighthouse",
  endpoints: ["*.lighthouse.example"],
  regions: { eu: "Frankfurt" },
  dataClasses: ["public", "operational"],
  sla: "99.9 % a month, contract section 4",
  exportFormat: "OTLP JSON",
  retention: { days: 30, clause: "30 days, contract section 7" },
  access: "Support on our request only, contract section 8",
  evidence: { url: "https://lighthouse.example/dpa", date: "2026-06-01" },
};

const known: Knowledge = {
  now: new Date("2026-11-22T12:00:00Z"),
  artifacts: [{ digest: `sha256:${"1".repeat(64)}`, path: "workers/site-1111111111111111" }],
  vendors: vendorsOf([
    goodVendor,
    { name: "stranger", endpoints: ["*.stranger.example"], regions: {}, dataClasses: [] },
    { ...goodVendor, name: "gcp", endpoints: [] },
    { name: "aws", endpoints: [], regions: { eu: "eu-central-1" }, dataClasses: ["operational"] },
  ]),
};

export const context = (
  stack = "eu",
  config: Record<string, string> = {},
  register = nothingRegistered,
  more: Partial<Knowledge> = {},
): Context => contextOf({ stack, config: { "bailiwick:domain": "brand.example", ...config } }, register, { ...known, ...more });

export const judged = (rule: Rule, it: Case, inside: Context = context()): Outcome => rule.check?.(resource(it), inside) ?? "notApplicable";

/** The problems of the violations; fails the reader's expectation if there are none. */
export function problems(outcome: Outcome): string[] {
  return typeof outcome === "string"
    ? [outcome]
    : outcome.map((finding: Finding) => (finding.kind === "violation" ? finding.problem : `undecided: ${finding.property}`));
}

/** The resources of an example as the engine tells them to stack rules. */
const togetherIn = (example: Example): Resource[] => example.map((it) => ({ ...resource(it), ...dependenciesOf(it, example) }));

/** What a rule says about a whole stack: name of the resource, problem. */
export const said = (rule: Rule, example: Example, inside: Context = context()): string[] =>
  (rule.checkStack?.(togetherIn(example), inside) ?? []).map(
    ({ urn, finding }) => `${urn.split("::").at(-1)}: ${finding.kind === "violation" ? finding.problem : "undecided"}`,
  );

/** Everything a rule says about the resources of an example: of each alone, and of them together. */
export function findingsOf(rule: Rule, example: Example, inside: Context = context()): Finding[] {
  const resources = togetherIn(example);
  const alone = resources.flatMap((each): readonly Finding[] => {
    const outcome = rule.check?.(each, inside) ?? "notApplicable";
    return typeof outcome === "string" ? [] : outcome.filter((it) => it.kind === "violation" || !rule.settles?.(it, each, resources));
  });
  return [...alone, ...(rule.checkStack?.(resources.map(asWritten), inside) ?? []).map(({ finding }) => finding)];
}

function dependenciesOf({ dependsOn = {}, props = {} }: Example[number], example: Example): Pick<Resource, "propertyDependencies"> {
  const urnOf = (name: string) => resource(example.find((other) => other.name === name) ?? { type: "missing", name }).urn;
  // The engine names every argument, also one that depends on nothing.
  const none = Object.fromEntries(Object.keys(props).map((property) => [property, []]));
  return {
    propertyDependencies: {
      ...none,
      ...Object.fromEntries(Object.entries(dependsOn).map(([property, names]) => [property, names.map(urnOf)])),
    },
  };
}
