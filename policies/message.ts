// How a finding reads in a terminal: resource and rule, what is wrong, the law, what is allowed, the remedy.
import type { Resource } from "./resource.ts";
import type { Metadata, Undecided, Violation } from "./rule.ts";

export function violationMessage(rule: Metadata, resource: Pick<Resource, "name" | "type">, violation: Violation): string {
  return lines(resource, `breaks ${rule.id}: ${violation.problem}`, [
    ["Law", violation.law ?? clauses(rule)],
    ["Allowed", violation.allowed],
    ["Remedy", violation.remedy ?? rule.remediation],
  ]);
}

/** @param waitsFor URNs of the resources whose outputs the property is made of; `state` where a state is judged, which hides its secrets */
export function undecidedMessage(
  rule: Metadata,
  resource: Pick<Resource, "name" | "type">,
  { property }: Undecided,
  waitsFor: readonly string[] | "state",
): string {
  if (waitsFor === "state")
    return lines(resource, `leaves ${rule.id} undecided: ${property} is a secret, which the state holds encrypted`, [
      ["Law", clauses(rule)],
      ["Allowed", `a value of ${property} that can be read`],
      ["Remedy", "Export the state with --show-secrets, judge it where it stays, and delete it."],
    ]);
  const sources = waitsFor.map((urn) => `"${urn.split("::").at(-1)}" (${urn.split("::").at(-2)?.split("$").at(-1)})`);
  const waits = sources.length > 0 ? `, it waits for ${sources.join(" and ")}` : "";
  return lines(resource, `leaves ${rule.id} undecided: ${property} is not known before the deployment${waits}`, [
    ["Law", clauses(rule)],
    ["Allowed", `a value of ${property} that a preview knows`],
    [
      "Remedy",
      "Take the value from configuration or from a name you chose, not from an output; or deploy what it waits for first, then this.",
    ],
  ]);
}

/** `GDPR Art. 44, Art. 30; ISO 27001 A.5.34` */
export function clauses({ frameworks }: Pick<Metadata, "frameworks">): string {
  const names = [...new Set(frameworks.map(({ name }) => name))];
  return names
    .map(
      (name) =>
        `${name} ${frameworks
          .filter((clause) => clause.name === name)
          .map(({ clause }) => clause)
          .join(", ")}`,
    )
    .join("; ");
}

function lines({ name, type }: Pick<Resource, "name" | "type">, verdict: string, rest: readonly (readonly [string, string])[]): string {
  return [`${type} "${name}" ${verdict}`, ...rest.map(([label, text]) => `  ${`${label}:`.padEnd(9)}${text}`)].join("\n");
}
