// A shop's orders: containers behind a load balancer, PostgreSQL in two zones. Frankfurt.
import { Certificate } from "@pulumi/aws/acm/certificate.js";
import { CertificateValidation } from "@pulumi/aws/acm/certificateValidation.js";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { Eip } from "@pulumi/aws/ec2/eip.js";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
import { NatGateway } from "@pulumi/aws/ec2/natGateway.js";
import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Subnet } from "@pulumi/aws/ec2/subnet.js";
import { Vpc } from "@pulumi/aws/ec2/vpc.js";
import { Repository } from "@pulumi/aws/ecr/repository.js";
import { Cluster } from "@pulumi/aws/ecs/cluster.js";
import { Service } from "@pulumi/aws/ecs/service.js";
import { TaskDefinition } from "@pulumi/aws/ecs/taskDefinition.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Listener } from "@pulumi/aws/lb/listener.js";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer.js";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup.js";
import { Provider } from "@pulumi/aws/provider.js";
import { Instance } from "@pulumi/aws/rds/instance.js";
import { ParameterGroup } from "@pulumi/aws/rds/parameterGroup.js";
import { SubnetGroup } from "@pulumi/aws/rds/subnetGroup.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import { Zone } from "@pulumi/aws/route53/zone.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import { Topic } from "@pulumi/aws/sns/topic.js";
import { TopicSubscription } from "@pulumi/aws/sns/topicSubscription.js";
import { Queue } from "@pulumi/aws/sqs/queue.js";
import { WebAcl } from "@pulumi/aws/wafv2/webAcl.js";
import { WebAclAssociation } from "@pulumi/aws/wafv2/webAclAssociation.js";
import { CryptoKey } from "@pulumi/gcp/kms/cryptoKey.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { Provider as GoogleProvider } from "@pulumi/gcp/provider.js";
import { Bucket as GoogleBucket } from "@pulumi/gcp/storage/bucket.js";
import * as pulumi from "@pulumi/pulumi";

const region = "eu-central-1";
const account = "123456789012";
const databaseHost = "orders.db.shop.internal";
const zones = ["eu-central-1a", "eu-central-1b"];
const provider = new Provider("frankfurt", { region, defaultTags: { tags: { team: "orders", jurisdiction: "eu" } } });
const on = { provider };
const kept = { provider, protect: true };
const personal = { "data-class": "personal" };
const operational = { "data-class": "operational" };

const key = new Key("orders", { description: "Orders of customers", enableKeyRotation: true, deletionWindowInDays: 30 }, kept);
new Alias("orders", { name: "alias/orders", targetKeyId: key.keyId }, on);

const vpc = new Vpc("orders", { cidrBlock: "10.20.0.0/16", enableDnsHostnames: true }, on);
const internet = new InternetGateway("orders", { vpcId: vpc.id }, on);
const open = new RouteTable("public", { vpcId: vpc.id, routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: internet.id }] }, on);
const publicSubnets = zones.map((availabilityZone, i) => {
  const subnet = new Subnet(`public-${i}`, { vpcId: vpc.id, availabilityZone, cidrBlock: `10.20.${i}.0/24` }, on);
  new RouteTableAssociation(`public-${i}`, { subnetId: subnet.id, routeTableId: open.id }, on);
  return subnet;
});
const address = new Eip("nat", { domain: "vpc" }, on);
const nat = new NatGateway("nat", { allocationId: address.id, subnetId: publicSubnets[0]?.id ?? "" }, on);
const closed = new RouteTable("private", { vpcId: vpc.id, routes: [{ cidrBlock: "0.0.0.0/0", natGatewayId: nat.id }] }, on);
const privateSubnets = zones.map((availabilityZone, i) => {
  const subnet = new Subnet(`private-${i}`, { vpcId: vpc.id, availabilityZone, cidrBlock: `10.20.${i + 10}.0/24` }, on);
  new RouteTableAssociation(`private-${i}`, { subnetId: subnet.id, routeTableId: closed.id }, on);
  return subnet;
});

const egress = [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }];
const web = new SecurityGroup(
  "web",
  {
    vpcId: vpc.id,
    ingress: [80, 443].map((port) => ({ protocol: "tcp", fromPort: port, toPort: port, cidrBlocks: ["0.0.0.0/0"] })),
    egress,
  },
  on,
);
const app = new SecurityGroup(
  "app",
  { vpcId: vpc.id, ingress: [{ protocol: "tcp", fromPort: 8080, toPort: 8080, securityGroups: [web.id] }], egress },
  on,
);
const db = new SecurityGroup(
  "db",
  { vpcId: vpc.id, ingress: [{ protocol: "tcp", fromPort: 5432, toPort: 5432, securityGroups: [app.id] }] },
  on,
);

