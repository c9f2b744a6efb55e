import { describe, expect, it } from "vitest";
import type { Rule } from "../../../../policies/rule.ts";
import { administrator } from "../../../../policies/rules/identity/administrator.ts";
import { broadScope } from "../../../../policies/rules/identity/broad-scope.ts";
import { defaultServiceAccount } from "../../../../policies/rules/identity/default-service-account.ts";
import { passRole } from "../../../../policies/rules/identity/pass-role.ts";
import { primitiveRoles } from "../../../../policies/rules/identity/primitive-roles.ts";
import { privilegeEscalation } from "../../../../policies/rules/identity/privilege-escalation.ts";
import { sharedIdentity } from "../../../../policies/rules/identity/shared-identity.ts";
import { context, resource, UNKNOWN } from "../../judging.ts";
import { compliant, notApplicable, specify } from "../../tables.ts";

const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const aws = "arn:aws:iam::aws:policy/";

specify(administrator, [
  ["a policy for one task", { type: attachment, props: { policyArn: `${aws}service-role/AmazonECSTaskExecutionRolePolicy` } }, compliant],
  [
    "a policy of one's own, however it is called",
    { type: attachment, props: { policyArn: "arn:aws:iam::123456789012:policy/ShopFullAccess" } },
    compliant,
  ],
  ["administrator", { type: attachment, props: { policyArn: `${aws}AdministratorAccess` } }, [`policyArn is "${aws}AdministratorAccess"`]],
  [
    "administrator in China",
    { type: attachment, props: { policyArn: "arn:aws-cn:iam::aws:policy/AdministratorAccess" } },
    ['policyArn is "arn:aws-cn:iam::aws:policy/AdministratorAccess"'],
  ],
  [
    "power user",
    { type: "aws:iam/groupPolicyAttachment:GroupPolicyAttachment", props: { policyArn: `${aws}PowerUserAccess` } },
    [`policyArn is "${aws}PowerUserAccess"`],
  ],
  [
    "all of a service",
    { type: "aws:iam/userPolicyAttachment:UserPolicyAttachment", props: { policyArn: `${aws}AmazonS3FullAccess` } },
    [`policyArn is "${aws}AmazonS3FullAccess"`],
  ],
  [
    "all of IAM, on a role itself",
    { type: "aws:iam/role:Role", props: { managedPolicyArns: [`${aws}IAMFullAccess`] } },
    [`managedPolicyArns[0] is "${aws}IAMFullAccess"`],
  ],
  [
    "in a permission set",
    { type: "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", props: { managedPolicyArn: `${aws}AdministratorAccess` } },
    [`managedPolicyArn is "${aws}AdministratorAccess"`],
  ],
  [
    "of a cluster",
    {
      type: "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
      props: { policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy" },
    },
    ['policyArn is "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"'],
  ],
  ["an ARN that is not known yet", { type: attachment, props: { policyArn: UNKNOWN } }, ["undecided: policyArn"]],
  ["what attaches nothing", { type: "aws:iam/group:Group" }, notApplicable],
]);

it("administrator: the ARN of a policy that this stack makes is none of AWS's", () => {
  const own = resource({ type: "aws:iam/policy:Policy", name: "own" });
  const other = resource({ type: "aws:ssm/parameter:Parameter", name: "other" });
  const waiting = (urn: string) => ({
    ...resource({ type: attachment, props: { policyArn: UNKNOWN } }),
    propertyDependencies: { policyArn: [urn] },
  });
  expect(administrator.settles?.({ kind: "undecided", property: "policyArn" }, waiting(own.urn), [own, other])).toBe(true);
  expect(administrator.settles?.({ kind: "undecided", property: "policyArn" }, waiting(other.urn), [own, other])).toBe(false);
});

const project = "gcp:projects/iAMMember:IAMMember";
const account = "serviceAccount:shop@brand.iam.gserviceaccount.com";
const policy = (role: string) =>
  JSON.stringify({
    bindings: [
      { role: "roles/run.invoker", members: [account] },
      { role, members: [account] },
    ],
  });

specify(primitiveRoles, [
  ["a predefined role", { type: project, props: { role: "roles/cloudsql.client", member: account } }, compliant],
  ["a custom role", { type: project, props: { role: "projects/brand/roles/editor", member: account } }, compliant],
  ["an owner", { type: project, props: { role: "roles/owner", member: account } }, ['role is "roles/owner", on all of the project']],
  [
    "editors of a folder",
    { type: "gcp:folder/iAMBinding:IAMBinding", props: { role: "roles/editor", members: [account] } },
    ['role is "roles/editor", on all of the folder'],
  ],
  [
    "viewers of the organisation",
    { type: "gcp:organizations/iAMMember:IAMMember", props: { role: "roles/viewer", member: account } },
    ['role is "roles/viewer", on all of the organisation'],
  ],
  [
    "a writer, as the new ones are called",
    { type: project, props: { role: "roles/writer", member: account } },
    ['role is "roles/writer", on all of the project'],
  ],
  [
    "one in a whole policy",
    { type: "gcp:projects/iAMPolicy:IAMPolicy", props: { policyData: policy("roles/editor") } },
    ['policyData.bindings[1].role is "roles/editor", on all of the project'],
  ],
  [
    "one on a single account",
    { type: "gcp:serviceaccount/iAMMember:IAMMember", props: { role: "roles/editor", member: account } },
    ['role is "roles/editor"'],
  ],
  [
    "a policy that is not known yet",
    { type: "gcp:projects/iAMPolicy:IAMPolicy", props: { policyData: UNKNOWN } },
    ["undecided: policyData"],
  ],
  ["a role that is not known yet", { type: project, props: { role: UNKNOWN, member: account } }, ["undecided: role"]],
  ["what grants nothing", { type: "gcp:serviceaccount/account:Account" }, notApplicable],
]);

const accessor = "roles/secretmanager.secretAccessor";

specify(broadScope, [
  ["a role that only a project can grant", { type: project, props: { role: "roles/cloudsql.client", member: account } }, compliant],
  [
    "secrets, on one secret",
    { type: "gcp:secretmanager/secretIamMember:SecretIamMember", props: { role: accessor, member: account } },
    compliant,
  ],
  [
    "secrets, on the project",
    { type: project, props: { role: accessor, member: account } },
    [`role is "${accessor}", on all of the project`],
  ],
  [
    "identities, on the folder",
    { type: "gcp:folder/iAMMember:IAMMember", props: { role: "roles/iam.serviceAccountTokenCreator", member: account } },
    ['role is "roles/iam.serviceAccountTokenCreator", on all of the folder'],
  ],
  [
    "keys, in a whole policy",
    { type: "gcp:projects/iAMPolicy:IAMPolicy", props: { policyData: policy("roles/cloudkms.cryptoKeyDecrypter") } },
    ['policyData.bindings[1].role is "roles/cloudkms.cryptoKeyDecrypter", on all of the project'],
  ],
  [
    "narrowed to some",
    {
      type: project,
      props: {
        role: accessor,
        member: account,
        condition: { title: "shop", expression: 'resource.name.startsWith("projects/1/secrets/shop-")' },
      },
    },
    compliant,
  ],
  [
    "narrowed in time only",
    {
      type: project,
      props: {
        role: accessor,
        member: account,
        condition: { title: "soon", expression: 'request.time < timestamp("2027-01-01T00:00:00Z")' },
      },
    },
    [`role is "${accessor}", on all of the project`],
  ],
  ["a role that is not known yet", { type: project, props: { role: UNKNOWN, member: account } }, ["undecided: role"]],
  ["what grants nothing", { type: "gcp:storage/bucket:Bucket" }, notApplicable],
]);

const run = "gcp:cloudrunv2/service:Service";
const own = "shop@brand.iam.gserviceaccount.com";
const missing = (path: string, of = "the default service account of Compute Engine") => [`${path} is not set, which means ${of}`];

specify(defaultServiceAccount, [
  ["an account of its own", { type: run, props: { template: { serviceAccount: own } } }, compliant],
  ["none", { type: run, props: { template: { containers: [] } } }, missing("template.serviceAccount")],
  [
    "the default one by name",
    { type: run, props: { template: { serviceAccount: "123-compute@developer.gserviceaccount.com" } } },
    ['template.serviceAccount is "123-compute@developer.gserviceaccount.com"'],
  ],
  [
    "a function of the first generation",
    { type: "gcp:cloudfunctions/function:Function", props: {} },
    missing("serviceAccountEmail", "the default service account of App Engine"),
  ],
  ["a function of the second", { type: "gcp:cloudfunctionsv2/function:Function", props: {} }, missing("serviceConfig.serviceAccountEmail")],
  ["a service of the first API", { type: "gcp:cloudrun/service:Service", props: {} }, missing("template.spec.serviceAccountName")],
  ["a machine without any account", { type: "gcp:compute/instance:Instance", props: { name: "a" } }, compliant],
  [
    "a machine with scopes only",
    { type: "gcp:compute/instance:Instance", props: { serviceAccount: { scopes: ["cloud-platform"] } } },
    missing("serviceAccount.email", "the default service account"),
  ],
  [
    "nodes",
    { type: "gcp:container/nodePool:NodePool", props: { nodeConfig: { machineType: "e2-small" } } },
    missing("nodeConfig.serviceAccount"),
  ],
  ["a cluster whose first pool goes at once", { type: "gcp:container/cluster:Cluster", props: { removeDefaultNodePool: true } }, compliant],
  [
    "a cluster whose pool stays",
    { type: "gcp:container/cluster:Cluster", props: { initialNodeCount: 1 } },
    missing("nodeConfig.serviceAccount", "the default service account"),
  ],
  [
    "an autopilot",
    { type: "gcp:container/cluster:Cluster", props: { enableAutopilot: true } },
    missing("clusterAutoscaling.autoProvisioningDefaults.serviceAccount", "the default service account"),
  ],
  [
    "a cluster with pools of its own",
    { type: "gcp:container/cluster:Cluster", props: { nodePools: [{ nodeConfig: { serviceAccount: own } }, { name: "b" }] } },
    missing("nodePools[1].nodeConfig.serviceAccount", "the default service account"),
  ],
  [
    "a grant to the default one",
    { type: project, props: { role: "roles/run.invoker", member: "serviceAccount:brand@appspot.gserviceaccount.com" } },
    ['member is "serviceAccount:brand@appspot.gserviceaccount.com"'],
  ],
  ["a grant to another", { type: project, props: { role: "roles/run.invoker", member: account } }, compliant],
  [
    "an account that is not known yet",
    { type: run, props: { template: { serviceAccount: UNKNOWN } } },
    ["undecided: template.serviceAccount"],
  ],
  ["what runs nothing", { type: "gcp:storage/bucket:Bucket" }, notApplicable],
]);

it("default service account: one that this stack makes is its own", () => {
  const made = resource({ type: "gcp:serviceaccount/account:Account", name: "shop" });
  const waiting = (...urns: string[]) => ({
    ...resource({ type: run, props: { template: { serviceAccount: UNKNOWN } } }),
    propertyDependencies: { template: urns },
  });
  const undecided = { kind: "undecided", property: "template.serviceAccount" } as const;
  const other = resource({ type: "gcp:sql/databaseInstance:DatabaseInstance", name: "db" });
  expect(defaultServiceAccount.settles?.(undecided, waiting(made.urn, other.urn), [made, other])).toBe(true);
  expect(defaultServiceAccount.settles?.(undecided, waiting(other.urn), [made, other])).toBe(false);
});

describe("a grant that is not known before the deployment", () => {
  const [made, custom, pool] = [
    resource({ type: "gcp:serviceaccount/account:Account", name: "shop" }),
    resource({ type: "gcp:projects/iAMCustomRole:IAMCustomRole", name: "reader" }),
    resource({ type: "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", name: "ci" }),
  ];
  const settled = (rule: Rule, property: string, ...sources: readonly { readonly urn: string }[]) =>
    rule.settles?.(
      { kind: "undecided", property },
      { ...resource({ type: project }), propertyDependencies: { [property]: sources.map(({ urn }) => urn) } },
      [made, custom, pool],
    );

  it.each([primitiveRoles, broadScope, passRole, privilegeEscalation])("is settled for $id by a custom role of this stack", (rule) => {
    expect(settled(rule, "role", custom)).toBe(true);
    expect(settled(rule, "role", made)).toBe(false);
    expect(settled(rule, "role", custom, made)).toBe(false);
    expect(settled(rule, "role")).toBe(false);
    expect(settled(rule, "policyData", made)).toBe(true);
    expect(settled(rule, "policyData")).toBe(false);
  });

  it("is settled for the default account by an account of this stack, not by whatever else", () => {
    expect(settled(defaultServiceAccount, "member", made)).toBe(true);
    expect(settled(defaultServiceAccount, "member", pool)).toBe(false);
    expect(settled(defaultServiceAccount, "policyData", made)).toBe(true);
  });
});

describe("identity/shared-identity", () => {
  const workload = (type: string, name: string, props: object, ...sources: string[]) => ({
    ...resource({ type, name, props: props as never }),
    propertyDependencies: { template: sources, role: sources },
  });
  const found = (...all: ReturnType<typeof resource>[]) => sharedIdentity.checkStack?.(all, context()).map(({ urn }) => urn);
  const a = workload(run, "a", { template: { serviceAccount: own } });

  it("finds the second of two workloads of one identity", () => {
    const job = workload("gcp:cloudrunv2/job:Job", "b", { template: { template: { serviceAccount: own } } });
    expect(found(a, job)).toEqual([job.urn]);
  });

  it("has nothing against two of them, nor against a workload that nobody can tell the identity of", () => {
    const other = workload(run, "b", { template: { serviceAccount: "other@brand.iam.gserviceaccount.com" } });
    expect(found(a, other, workload(run, "c", {}), workload(run, "d", { template: { serviceAccount: UNKNOWN } }))).toEqual([]);
  });

  it("follows the dependency where the identity's name is not known yet", () => {
    const [one, two] = ["one", "two"].map((name) => resource({ type: "aws:iam/role:Role", name })) as [typeof a, typeof a];
    const lambda = (name: string, ...urns: string[]) => workload("aws:lambda/function:Function", name, { role: UNKNOWN }, ...urns);
    const [first, second, third, any] = [lambda("f", one.urn), lambda("g", one.urn), lambda("h", two.urn), lambda("i", one.urn, two.urn)];
    expect(found(one, two, first, second, third, any)).toEqual([second.urn]);
  });
});
