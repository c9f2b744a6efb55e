// What a resource calls, reads, encrypts with or sends to, wherever an ARN, a self-link or an address names it.
import type { Context } from "../../context.ts";
import { type Located, type Resource, UNKNOWN, type Value } from "../../resource.ts";
import { is, type Outcome, type Rule } from "../../rule.ts";
import { backupArguments } from "./backup-copies.ts";
import { allowedPlaces, cloudOf, type Demand, nameOf, refuse, under } from "./demand.ts";
import { logArguments } from "./log-destination.ts";
import { multiRegionKeyArguments } from "./multi-region-key.ts";
import { ownPlaceArguments } from "./own-place.ts";
import { type Arguments, at, isRegion, judgeArgument, regionNamedIn, regionOf } from "./places.ts";
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
  if (cloudOf(resource.type) === undefined || noWay.test(resource.type)) return "notApplicable";
  const named = targetRegionArguments[resource.type] ?? [];
  const elsewhereRead = new Set([...readElsewhere.flatMap((table) => table[resource.type] ?? []), ...named].map(({ path }) => path));
  const found = textsOf(resource.props, "").flatMap((place) => {
    const general = place.path.replace(/\[\d+\]/g, "[*]");
    if (notAWay.test(general) || elsewhereRead.has(general)) return [];
    const region = isRegionVariable(general) ? regionOf(place.value) : regionNamedIn(place.value);
    return region === undefined ? [] : [{ place, region }];
  });
  if (found.length === 0 && named.length === 0) return "notApplicable";
  return under(resource, context, (demand) => [
    ...named.flatMap((argument) => judgeArgument(resource, argument, demand)),
    ...found.flatMap(({ place, region }) => (isAllowed(region, demand) ? [] : [elsewhere(resource, place, demand)])),
  ]);
}

/** A variable that tells an SDK which region to speak to: `AWS_REGION`, `VERTEX_LOCATION`. */
const isRegionVariable = (path: string): boolean => /(^|[._])(REGION|LOCATION)$/.test(path);

const isAllowed = (region: string, demand: Demand): boolean =>
  demand.dataClass === "public" || !isRegion(region) || anyCloud(demand).includes(region);

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

/**
 * Every text in the properties, and in JSON texts among them, but for policies. What is not known yet is an output of something that is
 * judged itself, and judged here in the update.
 */
function textsOf(value: Value, path: string): Located[] {
  if (value === UNKNOWN || value === null) return [];
  if (typeof value === "string") {
    const document = documentOf(value);
    return document === undefined ? [{ path, value }] : textsOf(document, `${path}:`);
  }
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap((item, index) => textsOf(item, `${path}[${index}]`));
  if (typeof value !== "object") return [];
  const object = value as Readonly<Record<string, Value>>;
  // `[{ name: "AWS_REGION", value: "us-east-1" }]` is how containers write an environment.
  const { name, value: held } = object;
  if (typeof name === "string" && typeof held === "string") return textsOf({ [name]: held }, path);
  return Object.entries(object).flatMap(([key, item]) => textsOf(item, path === "" ? key : `${path}.${key}`));
}

function documentOf(text: string): Value | undefined {
  if (!/^\s*[[{]/.test(text) || text.includes('"Statement"')) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
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
