// Backups, snapshots and images, and the copies made of them.
import type { Rule } from "../../rule.ts";
import { type Arguments, at, judgeArguments, madeHere, reference } from "./places.ts";

/** Where Google keeps a snapshot or an image of which nobody says where. Source: cloud.google.com/compute/docs/disks/snapshots#default_location. */
const nearest = { place: "the nearest multi-region" };

export const backupArguments: Arguments = {
  "aws:backup/plan:Plan": [
    reference("rules[*].copyActions[*].destinationVaultArn"),
    reference("rules[*].targetLogicallyAirGappedBackupVaultArn"),
  ],
  "aws:dlm/lifecyclePolicy:LifecyclePolicy": [
    at("policyDetails.schedules[*].crossRegionCopyRules[*].targetRegion"),
    reference("policyDetails.schedules[*].crossRegionCopyRules[*].target"),
    reference("policyDetails.action.crossRegionCopies[*].target"),
  ],
  "aws:ebs/snapshotCopy:SnapshotCopy": [at("sourceRegion")],
  "aws:ec2/amiCopy:AmiCopy": [at("sourceAmiRegion")],
  "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": [at("destinationRegion"), reference("sourceDbClusterSnapshotIdentifier")],
  "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": [reference("sourceDbInstanceArn")],
  "aws:rds/snapshotCopy:SnapshotCopy": [at("destinationRegion"), reference("sourceDbSnapshotIdentifier")],
  "aws:redshift/snapshotCopy:SnapshotCopy": [at("destinationRegion")],
  "gcp:alloydb/cluster:Cluster": [at("automatedBackupPolicy.location")],
  "gcp:backupdisasterrecovery/backupPlan:BackupPlan": [reference("backupVault")],
  "gcp:bigtable/table:Table": [at("automatedBackupPolicy.locations[*]")],
  "gcp:compute/image:Image": [at("storageLocations[*]", nearest)],
  "gcp:compute/resourcePolicy:ResourcePolicy": [
    at("snapshotSchedulePolicy.snapshotProperties.storageLocations", { ...nearest, onlyIf: "snapshotSchedulePolicy" }),
  ],
  "gcp:compute/snapshot:Snapshot": [at("storageLocations[*]", nearest)],
  "gcp:compute/snapshotSettings:SnapshotSettings": [at("storageLocation.locations[*].location")],
  "gcp:composer/environment:Environment": [reference("config.recoveryConfig.scheduledSnapshotsConfig.snapshotLocation")],
  "gcp:gkebackup/backupPlan:BackupPlan": [reference("cluster")],
  "gcp:netapp/backupVault:BackupVault": [at("backupRegion")],
  "gcp:sql/databaseInstance:DatabaseInstance": [
    at("settings.backupConfiguration.location", { ...nearest, onlyIf: "settings.backupConfiguration.enabled" }),
  ],
};

export const backupCopies: Rule = {
  id: "residency/backup-copies",
  title: "Backups, snapshots and their copies stay in the jurisdiction",
  severity: "critical",
  why: "A backup holds everything that the database holds, for longer, and is forgotten first: abroad it is a second system of record that nobody answers for.",
  remediation:
    "Name a location of the jurisdiction for backups and snapshots; copy them to another of its regions, not to another continent.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "DORA", clause: "Art. 12" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { backupConfiguration: { enabled: true, location: "europe-west3" } } },
      },
    ],
    fails: [
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { region: "europe-west3", settings: { backupConfiguration: { enabled: true } } },
      },
    ],
  },
  check: judgeArguments(backupArguments),
  settles: madeHere(backupArguments),
};
