// A change to review as there might be one: apac gets a second archive, the bucket of us is renamed (which destroys it), a new bucket of eu
// stands in the wrong place, and something is exempted. A few resources a region; the report of the whole platform only has more of them.
import { type Review, reviewVersion } from "../../../cli/review/model.ts";
import { type Previewed, reviewOf } from "../../../cli/review/read.ts";
import type { Exemption } from "../../../policies/exemptions.ts";
import { loadRegister } from "../../../policies/register.ts";
import type { Artifact } from "../../../stacks/artifact-manifest.ts";
import { jurisdictionOfRegion, residencyOf } from "../../../stacks/residency.ts";
import { root } from "../../structure/files.ts";
import { config, end, hidden, type Step, said, step, unknown, urnOf } from "./events.ts";

const register = loadRegister(`${root}/policies`);
const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

export const built: readonly Artifact[] = (
  [
    ["site", "worker", "5"],
    ["preferences", "image", "d"],
    ["collector", "image", "b"],
  ] as const
).map(([name, kind, digit]) => ({
  name,
  kind,
  digest: digestOf(digit),
  size: 1,
  path: name,
  sbom: `${name}.cdx.json`,
  provenance: { commit: "", dirty: false, lock: "", node: "" },
  availability: "anywhere",
}));

const surroundings = { register, built };
export const reviewed = (previewed: Previewed, exemptions: readonly Exemption[] = []) =>
  reviewOf(previewed, { ...surroundings, exemptions });
export const together = (...stacks: Review["stacks"]): Review => ({ version: reviewVersion, stacks: [...stacks] });

const pipeline = "bailiwick:telemetry:TelemetryPipeline";
const plane = "bailiwick:governance:GovernancePlane";

