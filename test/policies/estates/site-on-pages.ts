// A shop window and its orders at the edge: Pages, D1, R2, KV. Whatever can carry no tag stands in the register. The European Union.

import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Provider as AmazonProvider } from "@pulumi/aws/provider.js";
import { D1Database } from "@pulumi/cloudflare/d1database.js";
import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import { PagesDomain } from "@pulumi/cloudflare/pagesDomain.js";
import { PagesProject } from "@pulumi/cloudflare/pagesProject.js";
import { Queue } from "@pulumi/cloudflare/queue.js";
import { QueueConsumer } from "@pulumi/cloudflare/queueConsumer.js";
import { R2Bucket } from "@pulumi/cloudflare/r2bucket.js";
import { R2BucketLifecycle } from "@pulumi/cloudflare/r2bucketLifecycle.js";
import { RegionalHostname } from "@pulumi/cloudflare/regionalHostname.js";
import { Ruleset } from "@pulumi/cloudflare/ruleset.js";
import { TurnstileWidget } from "@pulumi/cloudflare/turnstileWidget.js";
import { Worker } from "@pulumi/cloudflare/worker.js";
import { WorkersDeployment } from "@pulumi/cloudflare/workersDeployment.js";
import { WorkersKvNamespace } from "@pulumi/cloudflare/workersKvNamespace.js";
import { WorkerVersion } from "@pulumi/cloudflare/workerVersion.js";
import { ZeroTrustAccessApplication } from "@pulumi/cloudflare/zeroTrustAccessApplication.js";
import { ZeroTrustAccessPolicy } from "@pulumi/cloudflare/zeroTrustAccessPolicy.js";
import { ZoneSetting } from "@pulumi/cloudflare/zoneSetting.js";
import { CryptoKey } from "@pulumi/gcp/kms/cryptoKey.js";
import { KeyRing } from "@pulumi/gcp/kms/keyRing.js";
import { Provider as GoogleProvider } from "@pulumi/gcp/provider.js";
import { Bucket as GoogleBucket } from "@pulumi/gcp/storage/bucket.js";
import * as pulumi from "@pulumi/pulumi";

const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";
const hostname = "www.florist.example";
const kept = { protect: true };

const orders = new D1Database("orders", { accountId, name: "orders", jurisdiction: "eu" }, kept);
const photos = new R2Bucket("photos", { accountId, name: "florist-photos", jurisdiction: "eu" }, kept);
new R2BucketLifecycle("photos", {
  accountId,
  bucketName: photos.name,
  jurisdiction: "eu",
  rules: [
    {
      id: "uploads",
      enabled: true,
      conditions: { prefix: "" },
      abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 86_400 } },
    },
  ],
});
const prices = new WorkersKvNamespace("prices", { accountId, title: "prices" }, kept);
const dead = new Queue("mails-dead", { accountId, queueName: "mails-dead", jurisdiction: "eu" }, kept);
const mails = new Queue("mails", { accountId, queueName: "mails", jurisdiction: "eu" }, kept);

