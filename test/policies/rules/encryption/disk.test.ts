import { disk } from "../../../../policies/rules/encryption/disk.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const volume = "aws:ebs/volume:Volume";
const instance = "aws:ec2/instance:Instance";
const template = "aws:ec2/launchTemplate:LaunchTemplate";
const byDefault = (enabled: boolean) => ({ type: "aws:ebs/encryptionByDefault:EncryptionByDefault", name: "default", props: { enabled } });

specify(disk, {
  passes: [
    ["a disk", { type: volume, props: { encrypted: true } }],
    ["a disk that says nothing, where the default is on", [{ type: volume }, byDefault(true)]],
    [
      "a machine",
      { type: instance, props: { rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{ deviceName: "a", encrypted: true }] } },
    ],
    ["a machine that is made by a template", { type: instance, props: { launchTemplate: { id: "lt-1" } } }],
    [
      "a template",
      {
        type: template,
        props: {
          blockDeviceMappings: [
            { deviceName: "a", ebs: { encrypted: "true" } },
            { deviceName: "b", virtualName: "ephemeral0" },
          ],
        },
      },
    ],
    ["a copy of an image", { type: "aws:ec2/amiCopy:AmiCopy", props: { encrypted: true } }],
  ],
  refused: [
    ["a disk that says nothing", { type: volume }, "encrypted is not set"],
    ["a disk that says no", { type: volume, props: { encrypted: false } }, "encrypted is false"],
    [
      "a disk that says no, where the default is on",
      [{ type: volume, props: { encrypted: false } }, byDefault(true)],
      "encrypted is false",
    ],
    ["a default that is off", byDefault(false), "enabled is false"],
    ["a machine's own disk", { type: instance }, "rootBlockDevice.encrypted is not set"],
    [
      "one disk of two",
      { type: instance, props: { rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{ encrypted: true }, {}] } },
      "ebsBlockDevices[1].encrypted is not set",
    ],
    ["a template", { type: template, props: { blockDeviceMappings: [{ ebs: { encrypted: "false" } }] } }, 'ebs.encrypted is "false"'],
    ["a copy of a snapshot", { type: "aws:ebs/snapshotCopy:SnapshotCopy" }, "encrypted is not set, which means false"],
    [
      "a desk",
      { type: "aws:workspaces/workspace:Workspace", props: { rootVolumeEncryptionEnabled: true } },
      "userVolumeEncryptionEnabled is not set",
    ],
  ],
  undecided: [
    [
      "a switch",
      [
        { type: volume, props: { encrypted: UNKNOWN }, dependsOn: { encrypted: ["other"] } },
        { type: "aws:ebs/snapshot:Snapshot", name: "other" },
      ],
      "encrypted",
    ],
  ],
  silent: "gcp:compute/disk:Disk",
});