/** A region as its unchanged program makes it. */
function regionSteps(stack: string): Step[] {
  const jurisdiction = jurisdictionOfRegion(stack);
  if (jurisdiction === undefined) throw new Error(`${stack} is no region`);
  const { gcp, aws, cloudflare, edgeQueue, auditRetention } = residencyOf(jurisdiction);
  const tags = (dataClass: string) => ({ "data-class": dataClass, jurisdiction, "managed-by": "bailiwick" });
  const component = (type: string, name: string, chain: readonly string[] = [], within?: string): Step => ({
    ...{ op: "same", type, name, chain, component: true },
    ...(within === undefined ? {} : { within }),
  });
  const service = "bailiwick:governance:GovernanceService";
  const collector = "bailiwick:telemetry:GcpCollector";
  return [
    component("bailiwick:edge:EdgeSite", "edge"),
    component("bailiwick:edge:VersionedWorker", "edge-site", ["bailiwick:edge:EdgeSite"], "edge"),
    {
      ...{ op: "same", type: "cloudflare:index/workerVersion:WorkerVersion", name: "edge-site-555555555555" },
      ...{ chain: ["bailiwick:edge:EdgeSite", "bailiwick:edge:VersionedWorker"], within: "edge-site" },
      inputs: {
        compatibilityDate: "2026-07-01",
        modules: [{ contentFile: `../.bailiwick/workers/site-${"5".repeat(16)}/index.js`, name: "index.js" }],
        bindings: [
          { name: "EDGE_KEY", text: hidden, type: "secret_text" },
          { name: "GOVERNANCE_URL", text: `https://services-${stack}.brand.example`, type: "plain_text" },
        ],
      },
    },
    ...(edgeQueue === "pinned"
      ? [
          component("bailiwick:edge:EdgeQueue", "spool"),
          ...["aws", "gcp"].map(
            (cloud): Step => ({
              ...{ op: "same", type: "cloudflare:index/queue:Queue", name: `spool-${cloud}` },
              ...{ chain: ["bailiwick:edge:EdgeQueue"], within: "spool" },
              inputs: { jurisdiction: cloudflare.jurisdiction, queueName: `telemetry-${stack}-${cloud}` },
            }),
          ),
        ]
      : [
          component(plane, "governance"),
          component(service, "governance-spool", [plane], "governance"),
          {
            ...{ op: "same", type: "gcp:cloudrunv2/service:Service", name: "governance-spool-service" },
            ...{ chain: [plane, service], within: "governance-spool" },
            inputs: { location: gcp.location, labels: tags("operational"), scaling: { minInstanceCount: 1 } },
          },
        ]),
    {
      ...{ op: "same", type: "gcp:dns/recordSet:RecordSet", name: "governance-record" },
      inputs: { name: `services-${stack}.brand.example` },
    },
    component("bailiwick:storage:ResidentDatabase", "governance-database"),
    {
      ...{ op: "same", type: "gcp:sql/databaseInstance:DatabaseInstance", name: "governance-database-instance" },
      ...{ chain: ["bailiwick:storage:ResidentDatabase"], within: "governance-database" },
      inputs: { region: gcp.location, settings: { userLabels: tags("personal"), edition: "ENTERPRISE", diskSize: 20 } },
    },
    component("bailiwick:storage:AuditVault", "audit-vault"),
    {
      ...{ op: "same", type: "aws:s3/bucket:Bucket", name: "audit-vault-bucket" },
      ...{ chain: ["bailiwick:storage:AuditVault"], within: "audit-vault" },
      inputs: { region: aws.location, objectLockEnabled: true, tags: tags("audit") },
    },
    {
      ...{ op: "same", type: "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", name: "audit-vault-lock" },
      ...{ chain: ["bailiwick:storage:AuditVault"], within: "audit-vault" },
      inputs: { rule: { defaultRetention: { days: auditRetention.days, mode: "COMPLIANCE" } } },
    },
    component(pipeline, "telemetry"),
    {
      ...{ op: "same", type: "aws:ecs/service:Service", name: "telemetry-aws-service", chain: [pipeline], within: "telemetry" },
      inputs: { region: aws.location, tags: tags("operational"), desiredCount: 2 },
    },
    {
      ...{ op: "same", type: "aws:s3/bucket:Bucket", name: "telemetry-aws-archive-bucket", chain: [pipeline], within: "telemetry" },
      inputs: { region: aws.location, tags: tags("operational") },
    },
    component(collector, "telemetry-gcp", [pipeline], "telemetry"),
    {
      ...{ op: "same", type: "gcp:cloudrunv2/service:Service", name: "telemetry-gcp-service" },
      ...{ chain: [pipeline, collector], within: "telemetry-gcp" },
      inputs: {
        location: gcp.location,
        labels: tags("operational"),
        scaling: { minInstanceCount: stack === "us" ? 2 : 1, maxInstanceCount: 10 },
        template: { containers: [{ image: `${gcp.location}-docker.pkg.dev/brand/bailiwick/collector@${digestOf("b")}` }] },
      },
    },
    {
      ...{ op: "same", type: "gcp:storage/bucket:Bucket", name: "telemetry-gcp-archive-bucket" },
      ...{ chain: [pipeline, collector], within: "telemetry-gcp" },
      inputs: { location: gcp.location.toUpperCase(), labels: tags("operational") },
    },
  ];
}

/** What the example changes, by stack: steps that take the place of those of the same name, or come after them. */
const changes: Readonly<Record<string, readonly Step[]>> = {
  eu: [
    {
      ...{ op: "create", type: "aws:s3/bucket:Bucket", name: "uploads" },
      inputs: { region: "us-east-1", tags: { "data-class": "personal" }, bucket: unknown },
    },
    {
      ...{ op: "update", type: "gcp:sql/databaseInstance:DatabaseInstance", name: "governance-database-instance" },
      ...{ chain: ["bailiwick:storage:ResidentDatabase"], within: "governance-database" },
      inputs: {
        region: "europe-west3",
        settings: { userLabels: { "data-class": "personal", jurisdiction: "eu" }, edition: "ENTERPRISE", diskSize: 40 },
      },
      detailedDiff: { "settings.diskSize": { diffKind: "update" } },
    },
  ],
  us: [
    {
      ...{ op: "replace", type: "gcp:storage/bucket:Bucket", name: "telemetry-gcp-archive-bucket" },
      ...{ chain: [pipeline, "bailiwick:telemetry:GcpCollector"], within: "telemetry-gcp" },
      inputs: { location: "US-EAST4", labels: { "data-class": "operational", jurisdiction: "us" } },
      keys: ["name"],
    },
  ],
  apac: [
    {
      ...{ op: "create", type: "aws:s3/bucket:Bucket", name: "archive-bucket" },
      inputs: { region: "ap-southeast-1", tags: { "data-class": "operational", jurisdiction: "sg" }, bucket: unknown },
    },
  ],
};

