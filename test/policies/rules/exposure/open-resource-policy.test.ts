import type { ExampleResource } from "../../../../policies/rule.ts";
import { openResourcePolicy } from "../../../../policies/rules/exposure/open-resource-policy.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy";
const permission = "aws:lambda/permission:Permission";
const closed = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
const document = (more: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "S", Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...more }] });
const onlyIf = (Condition: object) => ({ type: bucketPolicy, props: { policy: document({ Principal: "*", Condition }) } });
const open = "policy lets anyone in (S)";
const bucket = { type: "aws:s3/bucket:Bucket", name: "uploads" };
const unknownPolicy: ExampleResource = {
  type: bucketPolicy,
  props: { bucket: UNKNOWN, policy: UNKNOWN },
  dependsOn: { bucket: ["uploads"] },
};
const block = (guards: object, of: string): ExampleResource => ({
  type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  name: "block",
  props: { bucket: UNKNOWN, ...guards },
  dependsOn: { bucket: [of] },
});

specify(openResourcePolicy, {
  passes: [
    [
      "a policy of a queue that waits for the queue's own ARN and a rule's",
      [
        { type: "aws:sqs/queue:Queue", name: "mails" },
        { type: "aws:cloudwatch/eventRule:EventRule", name: "made" },
        { type: "aws:sqs/queuePolicy:QueuePolicy", props: { policy: UNKNOWN }, dependsOn: { policy: ["mails", "made"] } },
      ],
    ],
    ["one that only denies", { type: bucketPolicy, props: { policy: document({ Effect: "Deny", Principal: "*" }) } }],
    ["one account", { type: "aws:kms/key:Key", props: { policy: document({ Principal: { AWS: "arn:aws:iam::123456789012:root" } }) } }],
    ["no policy", { type: "aws:kms/key:Key" }],
    ["anyone of one organisation", onlyIf({ StringEquals: { "aws:PrincipalOrgID": "o-1" } })],
    ["anyone from an office", onlyIf({ IpAddress: { "aws:SourceIp": ["192.0.2.0/24"] } })],
    [
      "anyone by a mount target in the VPC",
      {
        type: "aws:efs/fileSystemPolicy:FileSystemPolicy",
        props: {
          policy: document({ Principal: { AWS: "*" }, Condition: { Bool: { "elasticfilesystem:AccessedViaMountTarget": "true" } } }),
        },
      },
    ],
    ["a service that may call a function", { type: permission, props: { principal: "apigateway.amazonaws.com" } }],
    ["anyone of one account who may call a function", { type: permission, props: { principal: "*", sourceAccount: "123456789012" } }],
    [
      "an open domain inside a VPC",
      { type: "aws:opensearch/domain:Domain", props: { vpcOptions: { subnetIds: ["s"] }, accessPolicies: document({ Principal: "*" }) } },
    ],
    ["an unknown policy of a bucket that is closed", [bucket, unknownPolicy, block(closed, "uploads")]],
  ],
  refused: [
    ["anyone", { type: bucketPolicy, props: { policy: document({ Principal: "*" }) } }, open],
    ["any AWS account", { type: "aws:sqs/queuePolicy:QueuePolicy", props: { policy: document({ Principal: { AWS: ["*"] } }) } }, open],
    ["everyone but one", { type: bucketPolicy, props: { policy: document({ NotPrincipal: { AWS: "arn:aws:iam::1:root" } }) } }, open],
    ["a condition that restricts nothing", onlyIf({ Bool: { "aws:SecureTransport": "true" } }), open],
    ["a negative condition", onlyIf({ StringNotEquals: { "aws:SourceAccount": "1" } }), open],
    ["a condition that holds where its key is absent", onlyIf({ StringEqualsIfExists: { "aws:SourceAccount": "1" } }), open],
    ["a condition on every address", onlyIf({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }), open],
    ["a policy that is no JSON", { type: bucketPolicy, props: { policy: "{" } }, "not readable as a policy"],
    [
      "a policy as an object",
      { type: "aws:sns/topic:Topic", props: { policy: { Statement: { Effect: "Allow", Principal: "*" } } } },
      "lets anyone in (statement 1)",
    ],
    ["a function that anyone may call", { type: permission, props: { principal: "*" } }, 'principal is "*"'],
    [
      "a search domain outside a VPC",
      { type: "aws:opensearch/domain:Domain", props: { accessPolicies: document({ Principal: "*" }) } },
      "accessPolicies lets anyone in",
    ],
    [
      "a bus that takes events of all",
      { type: "aws:cloudwatch/eventPermission:EventPermission", props: { principal: "*" } },
      'principal is "*"',
    ],
  ],
  undecided: [
    [
      "a policy of a queue that waits for what is not of this stack",
      { type: "aws:sqs/queuePolicy:QueuePolicy", props: { policy: UNKNOWN }, dependsOn: { policy: ["elsewhere"] } },
      "policy",
    ],
    ["a policy", { type: bucketPolicy, props: { policy: UNKNOWN } }, "policy"],
    [
      "a policy of a bucket that is not quite closed",
      [bucket, unknownPolicy, block({ ...closed, blockPublicPolicy: false }, "uploads")],
      "policy",
    ],
    ["a policy beside another bucket's block", [bucket, { ...bucket, name: "other" }, unknownPolicy, block(closed, "other")], "policy"],
  ],
  silent: "aws:kms/alias:Alias",
});
