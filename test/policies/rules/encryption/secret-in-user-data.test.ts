import type { ExampleResource } from "../../../../policies/rule.ts";
import { secretInUserData } from "../../../../policies/rules/encryption/secret-in-user-data.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const instance = "aws:ec2/instance:Instance";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const key = ["AK", "IAIOSFODNN7EXAMPLE"].join("");
const unknown = (kind: string): ExampleResource[] => [
  { type: kind, name: "source" },
  { type: instance, props: { userData: UNKNOWN }, dependsOn: { userData: ["source"] } },
];

specify(secretInUserData, {
  passes: [
    ["a script without one", { type: instance, props: { userData: "#!/bin/sh\nyum update -y\nexport LOG_LEVEL=debug\n" } }],
    [
      "a script that fetches it",
      { type: instance, props: { userData: "DB_PASSWORD=$(aws ssm get-parameter --name db)\nexport API_TOKEN=$TOKEN\n" } },
    ],
    ["a reference", { type: instance, props: { userData: "db_password: arn:aws:secretsmanager:eu-central-1:1:secret:db" } }],
    ["metadata", { type: "gcp:compute/instance:Instance", props: { metadata: { "enable-oslogin": "TRUE" } } }],
    ["a script that waits for an address", unknown("aws:s3/bucket:Bucket")],
  ],
  refused: [
    [
      "a password",
      { type: instance, props: { userData: "#!/bin/sh\nexport DB_PASSWORD='horse'\n" } },
      "userData holds the secret DB_PASSWORD in plain",
    ],
    ["a key by its shape", { type: instance, props: { userData: `aws configure set x ${key}` } }, "userData holds an access key of AWS"],
    [
      "a template's base64",
      { type: "aws:ec2/launchTemplate:LaunchTemplate", props: { userData: base64("#cloud-config\napi_token: abcdef\n") } },
      "userData holds the secret api_token",
    ],
    [
      "a script of Google's",
      { type: "gcp:compute/instance:Instance", props: { metadataStartupScript: "TOKEN=abcdef" } },
      "metadataStartupScript holds",
    ],
    [
      "a script in the metadata",
      { type: "gcp:compute/instanceTemplate:InstanceTemplate", props: { metadata: { "startup-script": "export API_KEY=abcdef" } } },
      "metadata.startup-script holds",
    ],
    [
      "metadata of all machines",
      { type: "gcp:compute/projectMetadataItem:ProjectMetadataItem", props: { key: "k", value: key } },
      "value holds",
    ],
  ],
  undecided: [
    ["a script", { type: instance, props: { userData: UNKNOWN } }, "userData"],
    ["a script that waits for a password", unknown("random:index/randomPassword:RandomPassword"), "userData"],
  ],
  silent: "aws:lambda/function:Function",
});