const uploads = urnOf("eu", { type: "aws:s3/bucket:Bucket", name: "uploads" });
const vault = urnOf("us", { type: "aws:s3/bucket:Bucket", name: "audit-vault-bucket", chain: ["bailiwick:storage:AuditVault"] });
const verdicts: Readonly<Record<string, readonly ReturnType<typeof said>[]>> = {
  eu: [
    said(
      "residency/location",
      uploads,
      'aws:s3/bucket:Bucket "uploads" breaks residency/location: region is "us-east-1", outside the jurisdiction eu (European Union)\n  Law:     GDPR Art. 44\n  Allowed: eu-central-1, eu-west-1, eu-west-3, eu-north-1 (personal data of eu on aws)\n  Remedy:  Take the location from the residency map (stacks/residency.ts) instead of writing it by hand.',
    ),
    said(
      "exposure/open-resource-policy",
      uploads,
      'aws:s3/bucket:Bucket "uploads" leaves exposure/open-resource-policy undecided: policy is not known before the deployment, it waits for "uploads-reader" (aws:iam/role:Role)\n  Law:     GDPR Art. 32\n  Allowed: a value of policy that a preview knows\n  Remedy:  Take the value from configuration or from a name you chose, not from an output; or deploy what it waits for first, then this.',
    ),
  ],
  us: [
    said(
      "exemptions",
      vault,
      "Exempted until 2026-12-01, 9 days left: recoverability/zone-redundancy (OPS-1204: one zone until the move is done. Owner ada@brand.example, approved by grace@brand.example.)",
      "advisory",
    ),
  ],
};

/** Who takes a value from whom, by name: as a saved plan tells it. */
const uses: readonly (readonly [string, readonly string[]])[] = [
  ["edge-site-555555555555", ["spool-aws", "spool-gcp", "governance-spool-service"]],
  ["spool-aws", ["telemetry-aws-service"]],
  ["spool-gcp", ["telemetry-gcp-service"]],
  ["governance-spool-service", ["governance-database-instance", "telemetry-aws-service", "telemetry-gcp-service"]],
  ["governance-database-instance", ["audit-vault-bucket"]],
];

/** @param changed whether the example's changes are in it */
export function previewOf(stack: string, changed: boolean): Previewed {
  const made = changed ? (changes[stack] ?? []) : [];
  const kept = regionSteps(stack).filter((its) => !made.some(({ name, type }) => name === its.name && type === its.type));
  const spoken = changed ? (verdicts[stack] ?? []) : [];
  const steps = [...kept, ...made];
  const urns = new Map(steps.map((its) => [its.name, urnOf(stack, its)]));
  const urnsOf = (names: readonly string[]) => names.flatMap((name) => urns.get(name) ?? []);
  const dependencies = new Map(uses.flatMap(([name, used]) => urnsOf([name]).map((urn) => [urn, { inputs: urnsOf(used) }] as const)));
  return { stack, events: [config({}), ...steps.map((its) => step(stack, its)), ...spoken, end()], dependencies };
}

export const regions = ["apac", "eu", "us"];
export const example = (changed: boolean): Review => together(...regions.map((stack) => reviewed(previewOf(stack, changed))));
