// Images and snapshots are copies of disks and databases. Shared with "all" they are for every account of the cloud.
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";

const notAll = (path: string): Check => mustNot(path, (value) => typeof value === "string" && /^all$/i.test(value), "named accounts");
const notUnblocked = mustNot("state", (value) => value === "unblocked", "block-new-sharing or block-all-sharing");
const publicRegistry: Check = () => [
  { kind: "violation", problem: "a repository of ECR Public is readable by everyone", allowed: "aws:ecr/repository:Repository" },
];
const snapshot = "aws:rds/snapshot:Snapshot";

/** What Google shares by a role is exposure/everyone's. */
export const sharedImage: Rule = {
  id: "exposure/shared-image",
  title: "No image or snapshot is shared with everyone",
  severity: "critical",
  why: "A public snapshot is the whole database, and a public image the whole disk with its keys: anyone may copy it into an account of their own.",
  remediation: "Share with the accounts that need it, and block public sharing for the account.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: snapshot, props: { sharedAccounts: ["123456789012"] } }],
    fails: [{ type: snapshot, props: { sharedAccounts: ["all"] } }],
  },
  check: byType({
    "aws:codebuild/project:Project": [mustNot("projectVisibility", (value) => value === "PUBLIC_READ", "projectVisibility: PRIVATE")],
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess": [notUnblocked],
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": [notAll("group")],
    "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess": [mustBe("state", "block-new-sharing")],
    "aws:ecrpublic/repository:Repository": [publicRegistry],
    "aws:rds/clusterSnapshot:ClusterSnapshot": [notAll("sharedAccounts[*]")],
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": [notAll("sharedAccounts[*]")],
    [snapshot]: [notAll("sharedAccounts[*]")],
    "aws:rds/snapshotCopy:SnapshotCopy": [notAll("sharedAccounts[*]")],
    "aws:ssm/document:Document": [notAll("permissions.account_ids")],
  }),
};
