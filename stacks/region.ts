// A region stack: everything that serves the people of one jurisdiction, inside it.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider.js";
import { getProjectOutput } from "@pulumi/gcp/organizations/getProject.js";
import { Provider as GcpProvider } from "@pulumi/gcp/provider.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import type * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import { Provider as TlsProvider } from "@pulumi/tls/provider.js";
import { EdgeQueue } from "../components/edge/edge-queue.ts";
import { EdgeSite } from "../components/edge/edge-site.ts";
import { SnapshotStore } from "../components/edge/snapshot-store.ts";
import { SubjectStore } from "../components/edge/subject-store.ts";
import { GovernancePlane } from "../components/governance/governance-plane.ts";
import { ProjectApis } from "../components/governance/project-apis.ts";
import { RegionalLoadBalancer } from "../components/governance/regional-load-balancer.ts";
import { AuditVault, audienceOf } from "../components/storage/audit-vault.ts";
import { RegionKeys } from "../components/storage/region-keys.ts";
import { ResidentBucket } from "../components/storage/resident-bucket.ts";
import { collectorHosts } from "../components/telemetry/collector-hosts.ts";
import { RegionLogs } from "../components/telemetry/region-logs.ts";
import { SloAlerts } from "../components/telemetry/slo-alerts.ts";
import { TelemetryPipeline } from "../components/telemetry/telemetry-pipeline.ts";
import { readManifest } from "./artifacts.ts";
import { parseRegionConfig } from "./config.ts";
import { globalOutputs } from "./global-outputs.ts";
import { collectorImage, serviceReleases, sharesOf, wholeWorker, workerReleases } from "./releases.ts";
import { jurisdictions, residencyOf } from "./residency.ts";

const apis = [
  "compute",
  "servicenetworking",
  "sqladmin",
  "run",
  "certificatemanager",
  "secretmanager",
  "cloudkms",
  "storage",
  "logging",
  "monitoring",
  "telemetry",
  "cloudtrace",
  "observability",
];

