// The pack's rules over what already runs: exported states of one or more stacks, judged in memory.
import type { Context } from "./context.ts";
import { type Exemption, ofRules, unusedIn } from "./exemptions.ts";
import type { Rule } from "./rule.ts";
import { type Diagnostic, exemptionsRule, Session, type Tally } from "./session.ts";
import type { StackState } from "./state.ts";

/** What was found in one stack. */
export interface StackAudit {
  readonly stack: string;
  readonly resources: number;
  readonly diagnostics: readonly Diagnostic[];
  /** By rule; one that is not there had nothing to judge. */
  readonly tally: ReadonlyMap<string, Tally>;
}

export interface Audit {
  readonly stacks: readonly StackAudit[];
  /** Exemptions that none of the stacks needs, and that no other could. */
  readonly unused: readonly Exemption[];
  /** Whether a deployment of these stacks as they are would be refused. */
  readonly refused: boolean;
}

export interface AuditFacts {
  readonly rules: readonly Rule[];
  readonly exemptions: readonly Exemption[];
  readonly contextOf: (stack: string) => Context;
  /** Whether these are all stacks there are: then an exemption for several stacks is unused as well. */
  readonly complete: boolean;
}

export function audit(states: readonly StackState[], { rules, exemptions, contextOf, complete }: AuditFacts): Audit {
  const used = new Map<string, ReadonlySet<number>>();
  const stacks = states.map(({ stack, inputs, outputs }): StackAudit => {
    const session = new Session({ rules, context: contextOf(stack), exemptions, dryRun: true, state: true });
    const diagnostics = inputs.flatMap((resource) => session.analyze(resource).diagnostics);
    // What is unused is said once, for all stacks.
    const related = session.analyzeStack(outputs).diagnostics.filter(({ rule, blocks }) => rule !== exemptionsRule.id || !blocks);
    used.set(stack, new Set(session.used.map(({ number }) => number)));
    return { stack, resources: inputs.length, diagnostics: [...diagnostics, ...related], tally: session.tally };
  });
  const unused = unusedIn(ofRules(exemptions, rules), used, complete);
  const refused = unused.length > 0 || stacks.some(({ diagnostics }) => diagnostics.some(({ blocks }) => blocks));
  return { stacks, unused, refused };
}
