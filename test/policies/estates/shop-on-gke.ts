// A shop on Kubernetes with MySQL beside it. Singapore.
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Provider as AmazonProvider } from "@pulumi/aws/provider.js";
import { Queue } from "@pulumi/aws/sqs/queue.js";
import { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";
import { Firewall } from "@pulumi/gcp/compute/firewall.js";
import { GlobalAddress } from "@pulumi/gcp/compute/globalAddress.js";
import { Network } from "@pulumi/gcp/compute/network.js";
import { RegionSecurityPolicy } from "@pulumi/gcp/compute/regionSecurityPolicy.js";
import { Router } from "@pulumi/gcp/compute/router.js";
import { RouterNat } from "@pulumi/gcp/compute/routerNat.js";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import { Cluster } from "@pulumi/gcp/container/cluster.js";
import { NodePool } from "@pulumi/gcp/container/nodePool.js";
import { BackupPlan } from "@pulumi/gcp/gkebackup/backupPlan.js";
import { CryptoKey } from "@pulumi/gcp/kms/cryptoKey.js";
import { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { AlertPolicy } from "@pulumi/gcp/monitoring/alertPolicy.js";
import { NotificationChannel } from "@pulumi/gcp/monitoring/notificationChannel.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { Provider } from "@pulumi/gcp/provider.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { SecretIamMember } from "@pulumi/gcp/secretmanager/secretIamMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { IAMMember as AccountIAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import { Connection } from "@pulumi/gcp/servicenetworking/connection.js";
import { Database } from "@pulumi/gcp/sql/database.js";
import { DatabaseInstance } from "@pulumi/gcp/sql/databaseInstance.js";
import { User } from "@pulumi/gcp/sql/user.js";
import { Bucket } from "@pulumi/gcp/storage/bucket.js";
import * as pulumi from "@pulumi/pulumi";

const region = "asia-southeast1";
const project = "shop-sg";
const labels = { team: "shop", jurisdiction: "sg" };
const personal = { ...labels, "data-class": "personal" };
const provider = new Provider("singapore", { project, region });
const on = { provider };
const kept = { provider, protect: true };

const ring = new KeyRing("shop", { location: region }, kept);
const key = new CryptoKey("shop", { keyRing: ring.id, rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s", labels }, kept);
const agents = ["sqladmin", "container", "secretmanager", "artifactregistry", "gkebackup"].map((name) => {
  const agent = new ServiceIdentity(name, { service: `${name}.googleapis.com` }, on);
  return new CryptoKeyIAMMember(
    name,
    { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member: agent.member },
    on,
  );
});

const network = new Network("shop", { autoCreateSubnetworks: false }, on);
const subnet = new Subnetwork(
  "shop",
  {
    region,
    network: network.id,
    ipCidrRange: "10.10.0.0/20",
    privateIpGoogleAccess: true,
    secondaryIpRanges: [
      { rangeName: "pods", ipCidrRange: "10.20.0.0/14" },
      { rangeName: "services", ipCidrRange: "10.24.0.0/20" },
    ],
    logConfig: { aggregationInterval: "INTERVAL_10_MIN", flowSampling: 0.5, metadata: "EXCLUDE_ALL_METADATA" },
  },
  on,
);
const router = new Router("shop", { region, network: network.id }, on);
new RouterNat(
  "shop",
  { region, router: router.name, natIpAllocateOption: "AUTO_ONLY", sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES" },
  on,
);
new Firewall(
  "health",
  {
    network: network.id,
    sourceRanges: ["130.211.0.0/22", "35.191.0.0/16"],
    allows: [{ protocol: "tcp", ports: ["8080"] }],
    targetTags: ["shop"],
  },
  on,
);

const nodes = new Account("nodes", { accountId: "shop-nodes" }, on);
for (const role of [
  "roles/logging.logWriter",
  "roles/monitoring.metricWriter",
  "roles/monitoring.viewer",
  "roles/stackdriver.resourceMetadata.writer",
])
  new IAMMember(role.replace(/.*[/.]/, "node-"), { project, role, member: nodes.member }, on);

const cluster = new Cluster(
  "shop",
  {
    location: region,
    network: network.id,
    subnetwork: subnet.id,
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: {
      serviceAccount: nodes.email,
      shieldedInstanceConfig: { enableSecureBoot: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
    },
    deletionProtection: true,
    ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
    privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: true, masterIpv4CidrBlock: "172.16.0.0/28" },
    masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "10.10.0.0/20", displayName: "bastion" }] },
    workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
    databaseEncryption: { state: "ENCRYPTED", keyName: key.id },
    releaseChannel: { channel: "REGULAR" },
    datapathProvider: "ADVANCED_DATAPATH",
    enableShieldedNodes: true,
    binaryAuthorization: { evaluationMode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
    loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"] },
    monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"] },
    addonsConfig: { gkeBackupAgentConfig: { enabled: true } },
    resourceLabels: personal,
  },
  { ...kept, dependsOn: agents },
);
new NodePool(
  "general",
  {
    location: region,
    cluster: cluster.name,
    autoscaling: { minNodeCount: 1, maxNodeCount: 4 },
    management: { autoRepair: true, autoUpgrade: true },
    nodeConfig: {
      machineType: "e2-standard-4",
      serviceAccount: nodes.email,
      oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
      bootDiskKmsKey: key.id,
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
      labels: { pool: "general" },
      tags: ["shop"],
    },
  },
  on,
);
new BackupPlan(
  "nightly",
  {
    location: region,
    cluster: cluster.id,
    retentionPolicy: { backupDeleteLockDays: 7, backupRetainDays: 35 },
    backupSchedule: { cronSchedule: "0 18 * * *" },
    backupConfig: { includeVolumeData: true, includeSecrets: true, allNamespaces: true, encryptionKey: { gcpKmsEncryptionKey: key.id } },
    labels: personal,
  },
  { ...kept, dependsOn: agents },
);

const range = new GlobalAddress("sql", { purpose: "VPC_PEERING", addressType: "INTERNAL", prefixLength: 20, network: network.id }, on);
const peering = new Connection(
  "sql",
  { network: network.id, service: "servicenetworking.googleapis.com", reservedPeeringRanges: [range.name], deletionPolicy: "ABANDON" },
  on,
);
const mysql = new DatabaseInstance(
  "shop",
  {
    region,
    databaseVersion: "MYSQL_8_4",
    encryptionKeyName: key.id,
    deletionProtection: true,
    settings: {
      edition: "ENTERPRISE",
      tier: "db-custom-4-16384",
      availabilityType: "REGIONAL",
      deletionProtectionEnabled: true,
      retainBackupsOnDelete: true,
      finalBackupConfig: { enabled: true, retentionDays: 30 },
      ipConfiguration: { ipv4Enabled: false, privateNetwork: network.id, sslMode: "ENCRYPTED_ONLY" },
      backupConfiguration: {
        enabled: true,
        binaryLogEnabled: true,
        location: region,
        startTime: "18:00",
        transactionLogRetentionDays: 7,
        backupRetentionSettings: { retainedBackups: 14 },
      },
      databaseFlags: [{ name: "cloudsql_iam_authentication", value: "on" }],
      userLabels: personal,
    },
  },
  { ...kept, dependsOn: [peering, ...agents] },
);
new Database("shop", { instance: mysql.name, name: "shop", charset: "utf8mb4" }, kept);

const web = new Account("web", { accountId: "shop-web" }, on);
new AccountIAMMember(
  "web",
  { serviceAccountId: web.name, role: "roles/iam.workloadIdentityUser", member: `serviceAccount:${project}.svc.id.goog[shop/web]` },
  { provider, dependsOn: [cluster] },
);
for (const role of ["roles/cloudsql.client", "roles/cloudsql.instanceUser"])
  new IAMMember(role.replace(/.*\./, "web-"), { project, role, member: web.member }, on);
new User("web", { instance: mysql.name, name: web.email, type: "CLOUD_IAM_SERVICE_ACCOUNT" }, on);
const payment = new Secret(
  "payment",
  {
    secretId: "payment-key",
    replication: { userManaged: { replicas: [{ location: region, customerManagedEncryption: { kmsKeyName: key.id } }] } },
    versionDestroyTtl: "2592000s",
    deletionProtection: true,
    labels: { ...labels, "data-class": "sensitive" },
  },
  { ...kept, dependsOn: agents },
);
new SecretIamMember("web", { secretId: payment.id, role: "roles/secretmanager.secretAccessor", member: web.member }, on);

const images = new Repository(
  "shop",
  {
    location: region,
    repositoryId: "shop",
    format: "DOCKER",
    dockerConfig: { immutableTags: true },
    vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
    kmsKeyName: key.id,
    labels: { ...labels, "data-class": "operational" },
  },
  { ...kept, dependsOn: agents },
);
new RepositoryIamMember(
  "nodes",
  { location: region, repository: images.name, role: "roles/artifactregistry.reader", member: nodes.member },
  on,
);

new RegionSecurityPolicy(
  "shop",
  {
    region,
    type: "CLOUD_ARMOR",
    rules: [
      {
        priority: 1000,
        action: "throttle",
        match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } },
        rateLimitOptions: {
          conformAction: "allow",
          exceedAction: "deny(429)",
          enforceOnKey: "IP",
          rateLimitThreshold: { count: 300, intervalSec: 60 },
        },
      },
      { priority: 2_147_483_647, action: "allow", match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } } },
    ],
  },
  on,
);
const onCall = new NotificationChannel("on-call", { type: "email", labels: { email_address: "on-call@shop.example" } }, on);
new AlertPolicy(
  "errors",
  {
    displayName: "containers restart",
    combiner: "OR",
    conditions: [
      {
        displayName: "restarts",
        conditionThreshold: {
          filter: 'resource.type = "k8s_container" AND metric.type = "kubernetes.io/container/restart_count"',
          comparison: "COMPARISON_GT",
          thresholdValue: 5,
          duration: "300s",
          aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_DELTA" }],
        },
      },
    ],
    notificationChannels: [onCall.name],
  },
  on,
);
export const clusterName = pulumi.interpolate`${cluster.name}`;

