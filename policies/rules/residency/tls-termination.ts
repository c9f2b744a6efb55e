// Where a person's connection is decrypted is where their data is first read: inside the jurisdiction, or anywhere.
import { residencyOf } from "../../../stacks/residency.ts";
import type { Context } from "../../context.ts";
import { isPresent, type Resource, read, select, textOf, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, type Rule, type StackFinding } from "../../rule.ts";
import { type Demand, demandOf, nameOf, refuse, under } from "./demand.ts";

const regionalHostname = "cloudflare:index/regionalHostname:RegionalHostname";

/** Addresses of one's own that Cloudflare announces, with the region in which it answers for them. */
const prefixBinding = "cloudflare:index/dlsPrefixBinding:DlsPrefixBinding";

type Front = (resource: Resource, demand: Demand) => Finding[];

const anywhere =
  (problem: string, allowed: string): Front =>
  (_resource, demand) => [refuse(demand, { problem, allowed })];

const unless =
  (path: string, harmless: readonly string[], otherwise: string, problem: string, allowed: string): Front =>
  (resource, demand) => {
    const [place] = select(resource.props, path);
    const value = place === undefined ? otherwise : place.value;
    if (value === UNKNOWN) return [{ kind: "undecided", property: path }];
    if (harmless.includes(textOf(value))) return [];
    const what = place === undefined ? `${path} is not set, which means ${otherwise}` : is(resource, place);
    return [refuse(demand, { property: path, problem: `${what}: ${problem}`, allowed })];
  };

const whenSet =
  (path: string, problem: string, allowed: string): Front =>
  ({ props }, demand) =>
    isPresent(props, path) ? [refuse(demand, { property: path, problem: `${path} is set: ${problem}`, allowed })] : [];

const cloudFront = "CloudFront ends TLS at the edge location nearest to the person";
const regionalLoadBalancer = "a regional load balancer";

/**
 * Fronts that end TLS wherever the person is. Sources: docs.aws.amazon.com (CloudFront; API Gateway endpoint types: EDGE is the default of
 * REST APIs; Cognito and AppSync custom domains are CloudFront distributions; S3 Transfer Acceleration), cloud.google.com/load-balancing/docs/features.
 */
const fronts: Readonly<Record<string, Front>> = {
  "aws:amplify/app:App": anywhere(
    "Amplify serves apps by CloudFront, which ends TLS at any edge location",
    "a load balancer of the region",
  ),
  "aws:apigateway/domainName:DomainName": whenSet(
    "certificateArn",
    cloudFront,
    "regionalCertificateArn with endpointConfiguration.types: REGIONAL",
  ),
  "aws:apigateway/restApi:RestApi": unless(
    "endpointConfiguration.types",
    ["REGIONAL", "PRIVATE"],
    "EDGE",
    cloudFront,
    "REGIONAL or PRIVATE",
  ),
  "aws:appsync/domainName:DomainName": anywhere(cloudFront, "the API's own regional address"),
  "aws:cloudfront/distribution:Distribution": anywhere(cloudFront, regionalLoadBalancer),
  "aws:cloudfront/multitenantDistribution:MultitenantDistribution": anywhere(cloudFront, regionalLoadBalancer),
  "aws:cognito/userPoolDomain:UserPoolDomain": whenSet("certificateArn", cloudFront, "a prefix domain of the region"),
  "aws:lightsail/distribution:Distribution": anywhere(cloudFront, regionalLoadBalancer),
  "aws:s3/bucket:Bucket": unless("accelerationStatus", ["Suspended"], "Suspended", "uploads enter at any edge location", "Suspended"),
  "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration": unless(
    "status",
    ["Suspended"],
    "Suspended",
    "uploads enter at any edge location",
    "Suspended",
  ),
  "gcp:compute/globalForwardingRule:GlobalForwardingRule": unless(
    "loadBalancingScheme",
    ["INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"],
    "EXTERNAL",
    "Google's global front ends TLS at the edge nearest to the person",
    "a regional load balancer (compute.ForwardingRule, EXTERNAL_MANAGED)",
  ),
  "gcp:networkservices/edgeCacheService:EdgeCacheService": anywhere("Media CDN ends TLS at any edge location", regionalLoadBalancer),
};

function check(resource: Resource, context: Context): Outcome {
  if (resource.type === regionalHostname || resource.type === prefixBinding)
    return under(resource, context, (demand) => judgeRegionKey(resource, demand));
  const front = fronts[resource.type];
  if (front === undefined || context.scope.kind === "global") return "notApplicable";
  return under(resource, context, (demand) => (demand.dataClass === "public" ? [] : front(resource, demand)));
}

