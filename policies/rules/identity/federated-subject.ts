// Trust in an identity provider is trust in some of its subjects, not in all of its customers.
import { byType, type Check, together } from "../../arguments.ts";
import { waitsForNames } from "../../relation.ts";
import { isPresent, read, show, UNKNOWN, type Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { judgeMembers, waitsForIdentity } from "./grants.ts";
import { judgeStatements, list, narrowing, type Statement, texts } from "./statements.ts";

/** Claims that name whoever logged in, at the providers that AWS knows, beside `sub` (docs.aws.amazon.com/IAM, "web identity federation keys"). */
const subjectKeys =
  /:(sub|repository|repository_id|repository_owner_id|job_workflow_ref|namespace_id|project_id|email|id|user_id|terraform_workspace_id)$/;

/**
 * Words of a subject's grammar that name nobody: `repo:*` is every repository there is.
 * (docs.github.com/actions/concepts/security/openid-connect; docs.gitlab.com/ci/secrets/id_token_authentication; kubernetes.io service accounts.)
 */
const nobody = /^(?:(?:repo|repository|project_path|project|organization|org|workspace|system|serviceaccount|pipeline):)*$/;

const namesSomebody = (value: Value): boolean => typeof value !== "string" || !nobody.test(value.split(/[*?]/)[0] ?? "");

function trustsAnySubject(statement: Statement): boolean {
  const { Principal: principal } = statement.text;
  const federated = typeof principal === "object" && principal !== null && "Federated" in principal ? texts(list(principal.Federated)) : [];
  if (federated.length === 0) return false;
  const conditions = narrowing(statement);
  // A SAML provider is one company's own directory, which itself assigns the role.
  if (federated.every((provider) => /:saml-provider\//.test(provider))) return !conditions.some(({ key }) => key.startsWith("saml:"));
  return !conditions.some(
    ({ key, values }) => (subjectKeys.test(key) || key === "cognito-identity.amazonaws.com:aud") && values.every(namesSomebody),
  );
}

const provider: Check = (resource) => {
  const { props } = resource;
  if (!isPresent(props, "oidc") && !isPresent(props, "aws")) return [];
  const condition = read(props, "attributeCondition");
  if (condition === UNKNOWN) return [{ kind: "undecided", property: "attributeCondition" }];
  const isEmpty = condition === undefined || (typeof condition === "string" && /^\s*(true)?\s*$/.test(condition));
  return isEmpty
    ? [
        {
          kind: "violation",
          property: "attributeCondition",
          problem: `attributeCondition is ${condition === undefined ? "not set" : show(resource, { path: "attributeCondition", value: condition })}: all subjects of the issuer may enter the pool`,
          allowed: 'an expression over the token\'s claims, such as assertion.repository_owner_id == "1234"',
        },
      ]
    : [];
};

const wholePool = judgeMembers((member) =>
  /^principalSet:\/\/.*\/(workloadIdentityPools|workforcePools)\/[^/]+\/\*$/.test(member)
    ? { allowed: "principal:// of one subject, or principalSet:// of an attribute's value" }
    : undefined,
);

const documents = judgeStatements(["trust"], (statement) =>
  trustsAnySubject(statement)
    ? {
        problem: `${statement.property} lets every subject of the identity provider in (${statement.name})`,
        allowed: "a condition that names the subject (StringEquals or StringLike on <provider>:sub)",
      }
    : undefined,
);

const providers = byType({ "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": [provider] });

export const federatedSubject: Rule = {
  id: "identity/federated-subject",
  title: "Federated trust names its subjects",
  severity: "critical",
  why: "GitHub signs tokens for everyone's workflows: who trusts the issuer alone lets any stranger's repository deploy here.",
  remediation: "Compare the token's subject with yours, in the role's trust policy or in the provider's attributeCondition.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.5.16" },
    { name: "ISO 27001", clause: "A.8.5" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(j)" },
    { name: "DORA", clause: "Art. 9(4)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:iam/role:Role",
        props: {
          assumeRolePolicy:
            '{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:brand/shop:ref:refs/heads/main"}}}]}',
        },
      },
    ],
    fails: [
      {
        type: "aws:iam/role:Role",
        props: {
          assumeRolePolicy:
            '{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}}]}',
        },
      },
    ],
  },
  check: together(documents, providers, wholePool),
  settles: (undecided, resource, resources) =>
    (undecided.property === "assumeRolePolicy" ? waitsForNames : waitsForIdentity)(undecided, resource, resources),
};
