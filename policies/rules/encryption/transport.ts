// Connections inside: to databases, caches, brokers, file systems, and from the edge to its origins.
import { byType, type Check, inEach, mustBe, mustNot, where } from "../../arguments.ts";
import { isPresent, type Resource, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, judge, type Rule } from "../../rule.ts";

/** The parameter by which a family of databases demands TLS, the values that do, and whether it does by default. Source: RDS and Redshift User Guides. */
function demandOf(family: string): { readonly name: string; readonly values: readonly string[]; readonly byDefault: boolean } | undefined {
  const postgres = /^(?:aurora-)?postgres(?:ql)?(\d+)/.exec(family);
  if (postgres) return { name: "rds.force_ssl", values: ["1"], byDefault: Number(postgres[1]) >= (family.startsWith("aurora") ? 17 : 15) };
  if (family.startsWith("sqlserver")) return { name: "rds.force_ssl", values: ["1"], byDefault: false };
  if (/^(aurora-)?mysql/.test(family)) return { name: "require_secure_transport", values: ["1", "ON", "on"], byDefault: false };
  // From MariaDB 11.8 on it is on by default.
  if (family.startsWith("mariadb"))
    return { name: "require_secure_transport", values: ["1", "ON", "on"], byDefault: Number.parseFloat(family.slice(7)) >= 11.8 };
  if (family.startsWith("docdb")) return { name: "tls", values: ["enabled", "fips-140-3", "tls1.2+", "tls1.3+"], byDefault: true };
  if (family.startsWith("redshift-1")) return { name: "require_ssl", values: ["true"], byDefault: false };
  if (family.startsWith("redshift-")) return { name: "require_ssl", values: ["true"], byDefault: true };
  return undefined;
}

/** A parameter group that says nothing leaves the family's default. Of Aurora both a cluster's and an instance's group may demand it: the cluster's is judged. */
const parameters =
  (applies: (family: string) => boolean): Check =>
  (resource: Resource): readonly Finding[] => {
    const family = read(resource.props, "family");
    const demand = applies(textOf(family)) ? demandOf(textOf(family)) : undefined;
    if (!demand) return family === UNKNOWN ? [{ kind: "undecided", property: "family" }] : [];
    const allowed = `${demand.name}: ${demand.values.join(" or ")}`;
    if (read(resource.props, "parameters") === UNKNOWN) return [{ kind: "undecided", property: "parameters" }];
    const listed = (read(resource.props, "parameters") ?? []) as readonly Value[];
    const index = (Array.isArray(listed) ? listed : []).findIndex(
      (_item, at) => read(resource.props, `parameters[${at}].name`) === demand.name,
    );
    if (index < 0)
      return demand.byDefault
        ? []
        : [
            {
              kind: "violation",
              property: "parameters",
              problem: `${demand.name} is not set, and ${textOf(family)} does not demand TLS by itself`,
              allowed,
            },
          ];
    return judge(resource, `parameters[${index}].value`, ({ value }) =>
      demand.values.includes(textOf(value)) ? undefined : { problem: `${demand.name} is ${JSON.stringify(value)}`, allowed },
    );
  };

const notAurora = (family: string) => !family.startsWith("aurora");
const any = () => true;

/** With `preferred` plain connections are still taken. */
const cache = [
  mustBe("transitEncryptionEnabled", true, false),
  mustNot("transitEncryptionMode", (value) => value === "preferred", "transitEncryptionMode: required"),
];
const search = [mustBe("domainEndpointOptions.enforceHttps", true, true), mustBe("nodeToNodeEncryption.enabled", true, false)];

const databases =
  /^(aurora|aurora-postgresql|azuredb|azure-sql-managed-instance|babelfish|db2|docdb|mariadb|mongodb|mysql|opensearch|oracle|postgres|sqlserver|sybase)/;
/** Streams and stores of AWS itself are spoken to over HTTPS and have no such setting. */
const endpoint: Check = where(
  "engineName",
  (value) => databases.test(textOf(value)),
  mustBe("sslMode", ["require", "verify-ca", "verify-full"], "none"),
);

const efs: Check = inEach(
  "volumes[*]",
  (at) => (resource, context) =>
    isPresent(resource.props, `${at}.efsVolumeConfiguration`)
      ? mustBe(`${at}.efsVolumeConfiguration.transitEncryption`, "ENABLED", "DISABLED")(resource, context)
      : [],
);

