import { describe, expect, it } from "vitest";
import type { ExampleResource } from "../../../policies/rule.ts";
import { accessClause } from "../../../policies/rules/telemetry/access-clause.ts";
import { retentionClause } from "../../../policies/rules/telemetry/retention-clause.ts";
import { senderSpool } from "../../../policies/rules/telemetry/sender-spool.ts";
import { twoPaths } from "../../../policies/rules/telemetry/two-paths.ts";
import { context, said, UNKNOWN } from "../judging.ts";

const bucket = { type: "aws:s3/bucket:Bucket" };
describe("telemetry/two-paths", () => {
  const api: ExampleResource = { type: "aws:lambda/function:Function", name: "api" };
  const consent: ExampleResource = { type: "aws:dynamodb/table:Table", name: "consent", props: { tags: { "data-class": "personal" } } };
  const aws: ExampleResource = { type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } };
  const gcp: ExampleResource = { type: "gcp:storage/bucket:Bucket", name: "spans", props: { labels: { "telemetry-path": "second" } } };

  it("is content with two vendors", () => {
    expect(said(twoPaths, [api, consent, aws, gcp])).toEqual([]);
  });

  it.each([
    ["nobody declares one", [api, consent], "serves people and keeps their data, and no store says"],
    ["there is one", [api, consent, aws], 'its telemetry ends in "first" (aws)'],
    [
      "both are one vendor's",
      [api, consent, aws, { ...aws, name: "more", props: { tags: { "telemetry-path": "second" } } }],
      "no two paths",
    ],
    [
      "the second passes the first's vendor",
      [api, consent, aws, gcp, { type: "aws:ecs/service:Service", name: "collector", props: { tags: { "telemetry-path": "second" } } }],
      '"second" (aws, gcp)',
    ],
    [
      "a path ends in nothing that keeps",
      [api, consent, aws, { type: "gcp:cloudrunv2/service:Service", name: "c", props: { labels: { "telemetry-path": "second" } } }],
      '"first" (aws)',
    ],
  ] as const)("refuses the stack where %s", (_name, members, problem) => {
    expect(said(twoPaths, members).join()).toContain(problem);
  });

  it.each([
    ["that runs nothing", [consent], context()],
    ["that keeps nothing of people", [api], context()],
    ["of everyone", [api, consent], context("global")],
    ["that may be thrown away", [api, consent], context("eu", { "bailiwick:lifecycle": "ephemeral" })],
  ] as const)("leaves a stack alone %s", (_name, members, inside) => {
    expect(said(twoPaths, members, inside)).toEqual([]);
  });

  it("reads what can carry no tag from the register", () => {
    const registered = context("eu", {}, (urn) =>
      urn.endsWith("::edge") ? { dataClass: "operational", telemetryPath: "second" } : undefined,
    );
    expect(said(twoPaths, [api, consent, aws, { type: "cloudflare:index/r2Bucket:R2Bucket", name: "edge" }], registered)).toEqual([]);
  });
});

describe("telemetry/sender-spool", () => {
  const traces: ExampleResource = { type: "aws:s3/bucket:Bucket", name: "traces", props: { tags: { "telemetry-path": "first" } } };
  const spool = (type: string, paths: string): ExampleResource => ({ type, name: "outbox", props: { tags: { "telemetry-spool": paths } } });

  it.each([
    ["a queue", [traces, spool("aws:sqs/queue:Queue", "first")]],
    ["an outbox of several paths", [traces, spool("aws:rds/instance:Instance", "second_first")]],
    ["no path at all", [bucket]],
  ])("is content with %s", (_name, members) => {
    expect(said(senderSpool, members)).toEqual([]);
  });

  it.each([
    ["nothing", [traces]],
    ["another path's", [traces, spool("aws:sqs/queue:Queue", "second")]],
    ["a cache", [traces, spool("aws:elasticache/cluster:Cluster", "first")]],
    ["the sink itself", [{ ...traces, props: { tags: { "telemetry-path": "first", "telemetry-spool": "first" } } }]],
  ])("refuses %s", (_name, members) => {
    expect(said(senderSpool, members)).toEqual(['traces: no store keeps what the path "first" has not taken yet']);
  });
});

describe("telemetry/retention-clause", () => {
  const at = (type: string, props: ExampleResource["props"], key = "labels"): ExampleResource => ({
    type,
    name: "sink",
    props: { ...props, [key]: { "telemetry-path": "first" } },
  });
  const rules = (days: number): ExampleResource => ({
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    name: "rules",
    props: { bucket: UNKNOWN, rules: [{ expiration: { days } }] },
    dependsOn: { bucket: ["sink"] },
  });
  const agreed = context("eu", {}, undefined, {
    vendors: {
      at: () => undefined,
      named: () => ({ name: "x", endpoints: [], regions: {}, dataClasses: [], retention: { days: 30, clause: "30 days" } }),
    },
  });

  it.each([
    ["a bucket of logs", [at("gcp:logging/projectBucketConfig:ProjectBucketConfig", { retentionDays: 30 })]],
    ["a bucket with rules", [at("gcp:storage/bucket:Bucket", { lifecycleRules: [{ condition: { age: 30 } }] })]],
    ["a bucket of S3", [at("aws:s3/bucket:Bucket", {}, "tags"), rules(30)]],
    ["one whose time nobody knows yet", [at("gcp:logging/projectBucketConfig:ProjectBucketConfig", { retentionDays: UNKNOWN })]],
    ["a store that says nothing of it", [at("aws:sqs/queue:Queue", {}, "tags")]],
  ])("is content with %s", (_name, members) => {
    expect(said(retentionClause, members, agreed)).toEqual([]);
  });

  it.each([
    ["a bucket of logs", [at("gcp:logging/projectBucketConfig:ProjectBucketConfig", { retentionDays: 31 })], 31],
    ["a group of logs", [at("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 365 }, "tags")], 365],
    ["a bucket with rules", [at("gcp:storage/bucket:Bucket", { lifecycleRules: [{ condition: { age: 400 } }] })], 400],
    ["a bucket of S3", [at("aws:s3/bucket:Bucket", {}, "tags"), rules(400)], 400],
  ])("refuses %s that keeps longer", (_name, members, days) => {
    expect(said(retentionClause, members, agreed)).toEqual([`sink: keeps telemetry for ${days} days`]);
  });

  it("refuses a vendor with whom nothing is agreed", () => {
    expect(said(retentionClause, [at("aws:s3/bucket:Bucket", {}, "tags")])).toEqual([
      'sink: ends the path "first" with aws, with whom no retention is agreed',
    ]);
  });
});

describe("telemetry/access-clause", () => {
  it("asks every vendor that a path passes", () => {
    const gcp: ExampleResource = { type: "gcp:storage/bucket:Bucket", name: "spans", props: { labels: { "telemetry-path": "first" } } };
    expect(said(accessClause, [gcp])).toEqual([]);
    const collector: ExampleResource = {
      type: "aws:ecs/service:Service",
      name: "collector",
      props: { tags: { "telemetry-path": "first" } },
    };
    expect(said(accessClause, [gcp, collector])).toEqual([
      'spans: ends the path "first", which passes aws: nothing is agreed about who may see it there',
    ]);
  });
});
