// What a database held in its last moment outlives it.
import { byType, type Check, mustBe, mustBeSet, where } from "../../arguments.ts";
import { read, UNKNOWN } from "../../resource.ts";
import { is, type Rule } from "../../rule.ts";
import { exceptReplicas, existsOnce, inDurable, ofClass } from "./kept.ts";

const notSkipped = (path: string, otherwise = false) => mustBe(path, false, otherwise);

/** Cloud SQL: either the backups stay, or a last one is made. Neither is the default. */
const keepsBackups: Check = (resource) => {
  const [retained, last] = ["settings.retainBackupsOnDelete", "settings.finalBackupConfig.enabled"].map((path) => ({
    path,
    value: read(resource.props, path),
  })) as [{ path: string; value: ReturnType<typeof read> }, { path: string; value: ReturnType<typeof read> }];
  if (retained.value === true || last.value === true) return [];
  const unknown = [retained, last].find(({ value }) => value === UNKNOWN);
  if (unknown) return [{ kind: "undecided", property: unknown.path }];
  const shown =
    retained.value === undefined ? `${retained.path} is not set, which means false` : is(resource, { ...retained, value: retained.value });
  return [{ kind: "violation", property: retained.path, problem: shown, allowed: `${retained.path}: true, or ${last.path}: true` }];
};

export const finalSnapshot: Rule = {
  id: "recoverability/final-snapshot",
  title: "A database that is deleted leaves its last state behind",
  severity: "high",
  why: "Who deletes the wrong database notices a minute later; without a last snapshot that is a minute too late.",
  remediation: "Let the provider take its last snapshot, and give it a name where one is asked for.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.13" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:rds/instance:Instance", props: { finalSnapshotIdentifier: "orders-last" } }],
    fails: [{ type: "aws:rds/instance:Instance", props: { skipFinalSnapshot: true } }],
  },
  check: inDurable(
    ofClass(
      existsOnce,
      exceptReplicas(
        byType({
          "aws:docdb/cluster:Cluster": [notSkipped("skipFinalSnapshot")],
          // Scratch file systems are made to be lost, and have no backups.
          "aws:fsx/lustreFileSystem:LustreFileSystem": [
            where(
              "deploymentType",
              (type) => typeof type === "string" && type.startsWith("PERSISTENT"),
              notSkipped("skipFinalBackup", true),
            ),
          ],
          "aws:fsx/ontapVolume:OntapVolume": [notSkipped("skipFinalBackup")],
          "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": [notSkipped("skipFinalBackup")],
          "aws:fsx/windowsFileSystem:WindowsFileSystem": [notSkipped("skipFinalBackup")],
          "aws:lightsail/database:Database": [notSkipped("skipFinalSnapshot")],
          "aws:memorydb/cluster:Cluster": [mustBeSet("finalSnapshotName", "finalSnapshotName: a name", "no last snapshot")],
          "aws:neptune/cluster:Cluster": [notSkipped("skipFinalSnapshot")],
          "aws:rds/cluster:Cluster": [notSkipped("skipFinalSnapshot")],
          "aws:rds/instance:Instance": [notSkipped("skipFinalSnapshot")],
          "aws:redshift/cluster:Cluster": [notSkipped("skipFinalSnapshot")],
          "gcp:sql/databaseInstance:DatabaseInstance": [keepsBackups],
        }),
      ),
    ),
  ),
};
