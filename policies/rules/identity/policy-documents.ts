// Where types of AWS keep policy documents, and what each of them does there.

/**
 * - identity: what its holder may do
 * - resource: who may do what with this resource
 * - trust: who may become this role
 *
 * The policy of a VPC endpoint is none of them: it only filters what others grant.
 */
export type Kind = "identity" | "resource" | "trust";

interface Place {
  readonly path: string;
  readonly kind: Kind;
}

const identity = (path: string): Place => ({ path, kind: "identity" });
const onResource = (path: string): Place => ({ path, kind: "resource" });

export const policyDocuments: Readonly<Record<string, readonly Place[]>> = {
  "aws:acmpca/policy:Policy": [onResource("policy")],
  "aws:apigateway/restApi:RestApi": [onResource("policy")],
  "aws:apigateway/restApiPolicy:RestApiPolicy": [onResource("policy")],
  "aws:backup/vaultPolicy:VaultPolicy": [onResource("policy")],
  "aws:cloudwatch/eventBusPolicy:EventBusPolicy": [onResource("policy")],
  "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": [onResource("accessPolicy")],
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": [onResource("policyDocument")],
  "aws:codeartifact/domainPermissions:DomainPermissions": [onResource("policyDocument")],
  "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": [onResource("policyDocument")],
  "aws:codebuild/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:dynamodb/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:ecr/registryPolicy:RegistryPolicy": [onResource("policy")],
  "aws:ecr/repositoryPolicy:RepositoryPolicy": [onResource("policy")],
  "aws:ecrpublic/repositoryPolicy:RepositoryPolicy": [onResource("policy")],
  "aws:efs/fileSystemPolicy:FileSystemPolicy": [onResource("policy")],
  "aws:elasticsearch/domain:Domain": [onResource("accessPolicies")],
  "aws:elasticsearch/domainPolicy:DomainPolicy": [onResource("accessPolicies")],
  "aws:glacier/vault:Vault": [onResource("accessPolicy")],
  "aws:glue/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:iam/groupPolicy:GroupPolicy": [identity("policy")],
  "aws:iam/policy:Policy": [identity("policy")],
  "aws:iam/role:Role": [{ path: "assumeRolePolicy", kind: "trust" }, identity("inlinePolicies[*].policy")],
  "aws:iam/rolePolicy:RolePolicy": [identity("policy")],
  "aws:iam/userPolicy:UserPolicy": [identity("policy")],
  "aws:kinesis/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:kms/externalKey:ExternalKey": [onResource("policy")],
  "aws:kms/key:Key": [onResource("policy")],
  "aws:kms/keyPolicy:KeyPolicy": [onResource("policy")],
  "aws:kms/replicaKey:ReplicaKey": [onResource("policy")],
  "aws:lambda/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:mediastore/containerPolicy:ContainerPolicy": [onResource("policy")],
  "aws:msk/clusterPolicy:ClusterPolicy": [onResource("policy")],
  "aws:opensearch/domain:Domain": [onResource("accessPolicies")],
  "aws:opensearch/domainPolicy:DomainPolicy": [onResource("accessPolicies")],
  "aws:redshift/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:redshiftserverless/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:s3/accessPoint:AccessPoint": [onResource("policy")],
  "aws:s3/bucket:Bucket": [onResource("policy")],
  "aws:s3/bucketPolicy:BucketPolicy": [onResource("policy")],
  "aws:s3control/accessPointPolicy:AccessPointPolicy": [onResource("policy")],
  "aws:s3control/bucketPolicy:BucketPolicy": [onResource("policy")],
  "aws:s3tables/tableBucketPolicy:TableBucketPolicy": [onResource("resourcePolicy")],
  "aws:s3tables/tablePolicy:TablePolicy": [onResource("resourcePolicy")],
  "aws:schemas/registryPolicy:RegistryPolicy": [onResource("policy")],
  "aws:secretsmanager/secret:Secret": [onResource("policy")],
  "aws:secretsmanager/secretPolicy:SecretPolicy": [onResource("policy")],
  "aws:ses/identityPolicy:IdentityPolicy": [onResource("policy")],
  "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": [onResource("policy")],
  "aws:sns/topic:Topic": [onResource("policy")],
  "aws:sns/topicPolicy:TopicPolicy": [onResource("policy")],
  "aws:sqs/queue:Queue": [onResource("policy")],
  "aws:sqs/queuePolicy:QueuePolicy": [onResource("policy")],
  "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": [identity("inlinePolicy")],
  "aws:vpclattice/authPolicy:AuthPolicy": [onResource("policy")],
  "aws:vpclattice/resourcePolicy:ResourcePolicy": [onResource("policy")],
  "aws:xray/resourcePolicy:ResourcePolicy": [onResource("policyDocument")],
};