// Telemetry ends here and with a second vendor; what neither has taken yet waits in a queue.
new Bucket(
  "traces",
  {
    location: region,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    encryption: { defaultKmsKeyName: key.id },
    labels: { ...labels, "data-class": "operational", "telemetry-path": "first" },
  },
  kept,
);
const amazon = new AmazonProvider("singapore-amazon", {
  region: "ap-southeast-1",
  defaultTags: { tags: { jurisdiction: "sg", "data-class": "operational" } },
});
const amazonOnly = { provider: amazon, protect: true };
const secondKey = new Key("telemetry", { enableKeyRotation: true, deletionWindowInDays: 30 }, amazonOnly);
new LogGroup(
  "traces",
  { retentionInDays: 60, kmsKeyId: secondKey.arn, deletionProtectionEnabled: true, tags: { "telemetry-path": "second" } },
  amazonOnly,
);
const lost = new Queue("spool-lost", { kmsMasterKeyId: secondKey.id, messageRetentionSeconds: 1_209_600 }, amazonOnly);
new Queue(
  "spool",
  {
    kmsMasterKeyId: secondKey.id,
    redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: lost.arn, maxReceiveCount: 50 }),
    messageRetentionSeconds: 1_209_600,
    tags: { "telemetry-spool": "first_second" },
  },
  amazonOnly,
);
