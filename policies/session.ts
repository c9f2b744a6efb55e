// One preview or update of one stack: runs the rules over its resources, applies exemptions, and keeps what is undecided
// until the whole stack is known.
import { Components } from "./components.ts";
import type { Context } from "./context.ts";
import { type Exemption, inUse, ofRules, unusedIn, withoutUse } from "./exemptions.ts";
import { undecidedMessage, violationMessage } from "./message.ts";
import { sourcesOf } from "./relation.ts";
import type { Properties, Resource } from "./resource.ts";
import type { Finding, Metadata, Outcome, Rule, Severity, Undecided } from "./rule.ts";

export interface Diagnostic {
  readonly rule: string;
  readonly urn: string;
  readonly title: string;
  readonly message: string;
  readonly severity: Severity;
  /** Whether it stops the deployment. */
  readonly blocks: boolean;
  /** What the message was made of; a note on an exemption has none. */
  readonly finding?: Finding;
}

/** What the engine is told about one resource: diagnostics, and the rules that had nothing to say. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly notApplicable: readonly { readonly rule: string; readonly reason: string }[];
}

/** Why what a rule would correct stays as it is. */
export interface Uncorrected {
  readonly rule: Rule;
  readonly message: string;
}

/** What became of a rule in one session. A rule that is not there had nothing to judge. */
export interface Tally {
  /** Resources that it judged; a relation between resources counts as one. */
  readonly judged: number;
  readonly violations: number;
  readonly undecided: number;
  readonly exempted: number;
}

