import { describe, expect, it } from "vitest";
import { publicAccess } from "../../../policies/rules/exposure/public-access.ts";
import { context, judged, problems, resource, UNKNOWN } from "../judging.ts";

const closed = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
const statement = (more: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "S", Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...more }] });
const gcs = { publicAccessPrevention: "enforced", uniformBucketLevelAccess: true };
const https = { protocol: "tcp", fromPort: 443, toPort: 443 };
const ssh = { protocol: "tcp", fromPort: 22, toPort: 22 };

describe("compliant", () => {
  it.each([
    ["a public access block with all guards up", { type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", props: closed }],
    [
      "a bucket policy that only denies",
      { type: "aws:s3/bucketPolicy:BucketPolicy", props: { policy: statement({ Effect: "Deny", Principal: "*" }) } },
    ],
    [
      "a policy for one account",
      { type: "aws:kms/key:Key", props: { policy: statement({ Principal: { AWS: "arn:aws:iam::123456789012:root" } }) } },
    ],
    [
      "anyone, but only from one organisation",
      {
        type: "aws:s3/bucketPolicy:BucketPolicy",
        props: { policy: statement({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } } }) },
      },
    ],
    [
      "HTTPS from the internet",
      {
        type: "aws:ec2/securityGroup:SecurityGroup",
        props: { ingress: [{ ...https, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] }] },
      },
    ],
    ["SSH from an office", { type: "aws:ec2/securityGroup:SecurityGroup", props: { ingress: [{ ...ssh, cidrBlocks: ["192.0.2.0/24"] }] } }],
    ["traffic out", { type: "aws:ec2/securityGroupRule:SecurityGroupRule", props: { type: "egress", ...ssh, cidrBlocks: ["0.0.0.0/0"] } }],
    [
      "a binding to a service account",
      { type: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", props: { member: "serviceAccount:a@p.iam.gserviceaccount.com" } },
    ],
    [
      "a service that only load balancers reach, and that checks its callers itself",
      {
        type: "gcp:cloudrunv2/service:Service",
        props: { ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", invokerIamDisabled: true },
      },
    ],
    ["a closed bucket of Google's", { type: "gcp:storage/bucket:Bucket", props: gcs }],
    [
      "a private database",
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { settings: { ipConfiguration: { ipv4Enabled: false } } } },
    ],
    [
      "a firewall for one network",
      { type: "gcp:compute/firewall:Firewall", props: { sourceRanges: ["10.0.0.0/8"], allows: [{ protocol: "tcp", ports: ["22"] }] } },
    ],
    [
      "a firewall that admits health checks by tag",
      { type: "gcp:compute/firewall:Firewall", props: { sourceTags: ["lb"], allows: [{ protocol: "tcp" }] } },
    ],
    ["a function URL that IAM guards", { type: "aws:lambda/functionUrl:FunctionUrl", props: { authorizationType: "AWS_IAM" } }],
    ["r2.dev switched off", { type: "cloudflare:index/r2ManagedDomain:R2ManagedDomain", props: { enabled: false } }],
  ])("%s", (_name, it_) => {
    expect(judged(publicAccess, it_)).toBe("compliant");
  });

  it("a domain on a bucket that is registered as public", () => {
    const inside = context("eu", {}, () => ({ dataClass: "public" }));
    expect(judged(publicAccess, { type: "cloudflare:index/r2CustomDomain:R2CustomDomain", props: { enabled: true } }, inside)).toBe(
      "compliant",
    );
  });
});

