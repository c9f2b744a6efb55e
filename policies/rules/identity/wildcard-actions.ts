// What a policy allows is written out: not everything that a service can do, now and in its next version.
import { together } from "../../arguments.ts";
import { waitsForNames } from "../../relation.ts";
import type { Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { judgeStatements, list, type Statement, shown, unreadable } from "./statements.ts";

/** `*`, `s3:*`, `*:*`. `s3:Get*` names what it is for, and is no such wildcard. */
const isEverything = (action: Value): boolean => typeof action === "string" && /^([^:]*:)?[*?]+$/.test(action);

/** Gives the account's own policies a say over its key, as AWS's default does (docs.aws.amazon.com/kms, "Default key policy"). */
const delegatesKey = ({ kind, actions, text }: Statement): boolean => {
  const principal = text.Principal;
  const named = typeof principal === "object" && principal !== null && "AWS" in principal ? list(principal.AWS) : [];
  return (
    kind === "resource" &&
    actions.every((action) => action === "kms:*") &&
    named.length > 0 &&
    named.every((who) => typeof who === "string" && /^(arn:[^:]*:iam::\d{12}:root|\d{12})$/.test(who))
  );
};

const documents = judgeStatements(["identity", "resource", "trust"], (statement, resource) => {
  const wild = statement.actions.filter(isEverything);
  if (wild.length === 0 || delegatesKey(statement)) return undefined;
  return {
    problem: `${statement.property} allows ${shown(resource, statement, wild)} (${statement.name})`,
    allowed: "actions by name, or by the beginning of a name (s3:Get*)",
  };
});

export const wildcardActions: Rule = {
  id: "identity/wildcard-actions",
  title: "Policies name the actions that they allow",
  severity: "high",
  why: "Whoever takes over an identity that may do everything can read, change and delete what it never needed for its work.",
  remediation: "List the actions that the holder calls; CloudTrail's last accessed information tells which those are.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "ISO 27001", clause: "A.8.2" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:iam/policy:Policy",
        props: { policy: '{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::menu/*"}}' },
      },
    ],
    fails: [
      {
        type: "aws:iam/policy:Policy",
        props: { policy: '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::menu/*"}}' },
      },
    ],
  },
  check: together(unreadable, documents),
  settles: waitsForNames,
};