/** The rule under which exemptions themselves are reported. */
export const exemptionsRule: Metadata = {
  id: "exemptions",
  title: "Every exemption is in force, in use and in sight",
  severity: "medium",
  why: "An exemption that nobody needs or remembers is a hole that nobody watches.",
  remediation: "Remove the entry from policies/exemptions.yaml.",
  frameworks: [
    { name: "ISO 27001", clause: "A.5.36" },
    { name: "SOC 2", clause: "CC3.4" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
};

export interface SessionFacts {
  readonly rules: readonly Rule[];
  readonly context: Context;
  readonly exemptions: readonly Exemption[];
  /** A preview. Only there can values be unknown, and only there does the engine ask about the stack before anything exists. */
  readonly dryRun: boolean;
  /** What was deployed is judged, from its state. Only secrets are unknown there. */
  readonly state?: boolean;
}

interface Open {
  readonly rule: Rule;
  readonly resource: Resource;
  readonly undecided: Undecided;
}

export class Session {
  readonly #facts: SessionFacts;
  readonly #open: Open[] = [];
  readonly #analyzed = new Set<string>();
  readonly #used = new Map<Exemption, Set<string>>();
  readonly #components = new Components();
  readonly #tally = new Map<string, { -readonly [Key in keyof Tally]: number }>();

  constructor(facts: SessionFacts) {
    this.#facts = facts;
  }

  /** Whether the stack asked for corrections. */
  get remediates(): boolean {
    return this.#facts.context.remediate;
  }

  /**
   * Corrects what rules safely can, in turn: each correction builds on the one before. A resource that an exemption lets be as it is stays so.
   * @param apply takes over all properties as they should be; throws why it cannot
   */
  remediate(resource: Resource, apply: (rule: Rule, props: Properties) => void): Uncorrected[] {
    const { rules, context, exemptions } = this.#facts;
    if (!context.remediate) return [];
    this.#components.note(resource);
    let current = resource;
    return rules.flatMap((rule): Uncorrected[] => {
      if (!rule.remediate || exemptions.some((item) => item.rule === rule.id && this.#components.covered(item, resource))) return [];
      try {
        const props = rule.remediate(current, context);
        if (props === undefined) return [];
        apply(rule, props);
        current = { ...current, props };
        return [];
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return [{ rule, message: `${resource.type} "${resource.name}" was not corrected by ${rule.id}: ${why}` }];
      }
    });
  }

  /** Judges one resource by its inputs. */
  analyze(resource: Resource): Report {
    this.#analyzed.add(resource.urn);
    this.#components.note(resource);
    const diagnostics: Diagnostic[] = [];
    const notApplicable: { rule: string; reason: string }[] = [];
    for (const rule of this.#facts.rules) {
      if (!rule.check) continue;
      const outcome = outcomeOf(rule, resource, this.#facts.context);
      if (outcome === "notApplicable") notApplicable.push({ rule: rule.id, reason: `says nothing about ${resource.type}` });
      if (outcome !== "notApplicable") this.#count(rule, "judged");
      if (typeof outcome === "string") continue;
      const deferred = outcome.filter((finding) => finding.kind === "undecided" && this.#facts.dryRun) as Undecided[];
      this.#open.push(...deferred.map((undecided) => ({ rule, resource, undecided })));
      const reported = outcome
        .filter((finding) => !deferred.includes(finding as Undecided))
        .flatMap((finding) => this.#report(rule, resource, finding));
      diagnostics.push(...reported);
      if (reported.length === 0 && deferred.length > 0)
        notApplicable.push({ rule: rule.id, reason: "undecided until the whole stack is known" });
    }
    return { diagnostics, notApplicable };
  }

  /** Judges what only the whole stack shows: relations, what stayed undecided, and the exemptions. */
  analyzeStack(resources: readonly Resource[]): Report {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    for (const resource of resources) this.#components.note(resource);
    for (const rule of this.#facts.rules) if (rule.checkStack && !rule.check) this.#count(rule, "judged");
    const related = this.#facts.rules.flatMap((rule) =>
      stackFindingsOf(rule, resources, this.#facts.context).flatMap(({ urn, finding }) => {
        const resource = byUrn.get(urn);
        return resource ? this.#report(rule, resource, finding) : [];
      }),
    );
    const undecided = this.#open.flatMap(({ rule, resource, undecided: finding }) => {
      const known = byUrn.get(resource.urn) ?? resource;
      return rule.settles?.(finding, known, resources) ? [] : this.#report(rule, known, finding);
    });
    return { diagnostics: [...related, ...undecided, ...this.#exemptionNotes(resources)], notApplicable: [] };
  }

  /** Which exemptions were needed so far. */
  get used(): readonly Exemption[] {
    return [...this.#used.keys()];
  }

  get tally(): ReadonlyMap<string, Tally> {
    return this.#tally;
  }

  #count(rule: Rule, what: keyof Tally): void {
    const tally = this.#tally.get(rule.id) ?? { judged: 0, violations: 0, undecided: 0, exempted: 0 };
    this.#tally.set(rule.id, { ...tally, [what]: tally[what] + 1 });
  }

  #report(rule: Rule, resource: Resource, finding: Finding): Diagnostic[] {
    const exemption = this.#facts.exemptions.find(
      (item) => item.rule === rule.id && item.accepts(finding) && this.#components.covered(item, resource),
    );
    this.#count(rule, exemption ? "exempted" : finding.kind === "violation" ? "violations" : "undecided");
    if (exemption) {
      this.#used.set(exemption, (this.#used.get(exemption) ?? new Set()).add(resource.urn));
      return [];
    }
    const message =
      finding.kind === "violation"
        ? violationMessage(rule, resource, finding)
        : undecidedMessage(rule, resource, finding, this.#facts.state ? "state" : sourcesOf(resource, finding.property));
    return [
      {
        rule: rule.id,
        urn: resource.urn,
        title: rule.title,
        message,
        severity: rule.severity,
        blocks: rule.enforcement === "mandatory",
        finding,
      },
    ];
  }

  /** Used ones are printed; unused ones of this stack block, unless what they cover was not judged in this run (`--target`). */
  #exemptionNotes(resources: readonly Resource[]): Diagnostic[] {
    const stack = resources[0]?.urn ?? "";
    const note = (urn: string, message: string, blocks: boolean): Diagnostic => ({
      rule: exemptionsRule.id,
      urn,
      title: exemptionsRule.title,
      message,
      severity: exemptionsRule.severity,
      blocks,
    });
    const used = [...this.#used].flatMap(([item, urns]) => [...urns].map((covered) => note(covered, inUse(item), false)));
    const numbers = new Set(this.used.map(({ number }) => number));
    // Others' stacks, and globs over several, are judged by who sees them all.
    const unused = unusedIn(ofRules(this.#facts.exemptions, this.#facts.rules), new Map([[this.#facts.context.stack, numbers]]), false)
      .filter((item) => !resources.some((resource) => this.#components.covered(item, resource) && !this.#analyzed.has(resource.urn)))
      .map((item) => note(stack, withoutUse(item), true));
    return [...used, ...unused];
  }
}

/** A rule that throws has not judged: that is a finding, not a pass. */
function outcomeOf(rule: Rule, resource: Resource, context: Context): Outcome {
  try {
    return rule.check?.(resource, context) ?? "notApplicable";
  } catch (error) {
    return [failure(error)];
  }
}

function stackFindingsOf(rule: Rule, resources: readonly Resource[], context: Context): readonly { urn: string; finding: Finding }[] {
  try {
    return rule.checkStack?.(resources, context) ?? [];
  } catch (error) {
    return [{ urn: resources[0]?.urn ?? "", finding: failure(error) }];
  }
}

const failure = (error: unknown): Finding => ({
  kind: "violation",
  problem: `the rule itself failed: ${error instanceof Error ? error.message : String(error)}`,
  allowed: "a resource that the rule can judge",
  remedy: "Report the rule and this resource to the owners of policies/.",
});
