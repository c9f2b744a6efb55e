// What a rule is: metadata and pure functions. A rule knows nothing of Pulumi, of exemptions or of how it is reported.
import type { Context } from "./context.ts";
import { type Located, type Properties, type Resource, select, show, UNKNOWN } from "./resource.ts";

export type Severity = "low" | "medium" | "high" | "critical";

/** A clause that the rule helps to keep: `{ name: "GDPR", clause: "Art. 44" }`. */
export interface Clause {
  readonly name: "GDPR" | "UK GDPR" | "CCPA" | "PDPA" | "ISO 27001" | "SOC 2" | "NIS2" | "DORA";
  readonly clause: string;
}

export interface Metadata {
  /** `<topic>/<rule>`, the path of its file below `rules/`. Never changes: exemptions and reports refer to it. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** What happens to people or to the brand without the rule. One or two sentences. */
  readonly why: string;
  /** What to do about a finding that says nothing more precise. */
  readonly remediation: string;
  readonly frameworks: readonly Clause[];
  /** The phase of the platform from which the rule applies. */
  readonly phase: 1 | 2;
  /** No exemption may list this rule. */
  readonly neverExempt: boolean;
  /** Advisory findings do not block, so they need a reason. */
  readonly enforcement: "mandatory" | { readonly advisory: string };
}

/** The rule is broken. */
export interface Violation {
  readonly kind: "violation";
  /** Path of the property, if one property is to blame. */
  readonly property?: string;
  /** What is wrong, with the bad value: `region is "us-east-1", outside the European Union`. */
  readonly problem: string;
  /** The law that this resource breaks, where it is not simply the rule's frameworks. */
  readonly law?: string;
  readonly allowed: string;
  /** Default: the rule's remediation. */
  readonly remedy?: string;
}

/** The rule cannot be decided before the deployment, because a property that decides is unknown. */
export interface Undecided {
  readonly kind: "undecided";
  readonly property: string;
}

export type Finding = Violation | Undecided;
export type Outcome = "compliant" | "notApplicable" | readonly Finding[];

/** A finding of a stack rule names the resource it is about. */
export interface StackFinding {
  readonly urn: string;
  readonly finding: Finding;
}

/** A resource of an example, as a program would write it. */
export interface ExampleResource {
  readonly type: string;
  readonly name?: string;
  readonly props?: Properties;
  readonly protect?: boolean;
  /** Configuration of its provider. */
  readonly provider?: Properties;
  /** As the engine tells it to stack rules: top-level property -> names of other resources of the example. */
  readonly dependsOn?: Readonly<Record<string, readonly string[]>>;
}

/** Resources of a stack `eu`, at least one of which the rule speaks about. */
export type Example = readonly ExampleResource[];

export interface Rule extends Metadata {
  /** Shown by `./bailiwick policy explain`, and judged by a test: the first finds nothing to say, the second is refused. */
  readonly examples: {
    readonly passes: Example;
    readonly fails: Example;
    /** The stack's configuration, where the rule asks for it. */
    readonly config?: Readonly<Record<string, string>>;
  };
  /** Judges one resource before it is created or changed: this is what prevents. */
  readonly check?: (resource: Resource, context: Context) => Outcome;
  /** Judges relations between resources, when all of them are known. Gates `up` through its preview. */
  readonly checkStack?: (resources: readonly Resource[], context: Context) => readonly StackFinding[];
  /** Whether the rest of the stack already makes sure of what an unknown property left undecided. */
  readonly settles?: (undecided: Undecided, resource: Resource, resources: readonly Resource[]) => boolean;
  /**
   * Where a safe correction exists: all properties of the resource as they should be, or undefined where there is nothing to correct.
   * What it returns is judged compliant, and corrected again stays as it is. Changes nothing that is unknown or secret.
   */
  readonly remediate?: (resource: Resource, context: Context) => Properties | undefined;
}

/** Judges every value at a path; an unknown one leaves the rule undecided there and hides nothing elsewhere. */
export function judge(
  resource: Resource,
  path: string,
  verdict: (place: Located) => Omit<Violation, "kind" | "property"> | undefined,
): Finding[] {
  return select(resource.props, path).flatMap((place): Finding[] => {
    if (place.value === UNKNOWN) return [{ kind: "undecided", property: place.path }];
    const violation = verdict(place);
    return violation ? [{ kind: "violation", property: place.path, ...violation }] : [];
  });
}

/** The value that is not allowed, as a sentence: `acl is "public-read"`. */
export const is = (resource: Resource, place: Located): string => `${place.path} is ${show(resource, place)}`;

/** A rule that applies: its findings, or compliant without any. */
export const outcomeOf = (findings: readonly Finding[]): Outcome => (findings.length === 0 ? "compliant" : findings);
