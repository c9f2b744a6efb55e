// Ways in which the blueprint's own program could let data out of `eu`, each at another resource, and the one rule that must refuse it.
// The table is read by the test, and by the program that the test previews: there it changes what the stack makes.
import * as pulumi from "@pulumi/pulumi";

export interface Mutation {
  /** `<topic>/<rule>` */
  readonly rule: string;
  /** Name of the resource; where it ends with `-`, the rest is a digest. */
  readonly at: string;
  /** Only where another resource has the same name. */
  readonly type?: string;
  /** Name of the resource that the finding is about, where it is another. */
  readonly found?: string;
  readonly change: (props: Props) => Props;
}

/** A resource that the blueprint does not make, compliant but for one thing. */
export interface Addition {
  readonly rule: string;
  readonly type: string;
  readonly name: string;
  readonly props: Props;
  readonly protect?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: arguments of any resource, as the SDK's own transformations have them.
type Props = Record<string, any>;

const kms = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const set = (more: Props) => (props: Props) => ({ ...props, ...more });
const without = (key: string) => (props: Props) => Object.fromEntries(Object.entries(props).filter(([name]) => name !== key));
const tagged = (more: Props) => (props: Props) => ({ ...props, tags: pulumi.output(props.tags).apply((tags) => ({ ...tags, ...more })) });

export const mutations: readonly Mutation[] = [
  { rule: "residency/location", at: "archive-bucket", change: set({ region: "us-east-1" }) },
  { rule: "residency/location", at: "telemetry-aws-network-subnet-1", change: set({ availabilityZone: "us-east-1a" }) },
  { rule: "residency/location", at: "balancer-address", change: set({ region: "us-east4" }) },
  { rule: "residency/multi-region", at: "exports-bucket", change: set({ location: "EU" }) },
  { rule: "residency/multi-region-key", at: "keys-aws", change: set({ multiRegion: true }) },
  {
    rule: "residency/secret-replication",
    at: "governance-preferences-telemetry-key",
    change: set({
      replication: { auto: { customerManagedEncryption: { kmsKeyName: "projects/p/locations/global/keyRings/r/cryptoKeys/k" } } },
    }),
  },
  {
    rule: "residency/backup-copies",
    at: "governance-database-instance",
    change: ({ settings, ...props }) => ({
      ...props,
      settings: { ...settings, backupConfiguration: { ...settings.backupConfiguration, location: "us" } },
    }),
  },
  {
    rule: "residency/log-destination",
    at: "logs-default",
    change: set({ destination: "logging.googleapis.com/projects/brand-eu-prod/locations/us-central1/buckets/elsewhere" }),
  },
  {
    rule: "residency/reference",
    at: "alerts-aws-latency",
    change: set({ alarmActions: ["arn:aws:sns:us-east-1:123456789012:on-call"] }),
  },
  { rule: "residency/declared-jurisdiction", at: "telemetry-aws-archive-bucket", change: tagged({ jurisdiction: "us" }) },
  { rule: "residency/jurisdiction-pin", at: "spool-aws-dead", change: without("jurisdiction") },
  {
    rule: "residency/smart-placement",
    at: "edge-site-",
    type: "cloudflare:index/workerVersion:WorkerVersion",
    change: set({ placement: { mode: "smart" } }),
  },
  {
    rule: "residency/unpinnable",
    at: "spool-worker-",
    type: "cloudflare:index/workerVersion:WorkerVersion",
    change: ({ bindings, ...props }) => ({ ...props, bindings: [...bindings, { name: "INDEX", type: "vectorize", indexName: "people" }] }),
  },
  { rule: "residency/tls-termination", at: "edge-site-regional", change: set({ regionKey: "us" }) },
  {
    rule: "residency/tls-termination",
    at: "subjects-regional",
    found: "subjects-domain",
    change: set({ hostname: "elsewhere.brand.example" }),
  },
  {
    rule: "data-class/declared",
    at: "governance-preferences-subject-token-private-key",
    change: set({ labels: { jurisdiction: "eu" } }),
  },
];

export const additions: readonly Addition[] = [
  {
    rule: "residency/replication",
    type: "aws:dynamodb/table:Table",
    name: "replicated",
    protect: true,
    props: {
      region: "eu-central-1",
      name: "replicated",
      attributes: [{ name: "id", type: "S" }],
      hashKey: "id",
      billingMode: "PAY_PER_REQUEST",
      onDemandThroughput: { maxReadRequestUnits: 100, maxWriteRequestUnits: 100 },
      deletionProtectionEnabled: true,
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: { enabled: true, kmsKeyArn: kms },
      replicas: [{ regionName: "us-east-1", kmsKeyArn: kms, pointInTimeRecovery: true, deletionProtectionEnabled: true }],
      tags: { "data-class": "personal", jurisdiction: "eu" },
    },
  },
  {
    rule: "residency/message-storage",
    type: "gcp:pubsub/topic:Topic",
    name: "unpinned-topic",
    protect: true,
    props: {
      project: "brand-eu-prod",
      name: "unpinned-topic",
      kmsKeyName: "projects/brand-eu-prod/locations/europe-west3/keyRings/r/cryptoKeys/k",
      labels: { "data-class": "personal", jurisdiction: "eu" },
    },
  },
  {
    rule: "residency/location-hint",
    type: "cloudflare:index/d1Database:D1Database",
    name: "hinted-d1",
    protect: true,
    props: { accountId: "0123456789abcdef0123456789abcdef", name: "hinted", primaryLocationHint: "weur" },
  },
  {
    rule: "residency/transfer",
    type: "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination",
    name: "streamed-away",
    props: { region: "eu-central-1", tableName: "orders", streamArn: "arn:aws:kinesis:us-east-1:123456789012:stream/orders" },
  },
  {
    rule: "residency/network-peering",
    type: "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    name: "peered-away",
    props: { region: "eu-central-1", vpcId: "vpc-1", peerVpcId: "vpc-2", peerRegion: "us-east-1" },
  },
  {
    rule: "residency/binding-jurisdiction",
    type: "cloudflare:index/r2BucketLock:R2BucketLock",
    name: "locked-elsewhere",
    props: {
      accountId: "0123456789abcdef0123456789abcdef",
      bucketName: "bailiwick-assets-eu",
      rules: [{ id: "all", enabled: true, condition: { type: "Age", maxAgeSeconds: 86_400 } }],
    },
  },
  {
    rule: "residency/cross-region-inference",
    type: "aws:bedrock/agentAgent:AgentAgent",
    name: "answered-away",
    props: {
      region: "eu-central-1",
      agentName: "answers",
      agentResourceRoleArn: "arn:aws:iam::123456789012:role/agent",
      customerEncryptionKeyArn: kms,
      foundationModel: "us.anthropic.claude-sonnet-4-20250514-v1:0",
      tags: { "data-class": "personal", jurisdiction: "eu" },
    },
  },
  {
    rule: "data-class/personal-in-cache",
    type: "gcp:redis/instance:Instance",
    name: "cached-people",
    protect: true,
    props: {
      project: "brand-eu-prod",
      region: "europe-west3",
      name: "cached",
      tier: "STANDARD_HA",
      memorySizeGb: 1,
      authEnabled: true,
      transitEncryptionMode: "SERVER_AUTHENTICATION",
      customerManagedKey: "projects/brand-eu-prod/locations/europe-west3/keyRings/r/cryptoKeys/k",
      deletionProtection: true,
      labels: { "data-class": "personal", jurisdiction: "eu" },
    },
  },
];

/** What the register must say in the copy, for what can carry neither tag nor label. */
export const registered = `
- match: urn:pulumi:eu::bailiwick::cloudflare:index/d1Database:D1Database::hinted-d1
  dataClass: personal
  why: Made by a test of what the pack refuses.
`;

/** The copy's \`stacks/index.ts\`, around the blueprint's own, which stands beside it as \`program.ts\`. */
export const wrapper = `import * as pulumi from "@pulumi/pulumi";
import { add, mutate } from "../test/plan/mutations.ts";

pulumi.runtime.registerStackTransformation(mutate);
const program = await import("./program.ts");
add();
export default program.default;
`;

/** \`edge-site-57a285e77f0d\` is at \`edge-site-\`. */
export const isAt = ({ at, type }: Mutation, name: string, token: string): boolean =>
  (type === undefined || type === token) && (at.endsWith("-") ? name.replace(/[0-9a-f]{12}$/, "") === at && name !== at : name === at);

/** A resource of any type, without its SDK. */
class Added extends pulumi.CustomResource {}

const providers = new Map<string, pulumi.ProviderResource>();

export const mutate: pulumi.ResourceTransformation = ({ type, name, props, opts, resource }) => {
  if (type.startsWith("pulumi:providers:")) providers.set(type.slice("pulumi:providers:".length), resource as pulumi.ProviderResource);
  const mutation = mutations.find((each) => isAt(each, name, type));
  return mutation && { props: mutation.change(props), opts };
};

export function add(): void {
  for (const { type, name, props, protect = false } of additions) {
    const provider = providers.get(type.split(":")[0] ?? "");
    if (provider) new Added(type, name, props, { provider, protect });
  }
}
