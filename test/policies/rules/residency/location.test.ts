import { describe, expect, it } from "vitest";
import type { Properties } from "../../../../policies/resource.ts";
import { location } from "../../../../policies/rules/residency/location.ts";
import { type Case, context, judged, problems, UNKNOWN } from "../../judging.ts";
import { verdicts } from "../../verdicts.ts";

const bucket = "aws:s3/bucket:Bucket";
const personal = { tags: { "data-class": "personal" } };

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

  it("is judged by its place though nobody said, or nobody knows yet, what it holds", () => {
    const [absent, unknown] = [{}, { tags: { "data-class": UNKNOWN } }];
    for (const props of [absent, unknown]) {
      expect(problems(judged(location, { type: bucket, props: { ...props, region: "us-east-1" } }))).toHaveLength(1);
      expect(judged(location, { type: bucket, props: { ...props, region: "eu-central-1" } })).toBe("compliant");
    }
  });

  it("is judged by its own jurisdiction in a stack that has none", () => {
    const props = (region: string) => ({ tags: { "data-class": "personal", jurisdiction: "sg" }, region });
    expect(judged(location, { type: bucket, props: props("ap-southeast-1") }, context("dev"))).toBe("compliant");
    expect(problems(judged(location, { type: bucket, props: props("eu-central-1") }, context("dev")))).toHaveLength(1);
  });

  it("may stand in any place of the map in the stack global, and nowhere else", () => {
    const of = (region: string) =>
      judged(location, { type: bucket, props: { tags: { "data-class": "operational" }, region } }, context("global"));
    expect(of("us-east-2")).toBe("compliant");
    expect(problems(of("sa-east-1"))).toEqual(['region is "sa-east-1", outside every place of the residency map']);
  });
});

const eu = { region: "eu-central-1", ...personal };

it.each<[string, Case, string]>([
  ["a provider's region", { type: "pulumi:providers:aws", props: { region: "us-east-1" } }, 'region is "us-east-1"'],
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
  ["an availability zone", { type: "aws:ebs/volume:Volume", props: { ...eu, availabilityZone: "us-east-1a" } }, "availabilityZone is"],
  [
    "a Lambda function",
    { type: "aws:lambda/function:Function", props: {}, provider: { region: "ap-south-1" } },
    'region of the provider is "ap-south-1"',
  ],
  [
    "a regional Spanner configuration",
    {
      type: "gcp:spanner/instance:Instance",
      props: { config: "projects/p/instanceConfigs/regional-us-central1", labels: { "data-class": "personal" } },
    },
    "config is",
  ],
  [
    "a cluster's zone",
    { type: "gcp:bigtable/instance:Instance", props: { clusters: [{ zone: "us-east1-b" }], labels: { "data-class": "personal" } } },
    'clusters[0].zone is "us-east1-b"',
  ],
  [
    "a node pool's zones",
    { type: "gcp:container/nodePool:NodePool", props: { location: "europe-west3", nodeLocations: ["us-east4-a"] } },
    'nodeLocations[0] is "us-east4-a"',
  ],
  ["Firestore's location", { type: "gcp:firestore/database:Database", props: { locationId: "us-east4" } }, 'locationId is "us-east4"'],
  [
    "a workload of Google",
    { type: "gcp:cloudfunctionsv2/function:Function", props: { location: "us-central1" } },
    'location is "us-central1"',
  ],
])("%s is a place", (_name, it_, problem) => {
  expect(problems(judged(location, it_)).join("\n")).toContain(problem);
});

it.each<[string, Case]>([
  ["a zone of an allowed region", { type: "gcp:compute/instance:Instance", props: { zone: "europe-west3-b" } }],
  [
    "a self-link of an allowed region",
    {
      type: "gcp:compute/subnetwork:Subnetwork",
      props: { region: "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west4" },
    },
  ],
  ["a local zone's region", { type: "aws:ec2/subnet:Subnet", props: { availabilityZone: "eu-central-1-ham-1a", region: "eu-central-1" } }],
  [
    "a certificate that is global and holds nothing",
    { type: "gcp:certificatemanager/certificate:Certificate", props: { location: "global" } },
  ],
  [
    "a distribution, which has no region",
    { type: "aws:cloudfront/distribution:Distribution", props: { tags: { "data-class": "public" } } },
  ],
])("%s is compliant", (_name, it_) => {
  expect(problems(judged(location, it_)).filter((text) => text !== "compliant" && text !== "notApplicable")).toEqual([]);
});

it("does not apply to what has no place", () => {
  expect(judged(location, { type: "gcp:projects/iAMMember:IAMMember", props: { member: "user:a@example.com" } })).toBe("notApplicable");
  expect(judged(location, { type: "tls:index/privateKey:PrivateKey" })).toBe("notApplicable");
});

it("an unknown place does not hide a known one", () => {
  const props: Properties = { ...personal, region: UNKNOWN, replicas: [{ regionName: "us-east-1" }] };
  expect(verdicts([{ type: "aws:dynamodb/table:Table", props }])).toEqual([
    "residency/location: undecided: region",
    'residency/replication: replicas[0].regionName is "us-east-1", outside the jurisdiction eu (European Union)',
  ]);
});
