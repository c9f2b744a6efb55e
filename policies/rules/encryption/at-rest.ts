// Services of AWS that write to disk as it comes unless they are told to encrypt. Google and Cloudflare have no such switch.
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { isPresent, read } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const encrypted = mustBe("storageEncrypted", true, false);
/** A replica, a copy and a member of a global cluster are encrypted as their source is. */
const unless =
  (paths: readonly string[], check: Check): Check =>
  (resource, context) =>
    paths.some((path) => isPresent(resource.props, path)) ? [] : check(resource, context);

const isFalse = (value: unknown) => value === false || value === "false";
const notOff = (path: string) => mustNot(path, isFalse, `${path}: true`);
const notDisabled = (path: string) => mustNot(path, (value) => value === "DISABLED", "a mode that encrypts");

const cache: Check = (resource, context) =>
  mustBe("atRestEncryptionEnabled", true, read(resource.props, "engine") === "valkey")(resource, context);
const cluster: Check = (resource, context) =>
  mustBe("storageEncrypted", true, read(resource.props, "engineMode") === "serverless")(resource, context);

const instance = "aws:rds/instance:Instance";

export const atRest: Rule = {
  id: "encryption/at-rest",
  title: "Databases, caches and file systems are encrypted where they rest",
  severity: "high",
  why: "What is not encrypted can be read from a discarded disk, a copied snapshot or the vendor's machines; for many services it cannot be switched on later.",
  remediation: "Switch encryption on when the store is made: for most of these, later means a new store and moving the data.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: instance, props: { storageEncrypted: true } }],
    fails: [{ type: instance, props: { engine: "postgres" } }],
  },
  check: byType({
    "aws:apigateway/methodSettings:MethodSettings": [
      where("settings.cachingEnabled", (value) => value === true, mustBe("settings.cacheDataEncrypted", true, false)),
    ],
    "aws:appsync/apiCache:ApiCache": [mustBe("atRestEncryptionEnabled", true, false)],
    "aws:codebuild/project:Project": [
      mustNot("artifacts.encryptionDisabled", (value) => value === true, "artifacts.encryptionDisabled: false"),
    ],
    "aws:dax/cluster:Cluster": [mustBe("serverSideEncryption.enabled", true, false)],
    "aws:docdb/cluster:Cluster": [unless(["globalClusterIdentifier", "snapshotIdentifier"], encrypted)],
    "aws:docdb/globalCluster:GlobalCluster": [unless(["sourceDbClusterIdentifier"], encrypted)],
    "aws:efs/fileSystem:FileSystem": [mustBe("encrypted", true, false)],
    "aws:elasticache/replicationGroup:ReplicationGroup": [unless(["globalReplicationGroupId"], cache)],
    "aws:elasticsearch/domain:Domain": [mustBe("encryptAtRest.enabled", true, false)],
    "aws:glue/securityConfiguration:SecurityConfiguration": [
      notDisabled("encryptionConfiguration.cloudwatchEncryption.cloudwatchEncryptionMode"),
      notDisabled("encryptionConfiguration.jobBookmarksEncryption.jobBookmarksEncryptionMode"),
      notDisabled("encryptionConfiguration.s3Encryption.s3EncryptionMode"),
    ],
    "aws:neptune/cluster:Cluster": [unless(["globalClusterIdentifier", "snapshotIdentifier"], encrypted)],
    "aws:neptune/globalCluster:GlobalCluster": [unless(["sourceDbClusterIdentifier"], encrypted)],
    "aws:opensearch/domain:Domain": [mustBe("encryptAtRest.enabled", true, false)],
    "aws:rds/cluster:Cluster": [unless(["globalClusterIdentifier", "replicationSourceIdentifier", "snapshotIdentifier"], cluster)],
    "aws:rds/globalCluster:GlobalCluster": [unless(["sourceDbClusterIdentifier"], encrypted)],
    [instance]: [unless(["replicateSourceDb"], encrypted)],
    // Encrypted by default; a text in this one.
    "aws:redshift/cluster:Cluster": [notOff("encrypted")],
  }),
};
