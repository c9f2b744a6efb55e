import { describe, expect, it } from "vitest";
import type { Properties } from "../../../policies/resource.ts";
import { location } from "../../../policies/rules/residency/location.ts";
import { type Case, context, judged, problems, UNKNOWN } from "../judging.ts";

const bucket = "aws:s3/bucket:Bucket";
const personal = { tags: { "data-class": "personal" } };
const r2 = "cloudflare:index/r2Bucket:R2Bucket";
const registered = (dataClass: "public" | "personal") => context("eu", {}, () => ({ dataClass }));

describe("a store", () => {
  it("is compliant in a place of its jurisdiction", () => {
    expect(judged(location, { type: bucket, props: { ...personal, region: "eu-central-1" } })).toBe("compliant");
  });

  it("is refused in another region, with the law and what is allowed", () => {
    expect(judged(location, { type: bucket, props: { ...personal, region: "us-east-1" } })).toEqual([
      {
        kind: "violation",
        property: "region",
        problem: 'region is "us-east-1", outside the jurisdiction eu (European Union)',
        law: "GDPR Art. 44",
        allowed: "eu-central-1, eu-west-1, eu-west-3, eu-north-1 (personal data of eu on aws)",
      },
    ]);
  });

  it("stands where its provider stands when it has no region of its own", () => {
    expect(problems(judged(location, { type: bucket, props: personal, provider: { region: "us-east-1" } }))).toEqual([
      'region of the provider is "us-east-1", outside the jurisdiction eu (European Union)',
    ]);
    expect(judged(location, { type: bucket, props: personal, provider: { region: "eu-west-1" } })).toBe("compliant");
  });

  it("is refused when nobody says where it stands", () => {
    expect(problems(judged(location, { type: bucket, props: personal }))).toEqual([
      'region (not set) is "what the deploying machine says", outside the jurisdiction eu (European Union)',
    ]);
  });

  it("is undecided where its region is unknown", () => {
    expect(judged(location, { type: bucket, props: { ...personal, region: UNKNOWN } })).toEqual([
      { kind: "undecided", property: "region" },
    ]);
  });

  it("must declare a data class that exists", () => {
    expect(problems(judged(location, { type: bucket, props: { region: "eu-central-1" } }))).toEqual([
      "stores data and declares no data class",
    ]);
    const wrong = { tags: { "data-class": "secret" }, region: "eu-central-1" };
    expect(problems(judged(location, { type: bucket, props: wrong }))).toEqual(['tags.data-class is "secret", which is no data class']);
  });

  it("is undecided where its data class is unknown", () => {
    const props: Properties = { tags: { "data-class": UNKNOWN }, region: "eu-central-1" };
    expect(judged(location, { type: bucket, props })).toEqual([{ kind: "undecided", property: "tags.data-class" }]);
  });

  it("takes its data class from Google's labels, Cloud SQL's user labels, and the provider's default tags", () => {
    const gcs = { type: "gcp:storage/bucket:Bucket", props: { labels: { "data-class": "personal" }, location: "EUROPE-WEST3" } };
    const sql = {
      type: "gcp:sql/databaseInstance:DatabaseInstance",
      props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" } } },
    };
    const s3 = { type: bucket, props: {}, provider: { region: "eu-west-1", defaultTags: '{"tags":{"data-class":"personal"}}' } };
    expect([gcs, sql, s3].map((one) => judged(location, one))).toEqual(["compliant", "compliant", "compliant"]);
  });

  it("must not say it belongs to another jurisdiction than its stack", () => {
    const props = { tags: { "data-class": "personal", jurisdiction: "us" }, region: "us-east-1" };
    expect(problems(judged(location, { type: bucket, props }))).toEqual(['declares the jurisdiction "us" in the stack "eu" of "eu"']);
  });

  it("is judged by its own jurisdiction in a stack that has none", () => {
    const props = (region: string) => ({ tags: { "data-class": "personal", jurisdiction: "sg" }, region });
    expect(judged(location, { type: bucket, props: props("ap-southeast-1") }, context("dev"))).toBe("compliant");
    expect(problems(judged(location, { type: bucket, props: props("eu-central-1") }, context("dev")))).toHaveLength(1);
  });

  it("is refused in a stack without a jurisdiction if it names none", () => {
    const [problem] = problems(judged(location, { type: bucket, props: { ...personal, region: "eu-central-1" } }, context("dev")));
    expect(problem).toBe('stack "dev" belongs to no jurisdiction: it is none of eu, us, apac, global, and has no bailiwick:jurisdiction');
  });

  it("may be public or operational in global, in any place of the map, and nothing else", () => {
    const of = (dataClass: string, region: string) =>
      judged(location, { type: bucket, props: { tags: { "data-class": dataClass }, region } }, context("global"));
    expect(of("operational", "us-east-2")).toBe("compliant");
    expect(problems(of("operational", "sa-east-1"))).toEqual(['region is "sa-east-1", outside every place of the residency map']);
    expect(problems(of("personal", "eu-central-1"))).toEqual(["holds personal data in the stack global"]);
  });
});

