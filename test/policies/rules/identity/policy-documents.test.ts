import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { waitsForNames } from "../../../../policies/relation.ts";
import type { Value } from "../../../../policies/resource.ts";
import { notAction } from "../../../../policies/rules/identity/not-action.ts";
import { passRole } from "../../../../policies/rules/identity/pass-role.ts";
import { covers, isAnyResource } from "../../../../policies/rules/identity/patterns.ts";
import { policyDocuments } from "../../../../policies/rules/identity/policy-documents.ts";
import { privilegeEscalation } from "../../../../policies/rules/identity/privilege-escalation.ts";
import { wildcardActions } from "../../../../policies/rules/identity/wildcard-actions.ts";
import { wildcardResources } from "../../../../policies/rules/identity/wildcard-resources.ts";
import { judged, problems, resource, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const inline = "aws:iam/rolePolicy:RolePolicy";
const bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy";
const document = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const holder = (statement: object) => ({ type: inline, props: { role: "shop", policy: document({ Effect: "Allow", ...statement }) } });
const table = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";

specify(wildcardActions, [
  ["names its actions", holder({ Action: ["dynamodb:GetItem", "dynamodb:Query"], Resource: table }), compliant],
  ["names the beginning of an action", holder({ Action: "dynamodb:Get*", Resource: table }), compliant],
  ["everything", holder({ Sid: "All", Action: "*", Resource: table }), ['policy allows "*" (All)']],
  ["a service", holder({ Action: ["dynamodb:*", "sqs:SendMessage"], Resource: table }), ['policy allows "dynamodb:*" (statement 1)']],
  ["a wildcard that means the same", holder({ Action: "*:*", Resource: table }), ['policy allows "*:*" (statement 1)']],
  ["a denial of everything", { type: inline, props: { policy: document({ Effect: "Deny", Action: "*", Resource: "*" }) } }, compliant],
  [
    "in a role's inline policy",
    {
      type: "aws:iam/role:Role",
      props: { inlinePolicies: [{ name: "a", policy: document({ Effect: "Allow", Action: "s3:*", Resource: "*" }) }] },
    },
    ['inlinePolicies[0].policy allows "s3:*" (statement 1)'],
  ],
  [
    "in a bucket's policy",
    {
      type: bucketPolicy,
      props: { policy: document({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:role/a" }, Action: "s3:*" }) },
    },
    ['policy allows "s3:*" (statement 1)'],
  ],
  [
    "in a permission set",
    {
      type: "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
      props: { inlinePolicy: document({ Effect: "Allow", Action: "ec2:*", Resource: "*" }) },
    },
    ['inlinePolicy allows "ec2:*" (statement 1)'],
  ],
  [
    "a document given as an object",
    { type: inline, props: { policy: { Statement: { Effect: "Allow", Action: "s3:*", Resource: UNKNOWN } } } },
    ['policy allows "s3:*" (statement 1)'],
  ],
  [
    "an action in a document that is not known yet",
    { type: inline, props: { policy: { Statement: [{ Effect: "Allow", Action: UNKNOWN, Resource: "*" }] } } },
    ["undecided: policy"],
  ],
  [
    "a key that its account administers",
    {
      type: "aws:kms/key:Key",
      props: {
        policy: document({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*", Resource: "*" }),
      },
    },
    compliant,
  ],
  [
    "a key that one role may do everything with",
    {
      type: "aws:kms/key:Key",
      props: {
        policy: document({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:role/a" }, Action: "kms:*", Resource: "*" }),
      },
    },
    ['policy allows "kms:*" (statement 1)'],
  ],
  [
    "an endpoint's policy, which grants nothing",
    {
      type: "aws:ec2/vpcEndpoint:VpcEndpoint",
      props: { policy: document({ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }) },
    },
    notApplicable,
  ],
  ["a document that is not known yet", { type: inline, props: { policy: UNKNOWN } }, ["undecided: policy"]],
  ["statements that are not known yet", { type: inline, props: { policy: { Statement: UNKNOWN } } }, ["undecided: policy"]],
  [
    "an effect that is not known yet",
    { type: inline, props: { policy: { Statement: [{ Effect: UNKNOWN, Action: "a:b" }] } } },
    ["undecided: policy"],
  ],
  [
    "a text that is no document",
    { type: inline, props: { policy: "Allow *" } },
    ["policy is not readable as a policy, so it cannot be judged"],
  ],
  ["what is no policy", { type: "aws:sqs/queue:Queue" }, notApplicable],
]);

it("does not show a policy that is secret", () => {
  const secret = { ...holder({ Sid: "Hidden", Action: "s3:*", Resource: "*" }), secrets: ["policy"] };
  expect(problems(judged(wildcardActions, secret))).toEqual(["policy allows [secret] (statement 1)"]);
});

specify(wildcardResources, [
  ["names its resources", holder({ Action: "dynamodb:GetItem", Resource: [table, `${table}/index/*`] }), compliant],
  [
    "an ARN that is not known yet is one ARN",
    { type: inline, props: { policy: { Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: [UNKNOWN] } } } },
    compliant,
  ],
  ["any", holder({ Action: "dynamodb:GetItem", Resource: "*" }), ['policy allows "dynamodb:GetItem" on "*" (statement 1)']],
  [
    "any bucket's any object",
    holder({ Action: "s3:GetObject", Resource: "arn:aws:s3:::*/*" }),
    ['policy allows "s3:GetObject" on "arn:aws:s3:::*/*" (statement 1)'],
  ],
  [
    "actions that know no resource",
    holder({ Action: ["ecr:GetAuthorizationToken", "xray:PutTraceSegments", "ec2:Describe*"], Resource: "*" }),
    compliant,
  ],
  [
    "one among those that can name one",
    holder({ Action: ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"], Resource: "*" }),
    ['policy allows "ecr:BatchGetImage" on "*" (statement 1)'],
  ],
  [
    "any that carries a tag",
    holder({ Action: "ec2:StopInstances", Resource: "*", Condition: { StringEquals: { "aws:ResourceTag/team": "shop" } } }),
    compliant,
  ],
  [
    "any in one metric namespace",
    holder({ Action: "ssm:GetParameter", Resource: "*", Condition: { StringEquals: { "ssm:ResourceTag/team": "shop" } } }),
    compliant,
  ],
  [
    "any, if called over TLS",
    holder({ Action: "sqs:SendMessage", Resource: "*", Condition: { Bool: { "aws:SecureTransport": "true" } } }),
    ['policy allows "sqs:SendMessage" on "*" (statement 1)'],
  ],
  ["a role to hand on is another rule's question", holder({ Action: ["iam:PassRole", "iam:PutRolePolicy"], Resource: "*" }), compliant],
  [
    "a bucket's own policy, where it means the bucket",
    { type: bucketPolicy, props: { policy: document({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }) } },
    notApplicable,
  ],
  ["a document that is not known yet", { type: inline, props: { policy: UNKNOWN } }, ["undecided: policy"]],
]);

specify(notAction, [
  ["what is named", holder({ Action: "s3:GetObject", Resource: table }), compliant],
  ["a denial", { type: inline, props: { policy: document({ Effect: "Deny", NotAction: "sts:*", NotResource: table }) } }, compliant],
  ["all other actions", holder({ NotAction: "iam:*", Resource: "*" }), ["policy allows by NotAction (statement 1)"]],
  ["all other resources", holder({ Action: "s3:GetObject", NotResource: table }), ["policy allows by NotResource (statement 1)"]],
  [
    "all other principals of a role",
    {
      type: "aws:iam/role:Role",
      props: { assumeRolePolicy: document({ Effect: "Allow", NotPrincipal: { AWS: "a" }, Action: "sts:AssumeRole" }) },
    },
    ["assumeRolePolicy allows by NotPrincipal (statement 1)"],
  ],
  ["a document that is not known yet", { type: inline, props: { policy: UNKNOWN } }, ["undecided: policy"]],
  ["what is no policy", { type: "aws:sns/topic:Topic" }, notApplicable],
]);

const role = "arn:aws:iam::123456789012:role/";

specify(passRole, [
  ["one role", holder({ Action: "iam:PassRole", Resource: `${role}shop-task` }), compliant],
  ["roles of one name", holder({ Action: "iam:PassRole", Resource: `${role}shop-*` }), compliant],
  [
    "any role to one service",
    holder({ Action: "iam:PassRole", Resource: "*", Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } } }),
    compliant,
  ],
  [
    "any role",
    holder({ Action: ["ecs:RunTask", "iam:PassRole"], Resource: "*" }),
    ["policy allows iam:PassRole of every role to every service (statement 1)"],
  ],
  [
    "every role of an account",
    holder({ Action: "iam:Pass*", Resource: `${role}*` }),
    ["policy allows iam:PassRole of every role to every service (statement 1)"],
  ],
  [
    "any role to any service",
    holder({ Action: "iam:PassRole", Resource: "*", Condition: { StringLike: { "iam:PassedToService": "*" } } }),
    ["policy allows iam:PassRole of every role to every service (statement 1)"],
  ],
  [
    "any account of a Google project",
    { type: "gcp:projects/iAMMember:IAMMember", props: { role: "roles/iam.serviceAccountUser", member: "user:a@brand.example" } },
    ['role is "roles/iam.serviceAccountUser", on all of the project'],
  ],
  [
    "one account of a Google project",
    { type: "gcp:serviceaccount/iAMMember:IAMMember", props: { role: "roles/iam.serviceAccountUser", member: "user:a@brand.example" } },
    compliant,
  ],
  ["a document that is not known yet", { type: inline, props: { policy: UNKNOWN } }, ["undecided: policy"]],
  ["what is no policy", { type: "aws:sns/topic:Topic" }, notApplicable],
]);

const more = (rights: string) => [`policy lets its holder give itself more rights: ${rights} (statement 1)`];
const custom = "gcp:projects/iAMCustomRole:IAMCustomRole";
const member = "gcp:projects/iAMMember:IAMMember";

specify(privilegeEscalation, [
  ["reads policies", holder({ Action: ["iam:GetPolicy", "iam:ListRoles"], Resource: "*" }), compliant],
  ["writes any policy", holder({ Action: ["iam:CreatePolicyVersion", "iam:GetRole"], Resource: "*" }), more('"iam:CreatePolicyVersion"')],
  ["writes every role's policy, by a pattern", holder({ Action: "iam:Put*", Resource: `${role}*` }), more('"iam:Put*"')],
  ["writes its own", holder({ Action: "iam:PutRolePolicy", Resource: `${role}shop` }), more('"iam:PutRolePolicy"')],
  ["writes another's", holder({ Action: "iam:PutRolePolicy", Resource: `${role}tenant-*` }), compliant],
  [
    "writes within a boundary",
    holder({
      Action: ["iam:CreateRole", "iam:AttachRolePolicy"],
      Resource: "*",
      Condition: { StringEquals: { "iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/bounds" } },
    }),
    compliant,
  ],
  ["a custom role that reads", { type: custom, props: { permissions: ["storage.objects.get"] } }, compliant],
  [
    "a custom role that signs as others",
    { type: custom, props: { permissions: ["storage.objects.get", "iam.serviceAccounts.signJwt"] } },
    ['permissions[1] is "iam.serviceAccounts.signJwt", by which its holder gets more rights'],
  ],
  [
    "an administrator of access to a project",
    { type: member, props: { role: "roles/resourcemanager.projectIamAdmin", member: "group:a@brand.example" } },
    ['role is "roles/resourcemanager.projectIamAdmin", on all of the project'],
  ],
  [
    "one who may grant only some roles",
    {
      type: member,
      props: {
        role: "roles/resourcemanager.projectIamAdmin",
        member: "group:a@brand.example",
        condition: {
          title: "some",
          expression: "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/run.invoker'])",
        },
      },
    },
    compliant,
  ],
  ["a document that is not known yet", { type: inline, props: { policy: UNKNOWN } }, ["undecided: policy"]],
  ["a permission that is not known yet", { type: custom, props: { permissions: UNKNOWN } }, ["undecided: permissions"]],
  ["what grants nothing", { type: "aws:sns/topic:Topic" }, notApplicable],
]);

describe("a document that is not known before the deployment", () => {
  const bucket = resource({ type: "aws:s3/bucket:Bucket", name: "menu" });
  const script = resource({ type: "random:index/randomId:RandomId", name: "script" });
  const policy = (...sources: string[]) => ({
    ...resource({ type: inline, props: { policy: UNKNOWN } }),
    propertyDependencies: { policy: sources },
  });

  it("is settled where it waits for names of this stack's resources only", () => {
    expect(waitsForNames({ kind: "undecided", property: "policy" }, policy(bucket.urn), [bucket, script])).toBe(true);
    expect(waitsForNames({ kind: "undecided", property: "policy" }, policy(bucket.urn, script.urn), [bucket, script])).toBe(false);
    expect(waitsForNames({ kind: "undecided", property: "policy" }, policy(), [bucket])).toBe(false);
    expect(waitsForNames({ kind: "undecided", property: "inlinePolicies[0].policy" }, policy(bucket.urn), [bucket])).toBe(false);
  });
});

describe("how a policy is read", () => {
  it.each<[string, string, boolean]>([
    ["iam:Put*", "iam:PutRolePolicy", true],
    ["IAM:putrolepolicy", "iam:PutRolePolicy", true],
    ["iam:P?tRolePolicy", "iam:PutRolePolicy", true],
    ["iam:Get*", "iam:PutRolePolicy", false],
    ["iam.PutRolePolicy", "iam:PutRolePolicy", false],
  ])("%s covers %s: %s", (pattern, action, does) => {
    expect(covers(pattern, action)).toBe(does);
  });

  it.each<[Value, boolean]>([
    ["*", true],
    ["arn:aws:sqs:*:*:*", true],
    ["arn:aws:s3:::*/*", true],
    ["arn:aws:s3:::menu/*", false],
    ["arn:aws:iam::123456789012:role/*", false],
    [UNKNOWN, false],
    ["", false],
  ])("%s is any resource: %s", (text, is) => {
    expect(isAnyResource(text)).toBe(is);
  });

  it("knows only types and properties that the SDK has", () => {
    for (const [type, places] of Object.entries(policyDocuments)) {
      const declaration = new URL(`../../../../node_modules/@pulumi/${type.split(":").slice(0, 2).join("/")}.d.ts`, import.meta.url);
      const text = readFileSync(declaration, "utf8");
      for (const { path } of places) expect(text, `${type} ${path}`).toMatch(new RegExp(`\\n {4}${path.split(/[.[]/)[0]}\\??:`));
    }
  });
});
