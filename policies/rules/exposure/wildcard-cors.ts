// The list of sites whose scripts may read an answer. A star lets the script of any page read what this person may read.
import { byType, type Check, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { leadsTo } from "../../relation.ts";
import { type Resource, read, select, textOf, type Value } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";
import { s3Buckets, s3CorsConfigurations } from "../s3.ts";

/** `'*'` is how API Gateway writes a fixed header. */
const isAny = (value: unknown): boolean => typeof value === "string" && /^'?(\*|https?:\/\/\*|null)'?$/.test(value);
const named = "the origins of your own sites, each by its name";
const origins = (path: string): Check => mustNot(path, isAny, named, "the script of any site may read the answers");

/** A header's name holds dots and is no path. */
const header =
  (map: string): Check =>
  ({ props }) =>
    Object.entries((read(props, map) ?? {}) as Readonly<Record<string, Value>>).flatMap(([name, value]) =>
      /access-control-allow-origin$/i.test(name) && isAny(value)
        ? [{ kind: "violation" as const, property: map, problem: `${map}: ${name} is ${textOf(value)}`, allowed: named }]
        : [],
    );

/** A network of distribution hands out what is public; with credentials it is somebody's own. */
const onlyWithCredentials =
  (credentials: string, check: Check): Check =>
  (resource, context) =>
    select(resource.props, credentials).some(({ value }) => value === true) ? check(resource, context) : [];

const bucketPaths: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...s3Buckets, ...s3CorsConfigurations].map((type) => [type, "corsRules[*].allowedOrigins[*]"])),
  "cloudflare:index/r2BucketCors:R2BucketCors": "rules[*].allowed.origins[*]",
  "gcp:storage/bucket:Bucket": "cors[*].origins[*]",
};
/** Whose setting it is, where it stands beside the bucket. */
interface Owner {
  readonly types: readonly string[];
  readonly property: string;
}
const ownedByS3: Owner = { types: s3Buckets, property: "bucket" };
const owners: Readonly<Record<string, Owner>> = {
  ...Object.fromEntries(s3CorsConfigurations.map((type) => [type, ownedByS3])),
  "cloudflare:index/r2BucketCors:R2BucketCors": { types: ["cloudflare:index/r2Bucket:R2Bucket"], property: "bucketName" },
};

/** A bucket of public data may be read by any site: that is what fonts and pictures are for. */
function isPublic(resource: Resource, resources: readonly Resource[], { register }: Context): boolean {
  const owner = owners[resource.type];
  const bucket = owner ? resources.find((other) => owner.types.includes(other.type) && leadsTo(resource, owner.property, other)) : resource;
  const declared = bucket && dataClassOf(bucket, register);
  return declared?.kind === "declared" && declared.value === "public";
}

const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter(({ type }) => Object.hasOwn(bucketPaths, type))
    .filter((resource) => !isPublic(resource, resources, context))
    .flatMap((resource) =>
      origins(bucketPaths[resource.type] as string)(resource, context).map((finding) => ({ urn: resource.urn, finding })),
    );

const api = "aws:apigatewayv2/api:Api";

export const wildcardCors: Rule = {
  id: "exposure/wildcard-cors",
  title: "Only named sites may read answers in a browser",
  severity: "high",
  why: "With a wildcard any page that a person visits can read or change their consent and account through their own browser.",
  remediation: "List the origins of your own sites.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.26" },
    { name: "SOC 2", clause: "CC6.6" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: api, props: { protocolType: "HTTP", corsConfiguration: { allowOrigins: ["https://www.brand.example"] } } }],
    fails: [{ type: api, props: { protocolType: "HTTP", corsConfiguration: { allowOrigins: ["*"] } } }],
  },
  check: byType({
    "aws:apigateway/integrationResponse:IntegrationResponse": [header("responseParameters")],
    "aws:apigateway/response:Response": [header("responseParameters")],
    [api]: [origins("corsConfiguration.allowOrigins[*]")],
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": [
      onlyWithCredentials("corsConfig.accessControlAllowCredentials", origins("corsConfig.accessControlAllowOrigins.items[*]")),
    ],
    "aws:lambda/functionUrl:FunctionUrl": [origins("cors.allowOrigins[*]")],
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": [
      origins("corsHeaders.allowedOrigins[*]"),
      mustNot("corsHeaders.allowAllOrigins", (value) => value === true, named),
    ],
  }),
  checkStack,
};
