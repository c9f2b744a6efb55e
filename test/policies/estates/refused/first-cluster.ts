// A first cluster: everyone reaches its API, everything runs as the default account, and its key lies in a file.

import { Firewall } from "@pulumi/gcp/compute/firewall.js";
import { Cluster } from "@pulumi/gcp/container/cluster.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Provider } from "@pulumi/gcp/provider.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { Key } from "@pulumi/gcp/serviceaccount/key.js";
import { DatabaseInstance } from "@pulumi/gcp/sql/databaseInstance.js";
import { Bucket } from "@pulumi/gcp/storage/bucket.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";

const project = "shop-first";
const on = {
  provider: new Provider("google", { project, region: "us-central1", defaultLabels: { jurisdiction: "us", "data-class": "personal" } }),
};
new Cluster("shop", { location: "us-central1", initialNodeCount: 3, deletionProtection: false }, on);
new Firewall("all", { network: "default", sourceRanges: ["0.0.0.0/0"], allows: [{ protocol: "all" }] }, on);
const admin = new Account("admin", { accountId: "admin" }, on);
new IAMMember("admin", { project, role: "roles/editor", member: admin.member }, on);
new Key("admin", { serviceAccountId: admin.name }, on);
new Secret("token", { secretId: "token", replication: { auto: {} } }, on);
new DatabaseInstance(
  "shop",
  {
    region: "us-central1",
    databaseVersion: "POSTGRES_12",
    deletionProtection: false,
    settings: { tier: "db-f1-micro", ipConfiguration: { ipv4Enabled: true, authorizedNetworks: [{ value: "0.0.0.0/0" }] } },
  },
  on,
);
const pictures = new Bucket("pictures", { location: "US", forceDestroy: true }, on);
new BucketIAMMember("pictures", { bucket: pictures.name, role: "roles/storage.objectViewer", member: "allUsers" }, on);
