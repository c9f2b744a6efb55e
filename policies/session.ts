// One preview or update of one stack: runs the rules over its resources, applies exemptions, and keeps what is undecided
// until the whole stack is known.
import type { Context } from "./context.ts";
import type { Exemption } from "./exemptions.ts";
import { stackOf } from "./glob.ts";
import { undecidedMessage, violationMessage } from "./message.ts";
import type { Resource } from "./resource.ts";
import type { Finding, Metadata, Outcome, Rule, Severity, Undecided } from "./rule.ts";

export interface Diagnostic {
  readonly rule: string;
  readonly urn: string;
  readonly title: string;
  readonly message: string;
  readonly severity: Severity;
  /** Whether it stops the deployment. */
  readonly blocks: boolean;
}

/** What the engine is told about one resource: diagnostics, and the rules that had nothing to say. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly notApplicable: readonly { readonly rule: string; readonly reason: string }[];
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

  constructor(facts: SessionFacts) {
    this.#facts = facts;
  }

  /** Judges one resource by its inputs. */
  analyze(resource: Resource): Report {
    this.#analyzed.add(resource.urn);
    const diagnostics: Diagnostic[] = [];
    const notApplicable: { rule: string; reason: string }[] = [];
    for (const rule of this.#facts.rules) {
      if (!rule.check) continue;
      const outcome = outcomeOf(rule, resource, this.#facts.context);
      if (outcome === "notApplicable") notApplicable.push({ rule: rule.id, reason: `says nothing about ${resource.type}` });
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

  #report(rule: Rule, resource: Resource, finding: Finding): Diagnostic[] {
    const exemption = this.#facts.exemptions.find((item) => item.rule === rule.id && item.matches(resource.urn));
    if (exemption) {
      this.#used.set(exemption, (this.#used.get(exemption) ?? new Set()).add(resource.urn));
      return [];
    }
    const message =
      finding.kind === "violation"
        ? violationMessage(rule, resource, finding)
        : undecidedMessage(rule, resource, finding, sourcesOf(resource, finding));
    return [
      { rule: rule.id, urn: resource.urn, title: rule.title, message, severity: rule.severity, blocks: rule.enforcement === "mandatory" },
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
    return this.#facts.exemptions.flatMap((item) => {
      const { rule, urn, reason, owner, approver, ticket, expires, daysLeft } = item;
      const about = `${rule} for ${urn} (${ticket}: ${reason} Owner ${owner}, approved by ${approver}.)`;
      const used = this.#used.get(item);
      if (used) return [...used].map((covered) => note(covered, `Exempted until ${expires}, ${daysLeft} days left: ${about}`, false));
      const unseen = resources.some((resource) => item.matches(resource.urn) && !this.#analyzed.has(resource.urn));
      const concerned = stackOf(urn) === this.#facts.context.stack;
      return concerned && !unseen ? [note(stack, `Exemption without use: ${about}\n  Remedy:  ${exemptionsRule.remediation}`, true)] : [];
    });
  }
}

function sourcesOf(resource: Resource, { property }: Undecided): readonly string[] {
  const top = /^[^.[]+/.exec(property)?.[0] ?? property;
  return resource.propertyDependencies?.[top] ?? [];
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
