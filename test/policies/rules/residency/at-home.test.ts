// What stays at home, what is not known yet, and what each jurisdiction and class may.
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../../policies/resource.ts";
import type { ExampleResource } from "../../../../policies/rule.ts";
import { context } from "../../judging.ts";
import { type Program, programOf, UNKNOWN, verdicts } from "../../verdicts.ts";

const here = { region: "eu-central-1" };
const gcp = { location: "europe-west3", labels: { "data-class": "personal" } };
const labels = { labels: { "data-class": "personal" } };
const eu = { region: "eu-central-1", tags: { "data-class": "personal" } };
const account = "123456789012";
const arn = (service: string, region: string, rest: string) => `arn:aws:${service}:${region}:123456789012:${rest}`;
const bucket = (name: string, more = {}): ExampleResource => ({
  type: "aws:s3/bucket:Bucket",
  name,
  props: { bucket: name, ...eu, ...more },
});
const topic = "gcp:pubsub/topic:Topic";
const r2 = "cloudflare:index/r2Bucket:R2Bucket";
const version = "cloudflare:index/workerVersion:WorkerVersion";
const registered = (dataClass: "public" | "operational" | "personal", stack = "eu") => context(stack, {}, () => ({ dataClass }));

describe("what stays at home has no finding", () => {
  it.each<[string, Program]>([
    [
      "a table with a replica in the jurisdiction",
      { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: "eu-west-1" }] } },
    ],
    ["a replica that is named plainly", { type: "aws:rds/instance:Instance", props: { ...eu, replicateSourceDb: "ledger" } }],
    [
      "objects that are replicated to a bucket of the stack",
      [
        bucket("orders"),
        bucket("copies", { region: "eu-west-1" }),
        {
          type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
          name: "copy",
          props: { ...here, bucket: UNKNOWN, rules: [{ destination: { bucket: UNKNOWN } }] },
          dependsOn: { bucket: ["orders"], rules: ["copies"] },
        },
      ],
    ],
    [
      "objects of a public bucket that are replicated anywhere",
      [
        bucket("pictures", { tags: { "data-class": "public" } }),
        {
          type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
          name: "copy",
          props: { ...here, bucket: "pictures", rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] },
        },
      ],
    ],
    ["a single-region key", { type: "aws:kms/key:Key", props: { ...here, multiRegion: false } }],
    [
      "a secret with a replica in the jurisdiction",
      {
        type: "gcp:secretmanager/secret:Secret",
        props: { ...labels, replication: { userManaged: { replicas: [{ location: "europe-west4" }] } } },
      },
    ],
    [
      "a copy of backups within the jurisdiction",
      {
        type: "aws:backup/plan:Plan",
        props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: arn("backup", "eu-west-1", "backup-vault:copy") }] }] },
      },
    ],
    [
      "a database without backups, which have no place then",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" } } },
      },
    ],
    [
      "a topic with a policy that holds in transit",
      { type: topic, props: { ...labels, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"], enforceInTransit: true } } },
    ],
    [
      "a public topic",
      { type: topic, props: { labels: { "data-class": "public" }, messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"] } } },
    ],
    [
      "references at home, and those without a region",
      {
        type: "aws:lambda/function:Function",
        props: {
          ...here,
          role: `arn:aws:iam::${account}:role/orders`,
          kmsKeyArn: arn("kms", "eu-west-1", "key/1"),
          environment: {
            variables: {
              BUCKET: "arn:aws:s3:::orders",
              HOME: "https://sqs.eu-central-1.amazonaws.com/1/orders",
              MODEL: "global",
              NOTE: "us-east-1",
            },
          },
        },
      },
    ],
    [
      "a policy that speaks of another region",
      { type: "aws:iam/rolePolicy:RolePolicy", props: { policy: `{"Resource":"${arn("sqs", "us-east-1", "x")}"}` } },
    ],
    [
      "a sink to a bucket of Cloud Storage",
      { type: "gcp:logging/projectSink:ProjectSink", props: { destination: "storage.googleapis.com/archive" } },
    ],
    [
      "a custom domain with its regional hostname",
      [
        { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "shop.eu.shop.example" } },
        {
          type: "cloudflare:index/regionalHostname:RegionalHostname",
          name: "regional",
          props: { hostname: "*.eu.shop.example", regionKey: "eu" },
        },
      ],
    ],
    [
      "a record that is not proxied",
      { type: "cloudflare:index/dnsRecord:DnsRecord", props: { name: "proof.shop.example", proxied: false } },
    ],
    ["a regional REST API", { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: { types: "REGIONAL" } } }],
    [
      "an internal load balancer of many regions",
      { type: "gcp:compute/globalForwardingRule:GlobalForwardingRule", props: { loadBalancingScheme: "INTERNAL_MANAGED" } },
    ],
    ["a public distribution", { type: "aws:cloudfront/distribution:Distribution", props: { tags: { "data-class": "public" } } }],
    [
      "a transfer to a bucket of the stack",
      [
        { type: "gcp:storage/bucket:Bucket", name: "inbox", props: { name: "inbox", ...gcp } },
        { type: "gcp:storage/transferJob:TransferJob", name: "import", props: { transferSpec: { gcsDataSink: { bucketName: "inbox" } } } },
      ],
    ],
    [
      "a model of the region, and a profile of the jurisdiction",
      {
        type: "aws:bedrock/agentPrompt:AgentPrompt",
        props: {
          ...here,
          variants: [{ modelId: "anthropic.claude-3" }, { modelId: "eu.anthropic.claude-3" }, { modelId: "amazon.nova-pro-v1:0" }],
        },
      },
    ],
    [
      "a bucket of R2 with its pin, a hint beside it, a lock and a binding that repeat it",
      [
        { type: r2, name: "orders", props: { name: "orders", jurisdiction: "eu", location: "weur" } },
        { type: "cloudflare:index/r2BucketLock:R2BucketLock", name: "lock", props: { bucketName: "orders", jurisdiction: "eu" } },
        { type: version, name: "site", props: { bindings: [{ type: "r2_bucket", bucketName: "orders", jurisdiction: "eu" }] } },
      ],
    ],
  ])("%s", (_name, program) => {
    expect(
      verdicts(
        programOf(program),
        context("eu", {}, (urn) => (urn.includes("cloudflare:") ? { dataClass: "personal" } : undefined)),
      ),
    ).toEqual([]);
  });
});