function judgeRegionKey(resource: Resource, demand: Demand): Finding[] {
  const allowed = demand.within.map((jurisdiction) => residencyOf(jurisdiction).cloudflare.regionKey);
  return judge(resource, "regionKey", (place) =>
    allowed.some((key) => key === place.value)
      ? undefined
      : refuse(demand, { problem: `${is(resource, place)}, outside ${nameOf(demand)}`, allowed: allowed.join(", ") }),
  );
}

/** Where a type names a host that Cloudflare serves, and whether it does so here. */
export const served: Readonly<Record<string, { readonly path: string; readonly onlyIf?: (resource: Resource) => boolean }>> = {
  "cloudflare:index/customHostname:CustomHostname": { path: "hostname" },
  "cloudflare:index/dnsRecord:DnsRecord": { path: "name", onlyIf: ({ props }) => read(props, "proxied") === true },
  "cloudflare:index/record:Record": { path: "name", onlyIf: ({ props }) => read(props, "proxied") === true },
  "cloudflare:index/loadBalancer:LoadBalancer": { path: "name", onlyIf: ({ props }) => read(props, "proxied") === true },
  "cloudflare:index/pagesDomain:PagesDomain": { path: "name" },
  "cloudflare:index/spectrumApplication:SpectrumApplication": {
    path: "dns.name",
    onlyIf: ({ props }) => isPresent(props, "tls") && read(props, "tls") !== "off",
  },
  "cloudflare:index/workerDomain:WorkerDomain": { path: "hostname" },
  "cloudflare:index/workersCustomDomain:WorkersCustomDomain": { path: "hostname" },
  "cloudflare:index/workersRoute:WorkersRoute": { path: "pattern", onlyIf: ({ props }) => isPresent(props, "script") },
};

/** A hostname that Cloudflare serves has a RegionalHostname beside it. In `global` there is nothing of persons to decrypt. */
function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  if (context.scope.kind === "global") return [];
  const regional = resources.filter(({ type }) => type === regionalHostname).map(({ props }) => read(props, "hostname"));
  return resources.flatMap((resource): StackFinding[] => {
    const serves = served[resource.type];
    const demand = serves && (serves.onlyIf?.(resource) ?? true) ? demandOf(resource, context) : undefined;
    if (!serves || !demand || demand.dataClass === "public") return [];
    const host = read(resource.props, serves.path);
    if (host === UNKNOWN) {
      return regional.includes(UNKNOWN) ? [] : [{ urn: resource.urn, finding: { kind: "undecided", property: serves.path } }];
    }
    if (typeof host !== "string" || regional.some((name) => name === UNKNOWN || covers(textOf(name), hostOf(host)))) return [];
    const finding = refuse(demand, {
      property: serves.path,
      problem: `${hostOf(host)} has no RegionalHostname, so its TLS is ended in any data centre`,
      allowed: `a RegionalHostname of ${hostOf(host)} with regionKey ${demand.within.map((name) => residencyOf(name).cloudflare.regionKey).join(" or ")}`,
    });
    return [{ urn: resource.urn, finding }];
  });
}

/** `https://shop.example/api/*` is a route of the host `shop.example`. */
const hostOf = (pattern: string): string => (pattern.replace(/^\w+:\/\//, "").split("/")[0] ?? pattern).toLowerCase();

/** A regional hostname may be a wildcard of one level: `*.shop.example`. */
function covers(regional: string, host: string): boolean {
  const name = regional.toLowerCase();
  return name === host || (name.startsWith("*.") && host.split(".").slice(1).join(".") === name.slice(2));
}

export const tlsTermination: Rule = {
  id: "residency/tls-termination",
  title: "Connections are decrypted inside the jurisdiction",
  severity: "high",
  why: "Whoever ends TLS reads everything: cookies, forms, consent. A front that does so near the traveller, not near the law, exports each request in plain text.",
  remediation:
    "Put a RegionalHostname beside every hostname of Cloudflare, and regional load balancers or endpoints before what the other clouds serve. Declare the class public where only public content is served.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "ISO 27001", clause: "A.8.20" },
    { name: "SOC 2", clause: "CC6.7" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "eu.shop.example" } },
      { type: regionalHostname, name: "regional", props: { hostname: "eu.shop.example", regionKey: "eu" } },
    ],
    fails: [{ type: "cloudflare:index/workersCustomDomain:WorkersCustomDomain", name: "domain", props: { hostname: "eu.shop.example" } }],
  },
  check,
  checkStack,
};
