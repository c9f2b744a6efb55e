// What stores declare, and what follows from it: each fault is one rule's finding, and no other rule's.
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../../policies/resource.ts";
import type { ExampleResource } from "../../../../policies/rule.ts";
import { context } from "../../judging.ts";
import { UNKNOWN, verdicts } from "../../verdicts.ts";

const here = { region: "eu-central-1" };
const aws = (dataClass: string, more = {}) => ({ ...here, tags: { "data-class": dataClass }, ...more });
const gcp = (dataClass: string, more = {}) => ({ location: "europe-west3", labels: { "data-class": dataClass }, ...more });
const bucket = "aws:s3/bucket:Bucket";
const registered = (dataClass: "public" | "operational" | "personal" | "sensitive" | "audit") => context("eu", {}, () => ({ dataClass }));

describe("data-class/listed-type", () => {
  it("names a type that nobody has listed, and nothing else is said of it", () => {
    expect(verdicts([{ type: "aws:quantum/annealer:Annealer", props: here }])).toEqual([
      "data-class/listed-type: nobody has said whether the type aws:quantum/annealer:Annealer holds data",
    ]);
  });

  it.each([
    "aws:cloudformation/stack:Stack",
    "gcp:deploymentmanager/deployment:Deployment",
    "aws:cloudcontrol/resource:Resource",
  ])("%s makes resources that no rule sees, and is listed by nobody", (type) => {
    expect(verdicts([{ type, props: {}, provider: here }]).map((text) => text.split(": ")[0])).toEqual(["data-class/listed-type"]);
  });
});

describe("data-class/declared", () => {
  it.each<[string, ExampleResource, string]>([
    ["nothing", { type: bucket, props: here }, "stores data and declares no data class"],
    ["no class that exists", { type: bucket, props: aws("secret") }, 'tags.data-class is "secret", which is no data class'],
    ["a class that is not known yet", { type: bucket, props: { ...here, tags: { "data-class": UNKNOWN } } }, "undecided: tags.data-class"],
    [
      "two classes",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", labels: { "data-class": "public" }, settings: { userLabels: { "data-class": "personal" } } },
      },
      'declares public, and settings.userLabels.data-class is "personal"',
    ],
    ["nothing, in a queue", { type: "aws:sqs/queue:Queue", props: here }, "stores data and declares no data class"],
    ["nothing, in an index", { type: "aws:opensearch/domain:Domain", props: here }, "stores data and declares no data class"],
    [
      "nothing, in a warehouse",
      { type: "gcp:bigquery/dataset:Dataset", props: { location: "europe-west3" } },
      "stores data and declares no data class",
    ],
  ])("refuses a store that declares %s", (_name, it_, problem) => {
    expect(verdicts([it_])).toEqual([`data-class/declared: ${problem}`]);
  });

  it("refuses a tag that contradicts the register", () => {
    expect(verdicts([{ type: bucket, props: aws("operational") }], registered("personal"))).toEqual([
      "data-class/declared: declares operational, and policies/register.yaml says personal",
    ]);
  });

  it.each<[string, ExampleResource]>([
    ["a tag", { type: bucket, props: aws("personal") }],
    ["a label", { type: "gcp:storage/bucket:Bucket", props: gcp("personal") }],
    [
      "a user label",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" } } },
      },
    ],
    [
      "its provider's default tags",
      { type: bucket, props: {}, provider: { region: "eu-west-1", defaultTags: '{"tags":{"data-class":"personal"}}' } },
    ],
    [
      "its own tag, which wins over its provider's",
      { type: bucket, props: aws("personal"), provider: { defaultTags: { tags: { "data-class": "public" } } } },
    ],
  ])("takes a class from %s", (_name, it_) => {
    expect(verdicts([it_])).toEqual([]);
  });

  it("asks nothing of what holds no data of its own", () => {
    expect(
      verdicts([
        { type: "aws:s3/bucketPolicy:BucketPolicy", props: here },
        { type: "aws:lambda/function:Function", props: here },
      ]),
    ).toEqual([]);
  });
});

describe("data-class/personal-in-cache", () => {
  it.each([
    ["aws:elasticache/replicationGroup:ReplicationGroup", aws("personal"), "keeps personal data in ElastiCache, a cache"],
    ["aws:elasticache/serverlessCache:ServerlessCache", aws("sensitive"), "keeps sensitive data in ElastiCache, a cache"],
    ["gcp:redis/instance:Instance", gcp("personal"), "keeps personal data in Redis, a cache"],
    ["gcp:memorystore/instance:Instance", gcp("personal"), "keeps personal data in Memorystore, a cache"],
  ])("refuses %s", (type, props, problem) => {
    expect(verdicts([{ type, props }])).toEqual([`data-class/personal-in-cache: ${problem}`]);
  });

  it("refuses Workers KV, jurisdiction or not", () => {
    const kv = { type: "cloudflare:index/workersKvNamespace:WorkersKvNamespace", props: { jurisdiction: "eu" } };
    expect(verdicts([kv], registered("personal"))).toEqual(["data-class/personal-in-cache: keeps personal data in Workers KV, a cache"]);
  });

  it("lets pseudonyms be cached, and durable stores of the same protocol hold people", () => {
    expect(verdicts([{ type: "gcp:redis/instance:Instance", props: gcp("pseudonymous") }])).toEqual([]);
    expect(verdicts([{ type: "aws:memorydb/cluster:Cluster", props: aws("personal") }])).toEqual([]);
  });

  it("leaves a class that is not known yet to the rule that asks for one", () => {
    const props: Properties = { location: "europe-west3", labels: { "data-class": UNKNOWN } };
    expect(verdicts([{ type: "gcp:redis/instance:Instance", props }])).toEqual(["data-class/declared: undecided: labels.data-class"]);
  });
});