describe("what is not known yet", () => {
  it.each<[string, ExampleResource, readonly string[]]>([
    [
      "a replica's region",
      { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: UNKNOWN }] } },
      ["residency/replication: undecided: replicas[0].regionName"],
    ],
    [
      "whether a key is of many regions",
      { type: "aws:kms/key:Key", props: { ...here, multiRegion: UNKNOWN } },
      ["residency/multi-region-key: undecided: multiRegion"],
    ],
    [
      "a vault",
      { type: "aws:backup/plan:Plan", props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: UNKNOWN }] }] } },
      ["residency/backup-copies: undecided: rules[0].copyActions[0].destinationVaultArn"],
    ],
    ["a bucket's pin", { type: r2, props: { jurisdiction: UNKNOWN } }, ["residency/jurisdiction-pin: undecided: jurisdiction"]],
    [
      "an API's endpoint",
      { type: "aws:apigateway/restApi:RestApi", props: { ...here, endpointConfiguration: UNKNOWN } },
      ["residency/tls-termination: undecided: endpointConfiguration.types"],
    ],
    [
      "a hostname",
      { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", props: { hostname: UNKNOWN }, dependsOn: { hostname: ["zone"] } },
      ["residency/tls-termination: undecided: hostname"],
    ],
    [
      "a target, which is judged where it is made",
      { type: "aws:cloudwatch/eventTarget:EventTarget", props: { ...here, arn: UNKNOWN } },
      [],
    ],
    [
      "a placement, whatever it says",
      { type: version, props: { placement: { mode: UNKNOWN } } },
      ["residency/smart-placement: placement.mode moves the Worker towards its backend, out of the region that its hostname promises"],
    ],
  ])("%s", (_name, resource, expected) => {
    expect(
      verdicts(
        [resource],
        context("eu", {}, (urn) => (urn.includes("cloudflare:") ? { dataClass: "personal" } : undefined)),
      ),
    ).toEqual(expected);
  });

  it("a reference to what the stack makes itself, which is judged where it stands", () => {
    const primary: ExampleResource = { type: "aws:rds/instance:Instance", name: "ledger", props: eu };
    const reader = (sources: string[]): ExampleResource => ({
      type: "aws:rds/instance:Instance",
      name: "reader",
      props: { ...eu, replicateSourceDb: UNKNOWN },
      dependsOn: { replicateSourceDb: sources },
    });
    const undecided = ["residency/replication: undecided: replicateSourceDb"];
    expect(verdicts([primary, reader(["ledger"])])).toEqual([]);
    expect(verdicts([primary, reader([])])).toEqual(undecided);
    expect(verdicts([primary, reader(["ledger", "elsewhere"])])).toEqual(undecided);
  });

  it("a class that decides: multi-region keys of public data do no harm", () => {
    const props: Properties = { ...here, multiRegion: true, tags: { "data-class": UNKNOWN } };
    expect(verdicts([{ type: "aws:kms/key:Key", props }])).toEqual(["residency/multi-region-key: undecided: tags.data-class"]);
  });
});

describe("a jurisdiction", () => {
  it("without a pin of Cloudflare has no place for personal data there", () => {
    expect(verdicts([{ type: r2, props: {} }], registered("personal", "apac"))).toEqual([
      'residency/jurisdiction-pin: jurisdiction (not set) is "global", outside the jurisdiction sg (Singapore)',
    ]);
  });

  it("that nobody said is one finding for each resource, and what it declares itself is enough", () => {
    expect(verdicts([bucket("orders")], context("dev"))).toEqual([
      'residency/declared-jurisdiction: stack "dev" belongs to no jurisdiction: it is none of eu, us, apac, global, and has no bailiwick:jurisdiction',
    ]);
    expect(verdicts([bucket("orders", { tags: { "data-class": "personal", jurisdiction: "eu" } })], context("dev"))).toEqual([]);
  });

  it("is missing for personal data in global", () => {
    const of = (dataClass: string) => verdicts([bucket("orders", { tags: { "data-class": dataClass } })], context("global"));
    expect(of("operational")).toEqual([]);
    expect(of("personal")).toEqual(["residency/declared-jurisdiction: holds personal data in the stack global"]);
  });

  it("of the United States is home to Identity Platform", () => {
    expect(verdicts([{ type: "gcp:identityplatform/config:Config", props: {} }], context("us"))).toEqual([]);
  });
});

it("public data may be in products without a place, and anywhere a hint says", () => {
  const program: readonly ExampleResource[] = [
    { type: "cloudflare:index/workersKvNamespace:WorkersKvNamespace", props: {} },
    { type: r2, name: "pictures", props: { name: "pictures", location: "weur" } },
    { type: version, name: "site", props: { placement: { mode: "smart" }, bindings: [{ type: "images" }] } },
    { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "shop.example" } },
  ];
  expect(verdicts(program, registered("public"))).toEqual([]);
});
