// What a resource calls, reads, encrypts with or sends to, wherever an ARN, a self-link or an address names it.
import type { Context } from "../../context.ts";
import { type Located, type Resource, UNKNOWN, type Value } from "../../resource.ts";
import { is, type Outcome, type Rule } from "../../rule.ts";
import { backupArguments } from "./backup-copies.ts";
import { allowedPlaces, cloudOf, type Demand, nameOf, refuse, under } from "./demand.ts";
import { logArguments } from "./log-destination.ts";
import { multiRegionKeyArguments } from "./multi-region-key.ts";
import { ownPlaceArguments } from "./own-place.ts";
import { type Arguments, at, regionNamedIn, regionOf } from "./places.ts";
import { replicationArguments } from "./replication.ts";
import { transferArguments } from "./transfer.ts";

/** Arguments that name the region of something else in plain. */
export const targetRegionArguments: Arguments = {
  "aws:appsync/dataSource:DataSource": [
    at("dynamodbConfig.region"),
    at("elasticsearchConfig.region"),
    at("opensearchserviceConfig.region"),
    at("relationalDatabaseConfig.httpEndpointConfig.region"),
  ],
  "aws:cognito/userPool:UserPool": [at("smsConfiguration.snsRegion")],
  "aws:glue/catalogDatabase:CatalogDatabase": [at("targetDatabase.region")],
  "aws:glue/catalogTable:CatalogTable": [at("targetTable.region")],
  "aws:storagegateway/nfsFileShare:NfsFileShare": [at("bucketRegion")],
  "aws:storagegateway/smbFileShare:SmbFileShare": [at("bucketRegion")],
  "gcp:eventarc/trigger:Trigger": [at("destination.cloudRunService.region"), at("destination.gke.location")],
};

/** Arguments that another rule of this topic reads. */
const readElsewhere: readonly Arguments[] = [
  backupArguments,
  logArguments,
  multiRegionKeyArguments,
  ownPlaceArguments,
  replicationArguments,
  transferArguments,
];

/**
 * Types whose references are not ways for data: policies and trust, code by its digest (`delivery/*`), names of the internet,
 * and CloudFront, which takes certificates and functions from us-east-1 only and is judged where it ends TLS.
 */
const noWay =
  /^(aws:(cloudfront|iam|organizations|route53|ram|acm|codepipeline|codebuild)\/|gcp:(organizations|folder|billing|orgpolicy|dns)\/|cloudflare:index\/(dnsRecord|record|ruleset|list|workersKv):|pulumi:)/;
/** Own places and container images: registries hold code, which is the same everywhere. */
const notAWay = /(^|\.)(location|region|zone|image|imageUri|imageIdentifier|policy|assumeRolePolicy)$/;

function check(resource: Resource, context: Context): Outcome {
  const cloud = cloudOf(resource.type);
  if (cloud === undefined || noWay.test(resource.type)) return "notApplicable";
  const ignored = new Set(readElsewhere.flatMap((table) => (table[resource.type] ?? []).map(({ path }) => path)));
  const named = (targetRegionArguments[resource.type] ?? []).map(({ path }) => path);
  const found = textsOf(resource.props, "").flatMap((place) => {
    const general = place.path.replace(/\[\d+\]/g, "[*]");
    if (named.includes(general)) return [{ place, region: regionOf(place.value) }];
    if (notAWay.test(general) || ignored.has(general)) return [];
    const region = regionNamedIn(place.value);
    return region === undefined ? [] : [{ place, region }];
  });
  if (found.length === 0) return "notApplicable";
  return under(resource, context, (demand) =>
    found.flatMap(({ place, region }) =>
      demand.dataClass === "public" || isAllowed(region, demand) ? [] : [elsewhere(resource, place, demand)],
    ),
  );
}

const isAllowed = (region: string | undefined, demand: Demand): boolean => region === undefined || anyCloud(demand).includes(region);

/** A resource of one cloud may well speak of another's. */
const anyCloud = (demand: Demand): string[] => [
  ...allowedPlaces({ ...demand, cloud: "aws" }),
  ...allowedPlaces({ ...demand, cloud: "gcp" }),
];

function elsewhere(resource: Resource, place: Located, demand: Demand) {
  return refuse(demand, {
    property: place.path,
    problem: `${is(resource, place)}, something outside ${nameOf(demand)}`,
    allowed: anyCloud(demand).join(", "),
  });
}

/** Every text in the properties. What is not known yet is an output of something that is judged itself, and judged here in the update. */
function textsOf(value: Value, path: string): Located[] {
  if (value === UNKNOWN || value === null) return [];
  if (typeof value === "string") return [{ path, value }];
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap((item, index) => textsOf(item, `${path}[${index}]`));
  if (typeof value !== "object") return [];
  return Object.entries(value as Readonly<Record<string, Value>>).flatMap(([key, item]) =>
    textsOf(item, path === "" ? key : `${path}.${key}`),
  );
}

export const reference: Rule = {
  id: "residency/reference",
  title: "Nothing is called, read or sent to outside the jurisdiction by its ARN, link or address",
  severity: "critical",
  why: "A queue, a key or a function in another region takes part in handling a person's data as much as one at home, and no location argument shows it.",
  remediation: "Name the counterpart in a region of the residency map, or make one there.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.14" },
    { name: "SOC 2", clause: "CC6.7" },
    { name: "DORA", clause: "Art. 30(2)(b)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:cloudwatch/eventTarget:EventTarget", props: { arn: "arn:aws:sqs:eu-central-1:123456789012:orders" } }],
    fails: [
      { type: "aws:lambda/function:Function", props: { deadLetterConfig: { targetArn: "arn:aws:sqs:us-east-1:123456789012:dead" } } },
    ],
  },
  check,
};
