// One data centre may burn.
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { read } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { exceptReplicas, inDurable, isOwed, ofClass } from "./kept.ts";

/** Zone awareness, or its successor with a standby; neither by default. */
const openSearch: Check = (resource, context) =>
  read(resource.props, "clusterConfig.multiAzWithStandbyEnabled") === true
    ? []
    : mustBe("clusterConfig.zoneAwarenessEnabled", true, false)(resource, context);

const isMultiAz = (type: unknown): boolean => typeof type === "string" && type.startsWith("MULTI_AZ");

export const zoneRedundancy: Rule = {
  id: "recoverability/zone-redundancy",
  title: "What holds people's data stands in two zones",
  severity: "medium",
  why: "While a single zone is down nobody can withdraw consent, and what it held since the last backup may never come back.",
  remediation: "Choose the regional or multi-AZ form; it costs about twice as much, and is the reason to keep little in it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.14" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
    { name: "DORA", clause: "Art. 11(2)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "gcp:sql/databaseInstance:DatabaseInstance",
        props: { settings: { tier: "db-custom-2-7680", availabilityType: "REGIONAL" } },
      },
    ],
    fails: [{ type: "gcp:sql/databaseInstance:DatabaseInstance", props: { settings: { tier: "db-custom-2-7680" } } }],
  },
  check: inDurable(
    ofClass(
      isOwed,
      exceptReplicas(
        byType({
          "aws:efs/fileSystem:FileSystem": [mustNot("availabilityZoneName", () => true, "none: the file system then stands in all zones")],
          "aws:fsx/ontapFileSystem:OntapFileSystem": [mustNot("deploymentType", (type) => !isMultiAz(type), "MULTI_AZ_1 or MULTI_AZ_2")],
          "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": [mustNot("deploymentType", (type) => !isMultiAz(type), "MULTI_AZ_1")],
          "aws:fsx/windowsFileSystem:WindowsFileSystem": [mustBe("deploymentType", "MULTI_AZ_1", "SINGLE_AZ_1")],
          "aws:mq/broker:Broker": [mustBe("deploymentMode", ["ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ"], "SINGLE_INSTANCE")],
          "aws:opensearch/domain:Domain": [openSearch],
          "aws:rds/instance:Instance": [mustBe("multiAz", true, false)],
          "aws:s3/directoryBucket:DirectoryBucket": [
            () => [{ kind: "violation", problem: "a directory bucket stands in a single zone", allowed: "aws:s3/bucket:Bucket" }],
          ],
          "gcp:alloydb/instance:Instance": [
            where("instanceType", (type) => type === "PRIMARY", mustBe("availabilityType", "REGIONAL", "REGIONAL")),
          ],
          "gcp:filestore/instance:Instance": [mustBe("tier", ["REGIONAL", "ENTERPRISE"])],
          "gcp:sql/databaseInstance:DatabaseInstance": [mustBe("settings.availabilityType", "REGIONAL", "ZONAL")],
        }),
      ),
    ),
  ),
};
