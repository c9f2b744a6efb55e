// Where a location can hide in a resource's arguments. Top-level `region`, `location`, `zone` and the provider's own are
// read for every type; here stands what is particular to one type. Sources: the declarations of @pulumi/aws 7, gcp 9 and
// cloudflare 6, and the vendors' pages on data location.

export type LocationArgument =
  /** Holds a location, a zone, a Spanner configuration or a self-link. */
  | { readonly reads: "location"; readonly path: string; readonly absent?: Absent }
  /** Holds an ARN, whose fourth part is a region. */
  | { readonly reads: "arn"; readonly path: string }
  /** Holds a Regional Services key. */
  | { readonly reads: "regionKey"; readonly path: string }
  /** Must not be there, or must have one harmless value: no location could be read from it. */
  | {
      readonly reads: "forbidden";
      readonly path: string;
      readonly harmless?: string | boolean;
      readonly problem: string;
      readonly allowed: string;
    };

/** Where the data goes when nobody says. */
interface Absent {
  readonly place: string;
  /** Only if this property is true: a database without backups has no place for them. */
  readonly onlyIf?: string;
}

const at = (path: string, absent?: Absent): LocationArgument => ({ reads: "location", path, ...(absent ? { absent } : {}) });
const arn = (path: string): LocationArgument => ({ reads: "arn", path });
const forbid = (path: string, problem: string, allowed: string, harmless?: string | boolean): LocationArgument => ({
  reads: "forbidden",
  path,
  problem,
  allowed,
  ...(harmless === undefined ? {} : { harmless }),
});

const replication = (path: string): LocationArgument =>
  forbid(path, "copies objects to a bucket whose region its ARN does not tell", "no replication; backups inside the jurisdiction instead");
const hint = (path: string): LocationArgument =>
  forbid(path, "is a location hint, which the vendor does not promise to follow", "jurisdiction instead");
const multiRegionKey = forbid("multiRegion", "lets the key be copied to any region", "multiRegion: false", false);
const placement = ["placement.mode", "placement.region", "placement.host", "placement.hostname", "placement.targets"].map((path) =>
  forbid(path, "moves the Worker towards its backend, out of the region that its hostname promises", "no placement"),
);
/** Cloudflare: unpinned is everywhere. `default` is the word for it. */
const pinned = at("jurisdiction", { place: "global" });

/** Types that stand in several regions, or everywhere, by their nature. */
export const spanning: Readonly<Record<string, string>> = {
  "aws:docdb/globalCluster:GlobalCluster": "a global cluster spans regions",
  "aws:dynamodb/globalTable:GlobalTable": "a global table spans regions",
  "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": "a global replication group spans regions",
  "aws:memorydb/multiRegionCluster:MultiRegionCluster": "a multi-region cluster spans regions",
  "aws:neptune/globalCluster:GlobalCluster": "a global cluster spans regions",
  "aws:rds/globalCluster:GlobalCluster": "a global cluster spans regions",
  "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": "a multi-region access point spans regions",
  "cloudflare:index/secretsStore:SecretsStore": "the Secrets Store is kept in all data centres",
  "cloudflare:index/workersKvNamespace:WorkersKvNamespace": "Workers KV is cached at every location that reads it",
};