describe("every way out of a jurisdiction is found", () => {
  const eu = { region: "eu-central-1", tags: { "data-class": "personal" } };
  const gcp = { labels: { "data-class": "personal" } };
  const arn = "arn:aws:backup:us-east-1:123456789012:backup-vault:copy";
  it.each<[string, Case, string]>([
    ["a provider", { type: "pulumi:providers:aws", props: { region: "us-east-1" } }, 'region is "us-east-1"'],
    [
      "a provider's zone",
      { type: "pulumi:providers:gcp", props: { region: "europe-west3", zone: "us-central1-a" } },
      'zone is "us-central1-a"',
    ],
    [
      "a sub-resource's own region",
      { type: "aws:s3/bucketVersioning:BucketVersioning", props: { region: "us-west-2" } },
      'region is "us-west-2"',
    ],
    [
      "an availability zone",
      { type: "aws:ebs/volume:Volume", props: { ...eu, availabilityZone: "us-east-1a" } },
      'availabilityZone is "us-east-1a"',
    ],
    [
      "a table's replica",
      { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: "eu-west-1" }, { regionName: "us-east-1" }] } },
      'replicas[1].regionName is "us-east-1"',
    ],
    [
      "a secret's replica",
      { type: "aws:secretsmanager/secret:Secret", props: { ...eu, replicas: [{ region: "us-east-1" }] } },
      'replicas[0].region is "us-east-1"',
    ],
    [
      "a multi-region key",
      { type: "aws:kms/key:Key", props: { ...eu, multiRegion: true } },
      "multiRegion lets the key be copied to any region",
    ],
    [
      "bucket replication",
      { type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig", props: { ...eu, rules: [{ destination: { bucket: UNKNOWN } }] } },
      "rules[0].destination.bucket copies objects",
    ],
    [
      "image replication",
      {
        type: "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        props: { region: "eu-central-1", replicationConfiguration: { rules: [{ destinations: [{ region: "us-east-1" }] }] } },
      },
      'destinations[0].region is "us-east-1"',
    ],
    [
      "a copy of backups",
      { type: "aws:backup/plan:Plan", props: { region: "eu-central-1", rules: [{ copyActions: [{ destinationVaultArn: arn }] }] } },
      "destinationVaultArn is",
    ],
    ["a global table", { type: "aws:dynamodb/globalTable:GlobalTable", props: eu }, "a global table spans regions"],
    ["a multi-region bucket", { type: "gcp:storage/bucket:Bucket", props: { ...gcp, location: "EU" } }, 'location is "EU"'],
    [
      "a dual-region bucket",
      {
        type: "gcp:storage/bucket:Bucket",
        props: { ...gcp, location: "europe-west3", customPlacementConfig: { dataLocations: ["EUROPE-WEST3", "US-EAST1"] } },
      },
      'dataLocations[1] is "US-EAST1"',
    ],
    [
      "automatic secret replication",
      { type: "gcp:secretmanager/secret:Secret", props: { ...gcp, replication: { auto: {} } } },
      "replication.auto lets Google choose the regions",
    ],
    [
      "a secret's replica at Google",
      {
        type: "gcp:secretmanager/secret:Secret",
        props: { ...gcp, replication: { userManaged: { replicas: [{ location: "us-east4" }] } } },
      },
      'replicas[0].location is "us-east4"',
    ],
    [
      "backups of a database",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: {
          region: "europe-west3",
          settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true, location: "us" } },
        },
      },
      'backupConfiguration.location is "us"',
    ],
    [
      "backups of a database that go where Google likes",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true } } },
      },
      "backupConfiguration.location (not set)",
    ],
    [
      "a multi-region service",
      { type: "gcp:cloudrunv2/service:Service", props: { location: "europe-west3", multiRegionSettings: { regions: ["us-east4"] } } },
      'multiRegionSettings.regions[0] is "us-east4"',
    ],
    [
      "a multi-region registry",
      { type: "gcp:artifactregistry/repository:Repository", props: { ...gcp, location: "europe" } },
      'location is "europe"',
    ],
    ["a topic without a storage policy", { type: "gcp:pubsub/topic:Topic", props: gcp }, "allowedPersistenceRegions[*] (not set)"],
    ["a key ring without a place", { type: "gcp:kms/keyRing:KeyRing", props: { location: "global" } }, 'location is "global"'],
    [
      "smart placement",
      { type: "cloudflare:index/workerVersion:WorkerVersion", props: { placement: { mode: "smart" } } },
      "placement.mode moves the Worker",
    ],
    [
      "a binding to another jurisdiction",
      { type: "cloudflare:index/workerVersion:WorkerVersion", props: { bindings: [{ type: "r2_bucket", jurisdiction: "us" }] } },
      'bindings[0].jurisdiction is "us"',
    ],
    [
      "a hostname of another region",
      { type: "cloudflare:index/regionalHostname:RegionalHostname", props: { regionKey: "us" } },
      'regionKey is "us"',
    ],
  ])("%s", (_name, it_, problem) => {
    expect(problems(judged(location, it_)).join("\n")).toContain(problem);
  });
});

