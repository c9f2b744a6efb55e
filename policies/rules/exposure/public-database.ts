// A database, cache or broker has no address that the internet can reach.
import { byType, type Check, mustBe, mustNot } from "../../arguments.ts";
import { isPresent } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { isInternet } from "./network.ts";

const notPublic = (path: string) => mustNot(path, (value) => value === true, `${path}: false`);
const publiclyAccessible = [notPublic("publiclyAccessible")];

/** A clone takes the settings of its source. */
const unlessCloned =
  (check: Check): Check =>
  (resource, context) =>
    isPresent(resource.props, "clone") && !isPresent(resource.props, "settings") ? [] : check(resource, context);

const noInternet = (path: string) => mustNot(path, isInternet, "no authorised network; private addresses only", "open to the internet");

export const publicDatabase: Rule = {
  id: "exposure/public-database",
  title: "No database has a public address",
  severity: "critical",
  why: "A database on the internet is one stolen or guessed password away from every person in it; ransoms of such databases are automated.",
  remediation: "Give it a private address in a network of your own, and reach it from there.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.22" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:rds/instance:Instance", props: { publiclyAccessible: false } }],
    fails: [{ type: "aws:rds/instance:Instance", props: { publiclyAccessible: true } }],
  },
  check: byType({
    "aws:dms/replicationInstance:ReplicationInstance": publiclyAccessible,
    "aws:lightsail/database:Database": publiclyAccessible,
    "aws:mq/broker:Broker": publiclyAccessible,
    "aws:msk/cluster:Cluster": [
      mustNot(
        "brokerNodeGroupInfo.connectivityInfo.publicAccess.type",
        (value) => value !== "DISABLED",
        "brokerNodeGroupInfo.connectivityInfo.publicAccess.type: DISABLED",
      ),
    ],
    "aws:neptune/clusterInstance:ClusterInstance": publiclyAccessible,
    "aws:rds/clusterInstance:ClusterInstance": publiclyAccessible,
    "aws:rds/instance:Instance": publiclyAccessible,
    "aws:redshift/cluster:Cluster": publiclyAccessible,
    "aws:redshiftserverless/workgroup:Workgroup": publiclyAccessible,
    "aws:timestreaminfluxdb/dbInstance:DbInstance": publiclyAccessible,
    "gcp:alloydb/instance:Instance": [notPublic("networkConfig.enablePublicIp")],
    // Cloud SQL gives a public address unless it is told not to.
    "gcp:sql/databaseInstance:DatabaseInstance": [
      unlessCloned(mustBe("settings.ipConfiguration.ipv4Enabled", false, true)),
      noInternet("settings.ipConfiguration.authorizedNetworks[*].value"),
    ],
  }),
};
