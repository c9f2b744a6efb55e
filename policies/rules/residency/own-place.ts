// The place where a resource itself stands.
import { isPresent, type Located, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import { holdingOf } from "../../resource-types.ts";
import { cloudOf } from "./demand.ts";
import { type Argument, type Arguments, at, placeWhenAbsent, regionOf } from "./places.ts";

/** Read on every type of the provider, and on the provider itself. */
export const commonArguments: Readonly<Record<string, readonly Argument[]>> = {
  aws: [at("region"), at("availabilityZone"), at("availabilityZones[*]")],
  gcp: [at("location"), at("region"), at("zone")],
};

/** Where a type has more to say of its place than that. */
export const ownPlaceArguments: Arguments = {
  "aws:globalaccelerator/customRoutingEndpointGroup:CustomRoutingEndpointGroup": [at("endpointGroupRegion")],
  "aws:globalaccelerator/endpointGroup:EndpointGroup": [at("endpointGroupRegion")],
  "aws:securitylake/dataLake:DataLake": [at("configuration.region")],
  "gcp:alloydb/instance:Instance": [at("gceZone")],
  "gcp:apigee/organization:Organization": [at("analyticsRegion"), at("apiConsumerDataLocation")],
  "gcp:appengine/application:Application": [at("locationId")],
  "gcp:biglake/icebergCatalog:IcebergCatalog": [at("primaryLocation")],
  "gcp:bigquery/dataset:Dataset": [at("location", { place: "US" })],
  "gcp:bigtable/instance:Instance": [at("clusters[*].zone")],
  "gcp:cloudfunctionsv2/function:Function": [at("eventTrigger.triggerRegion")],
  "gcp:compute/regionDisk:RegionDisk": [at("replicaZones[*]")],
  "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": [at("distributionPolicyZones[*]")],
  "gcp:container/cluster:Cluster": [
    at("nodeLocations[*]"),
    at("clusterAutoscaling.autoProvisioningLocations[*]"),
    at("nodePools[*].nodeLocations[*]"),
  ],
  "gcp:container/nodePool:NodePool": [at("nodeLocations[*]")],
  "gcp:dataproc/cluster:Cluster": [at("clusterConfig.gceClusterConfig.zone")],
  "gcp:firestore/database:Database": [at("locationId")],
  "gcp:logging/folderSettings:FolderSettings": [at("storageLocation")],
  "gcp:logging/organizationSettings:OrganizationSettings": [at("storageLocation")],
  "gcp:memcache/instance:Instance": [at("zones[*]")],
  "gcp:memorystore/instance:Instance": [at("zoneDistributionConfig.zone")],
  "gcp:observability/folderSettings:FolderSettings": [at("defaultStorageLocation")],
  "gcp:observability/organizationSettings:OrganizationSettings": [at("defaultStorageLocation")],
  "gcp:observability/projectSettings:ProjectSettings": [at("defaultStorageLocation")],
  "gcp:redis/cluster:Cluster": [at("zoneDistributionConfig.zone")],
  "gcp:redis/instance:Instance": [at("locationId"), at("alternativeLocationId")],
  "gcp:spanner/instance:Instance": [at("config")],
  "gcp:spanner/instancePartition:InstancePartition": [at("config")],
  "gcp:sql/databaseInstance:DatabaseInstance": [at("settings.locationPreference.zone"), at("settings.locationPreference.secondaryZone")],
  "gcp:vertex/aiFeatureOnlineStore:AiFeatureOnlineStore": [at("bigtable.zone")],
};

/** Amazon's services that have no region: their resources stand nowhere in particular. */
const regionless =
  /^aws:(account|billing|budgets|cloudfront|costexplorer|globalaccelerator|iam|organizations|route53|route53domains|shield|waf)\//;

/** Every place that a resource says it stands at, or stands at because nothing is said. */
export function ownPlaces(resource: Resource): Located[] {
  const cloud = cloudOf(resource.type);
  if (cloud === undefined) return [];
  const own = ownPlaceArguments[resource.type] ?? [];
  const common = (commonArguments[cloud] ?? []).filter(({ path }) => !own.some((argument) => argument.path === path));
  const named = [...common, ...own].flatMap((argument) => {
    const absent = placeWhenAbsent(resource, argument);
    return absent ? [absent] : select(resource.props, argument.path);
  });
  return inherits(resource) ? [...named, inheritedRegion(resource)] : named;
}

/** AWS puts a resource without a region into its provider's. */
function inherits({ type, props, provider }: Resource): boolean {
  if (!type.startsWith("aws:") || isPresent(props, "region") || regionless.test(type)) return false;
  return (holdingOf(type, provider !== undefined) ?? "stores") !== "none";
}

function inheritedRegion({ provider }: Resource): Located {
  const region = provider ? read(provider.props, "region") : undefined;
  return region === undefined
    ? { path: "region (not set)", value: "what the deploying machine says" }
    : { path: "region of the provider", value: region };
}

/**
 * Whether a place is a name for several regions, or for all: Google's `EU`, `us`, `asia`, `nam5`, `eur3`, `nam-eur-asia1`, `asia1`, `global`.
 * Source: cloud.google.com/storage/docs/locations, /spanner/docs/instance-configurations, /firestore/docs/locations.
 */
export function isMultiRegion({ value }: Located): boolean {
  if (value === UNKNOWN) return false;
  return /^(global|world|us|eu|europe|asia|(nam|eur|asia|us|in)\d*(-(nam|eur|asia)\d*)*|dual-region-[\w-]+)$/.test(
    regionOf(value as Value) ?? "",
  );
}