// Telemetry ends at two vendors; what neither has taken yet waits in a queue.
const spool = new Queue("spool", { accountId, queueName: "spool", jurisdiction: "eu" }, kept);
const google = new GoogleProvider("belgium", {
  project: "florist-telemetry",
  region: "europe-west1",
  defaultLabels: { jurisdiction: "eu" },
});
const googleOnly = { provider: google, protect: true };
const ring = new KeyRing("telemetry", { location: "europe-west1" }, googleOnly);
const firstKey = new CryptoKey(
  "telemetry",
  { keyRing: ring.id, rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s" },
  googleOnly,
);
new GoogleBucket(
  "traces",
  {
    location: "europe-west1",
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    encryption: { defaultKmsKeyName: firstKey.id },
    labels: { "data-class": "operational", "telemetry-path": "first" },
  },
  googleOnly,
);
const amazon = new AmazonProvider("frankfurt", {
  region: "eu-central-1",
  defaultTags: { tags: { jurisdiction: "eu", "data-class": "operational" } },
});
const key = new Key("telemetry", { enableKeyRotation: true, deletionWindowInDays: 30 }, { provider: amazon, protect: true });
new LogGroup(
  "traces",
  { retentionInDays: 60, kmsKeyId: key.arn, deletionProtectionEnabled: true, tags: { "telemetry-path": "second" } },
  { provider: amazon, protect: true },
);

const site = new PagesProject("site", {
  accountId,
  name: "florist",
  productionBranch: "main",
  buildConfig: { buildCommand: "npm run build", destinationDir: "dist" },
  deploymentConfigs: {
    preview: { compatibilityDate: "2026-09-01", failOpen: false },
    production: {
      compatibilityDate: "2026-09-01",
      failOpen: false,
      d1Databases: { ORDERS: { id: orders.id } },
      r2Buckets: { PHOTOS: { name: photos.name, jurisdiction: "eu" } },
      kvNamespaces: { PRICES: { namespaceId: prices.id } },
      queueProducers: { MAILS: { name: mails.queueName }, SPOOL: { name: spool.queueName } },
      envVars: { LANGUAGE: { type: "plain_text", value: "de" } },
    },
  },
});
// What a pipeline uploads from a branch is for the team's eyes.
const team = new ZeroTrustAccessPolicy("team", {
  accountId,
  name: "team",
  decision: "allow",
  includes: [{ emailDomain: { domain: "florist.example" } }],
});
new ZeroTrustAccessApplication("previews", {
  accountId,
  name: "previews of the site",
  type: "self_hosted",
  domain: "*.florist.pages.dev",
  sessionDuration: "12h",
  policies: [{ id: team.id, precedence: 1 }],
});
new PagesDomain("www", { accountId, projectName: site.name, name: hostname });
new DnsRecord("www", { zoneId, name: hostname, type: "CNAME", content: site.subdomain, proxied: true, ttl: 1 });
new RegionalHostname("www", { zoneId, hostname, regionKey: "eu" });

const mailer = new Worker("mailer", { accountId, name: "mailer", subdomain: { enabled: false, previewsEnabled: false } });
const version = new WorkerVersion("mailer", {
  accountId,
  workerId: mailer.id,
  compatibilityDate: "2026-09-01",
  mainModule: "index.js",
  modules: [
    {
      name: "index.js",
      contentType: "application/javascript+module",
      contentBase64: Buffer.from("export default { queue() {} };").toString("base64"),
    },
  ],
  bindings: [{ name: "ORDERS", type: "d1", databaseId: orders.id }],
  limits: { cpuMs: 50 },
});
new WorkersDeployment("mailer", {
  accountId,
  scriptName: mailer.name,
  strategy: "percentage",
  versions: [{ versionId: version.id, percentage: 100 }],
});
new QueueConsumer("mailer", {
  accountId,
  queueId: mails.id,
  type: "worker",
  scriptName: mailer.name,
  deadLetterQueue: dead.queueName,
  settings: { batchSize: 10, maxRetries: 5 },
});

for (const [settingId, value] of Object.entries({ always_use_https: "on", min_tls_version: "1.2", ssl: "strict" }))
  new ZoneSetting(settingId, { zoneId, settingId, value });
new Ruleset("limits", {
  zoneId,
  name: "limits",
  kind: "zone",
  phase: "http_ratelimit",
  rules: [
    {
      description: "orders a minute",
      expression: '(http.request.uri.path eq "/order")',
      action: "block",
      ratelimit: { characteristics: ["ip.src", "cf.colo.id"], period: 60, requestsPerPeriod: 10, mitigationTimeout: 60 },
    },
  ],
});
const widget = new TurnstileWidget("order", { accountId, name: "order", domains: ["florist.example"], mode: "managed" });
export const siteKey = widget.sitekey;
export const address = pulumi.interpolate`https://${hostname}`;
