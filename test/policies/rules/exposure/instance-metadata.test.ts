import type { Properties, Value } from "../../../../policies/resource.ts";
import { instanceMetadata } from "../../../../policies/rules/exposure/instance-metadata.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify, specifyRemedy } from "../../specify.ts";

const instance = "aws:ec2/instance:Instance";
const template = "aws:ec2/launchTemplate:LaunchTemplate";
const tokens = (httpTokens: Value): Properties => ({ metadataOptions: { httpTokens } });

specify(instanceMetadata, {
  passes: [
    ["tokens", { type: template, props: tokens("required") }],
    ["no metadata at all", { type: instance, props: { metadataOptions: { httpEndpoint: "disabled" } } }],
    ["what a template says", { type: instance, props: { launchTemplate: { id: "lt-1" } } }],
    ["an account's default", { type: "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", props: { httpTokens: "required" } }],
  ],
  refused: [
    ["tokens as one likes", { type: instance, props: tokens("optional") }, 'metadataOptions.httpTokens is "optional"'],
    ["a template that says nothing", { type: template }, "metadataOptions.httpTokens is not set, which means optional"],
    [
      "an instance that overrides its template",
      { type: instance, props: { launchTemplate: { id: "lt-1" }, ...tokens("optional") } },
      "httpTokens is",
    ],
    [
      "an account's default",
      { type: "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", props: { httpTokens: "optional" } },
      'httpTokens is "optional"',
    ],
    [
      "a notebook",
      {
        type: "aws:sagemaker/notebookInstance:NotebookInstance",
        props: { instanceMetadataServiceConfiguration: { minimumInstanceMetadataServiceVersion: "1" } },
      },
      "minimumInstanceMetadataServiceVersion is",
    ],
  ],
  undecided: [["tokens", { type: instance, props: tokens(UNKNOWN) }, "metadataOptions.httpTokens"]],
  silent: "gcp:compute/instance:Instance",
});

specifyRemedy(
  instanceMetadata,
  { type: instance, props: { ami: "ami-1", metadataOptions: { httpPutResponseHopLimit: 1 } } },
  { ami: "ami-1", metadataOptions: { httpPutResponseHopLimit: 1, httpTokens: "required" } },
  [
    { type: instance, props: tokens(UNKNOWN) },
    { type: instance, props: { launchTemplate: { id: "lt-1" } } },
    { type: instance, props: tokens("optional"), secrets: ["metadataOptions"] },
  ],
);
