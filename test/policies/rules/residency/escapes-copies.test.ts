// Ways out by name, replica and copy: each is one rule's finding, and no other rule's.
import { describe } from "vitest";
import type { ExampleResource } from "../../../../policies/rule.ts";
import { type Escapes, onlyOneSpeaks } from "../../verdicts.ts";

const gcp = { location: "europe-west3", labels: { "data-class": "personal" } };
const eu = { region: "eu-central-1", tags: { "data-class": "personal" } };
const here = { region: "eu-central-1" };
const labels = { labels: { "data-class": "personal" } };
const arn = (service: string, region: string, rest: string) => `arn:aws:${service}:${region}:123456789012:${rest}`;
const bucket = (name: string, more = {}): ExampleResource => ({
  type: "aws:s3/bucket:Bucket",
  name,
  props: { bucket: name, ...eu, ...more },
});

describe.each<Escapes>([
  [
    "residency/multi-region",
    [
      ["a multi-region bucket", { type: "gcp:storage/bucket:Bucket", props: { ...labels, location: "EU" } }, 'location is "EU"'],
      ["a dual region", { type: "gcp:storage/bucket:Bucket", props: { ...labels, location: "NAM4" } }, 'location is "NAM4"'],
      [
        "a dual region by its parts",
        {
          type: "gcp:storage/bucket:Bucket",
          props: { ...gcp, customPlacementConfig: { dataLocations: ["EUROPE-WEST3", "US-EAST1"] } },
        },
        'customPlacementConfig.dataLocations[1] is "US-EAST1"',
      ],
      ["a dataset without a location", { type: "gcp:bigquery/dataset:Dataset", props: labels }, 'location (not set) is "US"'],
      [
        "a registry",
        { type: "gcp:artifactregistry/repository:Repository", props: { ...labels, location: "europe" } },
        'location is "europe"',
      ],
      ["Firestore in nam5", { type: "gcp:firestore/database:Database", props: { locationId: "nam5" } }, 'locationId is "nam5"'],
      ["Firestore in eur3", { type: "gcp:firestore/database:Database", props: { locationId: "eur3" } }, "eur3"],
      [
        "Spanner in several regions",
        { type: "gcp:spanner/instance:Instance", props: { ...labels, config: "nam-eur-asia1" } },
        "nam-eur-asia1",
      ],
      ["a key ring of everywhere", { type: "gcp:kms/keyRing:KeyRing", props: { location: "global" } }, 'location is "global"'],
      [
        "a service in several regions",
        { type: "gcp:cloudrunv2/service:Service", props: { location: "europe-west3", multiRegionSettings: { regions: ["us-east4"] } } },
        'multiRegionSettings.regions[0] is "us-east4"',
      ],
      [
        "a multi-region access point",
        { type: "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint", props: { ...here, details: { name: "all", regions: [] } } },
        "details makes an access point",
      ],
    ],
  ],
  [
    "residency/replication",
    [
      [
        "a table's replica",
        { type: "aws:dynamodb/table:Table", props: { ...eu, replicas: [{ regionName: "eu-west-1" }, { regionName: "us-east-1" }] } },
        'replicas[1].regionName is "us-east-1"',
      ],
      [
        "an old global table",
        { type: "aws:dynamodb/globalTable:GlobalTable", props: { ...here, replicas: [{ regionName: "us-east-1" }] } },
        "replicas[0]",
      ],
      [
        "a replica table",
        { type: "aws:dynamodb/tableReplica:TableReplica", props: { ...eu, globalTableArn: arn("dynamodb", "us-east-1", "table/orders") } },
        "globalTableArn is",
      ],
      ["a global cluster", { type: "aws:rds/globalCluster:GlobalCluster", props: here }, "a global cluster spans every region"],
      [
        "a read replica",
        { type: "aws:rds/instance:Instance", props: { ...eu, replicateSourceDb: arn("rds", "us-east-1", "db:ledger") } },
        "replicateSourceDb is",
      ],
      [
        "a file system",
        { type: "aws:efs/replicationConfiguration:ReplicationConfiguration", props: { ...here, destination: { region: "us-east-1" } } },
        'destination.region is "us-east-1"',
      ],
      [
        "images",
        {
          type: "aws:ecr/replicationConfiguration:ReplicationConfiguration",
          props: { ...here, replicationConfiguration: { rules: [{ destinations: [{ region: "us-east-1" }] }] } },
        },
        'destinations[0].region is "us-east-1"',
      ],
      [
        "a bucket's objects, to a bucket of elsewhere",
        [
          bucket("orders"),
          {
            type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            name: "copy",
            props: { ...here, bucket: "orders", rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] },
          },
        ],
        "rules[0].destination.bucket copies objects",
      ],
      [
        "a bucket's objects, by the bucket itself",
        bucket("orders", { replicationConfiguration: { rules: [{ destination: { bucket: "arn:aws:s3:::somewhere" } }] } }),
        "copies objects",
      ],
      [
        "a secondary cluster",
        {
          type: "gcp:alloydb/cluster:Cluster",
          props: { ...gcp, secondaryConfig: { primaryClusterName: "projects/p/locations/us-east4/clusters/main" } },
        },
        "secondaryConfig.primaryClusterName is",
      ],
      [
        "a keyspace",
        { type: "aws:keyspaces/keyspace:Keyspace", props: { ...here, replicationSpecification: { regionLists: ["us-east-1"] } } },
        "regionLists",
      ],
    ],
  ],
  [
    "residency/multi-region-key",
    [
      ["a key", { type: "aws:kms/key:Key", props: { ...here, multiRegion: true } }, "multiRegion lets the key be copied to any region"],
      [
        "a replica of a key",
        { type: "aws:kms/replicaKey:ReplicaKey", props: { ...here, primaryKeyArn: arn("kms", "us-east-1", "key/mrk-1") } },
        "primaryKeyArn is",
      ],
    ],
  ],
  [
    "residency/secret-replication",
    [
      [
        "a secret's replica",
        { type: "aws:secretsmanager/secret:Secret", props: { ...eu, replicas: [{ region: "us-east-1" }] } },
        "replicas[0].region",
      ],
      [
        "automatic replication",
        { type: "gcp:secretmanager/secret:Secret", props: { ...labels, replication: { auto: {} } } },
        "replication.auto lets Google choose the regions",
      ],
      [
        "a replica at Google",
        {
          type: "gcp:secretmanager/secret:Secret",
          props: { ...labels, replication: { userManaged: { replicas: [{ location: "us-east4" }] } } },
        },
        'replicas[0].location is "us-east4"',
      ],
    ],
  ],
  [
    "residency/backup-copies",
    [
      [
        "a backup plan",
        {
          type: "aws:backup/plan:Plan",
          props: { ...here, rules: [{ copyActions: [{ destinationVaultArn: arn("backup", "us-east-1", "backup-vault:copy") }] }] },
        },
        "destinationVaultArn is",
      ],
      [
        "a snapshot of elsewhere",
        { type: "aws:ebs/snapshotCopy:SnapshotCopy", props: { ...eu, sourceRegion: "us-east-1" } },
        "sourceRegion",
      ],
      [
        "a database's snapshot",
        { type: "aws:rds/snapshotCopy:SnapshotCopy", props: { ...eu, destinationRegion: "us-east-1" } },
        "destinationRegion",
      ],
      [
        "replicated backups",
        {
          type: "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
          props: { ...here, sourceDbInstanceArn: arn("rds", "us-east-1", "db:ledger") },
        },
        "sourceDbInstanceArn is",
      ],
      [
        "a lifecycle of volumes",
        {
          type: "aws:dlm/lifecyclePolicy:LifecyclePolicy",
          props: { ...here, policyDetails: { schedules: [{ crossRegionCopyRules: [{ targetRegion: "us-east-1" }] }] } },
        },
        "targetRegion is",
      ],
      [
        "backups of Cloud SQL",
        {
          type: "gcp:sql/databaseInstance:DatabaseInstance",
          props: {
            region: "europe-west3",
            settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true, location: "us" } },
          },
        },
        'settings.backupConfiguration.location is "us"',
      ],
      [
        "backups of Cloud SQL that go where Google likes",
        {
          type: "gcp:sql/databaseInstance:DatabaseInstance",
          props: { region: "europe-west3", settings: { userLabels: { "data-class": "personal" }, backupConfiguration: { enabled: true } } },
        },
        "backupConfiguration.location (not set)",
      ],
      ["a snapshot without a place", { type: "gcp:compute/snapshot:Snapshot", props: labels }, "storageLocations[*] (not set)"],
      [
        "scheduled snapshots without a place",
        { type: "gcp:compute/resourcePolicy:ResourcePolicy", props: { region: "europe-west3", snapshotSchedulePolicy: { schedule: {} } } },
        "storageLocations (not set)",
      ],
    ],
  ],
])("%s alone speaks of", onlyOneSpeaks);
