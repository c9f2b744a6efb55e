// Backups are made by themselves, and kept for longer than it takes to notice that something is wrong.
import { byType, type Check, mustBe, mustBeWithin, where } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { leadsTo } from "../../relation.ts";
import { isPresent, type Resource, read } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { exceptReplicas, inDurable, isOf, isOwed, ofClass, stackInDurable } from "./kept.ts";

/** A week, so that a mistake made before a long weekend can be undone after it. Google's and AWS's consoles offer the same. */
const leastDays = 7;

/** @param otherwise what the provider keeps when nobody says; 0: nothing */
const kept = (path: string, otherwise: number, most = 35): Check => mustBeWithin(path, leastDays, most, "days", otherwise);

/** Of Lustre: the others are made to be lost, and have no backups. */
const persistent = (type: unknown): boolean => typeof type === "string" && type.startsWith("PERSISTENT");
const config = "settings.backupConfiguration";

const fileSystem = "aws:efs/fileSystem:FileSystem";
const spanner = "gcp:spanner/instance:Instance";

/** Stores whose backups are resources of their own. */
function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const found = (resource: Resource, problem: string, allowed: string): StackFinding[] => [
    { urn: resource.urn, finding: { kind: "violation", problem, allowed } },
  ];
  return resources
    .filter((resource) => isOf(isOwed, resource, context))
    .flatMap((resource) => {
      if (resource.type === fileSystem && !isBackedUp(resource, resources))
        return found(resource, "nothing makes backups of it", "an efs.BackupPolicy with status ENABLED, or a backup.Selection");
      if (resource.type === spanner && !isScheduled(resource, resources))
        return found(
          resource,
          "defaultBackupScheduleType is not AUTOMATIC, and no BackupSchedule names the instance",
          "defaultBackupScheduleType: AUTOMATIC, or a spanner.BackupSchedule",
        );
      return [];
    });
}

/** A selection may choose by tags, which only AWS resolves: that there is one is as much as can be seen. */
const isBackedUp = (system: Resource, resources: readonly Resource[]): boolean =>
  resources.some(
    (other) =>
      other.type === "aws:backup/selection:Selection" ||
      (other.type === "aws:efs/backupPolicy:BackupPolicy" &&
        leadsTo(other, "fileSystemId", system) &&
        read(other.props, "backupPolicy.status") === "ENABLED"),
  );

const isScheduled = (instance: Resource, resources: readonly Resource[]): boolean =>
  read(instance.props, "defaultBackupScheduleType") === "AUTOMATIC" ||
  read(instance.props, "instanceType") === "FREE_INSTANCE" ||
  resources.some((other) => other.type === "gcp:spanner/backupSchedule:BackupSchedule" && leadsTo(other, "instance", instance));

export const backupRetention: Rule = {
  id: "recoverability/backup-retention",
  title: "Backups are automatic and kept for a week",
  severity: "high",
  why: "RDS keeps no backup at all unless it is told to, and a single day elsewhere: on Monday there is no Friday to go back to.",
  remediation: "Set the retention to seven days or more.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12(1)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:rds/instance:Instance", props: { backupRetentionPeriod: 14 } }],
    fails: [{ type: "aws:rds/instance:Instance", props: {} }],
  },
  check: inDurable(
    ofClass(
      isOwed,
      exceptReplicas(
        byType({
          "aws:backup/plan:Plan": [
            (resource, context) =>
              isPresent(resource.props, "rules[*].lifecycle.deleteAfter")
                ? kept("rules[*].lifecycle.deleteAfter", 0, 36_500)(resource, context)
                : [],
          ],
          "aws:docdb/cluster:Cluster": [kept("backupRetentionPeriod", 1)],
          "aws:docdb/elasticCluster:ElasticCluster": [kept("backupRetentionPeriod", 1)],
          "aws:fsx/lustreFileSystem:LustreFileSystem": [where("deploymentType", persistent, kept("automaticBackupRetentionDays", 0, 90))],
          "aws:fsx/ontapFileSystem:OntapFileSystem": [kept("automaticBackupRetentionDays", 0, 90)],
          "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": [kept("automaticBackupRetentionDays", 0, 90)],
          "aws:fsx/windowsFileSystem:WindowsFileSystem": [kept("automaticBackupRetentionDays", 7, 90)],
          "aws:memorydb/cluster:Cluster": [kept("snapshotRetentionLimit", 0)],
          "aws:neptune/cluster:Cluster": [kept("backupRetentionPeriod", 1)],
          "aws:rds/cluster:Cluster": [kept("backupRetentionPeriod", 1)],
          "aws:rds/instance:Instance": [kept("backupRetentionPeriod", 0)],
          "aws:redshift/cluster:Cluster": [kept("automatedSnapshotRetentionPeriod", 1)],
          // One backup a day, so that their number is that of the days.
          "gcp:sql/databaseInstance:DatabaseInstance": [
            mustBe(`${config}.enabled`, true, false),
            mustBeWithin(`${config}.backupRetentionSettings.retainedBackups`, leastDays, 365, "backups", 7),
          ],
        }),
      ),
    ),
  ),
  checkStack: stackInDurable(checkStack),
};