describe("data-class/sensitive-own-key", () => {
  const problem = "data-class/sensitive-own-key: holds sensitive data and takes no key of one's own";

  it.each<[string, ExampleResource]>([
    ["a parameter in plain", { type: "aws:ssm/parameter:Parameter", props: aws("sensitive", { type: "String" }) }],
    ["a vault of Glacier", { type: "aws:glacier/vault:Vault", props: aws("sensitive") }],
  ])("refuses %s", (_name, it_) => {
    expect(verdicts([it_])).toEqual([problem]);
  });

  it("refuses every store of a cloud that promises no key of one's own", () => {
    expect(verdicts([{ type: "cloudflare:index/r2Bucket:R2Bucket", props: { jurisdiction: "eu" } }], registered("sensitive"))).toEqual([
      problem,
    ]);
  });

  it("asks nothing of a store that takes a key, nor of other classes", () => {
    expect(verdicts([{ type: "aws:dynamodb/table:Table", props: aws("sensitive") }])).toEqual([]);
    expect(verdicts([{ type: "aws:ssm/parameter:Parameter", props: aws("operational", { type: "String" }) }])).toEqual([]);
  });
});

describe("data-class/audit-locked", () => {
  it.each<[string, ExampleResource, string]>([
    ["a table", { type: "aws:dynamodb/table:Table", props: aws("audit") }, "holds audit data and cannot be locked"],
    [
      "a database",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "audit" } } },
      },
      "holds audit data and cannot be locked",
    ],
  ])("refuses %s", (_name, it_, problem) => {
    expect(verdicts([it_])).toEqual([`data-class/audit-locked: ${problem}`]);
  });

  it("refuses R2, whose locks a token's holder can lift, and lets a log bucket hold it", () => {
    expect(verdicts([{ type: "cloudflare:index/r2Bucket:R2Bucket", props: { jurisdiction: "eu" } }], registered("audit"))).toEqual([
      "data-class/audit-locked: holds audit data and cannot be locked",
    ]);
    const logs = { type: "gcp:logging/projectBucketConfig:ProjectBucketConfig", props: { location: "europe-west3" } };
    expect(verdicts([logs], registered("audit"))).toEqual([]);
  });

  it("lets a bucket hold it", () => {
    expect(
      verdicts([
        { type: bucket, props: aws("audit") },
        { type: "gcp:storage/bucket:Bucket", props: gcp("audit") },
      ]),
    ).toEqual([]);
  });
});

