// Whoever may look at a function, a task or a Worker may read its environment. A secret is given by reference instead.
import type { Context } from "../../context.ts";
import { sourcesOf } from "../../relation.ts";
import { type Resource, UNKNOWN } from "../../resource.ts";
import { type Finding, type Outcome, outcomeOf, type Rule, type Undecided } from "../../rule.ts";
import { environmentOf, hasEnvironment } from "./environment.ts";
import { butPlain, comesFromNoSecret, isReference, isSecretName } from "./secrets.ts";

const allowed =
  "a reference to the cloud's secret store: valueFrom, secretKeyRef, secretEnvironmentVariables, secret_text, secrets_store_secret";

function check(resource: Resource, _context: Context): Outcome {
  if (!hasEnvironment(resource.type)) return "notApplicable";
  return outcomeOf(
    environmentOf(resource).flatMap(({ name, path, value }): Finding[] => {
      if (name !== "" && !isSecretName(name)) return [];
      if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
      return isReference(value)
        ? []
        : [
            {
              kind: "violation",
              property: path,
              problem: `${path}: the variable ${name} holds its secret in plain${butPlain(resource, path)}`,
              allowed,
            },
          ];
    }),
  );
}

/** Judged again in the update, where the value is known. */
const settles = ({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean =>
  comesFromNoSecret(sourcesOf(resource, property.replace(/:.*/, "")), resources);

const lambda = "aws:lambda/function:Function";

export const plaintextSecretName: Rule = {
  id: "encryption/plaintext-secret-name",
  title: "No variable that is named after a secret holds it in plain",
  severity: "critical",
  why: "Environments are shown in consoles, logs and crash reports: one screenshot, and a stranger has the key to people's data.",
  remediation:
    "Put the secret into the cloud's secret store and give the program a reference; then make a new secret, for this one has been seen.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.17" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: lambda,
        props: { environment: { variables: { DB_PASSWORD_ARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db" } } },
      },
    ],
    fails: [{ type: lambda, props: { environment: { variables: { DB_PASSWORD: "correct horse battery staple" } } } }],
  },
  check,
  settles,
};
