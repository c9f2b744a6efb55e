// The provider's own protection, which holds against every way of deleting: Pulumi, the console, a script.
import { byType, mustBe } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";
import { existsOnce, inDurable, ofClass } from "./kept.ts";

/** @param otherwise what the provider takes when it is not set, as the declarations of the SDKs say */
const on = (path: string, otherwise = false) => [mustBe(path, true, otherwise)];

export const deletionProtection: Rule = {
  id: "recoverability/deletion-protection",
  title: "What holds data is protected against deletion by its provider",
  severity: "high",
  why: "One wrong line, one renamed resource, and consent records or audit trails are gone that the law demands to be kept.",
  remediation: "Leave the provider's protection on; take it off in a change of its own when the data may really go.",
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
    passes: [{ type: "aws:dynamodb/table:Table", props: { deletionProtectionEnabled: true } }],
    fails: [{ type: "aws:dynamodb/table:Table", props: {} }],
  },
  check: inDurable(
    ofClass(
      existsOnce,
      byType({
        "aws:cloudtrail/eventDataStore:EventDataStore": on("terminationProtectionEnabled", true),
        "aws:cloudwatch/logGroup:LogGroup": on("deletionProtectionEnabled"),
        "aws:cognito/userPool:UserPool": [mustBe("deletionProtection", "ACTIVE", "INACTIVE")],
        "aws:docdb/cluster:Cluster": on("deletionProtection"),
        "aws:docdb/globalCluster:GlobalCluster": on("deletionProtection"),
        "aws:dsql/cluster:Cluster": on("deletionProtectionEnabled"),
        "aws:dynamodb/table:Table": on("deletionProtectionEnabled"),
        "aws:dynamodb/tableReplica:TableReplica": on("deletionProtectionEnabled"),
        "aws:neptune/cluster:Cluster": on("deletionProtection"),
        "aws:neptune/globalCluster:GlobalCluster": on("deletionProtection"),
        "aws:neptunegraph/graph:Graph": on("deletionProtection", true),
        "aws:qldb/ledger:Ledger": on("deletionProtection", true),
        "aws:rds/cluster:Cluster": on("deletionProtection"),
        "aws:rds/globalCluster:GlobalCluster": on("deletionProtection"),
        "aws:rds/instance:Instance": on("deletionProtection"),
        "gcp:alloydb/cluster:Cluster": on("deletionProtection", true),
        "gcp:bigquery/table:Table": on("deletionProtection", true),
        "gcp:bigtable/instance:Instance": on("deletionProtection", true),
        "gcp:bigtable/table:Table": [mustBe("deletionProtection", "PROTECTED", "UNPROTECTED")],
        "gcp:cloudrunv2/job:Job": on("deletionProtection", true),
        "gcp:cloudrunv2/service:Service": on("deletionProtection", true),
        "gcp:cloudrunv2/workerPool:WorkerPool": on("deletionProtection", true),
        "gcp:compute/storagePool:StoragePool": on("deletionProtection", true),
        "gcp:container/cluster:Cluster": on("deletionProtection", true),
        "gcp:dataproc/metastoreService:MetastoreService": on("deletionProtection"),
        "gcp:filestore/instance:Instance": on("deletionProtectionEnabled"),
        "gcp:firestore/database:Database": [
          mustBe("deleteProtectionState", "DELETE_PROTECTION_ENABLED", "DELETE_PROTECTION_STATE_UNSPECIFIED"),
        ],
        "gcp:memorystore/instance:Instance": on("deletionProtectionEnabled", true),
        "gcp:redis/cluster:Cluster": on("deletionProtectionEnabled", true),
        "gcp:redis/instance:Instance": on("deletionProtection", true),
        "gcp:secretmanager/regionalSecret:RegionalSecret": on("deletionProtection"),
        "gcp:secretmanager/secret:Secret": on("deletionProtection"),
        "gcp:spanner/database:Database": on("deletionProtection", true),
        // The first guards against Pulumi, the second against every other way to Google's API.
        "gcp:sql/databaseInstance:DatabaseInstance": [
          mustBe("deletionProtection", true, true),
          mustBe("settings.deletionProtectionEnabled", true, false),
        ],
      }),
    ),
  ),
};
