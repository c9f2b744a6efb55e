import { publicDatabase } from "../../../../policies/rules/exposure/public-database.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const sql = "gcp:sql/databaseInstance:DatabaseInstance";
const msk = "aws:msk/cluster:Cluster";
const mskPublic = (type: string) => ({ brokerNodeGroupInfo: { connectivityInfo: { publicAccess: { type } } } });

specify(publicDatabase, {
  passes: [
    ["a private database", { type: sql, props: { settings: { ipConfiguration: { ipv4Enabled: false } } } }],
    ["a clone, which takes its source's settings", { type: sql, props: { clone: { sourceInstanceName: "a" } } }],
    ["a database of AWS, by default", { type: "aws:rds/instance:Instance" }],
    ["a broker cluster inside", { type: msk, props: mskPublic("DISABLED") }],
  ],
  refused: [
    ["a database", { type: "aws:rds/instance:Instance", props: { publiclyAccessible: true } }, "publiclyAccessible is true"],
    [
      "an instance of a cluster",
      { type: "aws:rds/clusterInstance:ClusterInstance", props: { publiclyAccessible: true } },
      "publiclyAccessible is true",
    ],
    ["a warehouse", { type: "aws:redshift/cluster:Cluster", props: { publiclyAccessible: true } }, "publiclyAccessible is true"],
    ["a broker", { type: "aws:mq/broker:Broker", props: { publiclyAccessible: true } }, "publiclyAccessible is true"],
    ["a broker cluster", { type: msk, props: mskPublic("SERVICE_PROVIDED_EIPS") }, "publicAccess.type is"],
    [
      "the address that Cloud SQL gives by itself",
      { type: sql, props: { settings: { tier: "db-f1-micro" } } },
      "ipv4Enabled is not set, which means true",
    ],
    [
      "a database for the internet",
      { type: sql, props: { settings: { ipConfiguration: { ipv4Enabled: false, authorizedNetworks: [{ value: "0.0.0.0/0" }] } } } },
      'authorizedNetworks[0].value is "0.0.0.0/0"',
    ],
    ["AlloyDB", { type: "gcp:alloydb/instance:Instance", props: { networkConfig: { enablePublicIp: true } } }, "enablePublicIp is true"],
  ],
  undecided: [["a switch", { type: "aws:rds/instance:Instance", props: { publiclyAccessible: UNKNOWN } }, "publiclyAccessible"]],
  silent: "aws:dynamodb/table:Table",
});
