// A provider refuses to delete what is not empty, unless it is told not to care.
import { byType, mustBe, mustNot } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";
import { existsOnce, inDurable, ofClass } from "./kept.ts";

const off = (path: string) => [mustBe(path, false, false)];

export const forceDestroy: Rule = {
  id: "recoverability/force-destroy",
  title: "Nothing that still holds data is deleted with all that is in it",
  severity: "high",
  why: "A bucket that refuses to go while it is full is the last thing between a wrong plan and a brand's whole archive.",
  remediation: "Leave the argument out. To delete it all the same, empty it first, where everybody can see it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(f)" },
    { name: "GDPR", clause: "Art. 32(1)(c)" },
    { name: "ISO 27001", clause: "A.8.10" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 12" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:storage/bucket:Bucket", props: { forceDestroy: false } }],
    fails: [{ type: "gcp:storage/bucket:Bucket", props: { forceDestroy: true } }],
  },
  check: inDurable(
    ofClass(
      existsOnce,
      byType({
        "aws:athena/database:Database": off("forceDestroy"),
        "aws:backup/vault:Vault": off("forceDestroy"),
        "aws:dsql/cluster:Cluster": off("forceDestroy"),
        "aws:ecr/repository:Repository": off("forceDelete"),
        "aws:lightsail/bucket:Bucket": off("forceDelete"),
        "aws:s3/bucket:Bucket": off("forceDestroy"),
        "aws:s3/bucketV2:BucketV2": off("forceDestroy"),
        "aws:s3/directoryBucket:DirectoryBucket": off("forceDestroy"),
        "aws:s3/vectorsVectorBucket:VectorsVectorBucket": off("forceDestroy"),
        "aws:s3tables/tableBucket:TableBucket": off("forceDestroy"),
        "gcp:alloydb/cluster:Cluster": [mustNot("deletionPolicy", (value) => value === "FORCE", "deletionPolicy: DEFAULT")],
        "gcp:backupdisasterrecovery/backupVault:BackupVault": off("forceDelete"),
        "gcp:bigquery/dataset:Dataset": off("deleteContentsOnDestroy"),
        "gcp:bigtable/instance:Instance": off("forceDestroy"),
        "gcp:firestore/database:Database": [mustNot("deletionPolicy", (value) => value === "DELETE", "deletionPolicy: ABANDON or PREVENT")],
        "gcp:spanner/instance:Instance": off("forceDestroy"),
        "gcp:storage/bucket:Bucket": off("forceDestroy"),
        "gcp:storage/folder:Folder": off("forceDestroy"),
        "gcp:vertex/aiFeatureStore:AiFeatureStore": off("forceDestroy"),
      }),
    ),
  ),
};