/** A website of S3 speaks no HTTPS, and holds what is public anyway. */
const origin: Check = inEach(
  "origins[*]",
  (at) => (resource, context) =>
    /\.s3-website[.-]/.test(textOf(read(resource.props, `${at}.domainName`)))
      ? []
      : mustNot(`${at}.customOriginConfig.originProtocolPolicy`, (value) => value !== "https-only", "https-only")(resource, context),
);

const isSsl = (value: Value | undefined) => value === "ssl";
/** `off` and `flexible` speak plain HTTP to the origin. */
const zone: Check = where(
  "settingId",
  isSsl,
  mustNot("value", (value) => !["full", "strict", "origin_pull"].includes(textOf(value)), "full or strict"),
);

const sqlModes = ["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"];
const sqlPath = "settings.ipConfiguration.sslMode";
const sql: Check = (resource, context) =>
  isPresent(resource.props, "clone") && !isPresent(resource.props, "settings")
    ? []
    : mustBe(sqlPath, sqlModes, "ALLOW_UNENCRYPTED_AND_ENCRYPTED")(resource, context);

/** A single node of Redis or Valkey speaks no TLS: only a replication group does, and its nodes are as it is. */
const alone: Check = ({ props }) => {
  const engine = read(props, "engine");
  return (engine === "redis" || engine === "valkey") && !isPresent(props, "replicationGroupId")
    ? [
        {
          kind: "violation",
          property: "engine",
          problem: `engine is ${JSON.stringify(engine)}, which a Cluster speaks without TLS only`,
          allowed: "an elasticache.ReplicationGroup with transitEncryptionEnabled: true; it may have one node",
        },
      ]
    : [];
};

const redis = "gcp:redis/instance:Instance";

export const transport: Rule = {
  id: "encryption/transport",
  title: "Databases, caches and brokers are spoken to by TLS only",
  severity: "high",
  why: "Inside a network too somebody may listen: a neighbour's broken machine is enough to read passwords and people's records from plain connections.",
  remediation: "Demand TLS at the server; a client that does not speak it fails then instead of falling back.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(a)" },
    { name: "ISO 27001", clause: "A.8.21" },
    { name: "ISO 27001", clause: "A.8.24" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "NIS2", clause: "Art. 21(2)(h)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: redis, props: { memorySizeGb: 1, transitEncryptionMode: "SERVER_AUTHENTICATION" } }],
    fails: [{ type: redis, props: { memorySizeGb: 1 } }],
  },
  check: byType({
    "aws:appsync/apiCache:ApiCache": [mustBe("transitEncryptionEnabled", true, false)],
    "aws:cloudfront/distribution:Distribution": [origin],
    "aws:dax/cluster:Cluster": [mustBe("clusterEndpointEncryptionType", "TLS", "NONE")],
    "aws:dms/endpoint:Endpoint": [endpoint],
    "aws:docdb/clusterParameterGroup:ClusterParameterGroup": [parameters(any)],
    "aws:ecs/taskDefinition:TaskDefinition": [efs],
    "aws:elasticache/cluster:Cluster": [
      where("engine", (value) => value === "memcached", mustBe("transitEncryptionEnabled", true, false)),
      alone,
    ],
    "aws:elasticache/replicationGroup:ReplicationGroup": cache,
    "aws:elasticsearch/domain:Domain": search,
    "aws:memorydb/cluster:Cluster": [mustBe("tlsEnabled", true, true)],
    "aws:msk/cluster:Cluster": [
      mustBe("encryptionInfo.encryptionInTransit.clientBroker", "TLS", "TLS"),
      mustBe("encryptionInfo.encryptionInTransit.inCluster", true, true),
    ],
    "aws:opensearch/domain:Domain": search,
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": [parameters(any)],
    "aws:rds/parameterGroup:ParameterGroup": [parameters(notAurora)],
    "aws:rds/proxy:Proxy": [mustBe("requireTls", true, false)],
    "aws:redshift/parameterGroup:ParameterGroup": [parameters(any)],
    "cloudflare:index/zoneSetting:ZoneSetting": [zone],
    "gcp:alloydb/instance:Instance": [mustBe("clientConnectionConfig.sslConfig.sslMode", "ENCRYPTED_ONLY", "ENCRYPTED_ONLY")],
    "gcp:memorystore/instance:Instance": [mustBe("transitEncryptionMode", "SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_DISABLED")],
    "gcp:redis/cluster:Cluster": [
      mustBe("transitEncryptionMode", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_MODE_DISABLED"),
    ],
    [redis]: [mustBe("transitEncryptionMode", "SERVER_AUTHENTICATION", "DISABLED")],
    "gcp:sql/databaseInstance:DatabaseInstance": [sql],
  }),
};
