// The policies that AWS keeps at a resource itself. One that names everyone opens the resource, unless a condition says who or from where.
import { byType, type Check, mustNot, where } from "../../arguments.ts";
import { isSame, waitsForNames } from "../../relation.ts";
import { isPresent, type Resource, read, type Value } from "../../resource.ts";
import { judge, type Rule, type Undecided } from "../../rule.ts";
import { publicStatements } from "./aws-policy.ts";

const bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy";
const accessBlock = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";

const policy =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) => {
      const open = publicStatements(place.value);
      if (open === undefined)
        return { problem: `${path} is not readable as a policy, so it cannot be judged`, allowed: "a JSON policy document" };
      return open.length === 0
        ? undefined
        : {
            problem: `${path} lets anyone in (${open.join(", ")})`,
            allowed: "named principals, or a condition on account, organisation, VPC, address or source ARN",
          };
    });

const isAnyone = (value: Value) => value === "*";
/** A statement given as arguments: anyone, unless one of the arguments beside it narrows that. */
const principal = (narrowing: readonly string[]): Check => {
  const anyone = mustNot("principal", isAnyone, `a service or account, or ${narrowing.join(", ")} beside it`);
  return (resource, context) => (narrowing.some((path) => isPresent(resource.props, path)) ? [] : anyone(resource, context));
};

const check = byType({
  "aws:acmpca/policy:Policy": [policy("policy")],
  "aws:amp/resourcePolicy:ResourcePolicy": [policy("policyDocument")],
  "aws:backup/vaultPolicy:VaultPolicy": [policy("policy")],
  "aws:cloudwatch/eventBusPolicy:EventBusPolicy": [policy("policy")],
  "aws:cloudwatch/eventPermission:EventPermission": [principal(["condition"])],
  "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": [policy("accessPolicy")],
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": [policy("policyDocument")],
  "aws:codeartifact/domainPermissions:DomainPermissions": [policy("policyDocument")],
  "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": [policy("policyDocument")],
  "aws:dynamodb/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:ecr/registryPolicy:RegistryPolicy": [policy("policy")],
  "aws:ecr/repositoryPolicy:RepositoryPolicy": [policy("policy")],
  "aws:efs/fileSystemPolicy:FileSystemPolicy": [policy("policy")],
  // Inside a VPC its policy is not what lets in: exposure/dashboard refuses those outside.
  "aws:elasticsearch/domain:Domain": [where("vpcOptions", (value) => value === undefined, policy("accessPolicies"))],
  "aws:glacier/vault:Vault": [policy("accessPolicy")],
  "aws:glacier/vaultLock:VaultLock": [policy("policy")],
  "aws:glue/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:kinesis/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:kms/externalKey:ExternalKey": [policy("policy")],
  "aws:kms/key:Key": [policy("policy")],
  "aws:kms/keyPolicy:KeyPolicy": [policy("policy")],
  "aws:kms/replicaKey:ReplicaKey": [policy("policy")],
  "aws:lambda/layerVersionPermission:LayerVersionPermission": [principal(["organizationId"])],
  "aws:lambda/permission:Permission": [principal(["sourceArn", "sourceAccount", "principalOrgId"])],
  "aws:lambda/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:mediastore/containerPolicy:ContainerPolicy": [policy("policy")],
  "aws:msk/clusterPolicy:ClusterPolicy": [policy("policy")],
  "aws:networkfirewall/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:opensearch/domain:Domain": [where("vpcOptions", (value) => value === undefined, policy("accessPolicies"))],
  "aws:redshift/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:s3/accessPoint:AccessPoint": [policy("policy")],
  "aws:s3/bucket:Bucket": [policy("policy")],
  [bucketPolicy]: [policy("policy")],
  "aws:s3/bucketV2:BucketV2": [policy("policy")],
  "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy": [policy("policy")],
  "aws:s3control/accessPointPolicy:AccessPointPolicy": [policy("policy")],
  "aws:s3control/bucketPolicy:BucketPolicy": [policy("policy")],
  "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy": [policy("details.policy")],
  "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy": [policy("policy")],
  "aws:s3tables/tableBucketPolicy:TableBucketPolicy": [policy("resourcePolicy")],
  "aws:s3tables/tablePolicy:TablePolicy": [policy("resourcePolicy")],
  "aws:schemas/registryPolicy:RegistryPolicy": [policy("policy")],
  "aws:secretsmanager/secret:Secret": [policy("policy")],
  "aws:secretsmanager/secretPolicy:SecretPolicy": [policy("policy")],
  "aws:ses/identityPolicy:IdentityPolicy": [policy("policy")],
  "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": [policy("policy")],
  "aws:sns/topic:Topic": [policy("policy")],
  "aws:sns/topicPolicy:TopicPolicy": [policy("policy")],
  "aws:sqs/queue:Queue": [policy("policy")],
  "aws:sqs/queuePolicy:QueuePolicy": [policy("policy")],
  "aws:vpclattice/resourcePolicy:ResourcePolicy": [policy("policy")],
});

const isClosed = ({ props }: Resource): boolean =>
  ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].every((guard) => read(props, guard) === true);

/** A policy of these has to name its queue or topic by the ARN, which nobody knows before it exists. */
const namesItself = ["aws:sns/topicPolicy:TopicPolicy", "aws:sqs/queuePolicy:QueuePolicy"];

/**
 * A bucket policy that names the bucket's ARN is no question where a public access block with all its switches on stands on the same bucket:
 * S3 itself refuses a public policy then. One of a queue or topic is none where it waits for nothing but such names. Neither is trusted in the update:
 * there the policy is known, and judged before it exists.
 */
const settles = (undecided: Undecided, resource: Resource, resources: readonly Resource[]): boolean =>
  resource.type === bucketPolicy
    ? resources.some((other) => other.type === accessBlock && isClosed(other) && isSame(resource, other, "bucket"))
    : namesItself.includes(resource.type) && waitsForNames(undecided, resource, resources);

/** Policies of VPC endpoints and of REST APIs are not judged: AWS's own defaults there name everyone, and others decide who is let in. */
export const openResourcePolicy: Rule = {
  id: "exposure/open-resource-policy",
  title: "No resource policy lets anyone in",
  severity: "critical",
  why: "A policy for Principal * gives the resource to every AWS account there is, and often to callers without one.",
  remediation: "Name the accounts, roles or services that may come in, or add a condition that says who or from where.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:sns/topicPolicy:TopicPolicy",
        props: {
          policy: JSON.stringify({
            Statement: [{ Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sns:Publish" }],
          }),
        },
      },
    ],
    fails: [
      {
        type: "aws:sns/topicPolicy:TopicPolicy",
        props: { policy: JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "sns:Publish" }] }) },
      },
    ],
  },
  check,
  settles,
};
