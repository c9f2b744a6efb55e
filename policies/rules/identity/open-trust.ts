// Who may become a role: somebody in particular.
import { type Resource, read, type Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { list, narrowing, overStatements, type Statement, shown, type Verdict } from "./statements.ts";

/** Keys that say who calls (docs.aws.amazon.com/IAM, "AWS global condition context keys") or prove something that a stranger has not (an external id, a second factor). */
const names = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:principalserviceorgid",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:multifactorauthpresent",
  "aws:userid",
  "sts:externalid",
]);
const isNarrowed = (statement: Statement): boolean =>
  narrowing(statement).some(({ key }) => names.has(key) || key.startsWith("aws:principaltag/"));

/** Twelve digits, alone or as the root of an account: everyone there whom that account lets. */
const wholeAccount = (principal: Value): string | undefined =>
  typeof principal === "string" ? /^(?:arn:[^:]*:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1] : undefined;

/** Accounts that the provider says it deploys to. */
function ownAccounts({ provider }: Resource): string {
  const { props = {} } = provider ?? {};
  return ["allowedAccountIds", "assumeRoles", "assumeRole"].map((path) => JSON.stringify(read(props, path) ?? "")).join();
}

function judgePrincipals(statement: Statement, resource: Resource): ReturnType<Verdict> {
  const principal = statement.text.Principal;
  const named = typeof principal === "object" && principal !== null && !Array.isArray(principal) ? Object.values(principal) : [principal];
  const who = named.flatMap((value) => list(value as Value));
  const { property, name } = statement;
  if (isNarrowed(statement)) return undefined;
  if (who.includes("*"))
    return { problem: `${property} lets anyone in (${name})`, allowed: "principals by their ARN, or services that AWS runs" };
  const foreign = who.map(wholeAccount).find((account) => account !== undefined && !ownAccounts(resource).includes(account));
  if (foreign === undefined) return undefined;
  return {
    problem: `${property} lets all of the account ${shown(resource, statement, [foreign])} in (${name})`,
    allowed: "roles by their ARN, or a condition on sts:ExternalId, aws:PrincipalArn or aws:PrincipalOrgID",
    remedy:
      "Name the role that may come, or add the condition. If the account is this stack's own, say so to the provider: allowedAccountIds.",
  };
}

export const openTrust: Rule = {
  id: "identity/open-trust",
  title: "A role is assumed by somebody in particular",
  severity: "critical",
  why: "A role that anyone, or anyone in somebody else's account, may assume is a door whose key lies outside.",
  remediation: "Name the principals in the trust policy; for another company's account demand sts:ExternalId as well.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.5.16" },
    { name: "ISO 27001", clause: "A.5.19" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:iam/role:Role",
        props: {
          assumeRolePolicy: '{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
        },
      },
    ],
    fails: [
      {
        type: "aws:iam/role:Role",
        props: { assumeRolePolicy: '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}' },
      },
    ],
  },
  ...overStatements(["trust"], judgePrincipals),
};