describe("refused", () => {
  it.each([
    [
      "a guard that is down",
      { type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", props: { ...closed, restrictPublicBuckets: false } },
      "restrictPublicBuckets is false",
    ],
    [
      "a guard that is not set",
      { type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", props: { ...closed, blockPublicPolicy: null } },
      "blockPublicPolicy is not set",
    ],
    ["a public ACL", { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: "public-read" } }, 'acl is "public-read"'],
    [
      "a grant to all users",
      {
        type: "aws:s3/bucketAcl:BucketAcl",
        props: { accessControlPolicy: { grants: [{ grantee: { uri: "http://acs.amazonaws.com/groups/global/AllUsers" } }] } },
      },
      "AllUsers",
    ],
    [
      "a policy for anyone",
      { type: "aws:s3/bucketPolicy:BucketPolicy", props: { policy: statement({ Principal: "*" }) } },
      "policy lets anyone in (S)",
    ],
    [
      "a policy for any AWS account",
      { type: "aws:sqs/queuePolicy:QueuePolicy", props: { policy: statement({ Principal: { AWS: ["*"] } }) } },
      "lets anyone in",
    ],
    [
      "everyone but one",
      { type: "aws:s3/bucketPolicy:BucketPolicy", props: { policy: statement({ NotPrincipal: { AWS: "arn:aws:iam::1:root" } }) } },
      "lets anyone in",
    ],
    [
      "a condition that restricts nothing",
      {
        type: "aws:s3/bucketPolicy:BucketPolicy",
        props: { policy: statement({ Principal: "*", Condition: { Bool: { "aws:SecureTransport": "true" } } }) },
      },
      "lets anyone in",
    ],
    [
      "a negative condition",
      {
        type: "aws:s3/bucketPolicy:BucketPolicy",
        props: { policy: statement({ Principal: "*", Condition: { StringNotEquals: { "aws:SourceAccount": "1" } } }) },
      },
      "lets anyone in",
    ],
    ["a policy that is no JSON", { type: "aws:s3/bucketPolicy:BucketPolicy", props: { policy: "{" } }, "not readable as a policy"],
    [
      "SSH from the internet",
      { type: "aws:ec2/securityGroup:SecurityGroup", props: { ingress: [{ ...ssh, cidrBlocks: ["0.0.0.0/0"] }] } },
      'cidrBlocks[0] is "0.0.0.0/0": open to the internet',
    ],
    [
      "SSH from the IPv6 internet",
      {
        type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        props: { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv6: "::/0" },
      },
      'cidrIpv6 is "::/0"',
    ],
    [
      "the internet in two halves",
      { type: "aws:ec2/securityGroupRule:SecurityGroupRule", props: { type: "ingress", ...ssh, cidrBlocks: ["0.0.0.0/1", "128.0.0.0/1"] } },
      "128.0.0.0/1",
    ],
    [
      "all protocols on port 443",
      { type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", props: { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" } },
      "cidrIpv4",
    ],
    ["a public database on AWS", { type: "aws:rds/instance:Instance", props: { publiclyAccessible: true } }, "publiclyAccessible is true"],
    [
      "a function URL for all",
      { type: "aws:lambda/functionUrl:FunctionUrl", props: { authorizationType: "NONE" } },
      'authorizationType is "NONE"',
    ],
    ["a function that anyone may invoke", { type: "aws:lambda/permission:Permission", props: { principal: "*" } }, 'principal is "*"'],
    ["a public registry", { type: "aws:ecrpublic/repository:Repository", props: {} }, "readable by everyone"],
    [
      "a role for all users",
      { type: "gcp:storage/bucketIAMMember:BucketIAMMember", props: { member: "allUsers" } },
      'member is "allUsers"',
    ],
    [
      "a role for all authenticated users",
      { type: "gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding", props: { members: ["user:a@example.com", "allAuthenticatedUsers"] } },
      'members[1] is "allAuthenticatedUsers"',
    ],
    [
      "a policy text for all users",
      { type: "gcp:storage/bucketIAMPolicy:BucketIAMPolicy", props: { policyData: '{"bindings":[{"members":["allUsers"]}]}' } },
      "policyData binds a role to everyone",
    ],
    [
      "a bucket that may be opened",
      { type: "gcp:storage/bucket:Bucket", props: { uniformBucketLevelAccess: true } },
      "publicAccessPrevention is not set",
    ],
    [
      "a bucket's public ACL",
      { type: "gcp:storage/bucketACL:BucketACL", props: { predefinedAcl: "publicRead" } },
      'predefinedAcl is "publicRead"',
    ],
    [
      "an object's public ACL",
      { type: "gcp:storage/bucketAccessControl:BucketAccessControl", props: { entity: "allUsers" } },
      'entity is "allUsers"',
    ],
    [
      "a database with the address it gets by default",
      { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { settings: { tier: "db-f1-micro" } } },
      "ipv4Enabled is not set, which means true",
    ],
    [
      "a database for the internet",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { settings: { ipConfiguration: { ipv4Enabled: false, authorizedNetworks: [{ value: "0.0.0.0/0" }] } } },
      },
      'authorizedNetworks[0].value is "0.0.0.0/0"',
    ],
    [
      "a firewall open to the internet",
      {
        type: "gcp:compute/firewall:Firewall",
        props: { sourceRanges: ["0.0.0.0/0"], allows: [{ protocol: "tcp", ports: ["22", "443"] }] },
      },
      'sourceRanges[0] is "0.0.0.0/0"',
    ],
    [
      "a firewall without a source",
      { type: "gcp:compute/firewall:Firewall", props: { allows: [{ protocol: "tcp", ports: ["22"] }] } },
      "names no source",
    ],
    [
      "a service that everyone reaches",
      { type: "gcp:cloudrunv2/service:Service", props: { ingress: "INGRESS_TRAFFIC_ALL", invokerIamDisabled: true } },
      'ingress is "INGRESS_TRAFFIC_ALL"',
    ],
    [
      "a service that nobody said who reaches",
      { type: "gcp:cloudrunv2/service:Service", props: {} },
      "ingress is not set, which means INGRESS_TRAFFIC_ALL",
    ],
    [
      "a data set for all",
      { type: "gcp:bigquery/datasetAccess:DatasetAccess", props: { specialGroup: "allAuthenticatedUsers" } },
      "specialGroup is",
    ],
    ["r2.dev", { type: "cloudflare:index/r2ManagedDomain:R2ManagedDomain", props: { enabled: true } }, "enabled is true"],
    [
      "a domain on a bucket that nobody registered as public",
      { type: "cloudflare:index/r2CustomDomain:R2CustomDomain", props: { enabled: true } },
      "enabled is true",
    ],
  ])("%s", (_name, it_, problem) => {
    expect(problems(judged(publicAccess, it_)).join("\n")).toContain(problem);
  });
});

