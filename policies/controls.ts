// docs/controls.md: which article is kept by which rules, and what they last found in each stack.
import type { StackResult } from "./results.ts";
import type { Metadata } from "./rule.ts";

export const controlsPage = new URL("../docs/controls.md", import.meta.url);

export interface Control {
  /** `GDPR` */
  readonly framework: string;
  /** `Art. 44` */
  readonly clause: string;
  readonly rules: readonly Metadata[];
}

/** Every clause that a rule cites, by framework in the order of the rules, then by clause. */
export function controlsOf(rules: readonly Metadata[]): Control[] {
  const cited = new Map<string, Control & { rules: Metadata[] }>();
  for (const rule of rules)
    for (const { name: framework, clause } of rule.frameworks) {
      const key = `${framework} ${clause}`;
      const control = cited.get(key) ?? { framework, clause, rules: [] };
      cited.set(key, { ...control, rules: [...control.rules, rule] });
    }
  const frameworks = [...new Set([...cited.values()].map(({ framework }) => framework))];
  return [...cited.values()].sort(
    (a, b) =>
      frameworks.indexOf(a.framework) - frameworks.indexOf(b.framework) || a.clause.localeCompare(b.clause, "en", { numeric: true }),
  );
}

export function renderControls(rules: readonly Metadata[], results: readonly StackResult[]): string {
  const head = ["clause", "rule", ...results.map(({ stack }) => stack)];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const controls = controlsOf(rules);
  const sections = [...new Set(controls.map(({ framework }) => framework))].map((framework) => {
    const rows = controls
      .filter((control) => control.framework === framework)
      .flatMap(({ clause, rules: its }) =>
        its.map(({ id }, index) =>
          line([index === 0 ? clause : "", `[${id}](policies.md#${anchor(id)})`, ...results.map((each) => cell(each, id))]),
        ),
      );
    return [`## ${framework}`, "", line(head), line(head.map(() => "---")), ...rows].join("\n");
  });
  return `<!-- Generated from policies/rules and policies/results by \`node tools/docs.ts --write\`. Change the rules, or record anew; not this page. -->

# Controls

Which article is kept by which rules of [the pack](policies.md), and what they found when they last looked at what is deployed. A rule helps to
keep an article; that alone is no conformity with it. What deploys is refused before by the same rules; this is about what already runs.

${recorded(results)}

What stands in a cell: in how many resources the rule had something to judge and found nothing (*kept*), or what it found (*broken*, *undecided*, *exempted*).
*none*: nothing there for it to judge. *not looked*: the rule is younger than the record.

${sections.join("\n\n")}
`;
}

/** As GitHub makes it of a heading. */
export const anchor = (id: string): string => id.replaceAll("/", "");

function recorded(results: readonly StackResult[]): string {
  if (results.length === 0) return "Nobody has recorded a result yet: `./bailiwick policy check --state FILE --record` does.";
  const lines = results.map(({ stack, date, resources }) => `| ${stack} | ${date} | ${resources} |`);
  return `Recorded by \`./bailiwick policy check --state FILE --record\` from exported states:\n\n| stack | on | resources |\n|---|---|---|\n${lines.join("\n")}`;
}

function cell({ rules }: StackResult, id: string): string {
  const tally = rules[id];
  if (!tally) return "not looked";
  const { judged, violations, undecided, exempted } = tally;
  const found = Object.entries({ broken: violations, undecided, exempted }).filter(([, number]) => number > 0);
  if (found.length > 0) return found.map(([what, number]) => `${number} ${what}`).join(", ");
  return judged === 0 ? "none" : `${judged} kept`;
}
