// A replica is as much the person's data as the original: each of them stands in the jurisdiction.
import type { Context } from "../../context.ts";
import { namedBy } from "../../relation.ts";
import { type Resource, select } from "../../resource.ts";
import type { Outcome, Rule, StackFinding } from "../../rule.ts";
import { demandOf, refuse, under } from "./demand.ts";
import { type Arguments, at, judgeArguments, madeHere, reference } from "./places.ts";

/** Types that are there to span regions: which ones, their members decide, each from its own stack. */
export const spanning: Readonly<Record<string, string>> = {
  "aws:docdb/globalCluster:GlobalCluster": "a global cluster",
  "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": "a global replication group",
  "aws:memorydb/multiRegionCluster:MultiRegionCluster": "a multi-region cluster",
  "aws:neptune/globalCluster:GlobalCluster": "a global cluster",
  "aws:rds/globalCluster:GlobalCluster": "a global cluster",
};

export const replicationArguments: Arguments = {
  "aws:dsql/cluster:Cluster": [at("multiRegionProperties.witnessRegion"), reference("multiRegionProperties.clusters[*]")],
  "aws:dsql/clusterPeering:ClusterPeering": [at("witnessRegion"), reference("clusters[*]")],
  "aws:dynamodb/globalTable:GlobalTable": [at("replicas[*].regionName")],
  "aws:dynamodb/table:Table": [at("replicas[*].regionName"), at("globalTableWitness.regionName")],
  "aws:dynamodb/tableReplica:TableReplica": [reference("globalTableArn")],
  "aws:ecr/replicationConfiguration:ReplicationConfiguration": [at("replicationConfiguration.rules[*].destinations[*].region")],
  "aws:efs/replicationConfiguration:ReplicationConfiguration": [at("destination.region"), at("destination.availabilityZoneName")],
  "aws:keyspaces/keyspace:Keyspace": [at("replicationSpecification.regionLists[*]")],
  "aws:msk/replicator:Replicator": [
    reference("replicationInfoList.targetKafkaClusterArn"),
    reference("replicationInfoList.sourceKafkaClusterArn"),
  ],
  "aws:neptune/cluster:Cluster": [reference("replicationSourceIdentifier")],
  "aws:rds/cluster:Cluster": [reference("replicationSourceIdentifier"), at("sourceRegion")],
  "aws:rds/instance:Instance": [reference("replicateSourceDb")],
  "aws:securitylake/dataLake:DataLake": [at("configuration.replicationConfiguration.regions[*]")],
  "aws:ssmincidents/replicationSet:ReplicationSet": [at("regions[*].name"), at("region[*].name")],
  "gcp:alloydb/cluster:Cluster": [reference("secondaryConfig.primaryClusterName")],
  "gcp:compute/disk:Disk": [reference("asyncPrimaryDisk.disk")],
  "gcp:compute/diskAsyncReplication:DiskAsyncReplication": [reference("secondaryDisk.disk"), reference("primaryDisk")],
  "gcp:compute/regionDisk:RegionDisk": [reference("asyncPrimaryDisk.disk")],
  "gcp:filestore/instance:Instance": [reference("initialReplication.replicas[*].peerInstance")],
  "gcp:memorystore/instance:Instance": [
    reference("crossInstanceReplicationConfig.primaryInstance.instance"),
    reference("crossInstanceReplicationConfig.secondaryInstances[*].instance"),
  ],
  "gcp:netapp/volumeReplication:VolumeReplication": [reference("destinationVolumeParameters.storagePool")],
  "gcp:redis/cluster:Cluster": [
    reference("crossClusterReplicationConfig.primaryCluster.cluster"),
    reference("crossClusterReplicationConfig.secondaryClusters[*].cluster"),
  ],
};

const judgeTable = judgeArguments(replicationArguments);

/** Replicas that are named by their bucket, whose region the name does not tell. */
export const bucketReplicas: Readonly<Record<string, string>> = {
  "aws:s3/bucket:Bucket": "replicationConfiguration.rules[*].destination.bucket",
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "rules[*].destination.bucket",
  "aws:s3/bucketV2:BucketV2": "replicationConfigurations[*].rules[*].destinations[*].bucket",
};
const bucketTypes = new Set(["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"]);

/** A bucket of this stack is judged where it stands; of any other nobody can tell. */
function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const buckets = resources.filter(({ type }) => bucketTypes.has(type));
  return resources.flatMap((resource) => {
    const path = bucketReplicas[resource.type];
    if (path === undefined) return [];
    // What a replication copies is what its bucket may hold.
    const source = namedBy(resource, "bucket", buckets)[0] ?? resource;
    const demand = demandOf(source, context);
    if (demand === undefined || demand.dataClass === "public") return [];
    return select(resource.props, path)
      .filter((place) => namedBy(resource, place.path, buckets).length === 0)
      .map((place) => ({
        urn: resource.urn,
        finding: refuse(demand, {
          property: place.path,
          problem: `${place.path} copies objects to a bucket that is not of this stack, and whose region its name does not tell`,
          allowed: "a bucket that this stack makes in the jurisdiction",
        }),
      }));
  });
}

function check(resource: Resource, context: Context): Outcome {
  const what = spanning[resource.type];
  if (what === undefined) return judgeTable(resource, context);
  return under(resource, context, (demand) =>
    demand.dataClass === "public"
      ? []
      : [
          refuse(demand, {
            problem: `${what} spans every region that a member joins from`,
            allowed: "a cluster in one region, and backups",
          }),
        ],
  );
}

export const replication: Rule = {
  id: "residency/replication",
  title: "Every replica stands in the jurisdiction of its original",
  severity: "critical",
  why: "Replication copies every record within seconds, and an erasure at home does not prove that the copy abroad is gone.",
  remediation: "Replicate to a region that the residency map lists for the jurisdiction, in this stack, or take backups there instead.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 17" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.34" },
    { name: "SOC 2", clause: "C1.1" },
    { name: "DORA", clause: "Art. 30(2)(b)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:dynamodb/table:Table", props: { region: "eu-central-1", replicas: [{ regionName: "eu-west-1" }] } }],
    fails: [{ type: "aws:dynamodb/table:Table", props: { region: "eu-central-1", replicas: [{ regionName: "us-east-1" }] } }],
  },
  check,
  checkStack,
  settles: madeHere(replicationArguments),
};
