import { sharedImage } from "../../../../policies/rules/exposure/shared-image.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const launch = "aws:ec2/amiLaunchPermission:AmiLaunchPermission";
const snapshot = "aws:rds/snapshot:Snapshot";

specify(sharedImage, {
  passes: [
    ["an image for one account", { type: launch, props: { imageId: "ami-1", accountId: "123456789012" } }],
    ["a snapshot for one account", { type: snapshot, props: { sharedAccounts: ["123456789012"] } }],
    [
      "public sharing blocked",
      { type: "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", props: { state: "block-all-sharing" } },
    ],
  ],
  refused: [
    ["an image for all", { type: launch, props: { imageId: "ami-1", group: "all" } }, 'group is "all"'],
    ["a snapshot for all", { type: snapshot, props: { sharedAccounts: ["123456789012", "all"] } }, 'sharedAccounts[1] is "all"'],
    ["a cluster's snapshot", { type: "aws:rds/clusterSnapshot:ClusterSnapshot", props: { sharedAccounts: ["all"] } }, "sharedAccounts[0]"],
    [
      "a document for all",
      { type: "aws:ssm/document:Document", props: { permissions: { type: "Share", account_ids: "All" } } },
      "permissions.account_ids is",
    ],
    [
      "images that may be shared",
      { type: "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess", props: { state: "unblocked" } },
      'state is "unblocked"',
    ],
    ["a public registry", { type: "aws:ecrpublic/repository:Repository" }, "readable by everyone"],
    [
      "a build whose log all may read",
      { type: "aws:codebuild/project:Project", props: { projectVisibility: "PUBLIC_READ" } },
      "projectVisibility is",
    ],
  ],
  undecided: [["accounts", { type: snapshot, props: { sharedAccounts: UNKNOWN } }, "sharedAccounts"]],
  silent: "aws:ecr/repository:Repository",
});
