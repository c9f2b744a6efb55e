// Which resource types hold data. A type that is not listed here is a finding that names it: a rule must not guess.
//
// - stores: data rests in it, so it must declare a data class (tag, label or register) and stand where that class may.
// - carries: data passes through it, or it is a key or a network to data; it must stand in the jurisdiction, without declaring a class.
// - none: settings, identities, bindings, and parts of a store that is judged itself (an object's policy, a database of an instance).
export type Holding = "stores" | "carries" | "none";

/** `module: type type` a line, in the spelling of the SDK's folders: `s3: bucket` is `aws:s3/bucket:Bucket`. */
function tokens(provider: string, lines: string): string[] {
  return lines
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [module = "", names = ""] = line.split(":").map((part) => part.trim());
      return names.split(/\s+/).map((name) => `${provider}:${module}/${name}:${name[0]?.toUpperCase()}${name.slice(1)}`);
    });
}

const stores = [
  ...tokens(
    "aws",
    `
    backup: vault
    cloudwatch: logGroup
    codeartifact: repository
    docdb: cluster globalCluster
    dsql: cluster
    dynamodb: table globalTable tableReplica
    ebs: volume snapshot snapshotCopy
    ec2: ami amiCopy
    ecr: repository
    ecrpublic: repository
    efs: fileSystem replicationConfiguration
    elasticache: cluster replicationGroup globalReplicationGroup serverlessCache
    elasticsearch: domain
    fsx: lustreFileSystem ontapFileSystem openZfsFileSystem windowsFileSystem
    keyspaces: table
    kinesis: stream firehoseDeliveryStream
    memorydb: cluster multiRegionCluster
    mq: broker
    msk: cluster serverlessCluster
    neptune: cluster globalCluster
    opensearch: domain serverlessCollection
    rds: instance cluster globalCluster snapshot clusterSnapshot snapshotCopy clusterSnapshotCopy instanceAutomatedBackupsReplication
    redshift: cluster
    redshiftserverless: namespace
    s3: bucket bucketReplicationConfig directoryBucket
    s3control: multiRegionAccessPoint
    secretsmanager: secret
    sqs: queue
    ssm: parameter
    timestreamwrite: database table
    `,
  ),
  ...tokens(
    "gcp",
    `
    alloydb: cluster backup
    artifactregistry: repository
    bigquery: dataset
    bigtable: instance
    compute: disk regionDisk snapshot image
    filestore: instance backup
    firestore: database
    gkebackup: backupPlan
    logging: projectBucketConfig
    memcache: instance
    memorystore: instance
    pubsub: topic
    redis: instance cluster
    secretmanager: secret regionalSecret
    spanner: instance
    sql: databaseInstance
    storage: bucket
    `,
  ),
  ...tokens("cloudflare", "index: d1Database queue r2Bucket workersKvNamespace secretsStore"),
];

const carries = [
  ...tokens(
    "aws",
    `
    acm: certificate
    alb: loadBalancer targetGroup listener
    apigateway: restApi
    apigatewayv2: api
    apprunner: service
    batch: jobDefinition computeEnvironment
    cloudtrail: trail
    backup: plan
    dms: replicationInstance
    docdb: clusterInstance
    ec2: instance vpc subnet natGateway vpcEndpoint vpcPeeringConnection
    ecr: replicationConfiguration pullThroughCacheRule
    ecs: cluster service taskDefinition
    eks: cluster nodeGroup fargateProfile
    kms: key replicaKey externalKey
    lambda: function functionUrl
    lb: loadBalancer targetGroup listener
    neptune: clusterInstance
    rds: clusterInstance proxy
    redshiftserverless: workgroup
    sfn: stateMachine
    sns: topic
    `,
  ),
  ...tokens(
    "gcp",
    `
    alloydb: instance
    cloudfunctions: function
    cloudfunctionsv2: function
    cloudrun: service
    cloudrunv2: service job workerPool
    cloudscheduler: job
    cloudtasks: queue
    compute: instance instanceTemplate subnetwork address forwardingRule regionBackendService regionUrlMap regionTargetHttpsProxy regionNetworkEndpointGroup regionSecurityPolicy regionSslPolicy router routerNat
    container: cluster nodePool
    dataflow: job
    eventarc: trigger
    kms: keyRing cryptoKey
    pubsub: subscription
    vpcaccess: connector
    workflows: workflow
    `,
  ),
  ...tokens("cloudflare", "index: hyperdriveConfig logpushJob pagesProject regionalHostname worker workerVersion workersScript"),
];

