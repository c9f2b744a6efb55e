// The ways in which Google Cloud resources are opened to everyone.
import { isPresent, type Resource, read, select, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge } from "../../rule.ts";
import { isHttpsOnly, isInternet } from "./network.ts";

type Check = (resource: Resource) => Finding[];

const isEveryone = (value: unknown): boolean => typeof value === "string" && /(^|:)(allUsers|allAuthenticatedUsers)$/.test(value);
const named = "named service accounts, users or groups";

const everyone =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) => (isEveryone(place.value) ? { problem: is(resource, place), allowed: named } : undefined));

/** `policyData` of an `...IAMPolicy` is a JSON text. */
const policyData: Check = (resource) =>
  judge(resource, "policyData", ({ value }) =>
    typeof value === "string" && /"(allUsers|allAuthenticatedUsers)"/.test(value)
      ? { problem: "policyData binds a role to everyone", allowed: named }
      : undefined,
  );

const mustBe =
  (path: string, must: string | boolean, otherwise: string): Check =>
  (resource) => {
    const allowed = `${path}: ${must}`;
    if (!isPresent(resource.props, path))
      return [{ kind: "violation", property: path, problem: `${path} is not set, which means ${otherwise}`, allowed }];
    return judge(resource, path, (place) => (place.value === must ? undefined : { problem: is(resource, place), allowed }));
  };

/** Where a Cloud Run service lets requests in from: everywhere, unless it is told not to. */
const ingress: Check = (resource) => {
  const allowed = "ingress: INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER or INGRESS_TRAFFIC_INTERNAL_ONLY";
  if (!isPresent(resource.props, "ingress"))
    return [{ kind: "violation", property: "ingress", problem: "ingress is not set, which means INGRESS_TRAFFIC_ALL", allowed }];
  return judge(resource, "ingress", (place) =>
    typeof place.value === "string" && /^INGRESS_TRAFFIC_INTERNAL_/.test(place.value)
      ? undefined
      : { problem: is(resource, place), allowed },
  );
};

/** A database's public address: Cloud SQL gives one unless it is told not to. */
const authorizedNetworks: Check = (resource) =>
  judge(resource, "settings.ipConfiguration.authorizedNetworks[*].value", (place) =>
    isInternet(place.value)
      ? { problem: `${is(resource, place)}: open to the internet`, allowed: "no authorised network; private addresses only" }
      : undefined,
  );

const predefinedAcl =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) =>
      typeof place.value === "string" && /^(public|authenticatedRead)/.test(place.value)
        ? { problem: is(resource, place), allowed: "private or projectPrivate" }
        : undefined,
    );

/** Ingress is the default direction, and a rule without any source admits every address. */
const firewall: Check = (resource) => {
  const { props } = resource;
  if (read(props, "direction") === "EGRESS" || read(props, "disabled") === true || !isPresent(props, "allows")) return [];
  const allows = select(props, "allows[*]").map(({ value }) => (value === UNKNOWN ? {} : (value as typeof props)));
  const httpsOnly = allows.every(
    (allow) =>
      select(allow, "ports[*]").length > 0 && select(allow, "ports[*]").every(({ value }) => isHttpsOnly(allow.protocol, value, value)),
  );
  if (httpsOnly) return [];
  const allowed = "sourceRanges, sourceTags or sourceServiceAccounts of your own; the internet may reach TCP port 443 only";
  const sources = ["sourceRanges", "sourceTags", "sourceServiceAccounts"];
  if (!sources.some((source) => isPresent(props, source)))
    return [{ kind: "violation", problem: "names no source, so it admits the internet", allowed }];
  return judge(resource, "sourceRanges[*]", (place) =>
    isInternet(place.value) ? { problem: `${is(resource, place)}: open to the internet`, allowed } : undefined,
  );
};

const specialGroup: Check = (resource) =>
  ["specialGroup", "accesses[*].specialGroup", "iamMember", "accesses[*].iamMember"].flatMap((path) => everyone(path)(resource));

const byType: Readonly<Record<string, readonly Check[]>> = {
  "gcp:alloydb/instance:Instance": [
    (resource) =>
      judge(resource, "networkConfig.enablePublicIp", (place) =>
        place.value === true ? { problem: is(resource, place), allowed: "networkConfig.enablePublicIp: false" } : undefined,
      ),
  ],
  "gcp:bigquery/dataset:Dataset": [specialGroup],
  "gcp:bigquery/datasetAccess:DatasetAccess": [specialGroup],
  "gcp:cloudrunv2/service:Service": [ingress],
  "gcp:compute/firewall:Firewall": [firewall],
  "gcp:sql/databaseInstance:DatabaseInstance": [
    mustBe("settings.ipConfiguration.ipv4Enabled", false, "true: a public address"),
    authorizedNetworks,
  ],
  "gcp:storage/bucket:Bucket": [
    mustBe("publicAccessPrevention", "enforced", "inherited: whatever the organisation allows"),
    mustBe("uniformBucketLevelAccess", true, "ACLs per object"),
  ],
  "gcp:storage/bucketACL:BucketACL": [predefinedAcl("predefinedAcl"), predefinedAcl("defaultAcl"), everyone("roleEntities[*]")],
  "gcp:storage/bucketAccessControl:BucketAccessControl": [everyone("entity")],
  "gcp:storage/bucketObject:BucketObject": [predefinedAcl("predefinedAcl")],
  "gcp:storage/defaultObjectACL:DefaultObjectACL": [everyone("roleEntities[*]")],
  "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl": [everyone("entity")],
  "gcp:storage/objectAccessControl:ObjectAccessControl": [everyone("entity")],
};

/** Role bindings come in three forms for every type that has them. */
export function gcpChecks(type: string): readonly Check[] | undefined {
  if (!type.startsWith("gcp:")) return undefined;
  if (/(IAM|Iam)Member$/.test(type)) return [everyone("member")];
  if (/(IAM|Iam)Binding$/.test(type)) return [everyone("members[*]")];
  if (/(IAM|Iam)Policy$/.test(type)) return [policyData];
  return byType[type];
}
