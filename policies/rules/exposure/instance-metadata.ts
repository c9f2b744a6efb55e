// A program that fetches a URL for a stranger must not fetch its own machine's credentials: version 2 of the metadata service needs a token
// that such a request cannot get. Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import { type Correction, corrected } from "../../correction.ts";
import { isPresent, type Resource, read, textOf } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const tokens = mustBe("metadataOptions.httpTokens", "required", "optional");
/** Off altogether is as good; what a launch template says holds where an instance says nothing. */
const required: Check = (resource, context) => {
  const { props } = resource;
  const inherits = isPresent(props, "launchTemplate") && !isPresent(props, "metadataOptions");
  return inherits || read(props, "metadataOptions.httpEndpoint") === "disabled" ? [] : tokens(resource, context);
};

const instance = "aws:ec2/instance:Instance";
const machines = [
  instance,
  "aws:ec2/launchConfiguration:LaunchConfiguration",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
];
const correction: Correction = { path: "metadataOptions.httpTokens", right: "required" };

const check = byType({
  ...Object.fromEntries(machines.map((type) => [type, [required]])),
  "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": [
    mustNot("httpTokens", (value) => value === "optional", "httpTokens: required"),
  ],
  "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": [
    mustBe("instanceMetadataOptions.httpTokens", "required", "optional"),
  ],
  "aws:sagemaker/notebookInstance:NotebookInstance": [
    mustNot("instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion", (value) => textOf(value) === "1", "2"),
  ],
});

const remediate = (resource: Resource, context: Parameters<Check>[1]) =>
  machines.includes(resource.type) && required(resource, context).some(({ kind }) => kind === "violation")
    ? corrected(resource, [correction])
    : undefined;

export const instanceMetadata: Rule = {
  id: "exposure/instance-metadata",
  title: "A machine's credentials cannot be fetched by a forged request",
  severity: "high",
  why: "By version 1 of the metadata service one request that a program can be talked into hands out the machine's role; a bank lost a hundred million people's data so.",
  remediation: "Set metadataOptions: { httpTokens: required }.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.9" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: instance, props: { metadataOptions: { httpTokens: "required" } } }],
    fails: [{ type: instance, props: { metadataOptions: { httpTokens: "optional" } } }],
  },
  check,
  remediate,
};
