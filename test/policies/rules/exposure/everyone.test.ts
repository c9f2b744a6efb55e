import { expect, it } from "vitest";
import { everyone } from "../../../../policies/rules/exposure/everyone.ts";
import { resource, UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const member = "gcp:projects/iAMMember:IAMMember";
const policy = "gcp:storage/bucketIAMPolicy:BucketIAMPolicy";
const policyOf = (...members: string[]) => JSON.stringify({ bindings: [{ role: "roles/storage.objectViewer", members }] });

specify(everyone, {
  passes: [
    [
      "a service account",
      { type: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", props: { member: "serviceAccount:a@p.iam.gserviceaccount.com" } },
    ],
    ["groups", { type: "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding", props: { members: ["group:privacy@brand.example"] } }],
    ["a policy for a group", { type: policy, props: { policyData: policyOf("group:privacy@brand.example") } }],
    ["a data set for its project", { type: "gcp:bigquery/dataset:Dataset", props: { accesses: [{ specialGroup: "projectReaders" }] } }],
    [
      "an unknown member that is made of an identity",
      [
        { type: "gcp:serviceaccount/account:Account", name: "robot" },
        { type: member, props: { member: UNKNOWN }, dependsOn: { member: ["robot"] } },
      ],
    ],
  ],
  refused: [
    ["all users", { type: "gcp:storage/bucketIAMMember:BucketIAMMember", props: { member: "allUsers" } }, 'member is "allUsers"'],
    [
      "anyone with a Google account, in a list",
      { type: "gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding", props: { members: ["user:a@example.com", "allAuthenticatedUsers"] } },
      'members[1] is "allAuthenticatedUsers"',
    ],
    [
      "all users, in a policy's text",
      { type: policy, props: { policyData: policyOf("allUsers") } },
      'policyData.bindings[0].members[0] is "allUsers"',
    ],
    ["all principals there are", { type: member, props: { member: "principalSet://goog/public:all" } }, "member is"],
    [
      "a data set",
      { type: "gcp:bigquery/dataset:Dataset", props: { accesses: [{ specialGroup: "allAuthenticatedUsers" }] } },
      "accesses[0].specialGroup is",
    ],
    ["a data set's access", { type: "gcp:bigquery/datasetAccess:DatasetAccess", props: { iamMember: "allUsers" } }, "iamMember is"],
  ],
  undecided: [
    ["a member", { type: member, props: { member: UNKNOWN } }, "member"],
    ["a policy's text", { type: policy, props: { policyData: UNKNOWN } }, "policyData"],
  ],
  silent: "aws:iam/policy:Policy",
});

it("does not take another stack's output for an identity", () => {
  const account = resource({ type: "gcp:serviceaccount/account:Account", name: "a" });
  const reference = resource({ type: "pulumi:pulumi:StackReference", name: "s" });
  const given = (sources: string[]) => ({
    ...resource({ type: member, props: { member: UNKNOWN } }),
    propertyDependencies: { member: sources },
  });
  const settled = (sources: string[]) =>
    everyone.settles?.({ kind: "undecided", property: "member" }, given(sources), [account, reference]);
  expect(settled([account.urn])).toBe(true);
  expect(settled([account.urn, reference.urn])).toBe(false);
  expect(settled([])).toBe(false);
});