it("does not apply to what cannot be opened", () => {
  expect(judged(publicAccess, { type: "aws:kms/alias:Alias" })).toBe("notApplicable");
});

describe("unknown values", () => {
  it("leave the rule undecided, at the property that is unknown", () => {
    expect(judged(publicAccess, { type: "gcp:projects/iAMMember:IAMMember", props: { member: UNKNOWN } })).toEqual([
      { kind: "undecided", property: "member" },
    ]);
    for (const type of ["aws:ec2/securityGroup:SecurityGroup", "gcp:cloudrunv2/service:Service"])
      expect(judged(publicAccess, { type, props: { ingress: UNKNOWN } })).toEqual([{ kind: "undecided", property: "ingress" }]);
    expect(
      judged(publicAccess, { type: "gcp:compute/firewall:Firewall", props: { allows: UNKNOWN, sourceRanges: ["0.0.0.0/0"] } }),
    ).toHaveLength(1);
  });

  const policy = (deps: string[]) => ({
    ...resource({ type: "aws:s3/bucketPolicy:BucketPolicy", props: { bucket: UNKNOWN, policy: UNKNOWN } }),
    propertyDependencies: { bucket: deps },
  });
  const block = (guards: object, deps: string[]) => ({
    ...resource({ type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", props: { bucket: UNKNOWN, ...guards } }),
    propertyDependencies: { bucket: deps },
  });
  const undecided = { kind: "undecided", property: "policy" } as const;

  it("are settled for a bucket policy by a closed access block on the same bucket only", () => {
    expect(publicAccess.settles?.(undecided, policy(["urn:a"]), [block(closed, ["urn:a"])])).toBe(true);
    expect(publicAccess.settles?.(undecided, policy(["urn:a"]), [block(closed, ["urn:b"])])).toBe(false);
    expect(publicAccess.settles?.(undecided, policy(["urn:a"]), [block({ ...closed, blockPublicPolicy: false }, ["urn:a"])])).toBe(false);
    expect(publicAccess.settles?.(undecided, policy([]), [block(closed, [])])).toBe(false);
  });

  it("are settled for a role's member by being made of identities only", () => {
    const account = resource({ type: "gcp:serviceaccount/account:Account", name: "a" });
    const reference = resource({ type: "pulumi:pulumi:StackReference", name: "s" });
    const member = (deps: string[]) => ({
      ...resource({ type: "gcp:projects/iAMMember:IAMMember", props: { member: UNKNOWN } }),
      propertyDependencies: { member: deps },
    });
    const settled = (deps: string[]) =>
      publicAccess.settles?.({ kind: "undecided", property: "member" }, member(deps), [account, reference]);
    expect(settled([account.urn])).toBe(true);
    expect(settled([account.urn, reference.urn])).toBe(false);
    expect(settled([])).toBe(false);
  });
});
