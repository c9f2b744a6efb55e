import { expect, it } from "vitest";
import { federatedSubject } from "../../../../policies/rules/identity/federated-subject.ts";
import { openTrust } from "../../../../policies/rules/identity/open-trust.ts";
import { judged, problems, resource, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const role = (statement: object, provider = {}) => ({
  type: "aws:iam/role:Role",
  props: { assumeRolePolicy: JSON.stringify({ Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", ...statement }] }) },
  provider,
});
const partner = "arn:aws:iam::210987654321:root";

specify(openTrust, [
  ["a service", role({ Principal: { Service: "ecs-tasks.amazonaws.com" } }), compliant],
  ["one role", role({ Principal: { AWS: "arn:aws:iam::210987654321:role/deploy" } }), compliant],
  ["anyone", role({ Principal: "*" }), ["assumeRolePolicy lets anyone in (statement 1)"]],
  ["anyone of AWS", role({ Principal: { AWS: ["*"] } }), ["assumeRolePolicy lets anyone in (statement 1)"]],
  ["anyone of the organisation", role({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } } }), compliant],
  [
    "anyone of any organisation",
    role({ Principal: "*", Condition: { StringLike: { "aws:PrincipalOrgID": "*" } } }),
    ["assumeRolePolicy lets anyone in (statement 1)"],
  ],
  ["a whole account", role({ Principal: { AWS: partner } }), ['assumeRolePolicy lets all of the account "210987654321" in (statement 1)']],
  [
    "a whole account, by its number",
    role({ Principal: { AWS: "210987654321" } }),
    ['assumeRolePolicy lets all of the account "210987654321" in (statement 1)'],
  ],
  [
    "a whole account that knows the external id",
    role({ Principal: { AWS: partner }, Condition: { StringEquals: { "sts:ExternalId": "b-7" } } }),
    compliant,
  ],
  [
    "a whole account, with a second factor",
    role({ Principal: { AWS: partner }, Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }),
    compliant,
  ],
  ["the whole of its own account", role({ Principal: { AWS: partner } }, { allowedAccountIds: '["210987654321"]' }), compliant],
  [
    "a document that is not known yet",
    { type: "aws:iam/role:Role", props: { assumeRolePolicy: UNKNOWN } },
    ["undecided: assumeRolePolicy"],
  ],
  ["what is no role", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

const github = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
const federated = (provider: string, condition: object | undefined) =>
  role({ Principal: { Federated: provider }, Action: "sts:AssumeRoleWithWebIdentity", Condition: condition });
const sub = (subject: string | string[]) => ({ StringLike: { "token.actions.githubusercontent.com:sub": subject } });
const anySubject = ["assumeRolePolicy lets every subject of the identity provider in (statement 1)"];
const saml = "arn:aws:iam::123456789012:saml-provider/brand";
const pool = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider";
const binding = "gcp:serviceaccount/iAMBinding:IAMBinding";
const pools = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci";

specify(federatedSubject, [
  ["one repository", federated(github, sub("repo:brand/shop:*")), compliant],
  ["one account of Google's", federated("accounts.google.com", { StringEquals: { "accounts.google.com:sub": "1234" } }), compliant],
  ["any subject", federated(github, undefined), anySubject],
  [
    "any subject that asks for AWS",
    federated(github, { StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" } }),
    anySubject,
  ],
  ["any repository", federated(github, sub("repo:*")), anySubject],
  ["one repository, or any", federated(github, sub(["repo:brand/shop:*", "repo:*"])), anySubject],
  [
    "any service account of a cluster",
    federated("arn:aws:iam::1:oidc-provider/oidc.eks", { StringLike: { "oidc.eks:sub": "system:serviceaccount:*:*" } }),
    anySubject,
  ],
  [
    "service accounts of one namespace",
    federated("arn:aws:iam::1:oidc-provider/oidc.eks", { StringLike: { "oidc.eks:sub": "system:serviceaccount:shop:*" } }),
    compliant,
  ],
  [
    "a subject only where there is one",
    federated(github, { StringEqualsIfExists: { "token.actions.githubusercontent.com:sub": "repo:brand/shop" } }),
    anySubject,
  ],
  ["the company's directory", federated(saml, { StringEquals: { "SAML:aud": "https://signin.aws.amazon.com/saml" } }), compliant],
  ["a directory, for anything", federated(saml, undefined), anySubject],
  ["a service, which is no identity provider", role({ Principal: { Service: "lambda.amazonaws.com" } }), compliant],
  [
    "a provider of a pool with a condition",
    { type: pool, props: { oidc: { issuerUri: "https://a" }, attributeCondition: "assertion.repository_owner_id == '1'" } },
    compliant,
  ],
  [
    "a provider of a pool without one",
    { type: pool, props: { oidc: { issuerUri: "https://a" } } },
    ["attributeCondition is not set: all subjects of the issuer may enter the pool"],
  ],
  [
    "a condition that is always true",
    { type: pool, props: { oidc: { issuerUri: "https://a" }, attributeCondition: "true" } },
    ['attributeCondition is "true": all subjects of the issuer may enter the pool'],
  ],
  ["a company's directory at Google", { type: pool, props: { saml: { idpMetadataXml: "<a/>" } } }, compliant],
  [
    "a condition that is not known yet",
    { type: pool, props: { oidc: {}, attributeCondition: UNKNOWN } },
    ["undecided: attributeCondition"],
  ],
  [
    "a pool's subjects of one repository",
    { type: binding, props: { role: "a", members: [`principalSet:${pools}/attribute.repository_id/7`] } },
    compliant,
  ],
  [
    "a whole pool",
    { type: binding, props: { role: "a", members: ["user:a@b.example", `principalSet:${pools}/*`] } },
    [`members[1] is "principalSet:${pools}/*"`],
  ],
  [
    "a whole pool in a policy",
    {
      type: "gcp:serviceaccount/iAMPolicy:IAMPolicy",
      props: { policyData: JSON.stringify({ bindings: [{ role: "a", members: [`principalSet:${pools}/*`] }] }) },
    },
    [`policyData.bindings[0].members[0] is "principalSet:${pools}/*"`],
  ],
  [
    "a document that is not known yet",
    { type: "aws:iam/role:Role", props: { assumeRolePolicy: UNKNOWN } },
    ["undecided: assumeRolePolicy"],
  ],
  ["what trusts nobody", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

it("federated subject: a member that waits for an account of this stack is one account, not a pool", () => {
  const account = resource({ type: "gcp:serviceaccount/account:Account", name: "shop" });
  const wif = resource({ type: "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", name: "ci" });
  const waiting = (urn: string) => ({
    ...resource({ type: binding, props: { role: "a", members: [UNKNOWN] } }),
    propertyDependencies: { members: [urn] },
  });
  const undecided = { kind: "undecided", property: "members[0]" } as const;
  expect(problems(judged(federatedSubject, { type: binding, props: { role: "a", members: [UNKNOWN] } }))).toEqual([
    "undecided: members[0]",
  ]);
  expect(federatedSubject.settles?.(undecided, waiting(account.urn), [account, wif])).toBe(true);
  expect(federatedSubject.settles?.(undecided, waiting(wif.urn), [account, wif])).toBe(false);
});
