// Who may hand an identity to a machine can do, through the machine, all that the identity may do.
import { together } from "../../arguments.ts";
import { waitsForNames } from "../../relation.ts";
import type { Rule } from "../../rule.ts";
import { passesRoles } from "./escalation.ts";
import { isNarrowed, judgeRoles, waitsForRole } from "./grants.ts";
import { isAnyIdentity } from "./patterns.ts";
import { judgeStatements, narrowing, texts } from "./statements.ts";

const documents = judgeStatements(["identity"], (statement) => {
  const passes = texts(statement.actions).some(passesRoles) && statement.resources.some(isAnyIdentity);
  const toOneService = narrowing(statement).some(({ key }) => key === "iam:passedtoservice" || key === "iam:associatedresourcearn");
  return passes && !toOneService
    ? {
        problem: `${statement.property} allows iam:PassRole of every role to every service (${statement.name})`,
        allowed: "the ARNs of the roles that may be passed, or a condition on iam:PassedToService",
      }
    : undefined;
});

const grants = judgeRoles((role, grant) =>
  role === "roles/iam.serviceAccountUser" && grant.reach !== "resource" && !isNarrowed(grant)
    ? { allowed: "the same role on the one account that is handed on (gcp.serviceaccount.IAMMember)" }
    : undefined,
);

export const passRole: Rule = {
  id: "identity/pass-role",
  title: "Identities are handed on one by one",
  severity: "critical",
  why: "Whoever starts a function with any role of the account has all of them, the administrator's too.",
  remediation:
    "Name the roles that may be passed and the service that gets them; in Google Cloud grant serviceAccountUser on the one account.",
  frameworks: [
    { name: "ISO 27001", clause: "A.5.18" },
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
        props: { policy: '{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/shop-task"}}' },
      },
    ],
    fails: [
      {
        type: "aws:iam/policy:Policy",
        props: { policy: '{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}' },
      },
    ],
  },
  check: together(documents, grants),
  settles: (undecided, resource, resources) =>
    undecided.property === "role" ? waitsForRole(undecided, resource, resources) : waitsForNames(undecided, resource, resources),
};