const none = [
  ...tokens(
    "aws",
    `
    acm: certificateValidation
    appautoscaling: policy target
    autoscaling: group policy
    backup: selection vaultPolicy vaultLockConfiguration
    cloudwatch: dashboard eventRule eventTarget logMetricFilter logResourcePolicy logStream metricAlarm
    dynamodb: resourcePolicy
    ec2: defaultSecurityGroup eip flowLog internetGateway launchTemplate managedPrefixList networkAcl networkInterface route routeTable routeTableAssociation securityGroup securityGroupRule mainRouteTableAssociation vpcDhcpOptions
    ecr: lifecyclePolicy repositoryPolicy registryPolicy registryScanningConfiguration
    ecs: clusterCapacityProviders
    efs: accessPoint backupPolicy fileSystemPolicy mountTarget
    eks: accessEntry accessPolicyAssociation addon
    elasticache: parameterGroup subnetGroup user userGroup
    iam: accountPasswordPolicy group groupPolicy instanceProfile openIdConnectProvider policy role rolePolicy rolePolicyAttachment user userPolicy userPolicyAttachment
    kms: alias grant keyPolicy
    lambda: alias eventSourceMapping invocation layerVersion permission
    lb: listenerRule targetGroupAttachment
    opensearch: domainPolicy
    rds: clusterParameterGroup optionGroup parameterGroup subnetGroup
    route53: record zone
    s3: accountPublicAccessBlock bucketAcl bucketCorsConfiguration bucketLifecycleConfiguration bucketLogging bucketMetric bucketNotification bucketObject bucketObjectLockConfiguration bucketObjectv2 bucketOwnershipControls bucketPolicy bucketPublicAccessBlock bucketServerSideEncryptionConfiguration bucketVersioning bucketWebsiteConfiguration
    secretsmanager: secretPolicy secretRotation secretVersion
    sns: topicPolicy topicSubscription
    sqs: queuePolicy redriveAllowPolicy redrivePolicy
    vpc: securityGroupEgressRule securityGroupIngressRule
    xray: traceSegmentDestination
    `,
  ),
  ...tokens(
    "gcp",
    `
    artifactregistry: vpcscConfig
    bigquery: datasetAccess table
    certificatemanager: certificate certificateMap certificateMapEntry dnsAuthorization
    cloudrun: domainMapping
    compute: backendBucket backendService firewall globalAddress globalForwardingRule healthCheck managedSslCertificate network networkEndpointGroup networkPeering projectMetadata regionHealthCheck regionSslCertificate route securityPolicy sSLPolicy targetHttpProxy targetHttpsProxy uRLMap
    dns: managedZone recordSet
    firebase: project
    firestore: index
    iam: denyPolicy workloadIdentityPool workloadIdentityPoolProvider
    kms: cryptoKeyVersion
    logging: metric projectExclusion projectSink
    monitoring: alertPolicy customService dashboard genericService notificationChannel slo uptimeCheckConfig
    observability: projectSettings
    orgpolicy: policy
    projects: iAMAuditConfig iAMCustomRole organizationPolicy service serviceIdentity usageExportBucket
    secretmanager: secretVersion regionalSecretVersion
    serviceaccount: account key
    servicenetworking: connection
    spanner: database
    sql: database sslCert user
    storage: bucketACL bucketAccessControl bucketObject defaultObjectACL defaultObjectAccessControl notification objectAccessControl
    `,
  ),
  ...tokens(
    "cloudflare",
    `
    index: accessApplication accessPolicy accountToken apiToken certificatePack dnsRecord list loadBalancer loadBalancerMonitor loadBalancerPool managedTransforms mtlsCertificate notificationPolicy originCaCertificate pagesDomain
    index: queueConsumer r2BucketCors r2BucketEventNotification r2BucketLifecycle r2BucketLock r2CustomDomain r2ManagedDomain ruleset secretsStoreSecret tieredCache turnstileWidget
    index: workersCronTrigger workersCustomDomain workersDeployment workersKv workersRoute workersScriptSubdomain zeroTrustAccessApplication zeroTrustAccessPolicy zone zoneDnssec zoneSetting
    `,
  ),
];

const listed: ReadonlyMap<string, Holding> = new Map([
  ...stores.map((token) => [token, "stores"] as const),
  ...carries.map((token) => [token, "carries"] as const),
  ...none.map((token) => [token, "none"] as const),
]);

/** Every listed type, for the test that compares the list with the SDKs. */
export const listedTypes: readonly string[] = [...listed.keys()];

/** Google's role bindings come in three forms for every type that has them. */
const isRoleBinding = (type: string): boolean => /^gcp:\w+\/\w*(IAM|Iam|iAM)(Member|Binding|Policy):/.test(type);
/** Pulumi's own (stack, providers, references) and packages that only compute values on the deployer's machine. */
const isLocal = (type: string): boolean => /^(pulumi|random|tls|time):/.test(type);

/**
 * What a type holds; undefined if nobody has said.
 * @param managed whether a provider manages the resource: what has none is a component and creates nothing itself
 */
export function holdingOf(type: string, managed: boolean): Holding | undefined {
  const known = listed.get(type);
  if (known) return known;
  return isRoleBinding(type) || isLocal(type) || !managed ? "none" : undefined;
}
