// Exemptions for what an estate breaks on the day it adopts the pack: from then on nothing new may break, and each entry ends.
import { isSeq, parseDocument, stringify } from "yaml";
import type { Audit } from "./audit.ts";
import type { ExemptionEntry } from "./exemptions.ts";
import type { Metadata } from "./rule.ts";
import type { Diagnostic } from "./session.ts";

/** Who answers for the entries. `expires` is their last day, `today` the day of adoption: YYYY-MM-DD. */
export type Adoption = Pick<ExemptionEntry, "owner" | "approver" | "ticket" | "expires"> & { readonly today: string };

export interface Baseline {
  readonly entries: readonly ExemptionEntry[];
  /** What no exemption may cover: it must be mended first. */
  readonly mend: readonly Diagnostic[];
  /** What the states do not tell. The next preview will, so nothing is exempted for it. */
  readonly undecided: readonly Diagnostic[];
}

export function baselineOf({ stacks }: Audit, rules: readonly Metadata[], adoption: Adoption): Baseline {
  const never = new Set(rules.filter(({ neverExempt }) => neverExempt).map(({ id }) => id));
  const blocking = stacks.flatMap(({ diagnostics }) => diagnostics.filter(({ blocks, finding }) => blocks && finding));
  const [undecided, violations] = [true, false].map((open) => blocking.filter(({ finding }) => (finding?.kind === "undecided") === open));
  const [mend, exempt] = [true, false].map((must) => (violations ?? []).filter(({ rule }) => never.has(rule) === must));
  const entries = (exempt ?? []).map((diagnostic) => entryOf(diagnostic, adoption));
  return { entries: [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()], mend: mend ?? [], undecided: undecided ?? [] };
}

const keyOf = ({ rule, urn, property, problem }: ExemptionEntry) => JSON.stringify([rule, urn, property, problem]);

/** As narrow as the finding: another property of the same resource stays refused. */
function entryOf({ rule, urn, finding }: Diagnostic, { today, ...who }: Adoption): ExemptionEntry {
  const problem = finding?.kind === "violation" ? finding.problem : "";
  return {
    rule,
    urn,
    ...(finding?.property === undefined ? { problem } : { property: finding.property }),
    reason: `Broken when the pack was adopted on ${today}: ${problem}`,
    ...who,
  };
}

export const renderEntries = (entries: readonly ExemptionEntry[]): string => stringify(entries, { lineWidth: 0 });

/** The file with these entries behind those that it holds; what people wrote beside them stays. */
export function withEntries(file: string, entries: readonly ExemptionEntry[]): string {
  const document = parseDocument(file);
  if (!isSeq(document.contents)) document.contents = document.createNode([]) as never;
  // An empty list is written as [].
  else document.contents.flow = false;
  for (const entry of entries) document.add(document.createNode(entry));
  return document.toString({ lineWidth: 0 });
}
