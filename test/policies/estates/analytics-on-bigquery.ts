// A team that counts: events arrive over Pub/Sub, lie in BigQuery, and are summed up every night. Virginia.
import { Dataset } from "@pulumi/gcp/bigquery/dataset.js";
import { DatasetIamMember } from "@pulumi/gcp/bigquery/datasetIamMember.js";
import { DataTransferConfig } from "@pulumi/gcp/bigquery/dataTransferConfig.js";
import { Table } from "@pulumi/gcp/bigquery/table.js";
import { CryptoKey } from "@pulumi/gcp/kms/cryptoKey.js";
import { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Service } from "@pulumi/gcp/projects/service.js";
import { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { Provider } from "@pulumi/gcp/provider.js";
import { Schema } from "@pulumi/gcp/pubsub/schema.js";
import { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import { Topic } from "@pulumi/gcp/pubsub/topic.js";
import { TopicIAMMember } from "@pulumi/gcp/pubsub/topicIAMMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { Bucket } from "@pulumi/gcp/storage/bucket.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";

const region = "us-east4";
const project = "shop-analytics";
const provider = new Provider("virginia", { project, region, defaultLabels: { team: "analytics", jurisdiction: "us" } });
const on = { provider };
const kept = { provider, protect: true };
const pseudonymous = { "data-class": "pseudonymous" };

const apis = ["bigquery", "bigquerydatatransfer", "cloudkms", "pubsub", "storage"].map(
  (name) => new Service(name, { service: `${name}.googleapis.com`, disableOnDestroy: false }, on),
);
const ring = new KeyRing("analytics", { location: region }, { ...kept, dependsOn: apis });
const key = new CryptoKey("analytics", { keyRing: ring.id, rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s" }, kept);
const users = ["bigquery", "pubsub"].map((name) => {
  const agent = new ServiceIdentity(name, { service: `${name}.googleapis.com` }, on);
  return new CryptoKeyIAMMember(
    name,
    { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member: agent.member },
    on,
  );
});

const events = new Dataset(
  "events",
  {
    datasetId: "events",
    location: region,
    defaultEncryptionConfiguration: { kmsKeyName: key.id },
    labels: pseudonymous,
    maxTimeTravelHours: "168",
  },
  { ...kept, dependsOn: users },
);
const clicks = new Table(
  "clicks",
  {
    datasetId: events.datasetId,
    tableId: "clicks",
    deletionProtection: true,
    timePartitioning: { type: "DAY", field: "at", expirationMs: 400 * 86_400_000 },
    clusterings: ["page"],
    schema: JSON.stringify([
      { name: "at", type: "TIMESTAMP", mode: "REQUIRED" },
      { name: "subject", type: "STRING", mode: "REQUIRED" },
      { name: "page", type: "STRING" },
    ]),
    labels: pseudonymous,
  },
  kept,
);
const sums = new Dataset(
  "sums",
  { datasetId: "sums", location: region, defaultEncryptionConfiguration: { kmsKeyName: key.id }, labels: { "data-class": "operational" } },
  { ...kept, dependsOn: users },
);

const storagePolicy = { allowedPersistenceRegions: [region], enforceInTransit: true };
const dead = new Topic(
  "clicks-dead",
  { kmsKeyName: key.id, messageStoragePolicy: storagePolicy, labels: pseudonymous },
  { ...kept, dependsOn: users },
);
new Subscription(
  "clicks-dead",
  { topic: dead.id, expirationPolicy: { ttl: "" }, messageRetentionDuration: "604800s", labels: pseudonymous },
  kept,
);
const schema = new Schema(
  "click",
  {
    type: "AVRO",
    definition: JSON.stringify({
      type: "record",
      name: "Click",
      fields: [
        { name: "subject", type: "string" },
        { name: "page", type: "string" },
      ],
    }),
  },
  on,
);
const topic = new Topic(
  "clicks",
  {
    kmsKeyName: key.id,
    messageStoragePolicy: storagePolicy,
    schemaSettings: { schema: schema.id, encoding: "JSON" },
    labels: pseudonymous,
  },
  { ...kept, dependsOn: users },
);
const loader = new Account("loader", { accountId: "clicks-loader" }, on);
new DatasetIamMember("loader", { datasetId: events.datasetId, role: "roles/bigquery.dataEditor", member: loader.member }, on);
new Subscription(
  "clicks",
  {
    topic: topic.id,
    ackDeadlineSeconds: 60,
    expirationPolicy: { ttl: "" },
    messageRetentionDuration: "604800s",
    bigqueryConfig: {
      table: clicks.tableId.apply((table) => `${project}.events.${table}`),
      useTopicSchema: true,
      dropUnknownFields: true,
      serviceAccountEmail: loader.email,
    },
    deadLetterPolicy: { deadLetterTopic: dead.id, maxDeliveryAttempts: 10 },
    labels: pseudonymous,
  },
  kept,
);
const site = new Account("site", { accountId: "site-events" }, on);
new TopicIAMMember("site", { topic: topic.name, role: "roles/pubsub.publisher", member: site.member }, on);

const landing = new Bucket(
  "landing",
  {
    location: region,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    encryption: { defaultKmsKeyName: key.id },
    lifecycleRules: [{ action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 90 } }],
    labels: pseudonymous,
  },
  { ...kept, dependsOn: users },
);
const nightly = new Account("nightly", { accountId: "nightly-sums" }, on);
new BucketIAMMember("nightly", { bucket: landing.name, role: "roles/storage.objectViewer", member: nightly.member }, on);
new IAMMember("jobs", { project, role: "roles/bigquery.jobUser", member: nightly.member }, on);
new DatasetIamMember("reads", { datasetId: events.datasetId, role: "roles/bigquery.dataViewer", member: nightly.member }, on);
new DatasetIamMember("writes", { datasetId: sums.datasetId, role: "roles/bigquery.dataEditor", member: nightly.member }, on);
new DataTransferConfig(
  "nightly",
  {
    displayName: "pages of yesterday",
    location: region,
    dataSourceId: "scheduled_query",
    schedule: "every day 03:00",
    destinationDatasetId: sums.datasetId,
    serviceAccountName: nightly.email,
    encryptionConfiguration: { kmsKeyName: key.id },
    params: {
      destination_table_name_template: "pages_{run_date}",
      write_disposition: "WRITE_TRUNCATE",
      query: "SELECT page, COUNT(*) AS seen FROM events.clicks WHERE DATE(at) = @run_date GROUP BY page",
    },
  },
  on,
);
