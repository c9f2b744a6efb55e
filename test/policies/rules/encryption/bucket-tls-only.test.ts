import type { ExampleResource } from "../../../../policies/rule.ts";
import { bucketTlsOnly } from "../../../../policies/rules/encryption/bucket-tls-only.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const bucket = (dataClass: string) => ({
  type: "aws:s3/bucket:Bucket",
  name: "b",
  props: { bucket: "orders", tags: { "data-class": dataClass } },
});
const deny = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
const policy = (statement: object, of = "orders") => ({
  type: "aws:s3/bucketPolicy:BucketPolicy",
  name: "policy",
  props: { bucket: of, policy: JSON.stringify({ Statement: [statement] }) },
});
const unknown: ExampleResource = {
  type: "aws:s3/bucketPolicy:BucketPolicy",
  name: "policy",
  props: { bucket: UNKNOWN, policy: UNKNOWN },
  dependsOn: { bucket: ["b"], policy: ["b"] },
};
const open = "nothing refuses plain HTTP to it";

specify(bucketTlsOnly, {
  passes: [
    ["a bucket whose policy refuses it", [bucket("personal"), policy(deny)]],
    [
      "the same in other words",
      [
        bucket("operational"),
        policy({ ...deny, Principal: { AWS: "*" }, Action: ["s3:*"], Condition: { Bool: { "aws:secureTransport": [false] } } }),
      ],
    ],
    ["a policy that waits for the bucket", [bucket("personal"), unknown]],
    ["a public bucket", bucket("public")],
    ["a bucket of which nobody said anything", { type: "aws:s3/bucket:Bucket" }],
  ],
  refused: [
    ["a bucket alone", bucket("personal"), open],
    ["another bucket's policy", [bucket("personal"), policy(deny, "elsewhere")], open],
    ["a policy for reading only", [bucket("personal"), policy({ ...deny, Action: "s3:GetObject" })], open],
    ["a policy for one role", [bucket("personal"), policy({ ...deny, Principal: { AWS: "arn:aws:iam::1:role/r" } })], open],
    ["a policy that allows", [bucket("personal"), policy({ ...deny, Effect: "Allow" })], open],
    ["a policy that is none", [bucket("personal"), { ...policy(deny), props: { bucket: "orders", policy: "{" } }], open],
  ],
  silent: "gcp:storage/bucket:Bucket",
});