const database = new Instance(
  "orders",
  {
    engine: "postgres",
    engineVersion: "17",
    instanceClass: "db.m7g.large",
    allocatedStorage: 100,
    maxAllocatedStorage: 500,
    storageType: "gp3",
    dbName: "orders",
    username: "orders",
    iamDatabaseAuthenticationEnabled: true,
    manageMasterUserPassword: true,
    masterUserSecretKmsKeyId: key.arn,
    multiAz: true,
    storageEncrypted: true,
    kmsKeyId: key.arn,
    dbSubnetGroupName: new SubnetGroup("orders", { subnetIds: privateSubnets.map(({ id }) => id) }, on).name,
    parameterGroupName: new ParameterGroup("orders", { family: "postgres17", parameters: [{ name: "rds.force_ssl", value: "1" }] }, on)
      .name,
    vpcSecurityGroupIds: [db.id],
    backupRetentionPeriod: 14,
    copyTagsToSnapshot: true,
    deletionProtection: true,
    finalSnapshotIdentifier: "orders-final",
    performanceInsightsEnabled: true,
    performanceInsightsKmsKeyId: key.arn,
    enabledCloudwatchLogsExports: ["postgresql"],
    tags: personal,
  },
  kept,
);

new LogGroup(
  "app",
  {
    name: "/ecs/orders",
    retentionInDays: 60,
    kmsKeyId: key.arn,
    deletionProtectionEnabled: true,
    tags: { ...operational, "telemetry-path": "first" },
  },
  kept,
);
new Repository(
  "app",
  {
    name: "orders",
    imageTagMutability: "IMMUTABLE",
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: key.arn }],
    tags: operational,
  },
  kept,
);
const assumedByTasks = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const execution = new Role("execution", { assumeRolePolicy: assumedByTasks }, on);
new RolePolicyAttachment(
  "execution",
  { role: execution.name, policyArn: "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy" },
  on,
);
const task = new Role("task", { assumeRolePolicy: assumedByTasks }, on);

const certificate = new Certificate("orders", { domainName: "orders.shop.example", validationMethod: "DNS" }, on);
const proof = certificate.domainValidationOptions[0];
const proofRecord = new DnsRecord(
  "proof",
  {
    zoneId: "Z0123456789ABCDEFGHIJ",
    name: proof?.resourceRecordName ?? "",
    type: proof?.resourceRecordType ?? "",
    records: [proof?.resourceRecordValue ?? ""],
    ttl: 60,
  },
  on,
);
const validated = new CertificateValidation("orders", { certificateArn: certificate.arn, validationRecordFqdns: [proofRecord.fqdn] }, on);