export async function deploy(stack: string, raw: Readonly<Record<string, string>>) {
  const config = parseRegionConfig(stack, raw);
  const manifest = readManifest();
  const global = await globalOutputs(config.jurisdiction);
  const { jurisdiction, lifecycle, domain, cloudflare, gcp, aws, releases } = config;
  const { region, edgeState, edgeQueue, ...places } = residencyOf(jurisdiction);
  const project = gcp.project;

  const gcpProvider = new GcpProvider("gcp", { project, region: places.gcp.location });
  const awsProvider = new AwsProvider("aws", { region: places.aws.location, allowedAccountIds: [aws.accountId] });
  const tlsProvider = new TlsProvider("tls", {});
  const providers = [gcpProvider, awsProvider, new CloudflareProvider("cloudflare", {}), tlsProvider, new RandomProvider("random", {})];

  const enabled = [...new ProjectApis("apis", { project, apis }, { providers }).nodes.services];
  const projectNumber = await numberOf(project, gcpProvider);
  const keys = new RegionKeys("keys", { project, awsAccountId: aws.accountId, jurisdiction, lifecycle, dependsOn: enabled }, { providers });

  // Who signs what: the edge its requests to the region's services, the preference service the subjects' tokens, services their telemetry.
  const edgeKey = new PrivateKey("edge-key", { algorithm: "ED25519" }, { provider: tlsProvider });
  const telemetryKey = new PrivateKey("telemetry-key", { algorithm: "ED25519" }, { provider: tlsProvider });
  const subjectTokenKey = new PrivateKey("subject-token-key", { algorithm: "ED25519" }, { provider: tlsProvider });
  // Whoever may open this stack's secrets may ask for evidence: the platform's operators (./bailiwick evidence export).
  const operatorKey = new PrivateKey("operator-key", { algorithm: "ED25519" }, { provider: tlsProvider });
  const preferencesAccount = new Account(
    "preferences",
    { project, accountId: "preferences", displayName: "The preference service" },
    { provider: gcpProvider, dependsOn: enabled },
  );

  const subjects =
    edgeState === "none"
      ? undefined
      : new SubjectStore(
          "subjects",
          {
            ...cloudflare,
            jurisdiction,
            hostname: `subjects-${region}.${domain}`,
            caller: preferencesAccount.email,
            release: wholeWorker(manifest, "subjects"),
          },
          { providers, protect: lifecycle === "durable" },
        );

  const bucket = { jurisdiction, lifecycle, project, accountId: cloudflare.accountId } as const;
  // The trail of what was said: one identity may add to it, and nobody can take from it. Kept twice, in two clouds.
  const audit = new AuditVault(
    "audit-vault",
    {
      jurisdiction,
      lifecycle,
      bucket: `bailiwick-audit-${region}-${aws.accountId}`,
      awsAccountId: aws.accountId,
      writer: preferencesAccount.uniqueId,
    },
    { providers },
  );
  const log = new ResidentBucket(
    "log",
    { ...bucket, cloud: "gcp", dataClass: "audit", bucket: `${project}-log`, key: keys.gcpKey, dependsOn: [...keys.nodes.grants] },
    { providers },
  );
  const services = `services-${region}.${domain}`;
  const collectors = collectorHosts(region, domain);
  const plane = new GovernancePlane(
    "governance",
    {
      project,
      projectNumber,
      jurisdiction,
      lifecycle,
      keys,
      preferencesAccount,
      preferences: serviceReleases(manifest, "preferences", global.repositories[jurisdiction] as string, releases.preferences),
      ...(edgeQueue === "none" ? { spool: serviceReleases(manifest, "spool", global.repositories[jurisdiction] as string) } : {}),
      origin: `https://${services}`,
      repository: { project: global.registryProject, name: "bailiwick" },
      database: config.database,
      instances: config.instances,
      edgePublicKey: edgeKey.publicKeyPem,
      subjectTokenKey: subjectTokenKey.privateKeyPemPkcs8,
      telemetry: {
        key: telemetryKey.privateKeyPemPkcs8,
        collectors: { gcp: `https://${collectors.gcp}`, aws: `https://${collectors.aws}` },
      },
      phase: config.phase,
      subjectsUrl: subjects?.url,
      serviceClients: [{ name: "operator", key: operatorKey.publicKeyPem, scopes: ["evidence"] }, ...config.services],
      log: {
        origin: logOf(region, domain),
        bucket: log.bucket,
        vault: { bucket: audit.bucket, location: places.aws.location, role: audit.writerRole, audience: audienceOf(aws.accountId) },
        watched: config.watches === "none" ? undefined : logOf(config.watches ?? neighbourOf(region), domain),
      },
      dependsOn: enabled,
    },
    { providers },
  );
  const collector = collectorImage(manifest);
  const telemetry = new TelemetryPipeline(
    "telemetry",
    {
      jurisdiction,
      lifecycle,
      project,
      awsAccountId: aws.accountId,
      zoneId: cloudflare.zoneId,
      domain,
      images: {
        gcp: `${global.repositories[jurisdiction]}/${collector}`,
        aws: `${global.awsRepositories[jurisdiction]}@${collector.slice(collector.indexOf("@") + 1)}`,
        awsRepositoryArn: `arn:aws:ecr:${places.aws.location}:${aws.accountId}:repository/bailiwick`,
      },
      senders: { edge: edgeKey.publicKeyPem, services: telemetryKey.publicKeyPem },
      keys: { gcp: keys.gcpKey, aws: keys.awsKey },
      retention: { archiveDays: 400, logDays: 30 },
      instances: { min: 1, max: 10, tasks: 2 },
      dependsOn: [...enabled, ...keys.nodes.grants, plane],
    },
    { providers },
  );
  const { network, proxySubnetwork } = plane.nodes.network.nodes;
  const balancer = new RegionalLoadBalancer(
    "balancer",
    {
      project,
      jurisdiction,
      zoneId: cloudflare.zoneId,
      network: network.id,
      proxySubnetwork,
      backends: [
        { name: "preferences", hostname: services, service: plane.nodes.preferences.serviceName, tokenHeader: "x-edge-authorization" },
        ...(plane.nodes.spool
          ? [
              {
                name: "spool",
                hostname: services,
                paths: ["/v1/telemetry/*"],
                service: plane.nodes.spool.serviceName,
                tokenHeader: "x-edge-authorization",
              },
            ]
          : []),
        { name: "collector", hostname: telemetry.gcpHostname, service: telemetry.nodes.gcp.serviceName, tokenHeader: "authorization" },
      ],
      dependsOn: enabled,
    },
    { providers },
  );

  const spool =
    edgeQueue === "none"
      ? undefined
      : new EdgeQueue(
          "spool",
          {
            accountId: cloudflare.accountId,
            jurisdiction,
            lifecycle,
            spool: "telemetry",
            paths: ["gcp", "aws"],
            releases: workerReleases(manifest, "telemetry"),
            bindings: [
              { name: "REGION", type: "plain_text", text: region },
              { name: "EDGE_KEY", type: "secret_text", text: edgeKey.privateKeyPemPkcs8 },
              { name: "COLLECTOR_GCP", type: "plain_text", text: telemetry.origins.gcp },
              { name: "COLLECTOR_AWS", type: "plain_text", text: telemetry.origins.aws },
            ],
          },
          { providers },
        );

  const snapshots = new SnapshotStore(
    "snapshots",
    {
      accountId: cloudflare.accountId,
      title: `snapshots-${region}`,
      documents: { experiments: readFileSync(resolve(import.meta.dirname, "experiments.json"), "utf8") },
    },
    { providers },
  );
  const site = new EdgeSite(
    "edge",
    {
      ...cloudflare,
      jurisdiction,
      hostname: `${region}.${domain}`,
      releases: workerReleases(manifest, "site", releases.site),
      origin: config.origin ?? global.storefront,
      governanceUrl: balancer.origin(services),
      edgeKey: edgeKey.privateKeyPemPkcs8,
      subjectTokenKey: subjectTokenKey.publicKeyPem,
      decisionTableKey: global.decisionTableKey,
      subjects,
      snapshots,
      telemetry: spool?.senderBindings,
    },
    { providers },
  );

  const assets = new ResidentBucket(
    "assets",
    { ...bucket, cloud: "cloudflare", dataClass: "public", bucket: `bailiwick-assets-${region}` },
    { providers },
  );
  const exports = new ResidentBucket(
    "exports",
    { ...bucket, cloud: "gcp", dataClass: "personal", bucket: `${project}-exports`, key: keys.gcpKey, dependsOn: [...keys.nodes.grants] },
    { providers },
  );
  const archive = new ResidentBucket(
    "archive",
    { ...bucket, cloud: "aws", dataClass: "operational", bucket: `bailiwick-archive-${region}-${aws.accountId}`, key: keys.awsKey },
    { providers },
  );

  new RegionLogs("logs", { project, jurisdiction, lifecycle, dependsOn: enabled }, { providers });
  new SloAlerts(
    "alerts",
    {
      project,
      jurisdiction,
      service: plane.nodes.preferences.serviceName,
      collector: telemetry.nodes.gcp.serviceName,
      loadBalancer: telemetry.nodes.awsBalancer.nodes.balancer.arnSuffix,
      email: config.alerts.email ?? `on-call@${domain}`,
      topics: [`arn:aws:sns:${places.aws.location}:${aws.accountId}:${config.alerts.topic}`],
      dependsOn: enabled,
    },
    { providers },
  );

  return {
    jurisdiction,
    releases: {
      site: sharesOf(manifest, "site", releases.site),
      preferences: sharesOf(manifest, "preferences", releases.preferences),
    },
    site: site.url,
    preferences: balancer.origin(services),
    subjects: subjects?.url,
    database: {
      connectionName: plane.nodes.database.connectionName,
      name: plane.nodes.database.databaseName,
      // Whose login sees everything: the account that owns the tables.
      owner: plane.nodes.migrationAccount.email,
    },
    buckets: { assets: assets.bucket, exports: exports.bucket, archive: archive.bucket, audit: audit.bucket, log: log.bucket },
    telemetry: {
      archives: telemetry.archives,
      outboxes: [...plane.outboxes],
      awsAccountId: aws.accountId,
      cloudflareAccountId: cloudflare.accountId,
      ...(spool ? { spools: spool.queueIds } : {}),
    },
  };
}

/** A region's transparency log: its name, which is where it is asked as well. */
const logOf = (region: string, domain: string) => `${region}.${domain}/v1/log`;

/** Whose log a region watches, unless the configuration says otherwise: the next one of the residency map, and the last one the first's. */
function neighbourOf(region: string): string {
  const regions = jurisdictions.map((each) => residencyOf(each).region);
  return regions[(regions.indexOf(region) + 1) % regions.length] as string;
}

/** A project's number never changes, and names of service agents and addresses of services carry it: it must be known at preview. */
async function numberOf(project: string, provider: pulumi.ProviderResource): Promise<string> {
  const found = getProjectOutput({ projectId: project }, { provider }).number;
  return new Promise((resolveNumber) => found.apply(resolveNumber));
}
