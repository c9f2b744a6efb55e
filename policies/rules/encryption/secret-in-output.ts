// A stack's outputs are read by other stacks, pipelines and people, and printed at the end of every update.
import type { Properties, Resource, Value } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { isReference, isSecretName, kindOfSecret } from "./secrets.ts";

const stack = "pulumi:pulumi:Stack";

/** What of an output is a secret and not marked as one. A preview's unknown value does not say whether it is marked: it is judged in the update. */
function plain({ secrets, urn }: Resource, name: string, value: Value, path: string): StackFinding[] {
  if (secrets.has(path)) return [];
  if (Array.isArray(value))
    return (value as readonly Value[]).flatMap((item, index) => plain({ secrets, urn } as Resource, name, item, `${path}[${index}]`));
  if (typeof value === "object" && value !== null)
    return Object.entries(value as Properties).flatMap(([key, item]) => plain({ secrets, urn } as Resource, key, item, `${path}.${key}`));
  if (typeof value !== "string") return [];
  const kind = kindOfSecret(value) ?? (isSecretName(name) && !isReference(value) ? "a secret by its name" : undefined);
  return kind === undefined
    ? []
    : [
        {
          urn,
          finding: {
            kind: "violation",
            property: path,
            problem: `the output ${path} is ${kind}, and is not marked as one`,
            allowed: "pulumi.secret(...) around it, or no such output",
          },
        },
      ];
}

const checkStack = (resources: readonly Resource[]): StackFinding[] =>
  resources
    .filter(({ type }) => type === stack)
    .flatMap((resource) => Object.entries(resource.props).flatMap(([name, value]) => plain(resource, name, value, name)));

export const secretInOutput: Rule = {
  id: "encryption/secret-in-output",
  title: "No output of the stack shows a secret",
  severity: "critical",
  why: "Outputs are printed in build logs and kept unencrypted in the state, where everyone who may see a deployment reads them.",
  remediation: "Mark it with pulumi.secret, or better: let the reader fetch it from the secret store.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: stack, props: { url: "https://www.brand.example", dbPasswordSecret: "projects/brand/secrets/db" } }],
    fails: [{ type: stack, props: { url: "https://www.brand.example", dbPassword: "correct-horse" } }],
  },
  checkStack,
};