export const locationArguments: Readonly<Record<string, readonly LocationArgument[]>> = {
  "aws:backup/plan:Plan": [arn("rules[*].copyActions[*].destinationVaultArn")],
  "aws:dynamodb/table:Table": [at("replicas[*].regionName")],
  "aws:dynamodb/tableReplica:TableReplica": [arn("globalTableArn")],
  "aws:ebs/snapshotCopy:SnapshotCopy": [at("sourceRegion")],
  "aws:ec2/amiCopy:AmiCopy": [at("sourceAmiRegion")],
  "aws:ecr/replicationConfiguration:ReplicationConfiguration": [at("replicationConfiguration.rules[*].destinations[*].region")],
  "aws:efs/replicationConfiguration:ReplicationConfiguration": [at("destination.region")],
  "aws:kms/externalKey:ExternalKey": [multiRegionKey],
  "aws:kms/key:Key": [multiRegionKey],
  "aws:kms/replicaKey:ReplicaKey": [arn("primaryKeyArn")],
  "aws:rds/cluster:Cluster": [arn("replicationSourceIdentifier")],
  "aws:rds/instance:Instance": [arn("replicateSourceDb")],
  "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": [arn("sourceDbInstanceArn")],
  "aws:rds/snapshotCopy:SnapshotCopy": [at("destinationRegion")],
  "aws:s3/bucket:Bucket": [replication("replicationConfiguration.rules[*].destination.bucket")],
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": [replication("rules[*].destination.bucket")],
  "aws:secretsmanager/secret:Secret": [at("replicas[*].region")],

  "gcp:bigquery/dataset:Dataset": [at("location", { place: "US" })],
  "gcp:bigtable/instance:Instance": [at("clusters[*].zone")],
  "gcp:cloudrunv2/service:Service": [at("multiRegionSettings.regions[*]")],
  "gcp:compute/image:Image": [at("storageLocations[*]", { place: "the nearest multi-region" })],
  "gcp:compute/regionDisk:RegionDisk": [at("replicaZones[*]")],
  "gcp:compute/snapshot:Snapshot": [at("storageLocations[*]", { place: "the nearest multi-region" })],
  "gcp:container/cluster:Cluster": [at("nodeLocations[*]")],
  "gcp:firestore/database:Database": [at("locationId")],
  "gcp:observability/projectSettings:ProjectSettings": [at("defaultStorageLocation")],
  "gcp:pubsub/topic:Topic": [at("messageStoragePolicy.allowedPersistenceRegions[*]", { place: "any region" })],
  "gcp:redis/instance:Instance": [at("locationId"), at("alternativeLocationId")],
  "gcp:secretmanager/secret:Secret": [
    forbid("replication.auto", "lets Google choose the regions", "replication.userManaged with one replica per allowed region"),
    at("replication.userManaged.replicas[*].location"),
  ],
  "gcp:spanner/instance:Instance": [at("config")],
  "gcp:sql/databaseInstance:DatabaseInstance": [
    at("settings.backupConfiguration.location", { place: "the nearest multi-region", onlyIf: "settings.backupConfiguration.enabled" }),
    at("settings.locationPreference.zone"),
    at("settings.locationPreference.secondaryZone"),
  ],
  "gcp:storage/bucket:Bucket": [at("customPlacementConfig.dataLocations[*]")],

  "cloudflare:index/d1Database:D1Database": [pinned, hint("primaryLocationHint")],
  "cloudflare:index/pagesProject:PagesProject": [
    forbid("deploymentConfigs.production.placement.mode", "moves the functions towards their backend", "no placement"),
    forbid("deploymentConfigs.preview.placement.mode", "moves the functions towards their backend", "no placement"),
  ],
  "cloudflare:index/queue:Queue": [pinned],
  "cloudflare:index/r2Bucket:R2Bucket": [pinned, hint("location")],
  "cloudflare:index/r2BucketCors:R2BucketCors": [at("jurisdiction")],
  "cloudflare:index/r2BucketEventNotification:R2BucketEventNotification": [at("jurisdiction")],
  "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle": [at("jurisdiction")],
  "cloudflare:index/r2BucketLock:R2BucketLock": [at("jurisdiction")],
  "cloudflare:index/r2CustomDomain:R2CustomDomain": [at("jurisdiction")],
  "cloudflare:index/r2ManagedDomain:R2ManagedDomain": [at("jurisdiction")],
  "cloudflare:index/regionalHostname:RegionalHostname": [{ reads: "regionKey", path: "regionKey" }],
  "cloudflare:index/workerVersion:WorkerVersion": [...placement, at("bindings[*].jurisdiction")],
  "cloudflare:index/workersScript:WorkersScript": [...placement, at("bindings[*].jurisdiction")],
};

/** Read on every type of the provider, and on the provider itself. */
export const commonArguments = {
  aws: [at("region"), at("availabilityZone"), at("availabilityZones[*]")],
  gcp: [at("location"), at("region"), at("zone")],
  cloudflare: [],
} as const satisfies Record<string, readonly LocationArgument[]>;