describe("Cloudflare's stores", () => {
  it("need a jurisdiction unless their class is public", () => {
    expect(problems(judged(location, { type: r2, props: {} }, registered("personal")))).toEqual([
      'jurisdiction (not set) is "global", outside the jurisdiction eu (European Union)',
    ]);
    expect(problems(judged(location, { type: r2, props: { jurisdiction: "default" } }, registered("personal")))).toHaveLength(1);
    expect(judged(location, { type: r2, props: { jurisdiction: "eu" } }, registered("personal"))).toBe("compliant");
    expect(judged(location, { type: r2, props: {} }, registered("public"))).toBe("compliant");
  });

  it("must not take a location hint for a pin", () => {
    const [problem] = problems(judged(location, { type: r2, props: { jurisdiction: "eu", location: "weur" } }, registered("personal")));
    expect(problem).toBe("location is a location hint, which the vendor does not promise to follow");
  });

  it("have no place for personal data where the vendor pins nothing", () => {
    const apac = context("apac", {}, () => ({ dataClass: "personal" }));
    expect(judged(location, { type: r2, props: {} }, apac)).toMatchObject([
      { law: "PDPA 2012 s. 26", allowed: "no place of cloudflare may hold personal data of sg" },
    ]);
  });

  it("cannot be Workers KV for anything but public data, jurisdiction or not", () => {
    const kv = "cloudflare:index/workersKvNamespace:WorkersKvNamespace";
    expect(problems(judged(location, { type: kv, props: { jurisdiction: "eu" } }, registered("personal")))).toEqual([
      "Workers KV is cached at every location that reads it",
    ]);
    expect(judged(location, { type: kv, props: {} }, registered("public"))).toBe("compliant");
  });
});

describe("what is compliant", () => {
  it.each([
    ["a zone of an allowed region", { type: "gcp:compute/instance:Instance", props: { zone: "europe-west3-b" } }],
    [
      "a self-link of an allowed region",
      {
        type: "gcp:compute/subnetwork:Subnetwork",
        props: { region: "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west4" },
      },
    ],
    [
      "a local zone's region",
      { type: "aws:ec2/subnet:Subnet", props: { availabilityZone: "eu-central-1-ham-1a", region: "eu-central-1" } },
    ],
    [
      "a certificate that is global and holds nothing",
      { type: "gcp:certificatemanager/certificate:Certificate", props: { location: "global" } },
    ],
    ["a single-region key", { type: "aws:kms/key:Key", props: { region: "eu-central-1", multiRegion: false } }],
    [
      "a replica of a database in the same region",
      {
        type: "aws:rds/instance:Instance",
        props: { region: "eu-central-1", tags: { "data-class": "personal" }, replicateSourceDb: "ledger" },
      },
    ],
    [
      "a database without backups, which have no place then",
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" } } },
      },
    ],
  ])("%s", (_name, it_) => {
    expect(judged(location, it_)).toBe("compliant");
  });
});

it("does not apply to what has no place", () => {
  expect(judged(location, { type: "gcp:projects/iAMMember:IAMMember", props: { member: "user:a@example.com" } })).toBe("notApplicable");
  expect(judged(location, { type: "tls:index/privateKey:PrivateKey" })).toBe("notApplicable");
});

it("names a type that nobody has listed", () => {
  expect(problems(judged(location, { type: "aws:quantum/braket:Braket" }))).toEqual([
    "nobody has said whether the type aws:quantum/braket:Braket holds data",
  ]);
});

it("an unknown place does not hide a known one", () => {
  const props: Properties = { tags: { "data-class": "personal" }, region: UNKNOWN, replicas: [{ regionName: "us-east-1" }] };
  expect(problems(judged(location, { type: "aws:dynamodb/table:Table", props }))).toEqual([
    "undecided: region",
    'replicas[0].regionName is "us-east-1", outside the jurisdiction eu (European Union)',
  ]);
});
