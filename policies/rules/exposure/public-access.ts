// Nothing that holds or serves data is open to everyone by configuration.
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { type Resource, read, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule, type Undecided } from "../../rule.ts";
import { accessBlockType, awsChecks, bucketPolicyType, isClosed } from "./public-access-aws.ts";
import { gcpChecks } from "./public-access-gcp.ts";

type Check = (resource: Resource) => Finding[];

const r2CustomDomain = "cloudflare:index/r2CustomDomain:R2CustomDomain";

const enabled: Check = (resource) =>
  judge(resource, "enabled", (place) => (place.value === true ? { problem: is(resource, place), allowed: "enabled: false" } : undefined));

const cloudflareChecks: Readonly<Record<string, readonly Check[]>> = {
  // `r2.dev`: public, without cache, limits or access rules, and meant for development.
  "cloudflare:index/r2ManagedDomain:R2ManagedDomain": [enabled],
  [r2CustomDomain]: [enabled],
};

function check(resource: Resource, context: Context): Outcome {
  const checks = awsChecks[resource.type] ?? gcpChecks(resource.type) ?? cloudflareChecks[resource.type];
  if (!checks) return "notApplicable";
  // A bucket of public data may be served under a domain of its own.
  const declared = dataClassOf(resource, context.register);
  if (resource.type === r2CustomDomain && declared.kind === "declared" && declared.value === "public") return "compliant";
  return outcomeOf(checks.flatMap((judgeOne) => judgeOne(resource)));
}

/** Types whose outputs are identities of their own making, never "everyone". */
const identities = new Set([
  "gcp:logging/projectSink:ProjectSink",
  "gcp:projects/service:Service",
  "gcp:projects/serviceIdentity:ServiceIdentity",
  "gcp:serviceaccount/account:Account",
  "gcp:sql/databaseInstance:DatabaseInstance",
]);

/**
 * Two unknowns that are no question. A bucket policy that names the bucket's ARN: where a public access block with all its
 * guards up stands on the same bucket, S3 itself refuses a public policy. A role's member that is made only of the outputs of
 * identities. Neither is trusted in the update: there the value is known, and judged before the resource exists.
 */
function settles({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  if (resource.type === bucketPolicyType) {
    return resources.some((other) => other.type === accessBlockType && isClosed(other) && isSameBucket(resource, other));
  }
  if (!/^members?\b/.test(property)) return false;
  const sources = resource.propertyDependencies?.[property.replace(/\[.*/, "")] ?? [];
  const types = sources.map((urn) => resources.find((other) => other.urn === urn)?.type ?? "");
  return types.length > 0 && types.every((type) => identities.has(type));
}

function isSameBucket(one: Resource, other: Resource): boolean {
  const [a, b] = [read(one.props, "bucket"), read(other.props, "bucket")];
  if (a !== undefined && a !== UNKNOWN && b !== UNKNOWN) return a === b;
  const sources = one.propertyDependencies?.bucket ?? [];
  return sources.length > 0 && sources.some((urn) => other.propertyDependencies?.bucket?.includes(urn));
}

/**
 * Buckets, role bindings, resource policies, databases, firewalls, function URLs, Cloud Run services and Cloudflare's public bucket
 * domains. A Cloud Run service may have `invokerIamDisabled`, since a load balancer adds no identity that IAM could check, but no ingress
 * from everywhere: what is reached goes through a load balancer, whose security policy refuses what shows no token. Binding `allUsers` is
 * a finding, for it says nothing of that.
 */
export const publicAccess: Rule = {
  id: "exposure/public-access",
  title: "Nothing is open to everyone by configuration",
  severity: "critical",
  why: "An open bucket, database or firewall rule is found by strangers within hours, and what they read cannot be taken back.",
  remediation: "Name who may come in; public content belongs behind the edge, which serves it from a store of class public.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:rds/instance:Instance", props: { publiclyAccessible: false } }],
    fails: [{ type: "aws:rds/instance:Instance", props: { publiclyAccessible: true } }],
  },
  check,
  settles,
};