const accessLogs = new Bucket("access-logs", { tags: operational }, kept);
new BucketPublicAccessBlock(
  "access-logs",
  { bucket: accessLogs.id, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
  on,
);
new BucketVersioning("access-logs", { bucket: accessLogs.id, versioningConfiguration: { status: "Enabled" } }, on);
new BucketPolicy(
  "access-logs",
  {
    bucket: accessLogs.id,
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
          Action: "s3:PutObject",
          Resource: pulumi.interpolate`${accessLogs.arn}/*`,
        },
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [accessLogs.arn, pulumi.interpolate`${accessLogs.arn}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    }),
  },
  on,
);
const balancer = new LoadBalancer(
  "orders",
  {
    loadBalancerType: "application",
    securityGroups: [web.id],
    subnets: publicSubnets.map(({ id }) => id),
    dropInvalidHeaderFields: true,
    enableDeletionProtection: true,
    accessLogs: { bucket: accessLogs.bucket, enabled: true },
  },
  on,
);
const targets = new TargetGroup(
  "app",
  { vpcId: vpc.id, port: 8080, protocol: "HTTP", targetType: "ip", healthCheck: { path: "/healthz", matcher: "200" } },
  on,
);
new Listener(
  "redirect",
  {
    loadBalancerArn: balancer.arn,
    port: 80,
    protocol: "HTTP",
    defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
  },
  on,
);
const https = new Listener(
  "https",
  {
    loadBalancerArn: balancer.arn,
    port: 443,
    protocol: "HTTPS",
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificateArn: validated.certificateArn,
    defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
  },
  on,
);
const firewall = new WebAcl(
  "orders",
  {
    scope: "REGIONAL",
    defaultAction: { allow: {} },
    visibilityConfig: { cloudwatchMetricsEnabled: true, metricName: "orders", sampledRequestsEnabled: false },
    rules: [
      {
        name: "rate",
        priority: 1,
        action: { block: {} },
        statement: { rateBasedStatement: { limit: 2000, aggregateKeyType: "IP" } },
        visibilityConfig: { cloudwatchMetricsEnabled: true, metricName: "rate", sampledRequestsEnabled: false },
      },
    ],
  },
  on,
);
new WebAclAssociation("orders", { resourceArn: balancer.arn, webAclArn: firewall.arn }, on);

new RolePolicy(
  "login",
  {
    role: task.name,
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "rds-db:connect",
          Resource: pulumi.interpolate`arn:aws:rds-db:${region}:${account}:dbuser:${database.resourceId}/app`,
        },
      ],
    }),
  },
  on,
);

const cluster = new Cluster("shop", { settings: [{ name: "containerInsights", value: "enabled" }] }, on);
const digest = "sha256:2a1b9e0d0f3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccdde";
const definition = new TaskDefinition(
  "app",
  {
    family: "orders",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "512",
    memory: "1024",
    executionRoleArn: execution.arn,
    taskRoleArn: task.arn,
    // Names that were chosen, no outputs: what is known only after the deployment cannot be judged before.
    containerDefinitions: JSON.stringify([
      {
        name: "app",
        image: `${account}.dkr.ecr.${region}.amazonaws.com/orders@${digest}`,
        essential: true,
        user: "1000",
        readonlyRootFilesystem: true,
        portMappings: [{ containerPort: 8080 }],
        healthCheck: { command: ["CMD", "/app", "healthcheck"], interval: 10 },
        environment: [
          { name: "DB_HOST", value: databaseHost },
          { name: "DB_SSLMODE", value: "verify-full" },
        ],
        logConfiguration: {
          logDriver: "awslogs",
          options: { "awslogs-group": "/ecs/orders", "awslogs-region": region, "awslogs-stream-prefix": "app" },
        },
      },
    ]),
  },
  on,
);
new Service(
  "app",
  {
    cluster: cluster.arn,
    taskDefinition: definition.arn,
    desiredCount: 2,
    launchType: "FARGATE",
    deploymentCircuitBreaker: { enable: true, rollback: true },
    healthCheckGracePeriodSeconds: 30,
    networkConfiguration: { subnets: privateSubnets.map(({ id }) => id), securityGroups: [app.id], assignPublicIp: false },
    loadBalancers: [{ targetGroupArn: targets.arn, containerName: "app", containerPort: 8080 }],
  },
  { provider, dependsOn: [https] },
);
const alerts = new Topic("alerts", { kmsMasterKeyId: key.id, tags: operational }, on);
new TopicSubscription("on-call", { topic: alerts.arn, protocol: "email", endpoint: "on-call@shop.example" }, on);
new MetricAlarm(
  "errors",
  {
    namespace: "AWS/ApplicationELB",
    metricName: "HTTPCode_Target_5XX_Count",
    dimensions: { LoadBalancer: balancer.arnSuffix },
    statistic: "Sum",
    period: 60,
    evaluationPeriods: 3,
    threshold: 10,
    comparisonOperator: "GreaterThanThreshold",
    alarmActions: [alerts.arn],
  },
  on,
);

const names = new Zone("internal", { name: "shop.internal", vpcs: [{ vpcId: vpc.id }] }, on);
new DnsRecord("database", { zoneId: names.zoneId, name: databaseHost, type: "CNAME", ttl: 30, records: [database.address] }, on);

// Telemetry ends here and with a second vendor; what neither has taken yet waits in a queue.
const google = new GoogleProvider("frankfurt-google", {
  project: "orders-telemetry",
  region: "europe-west3",
  defaultLabels: { jurisdiction: "eu" },
});
const googleOnly = { provider: google, protect: true };
const secondRing = new KeyRing("telemetry", { location: "europe-west3" }, googleOnly);
const secondKey = new CryptoKey(
  "telemetry",
  { keyRing: secondRing.id, rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s" },
  googleOnly,
);
new GoogleBucket(
  "traces",
  {
    location: "europe-west3",
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    encryption: { defaultKmsKeyName: secondKey.id },
    labels: { "data-class": "operational", "telemetry-path": "second" },
  },
  googleOnly,
);
const lost = new Queue("spool-lost", { kmsMasterKeyId: key.id, messageRetentionSeconds: 1_209_600, tags: operational }, kept);
new Queue(
  "spool",
  {
    kmsMasterKeyId: key.id,
    redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: lost.arn, maxReceiveCount: 50 }),
    messageRetentionSeconds: 1_209_600,
    tags: { ...operational, "telemetry-spool": "first_second" },
  },
  kept,
);
