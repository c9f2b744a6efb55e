// Writes docs/policies.md from the rules' own metadata. Run as `node policies/docs.ts`; a test fails while the file is stale.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { catalogue, judgedByChange } from "./catalogue.ts";
import { anchor } from "./controls.ts";
import { programOf } from "./example.ts";
import { clauses } from "./message.ts";
import type { Metadata, Rule } from "./rule.ts";

export const policiesPage = new URL("../docs/policies.md", import.meta.url);

/** The whole page, as Markdown. */
export function renderPolicies(all: readonly (Metadata | Rule)[] = catalogue): string {
  const topics = [...new Set(all.map(topicOf))].map((topic) => {
    const its = all.filter((rule) => topicOf(rule) === topic);
    const rows = its.map(
      (rule) =>
        `| [${rule.id}](#${anchor(rule.id)}) | ${rule.title} | ${rule.severity} | ${enforcement(rule)} | ${rule.neverExempt ? "never" : "90 days"} | ${"remediate" in rule ? "yes" : ""} |`,
    );
    return `### ${topic}\n\n| rule | what it holds | severity | enforcement | exemption | corrects |\n|---|---|---|---|---|---|\n${rows.join("\n")}`;
  });
  return `<!-- Generated from policies/rules by \`node policies/docs.ts\`. Change the rules, not this page. -->

# Policies

What cannot be deployed, and why: ${all.length} rules. Each judges a resource before it is created or changed, or the relations between resources once
all are known, and one the change itself; what a preview cannot decide blocks as well ([why](decisions/0006-undecided-blocks.md)). Which article each helps to keep, and what it
last found: [controls](controls.md). How to read a finding, to exempt a resource or to add a rule: [policies/README.md](../policies/README.md).
In a terminal: \`./bailiwick policy list\`, \`./bailiwick policy explain RULE\`.

*Exemption*: the longest that one may last. *Corrects*: what the rule refuses can be corrected by the pack, where a stack asks for it with
\`bailiwick:remediate: true\` ([why not always](decisions/0014-corrections-on-request.md)).

## The catalogue

${topics.join("\n\n")}

${all.map(section).join("\n\n")}
`;
}

const topicOf = ({ id }: Metadata): string => id.split("/")[0] ?? "";
const enforcement = (rule: Metadata): string => (rule.enforcement === "mandatory" ? "mandatory" : "advisory");

/** With examples; what is judged by a preview's events has none. */
function section(rule: Metadata | Rule): string {
  const advisory = rule.enforcement === "mandatory" ? "" : `\n- **Advisory because**: ${rule.enforcement.advisory}`;
  const judges = "examples" in rule ? rule : undefined;
  const corrects = judges?.remediate ? "\n- **Corrects**: where the stack asks for it" : "";
  const settles = judges?.settles ? "; the rest of the stack can settle it" : "";
  const undecided = judges?.check ? `\n- **Undecided** when a property that decides is known only after the deployment${settles}` : "";
  return `## ${rule.id}

${rule.title}.

- **Why**: ${rule.why}
- **Remedy**: ${rule.remediation}
- **Frameworks**: ${clauses(rule)}
- **Applies from**: phase ${rule.phase}${advisory}${corrects}${undecided}${judges ? examples(judges) : `\n- **Judged by**: ${judgedByChange}`}`;
}

const examples = (rule: Rule): string => `

Passes:

\`\`\`ts illustration
${programOf(rule.examples.passes)}
\`\`\`

Is refused:

\`\`\`ts illustration
${programOf(rule.examples.fails)}
\`\`\``;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(policiesPage, renderPolicies());