describe("data-class/copy-keeps-class", () => {
  const topic = (name: string, dataClass: string): ExampleResource => ({
    type: "gcp:pubsub/topic:Topic",
    name,
    props: {
      name,
      labels: { "data-class": dataClass },
      messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"], enforceInTransit: true },
    },
  });
  const queue = (name: string, dataClass: string, more = {}): ExampleResource => ({
    type: "aws:sqs/queue:Queue",
    name,
    props: aws(dataClass, { name, ...more }),
  });
  const orders: ExampleResource = { type: "aws:rds/instance:Instance", name: "orders", props: aws("personal", { identifier: "orders" }) };

  it.each<[string, readonly ExampleResource[], string]>([
    [
      "a snapshot",
      [orders, { type: "aws:rds/snapshot:Snapshot", name: "copy", props: aws("operational", { dbInstanceIdentifier: "orders" }) }],
      'declares operational and receives personal data of "orders"',
    ],
    [
      "a read replica",
      [
        orders,
        {
          type: "aws:rds/instance:Instance",
          name: "reader",
          props: aws("operational", { replicateSourceDb: UNKNOWN }),
          dependsOn: { replicateSourceDb: ["orders"] },
        },
      ],
      'declares operational and receives personal data of "orders"',
    ],
    [
      "a dead letter queue, by the policy's text",
      [
        queue("dead", "operational", { arn: "arn:aws:sqs:eu-central-1:123456789012:dead" }),
        queue("orders", "personal", {
          redrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":5}',
        }),
      ],
      'declares operational and receives personal data of "orders"',
    ],
    [
      "a dead letter queue, by what the policy is made of",
      [
        queue("dead", "operational"),
        queue("orders", "personal"),
        {
          type: "aws:sqs/redrivePolicy:RedrivePolicy",
          name: "policy",
          props: { ...here, queueUrl: UNKNOWN, redrivePolicy: UNKNOWN },
          dependsOn: { queueUrl: ["orders"], redrivePolicy: ["dead"] },
        },
      ],
      'declares operational and receives personal data of "orders" by "policy"',
    ],
    [
      "a stream's archive",
      [
        { type: "aws:kinesis/stream:Stream", name: "clicks", props: aws("personal", { name: "clicks" }) },
        { type: bucket, name: "lake", props: aws("operational", { bucket: "lake" }) },
        {
          type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
          name: "delivery",
          props: aws("personal", { extendedS3Configuration: { bucketArn: "arn:aws:s3:::lake" } }),
        },
      ],
      'declares operational and receives personal data of "delivery"',
    ],
    [
      "a CDN before a bucket",
      [
        { type: "gcp:storage/bucket:Bucket", name: "files", props: gcp("personal", { name: "files" }) },
        { type: "gcp:compute/backendBucket:BackendBucket", name: "cdn", props: { bucketName: "files", enableCdn: true } },
      ],
      'declares public and receives personal data of "files"',
    ],
  ])("refuses %s", (_name, program, problem) => {
    expect(verdicts(program)).toEqual([`data-class/copy-keeps-class: ${problem}`]);
  });

  it("is content where the copy declares as much or more, or where nothing is copied", () => {
    expect(
      verdicts([orders, { type: "aws:rds/snapshot:Snapshot", name: "copy", props: aws("personal", { dbInstanceIdentifier: "orders" }) }]),
    ).toEqual([]);
    expect(verdicts([topic("orders", "operational"), topic("dead", "personal"), subscription])).toEqual([]);
    expect(verdicts([orders, queue("jobs", "operational")])).toEqual([]);
  });

  const subscription: ExampleResource = {
    type: "gcp:pubsub/subscription:Subscription",
    name: "reader",
    props: { topic: "projects/shop/topics/orders", deadLetterPolicy: { deadLetterTopic: "projects/shop/topics/dead" } },
  };

  it("refuses a topic's dead letters", () => {
    expect(verdicts([topic("orders", "personal"), topic("dead", "operational"), subscription])).toEqual([
      'data-class/copy-keeps-class: declares operational and receives personal data of "orders" by "reader"',
    ]);
  });
});

describe("data-class/phase-one", () => {
  const phase = (number: string) => context("eu", { "bailiwick:phase": number });
  const people: ExampleResource = {
    type: "aws:dynamodb/table:Table",
    name: "people",
    props: aws("personal", { name: "people", arn: "arn:aws:dynamodb:eu-central-1:1:table/people" }),
  };
  const files: ExampleResource = { type: "gcp:storage/bucket:Bucket", name: "files", props: gcp("personal", { name: "files" }) };
  const problem = (name: string) => `data-class/phase-one: reaches "${name}", which holds personal data, in phase 1`;

  it.each<[string, readonly ExampleResource[], string]>([
    [
      "a variable",
      [people, { type: "aws:lambda/function:Function", name: "api", props: { ...here, environment: { variables: { TABLE: "people" } } } }],
      "people",
    ],
    [
      "a variable that is not known yet",
      [
        people,
        {
          type: "aws:lambda/function:Function",
          name: "api",
          props: { ...here, environment: UNKNOWN },
          dependsOn: { environment: ["people"] },
        },
      ],
      "people",
    ],
    [
      "a policy",
      [
        people,
        {
          type: "aws:iam/rolePolicy:RolePolicy",
          name: "may",
          props: { policy: '{"Resource":"arn:aws:dynamodb:eu-central-1:1:table/people/index/*"}' },
        },
      ],
      "people",
    ],
    [
      "a role's member",
      [
        files,
        {
          type: "gcp:storage/bucketIAMMember:BucketIAMMember",
          name: "may",
          props: { bucket: "files", role: "roles/storage.objectViewer", member: "user:a@example.com" },
        },
      ],
      "files",
    ],
  ])("refuses %s", (_name, program, store) => {
    expect(verdicts(program, phase("1"))).toEqual([problem(store)]);
  });

  it("asks nothing in phase 2, nor where there are no phases", () => {
    const program = [
      people,
      { type: "aws:lambda/function:Function", name: "api", props: { ...here, environment: { variables: { TABLE: "people" } } } },
    ];
    expect(verdicts(program, phase("2"))).toEqual([]);
    expect(verdicts(program)).toEqual([]);
    expect(verdicts(program, phase("first"))).toEqual([problem("people")]);
  });

  it("does not take a word for a store's name", () => {
    const program = [
      people,
      {
        type: "aws:lambda/function:Function",
        name: "api",
        props: { ...here, description: "counts people", environment: { variables: { MODE: "peoples" } } },
      },
    ];
    expect(verdicts(program, phase("1"))).toEqual([]);
  });
});
