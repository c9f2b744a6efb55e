import { transport } from "../../../../policies/rules/encryption/transport.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const group = (family: string, name?: string, value = "1", type = "aws:rds/parameterGroup:ParameterGroup") => ({
  type,
  props: {
    family,
    parameters: name
      ? [
          { name: "log_statement", value: "none" },
          { name, value },
        ]
      : [],
  },
});
const cluster = (family: string, name?: string, value?: string) =>
  group(family, name, value, "aws:rds/clusterParameterGroup:ClusterParameterGroup");
const cache = (props: object) => ({ type: "aws:elasticache/replicationGroup:ReplicationGroup", props: { ...props } });
const origin = (props: object) => ({
  type: "aws:cloudfront/distribution:Distribution",
  props: { origins: [{ domainName: "www.brand.example", ...props }] },
});
const sql = (settings: object) => ({
  type: "gcp:sql/databaseInstance:DatabaseInstance",
  props: { settings: settings as { readonly [key: string]: string } },
});
const ssl = (value: string) => ({ type: "cloudflare:index/zoneSetting:ZoneSetting", props: { settingId: "ssl", value } });
const tasks = (efs: object) => ({
  type: "aws:ecs/taskDefinition:TaskDefinition",
  props: { volumes: [{ name: "tmp" }, { name: "files", efsVolumeConfiguration: { fileSystemId: "fs-1", ...efs } }] },
});

specify(transport, {
  passes: [
    [
      "a node of a replication group",
      { type: "aws:elasticache/cluster:Cluster", props: { engine: "redis", replicationGroupId: "sessions" } },
    ],
    ["PostgreSQL 16, by default", group("postgres16")],
    ["PostgreSQL 13 that demands it", group("postgres13", "rds.force_ssl")],
    ["MySQL that demands it", group("mysql8.4", "require_secure_transport", "ON")],
    ["an instance of Aurora, of which the cluster's group speaks", group("aurora-mysql8.0")],
    ["DocumentDB, by default", { type: "aws:docdb/clusterParameterGroup:ClusterParameterGroup", props: { family: "docdb5.0" } }],
    ["Oracle, which has no such parameter", group("oracle-ee-19")],
    ["a cache", cache({ transitEncryptionEnabled: true, transitEncryptionMode: "required" })],
    ["brokers, by default", { type: "aws:msk/cluster:Cluster" }],
    ["a database of Google's", sql({ ipConfiguration: { sslMode: "ENCRYPTED_ONLY" } })],
    ["a clone", { type: "gcp:sql/databaseInstance:DatabaseInstance", props: { clone: { sourceInstanceName: "a" } } }],
    ["an origin", origin({ customOriginConfig: { originProtocolPolicy: "https-only" } })],
    ["a bucket as an origin", origin({ originAccessControlId: "o" })],
    [
      "a website of S3",
      origin({ domainName: "b.s3-website.eu-central-1.amazonaws.com", customOriginConfig: { originProtocolPolicy: "http-only" } }),
    ],
    ["files", tasks({ transitEncryption: "ENABLED" })],
    ["a zone", ssl("strict")],
    ["a stream of a migration", { type: "aws:dms/endpoint:Endpoint", props: { engineName: "kinesis" } }],
  ],
  refused: [
    [
      "a single node of Redis, which speaks no TLS",
      { type: "aws:elasticache/cluster:Cluster", props: { engine: "redis" } },
      'engine is "redis", which a Cluster speaks without TLS only',
    ],
    ["PostgreSQL 13, by default", group("postgres13"), "rds.force_ssl is not set, and postgres13 does not demand TLS by itself"],
    ["PostgreSQL 16 that does not", group("postgres16", "rds.force_ssl", "0"), 'rds.force_ssl is "0"'],
    ["MySQL, by default", group("mysql8.4"), "require_secure_transport is not set"],
    ["a cluster of Aurora", cluster("aurora-postgresql16"), "rds.force_ssl is not set"],
    [
      "DocumentDB",
      {
        type: "aws:docdb/clusterParameterGroup:ClusterParameterGroup",
        props: { family: "docdb5.0", parameters: [{ name: "tls", value: "disabled" }] },
      },
      'tls is "disabled"',
    ],
    ["a warehouse", { type: "aws:redshift/parameterGroup:ParameterGroup", props: { family: "redshift-1.0" } }, "require_ssl is not set"],
    ["a cache", cache({}), "transitEncryptionEnabled is not set, which means false"],
    [
      "a cache that takes plain as well",
      cache({ transitEncryptionEnabled: true, transitEncryptionMode: "preferred" }),
      "transitEncryptionMode is",
    ],
    ["a memory database", { type: "aws:memorydb/cluster:Cluster", props: { tlsEnabled: false } }, "tlsEnabled is false"],
    [
      "brokers that take plain as well",
      { type: "aws:msk/cluster:Cluster", props: { encryptionInfo: { encryptionInTransit: { clientBroker: "TLS_PLAINTEXT" } } } },
      "clientBroker is",
    ],
    ["a proxy of a database", { type: "aws:rds/proxy:Proxy" }, "requireTls is not set"],
    [
      "a search domain",
      { type: "aws:opensearch/domain:Domain", props: { domainEndpointOptions: { enforceHttps: false } } },
      "enforceHttps is false",
      "nodeToNodeEncryption.enabled is not set",
    ],
    ["files", tasks({}), "volumes[1].efsVolumeConfiguration.transitEncryption is not set, which means DISABLED"],
    ["a migration", { type: "aws:dms/endpoint:Endpoint", props: { engineName: "postgres" } }, "sslMode is not set, which means none"],
    ["an origin", origin({ customOriginConfig: { originProtocolPolicy: "match-viewer" } }), "originProtocolPolicy is"],
    ["a database of Google's", sql({ tier: "t" }), "sslMode is not set, which means ALLOW_UNENCRYPTED_AND_ENCRYPTED"],
    ["a cache of Google's", { type: "gcp:redis/cluster:Cluster" }, "transitEncryptionMode is not set"],
    ["a zone", ssl("flexible"), 'value is "flexible"'],
  ],
  undecided: [
    ["a switch", cache({ transitEncryptionEnabled: UNKNOWN }), "transitEncryptionEnabled"],
    ["a family", { type: "aws:rds/parameterGroup:ParameterGroup", props: { family: UNKNOWN } }, "family"],
    ["a parameter", group("postgres16", "rds.force_ssl", UNKNOWN as never), "parameters[1].value"],
  ],
  silent: "aws:sqs/queue:Queue",
});
