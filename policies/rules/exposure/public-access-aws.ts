// The ways in which AWS resources are opened to everyone.
import { isPresent, type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge } from "../../rule.ts";
import { publicStatements } from "./aws-policy.ts";
import { isHttpsOnly, isInternet } from "./network.ts";

type Check = (resource: Resource) => Finding[];

const s3Guards = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];
export const bucketPolicyType = "aws:s3/bucketPolicy:BucketPolicy";
export const accessBlockType = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";

/** Whether a public access block has all four of its guards up. Each is off when it is not set. */
export const isClosed = ({ props }: Resource): boolean => s3Guards.every((guard) => read(props, guard) === true);

const accessBlock: Check = (resource) =>
  s3Guards.flatMap((guard): Finding[] => {
    const allowed = `${guard}: true`;
    if (!isPresent(resource.props, guard))
      return [{ kind: "violation", property: guard, problem: `${guard} is not set, which means false`, allowed }];
    return judge(resource, guard, (place) => (place.value === true ? undefined : { problem: is(resource, place), allowed }));
  });

const acl =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) =>
      typeof place.value === "string" && /^(public-read|public-read-write|authenticated-read)$/.test(place.value)
        ? { problem: is(resource, place), allowed: "private, or no ACL at all" }
        : undefined,
    );

const grantees =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) =>
      typeof place.value === "string" && /\/groups\/global\/(AllUsers|AuthenticatedUsers)$/.test(place.value)
        ? { problem: is(resource, place), allowed: "named accounts" }
        : undefined,
    );

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
            allowed: "named principals, or a condition on account, organisation, VPC or source ARN",
          };
    });

const isFalse =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) => (place.value === true ? { problem: is(resource, place), allowed: `${path}: false` } : undefined));

const doors = "ranges of your own networks; the internet may reach TCP port 443 only";

/** What a rule of a security group admits. `at` is its path, `""` if the resource is the rule. */
function openRule(resource: Resource, at: string, protocol: string, ranges: readonly string[]): Finding[] {
  const path = (name: string) => (at === "" ? name : `${at}.${name}`);
  const [how, from, to] = [protocol, "fromPort", "toPort"].map((name) => read(resource.props, path(name)));
  if (isHttpsOnly(how, from, to)) return [];
  return ranges.flatMap((range) =>
    judge(resource, path(range), (place) =>
      isInternet(place.value) ? { problem: `${is(resource, place)}: open to the internet`, allowed: doors } : undefined,
    ),
  );
}

const cidrLists = ["cidrBlocks[*]", "ipv6CidrBlocks[*]"];

const inlineRules: Check = (resource) =>
  select(resource.props, "ingress[*]").flatMap(({ path, value }) =>
    value === UNKNOWN ? [{ kind: "undecided", property: path }] : openRule(resource, path, "protocol", cidrLists),
  );

const groupRule: Check = (resource) => (read(resource.props, "type") === "egress" ? [] : openRule(resource, "", "protocol", cidrLists));

const ingressRule: Check = (resource) => openRule(resource, "", "ipProtocol", ["cidrIpv4", "cidrIpv6"]);

const functionUrl: Check = (resource) =>
  judge(resource, "authorizationType", (place) =>
    place.value === "NONE" ? { problem: is(resource, place), allowed: "AWS_IAM" } : undefined,
  );

const permission: Check = (resource) => {
  const narrowed = ["sourceArn", "sourceAccount", "principalOrgId"].some((path) => isPresent(resource.props, path));
  return judge(resource, "principal", (place) =>
    place.value === "*" && !narrowed
      ? { problem: is(resource, place), allowed: "a service or account, or sourceArn, sourceAccount or principalOrgId beside it" }
      : undefined,
  );
};

const publicByNature: Check = () => [
  { kind: "violation", problem: "a repository of ECR Public is readable by everyone", allowed: "aws:ecr/repository:Repository" },
];

export const awsChecks: Readonly<Record<string, readonly Check[]>> = {
  "aws:backup/vaultPolicy:VaultPolicy": [policy("policy")],
  "aws:docdb/clusterInstance:ClusterInstance": [isFalse("publiclyAccessible")],
  "aws:dms/replicationInstance:ReplicationInstance": [isFalse("publiclyAccessible")],
  "aws:dynamodb/resourcePolicy:ResourcePolicy": [policy("policy")],
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [inlineRules],
  "aws:ec2/securityGroup:SecurityGroup": [inlineRules],
  "aws:ec2/securityGroupRule:SecurityGroupRule": [groupRule],
  "aws:ecr/registryPolicy:RegistryPolicy": [policy("policy")],
  "aws:ecr/repositoryPolicy:RepositoryPolicy": [policy("policy")],
  "aws:ecrpublic/repository:Repository": [publicByNature],
  "aws:efs/fileSystemPolicy:FileSystemPolicy": [policy("policy")],
  "aws:kms/key:Key": [policy("policy")],
  "aws:kms/keyPolicy:KeyPolicy": [policy("policy")],
  "aws:lambda/functionUrl:FunctionUrl": [functionUrl],
  "aws:lambda/permission:Permission": [permission],
  "aws:mq/broker:Broker": [isFalse("publiclyAccessible")],
  "aws:neptune/clusterInstance:ClusterInstance": [isFalse("publiclyAccessible")],
  "aws:rds/clusterInstance:ClusterInstance": [isFalse("publiclyAccessible")],
  "aws:rds/instance:Instance": [isFalse("publiclyAccessible")],
  "aws:redshift/cluster:Cluster": [isFalse("publiclyAccessible")],
  "aws:redshiftserverless/workgroup:Workgroup": [isFalse("publiclyAccessible")],
  "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": [accessBlock],
  "aws:s3/bucket:Bucket": [acl("acl"), grantees("grants[*].uri"), policy("policy")],
  "aws:s3/bucketAcl:BucketAcl": [acl("acl"), grantees("accessControlPolicy.grants[*].grantee.uri")],
  [bucketPolicyType]: [policy("policy")],
  [accessBlockType]: [accessBlock],
  "aws:secretsmanager/secret:Secret": [policy("policy")],
  "aws:secretsmanager/secretPolicy:SecretPolicy": [policy("policy")],
  "aws:sns/topic:Topic": [policy("policy")],
  "aws:sns/topicPolicy:TopicPolicy": [policy("policy")],
  "aws:sqs/queue:Queue": [policy("policy")],
  "aws:sqs/queuePolicy:QueuePolicy": [policy("policy")],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [ingressRule],
};
