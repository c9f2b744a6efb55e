// Writes docs/policies.md from the rules' own metadata. Run as `node policies/docs.ts`; a test fails while the file is stale.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { clauses } from "./message.ts";
import type { Metadata } from "./rule.ts";
import { rules } from "./rules/index.ts";

export const policiesPage = new URL("../docs/policies.md", import.meta.url);

/** The whole page, as Markdown. */
export function renderPolicies(all: readonly Metadata[] = rules): string {
  const rows = all.map(({ id, title, severity, enforcement, neverExempt }) => {
    const level = enforcement === "mandatory" ? "mandatory" : "advisory";
    return `| [${id}](#${anchor(id)}) | ${title} | ${severity} | ${level} | ${neverExempt ? "never" : "at most 90 days"} |`;
  });
  const byFramework = [...new Set(all.flatMap(({ frameworks }) => frameworks.map(({ name }) => name)))].flatMap((name) => {
    const named = all.flatMap(({ id, frameworks }) =>
      frameworks.filter((clause) => clause.name === name).map(({ clause }) => ({ clause, id })),
    );
    const distinct = [...new Set(named.map(({ clause }) => clause))].sort();
    return distinct.map(
      (clause) =>
        `| ${name} ${clause} | ${named
          .filter((item) => item.clause === clause)
          .map(({ id }) => `[${id}](#${anchor(id)})`)
          .join(", ")} |`,
    );
  });
  return `<!-- Generated from policies/rules by \`node policies/docs.ts\`. Change the rules, not this page. -->

# Policies

What cannot be deployed, and why. Every rule judges a resource before it is created or changed; what a preview cannot decide
blocks as well ([why](decisions/0006-undecided-blocks.md)). How to read a finding, to exempt a resource or to add a rule:
[policies/README.md](../policies/README.md).

| rule | what it holds | severity | enforcement | exemption |
|---|---|---|---|---|
${rows.join("\n")}

${all.map(section).join("\n\n")}

## By framework

| clause | rules |
|---|---|
${byFramework.join("\n")}
`;
}

function section(rule: Metadata): string {
  const advisory = rule.enforcement === "mandatory" ? "" : `\n- **Advisory because**: ${rule.enforcement.advisory}`;
  return `## ${rule.id}

${rule.title}.

- **Why**: ${rule.why}
- **Remedy**: ${rule.remediation}
- **Frameworks**: ${clauses(rule)}
- **Applies from**: phase ${rule.phase}${advisory}`;
}

/** As GitHub makes it of a heading. */
const anchor = (id: string): string => id.replaceAll("/", "");

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(policiesPage, renderPolicies());
