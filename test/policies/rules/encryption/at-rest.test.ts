import { atRest } from "../../../../policies/rules/encryption/at-rest.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const instance = "aws:rds/instance:Instance";
const cache = "aws:elasticache/replicationGroup:ReplicationGroup";

specify(atRest, {
  passes: [
    ["a database", { type: instance, props: { storageEncrypted: true } }],
    ["a replica, which is as its source", { type: instance, props: { replicateSourceDb: "a" } }],
    ["a serverless cluster, by default", { type: "aws:rds/cluster:Cluster", props: { engineMode: "serverless" } }],
    ["a cache of Valkey, by default", { type: cache, props: { engine: "valkey" } }],
    ["a warehouse, by default", { type: "aws:redshift/cluster:Cluster" }],
    ["a stage without a cache", { type: "aws:apigateway/methodSettings:MethodSettings", props: { settings: { loggingLevel: "INFO" } } }],
  ],
  refused: [
    ["a database", { type: instance, props: { engine: "postgres" } }, "storageEncrypted is not set, which means false"],
    ["a cluster", { type: "aws:rds/cluster:Cluster", props: { storageEncrypted: false } }, "storageEncrypted is false"],
    ["a cache of Redis", { type: cache, props: { engine: "redis" } }, "atRestEncryptionEnabled is not set, which means false"],
    ["a file system", { type: "aws:efs/fileSystem:FileSystem" }, "encrypted is not set"],
    [
      "a search domain",
      { type: "aws:opensearch/domain:Domain", props: { encryptAtRest: { enabled: false } } },
      "encryptAtRest.enabled is false",
    ],
    ["a warehouse", { type: "aws:redshift/cluster:Cluster", props: { encrypted: "false" } }, 'encrypted is "false"'],
    [
      "a cache of answers",
      { type: "aws:apigateway/methodSettings:MethodSettings", props: { settings: { cachingEnabled: true } } },
      "settings.cacheDataEncrypted is not set",
    ],
    ["a cluster of documents", { type: "aws:docdb/cluster:Cluster" }, "storageEncrypted is not set"],
    [
      "jobs",
      {
        type: "aws:glue/securityConfiguration:SecurityConfiguration",
        props: { encryptionConfiguration: { s3Encryption: { s3EncryptionMode: "DISABLED" } } },
      },
      "s3EncryptionMode is",
    ],
  ],
  undecided: [["a switch", { type: instance, props: { storageEncrypted: UNKNOWN } }, "storageEncrypted"]],
  silent: "gcp:sql/databaseInstance:DatabaseInstance",
});
