import { expect, it } from "vitest";
import { programOf } from "../../policies/example.ts";
import { UNKNOWN } from "../../policies/resource.ts";
import type { Example } from "../../policies/rule.ts";

it.each<[string, Example, string]>([
  ["a resource", [{ type: "aws:s3/bucket:Bucket", props: { region: "us-east-1" } }], 'new aws.s3.Bucket("it", { region: "us-east-1" });'],
  ["one of a provider without modules", [{ type: "cloudflare:index/worker:Worker", name: "site" }], 'new cloudflare.Worker("site", {});'],
  ["a provider", [{ type: "pulumi:providers:gcp", props: { region: "x" } }], 'new gcp.Provider("it", { region: "x" });'],
  [
    "options",
    [{ type: "aws:s3/bucket:Bucket", protect: true, provider: { region: "us-east-1" } }],
    'new aws.s3.Bucket("it", {}, { provider: new aws.Provider("other", { region: "us-east-1" }), protect: true });',
  ],
  [
    "what is not known, and keys that are no names",
    [{ type: "aws:s3/bucket:Bucket", props: { bucket: UNKNOWN, tags: { "data-class": null } } }],
    'new aws.s3.Bucket("it", { bucket: /* known after the deployment */, tags: { "data-class": null } });',
  ],
  [
    "resources that refer to each other",
    [
      { type: "aws:s3/bucket:Bucket", name: "up-loads" },
      {
        type: "aws:s3/bucketPolicy:BucketPolicy",
        name: "p",
        props: { bucket: UNKNOWN, policy: "{}" },
        dependsOn: { bucket: ["up-loads"] },
      },
    ],
    'const upLoads = new aws.s3.Bucket("up-loads", {});\nnew aws.s3.BucketPolicy("p", { bucket: upLoads.id, policy: "{}" });',
  ],
])("an example with %s is written as a program would", (_what, example, program) => {
  expect(programOf(example)).toBe(program);
});

it("what is long takes several lines", () => {
  const value = "x".repeat(60);
  expect(programOf([{ type: "a:b:C", props: { one: [value], two: value } }])).toBe(
    `new a.b.C("it", {\n  one: ["${value}"],\n  two: "${value}",\n});`,
  );
});
