// Disks of machines in AWS, and the images and snapshots they are made of. Google encrypts every disk.
import { byType, type Check, inEach, mustBe, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { isPresent, type Resource, read } from "../../resource.ts";
import type { Finding, Rule, StackFinding } from "../../rule.ts";

const isFalse = (value: unknown) => value === false || value === "false";
const notOff = (path: string): Check => mustNot(path, isFalse, `${path}: true`);
const on = (path: string): Check => mustBe(path, [true, "true"]);
const eachOn = (list: string): Check => inEach(list, (at) => on(`${at}.encrypted`));
/** Only a disk of EBS; what a mapping takes away or makes of the machine's own has no such argument. */
const mapped: Check = inEach(
  "blockDeviceMappings[*]",
  (at) => (resource, context) => (isPresent(resource.props, `${at}.ebs`) ? on(`${at}.ebs.encrypted`)(resource, context) : []),
);
/** The root disk comes from the image, unencrypted as most images are; what a launch template says holds where an instance says nothing. */
const root: Check = (resource, context) =>
  isPresent(resource.props, "launchTemplate") ? [] : on("rootBlockDevice.encrypted")(resource, context);

const machine = [root, eachOn("ebsBlockDevices[*]")];
const instance = "aws:ec2/instance:Instance";
const volume = "aws:ebs/volume:Volume";
const byDefault = "aws:ebs/encryptionByDefault:EncryptionByDefault";

/** What is encrypted anyway where the region encrypts by default. */
const unsaid: Readonly<Record<string, readonly Check[]>> = {
  [volume]: [on("encrypted")],
  [instance]: machine,
  "aws:ec2/ami:Ami": [eachOn("ebsBlockDevices[*]")],
  "aws:ec2/launchConfiguration:LaunchConfiguration": machine,
  "aws:ec2/launchTemplate:LaunchTemplate": [mapped],
  "aws:ec2/spotInstanceRequest:SpotInstanceRequest": machine,
};

/** Said wrongly is wrong at once; not said is wrong unless the same stack switches the default on (`enabled` is its own default). */
function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const covered = resources.some(({ type, props }) => type === byDefault && read(props, "enabled") !== false);
  return covered
    ? []
    : resources.flatMap((resource) =>
        (unsaid[resource.type] ?? [])
          .flatMap((check) => check(resource, context))
          .filter((finding): finding is Extract<Finding, { kind: "violation" }> => finding.kind === "violation")
          .filter(({ property }) => property === undefined || !isPresent(resource.props, property))
          .map((finding) => ({ urn: resource.urn, finding })),
      );
}

export const disk: Rule = {
  id: "encryption/disk",
  title: "Disks of machines are encrypted",
  severity: "high",
  why: "A disk keeps what passed through the machine: caches, crash dumps, keys. Unencrypted, every snapshot and every returned disk can be read.",
  remediation: "Set encrypted on each disk, and switch the region's default on with EncryptionByDefault.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: volume, props: { size: 10, encrypted: true } }],
    fails: [{ type: volume, props: { size: 10 } }],
  },
  check: byType({
    [volume]: [notOff("encrypted")],
    [byDefault]: [notOff("enabled")],
    "aws:ebs/snapshotCopy:SnapshotCopy": [mustBe("encrypted", true, false)],
    "aws:ec2/ami:Ami": [notOff("ebsBlockDevices[*].encrypted")],
    "aws:ec2/amiCopy:AmiCopy": [mustBe("encrypted", true, false)],
    [instance]: [notOff("rootBlockDevice.encrypted"), notOff("ebsBlockDevices[*].encrypted")],
    "aws:ec2/launchConfiguration:LaunchConfiguration": [notOff("rootBlockDevice.encrypted"), notOff("ebsBlockDevices[*].encrypted")],
    "aws:ec2/launchTemplate:LaunchTemplate": [notOff("blockDeviceMappings[*].ebs.encrypted")],
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": [notOff("rootBlockDevice.encrypted"), notOff("ebsBlockDevices[*].encrypted")],
    "aws:workspaces/workspace:Workspace": [
      mustBe("rootVolumeEncryptionEnabled", true, false),
      mustBe("userVolumeEncryptionEnabled", true, false),
    ],
  }),
  checkStack,
};
