// The domains by which a bucket of R2 is served to the world.
import { byType, mustNot } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import { leadsTo } from "../../relation.ts";
import type { Resource } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";

const managedDomain = "cloudflare:index/r2ManagedDomain:R2ManagedDomain";
const customDomain = "cloudflare:index/r2CustomDomain:R2CustomDomain";
const bucket = "cloudflare:index/r2Bucket:R2Bucket";

const off = mustNot("enabled", (value) => value === true, "enabled: false");
const offUnlessPublic = mustNot("enabled", (value) => value === true, "enabled: false, or a bucket whose data class is public");

const isPublic = (resource: Resource, { register }: Context): boolean => {
  const declared = dataClassOf(resource, register);
  return declared.kind === "declared" && declared.value === "public";
};

/** A domain of one's own serves a bucket of public data; what class the bucket is says its entry in the register, or the domain's. */
const checkStack = (resources: readonly Resource[], context: Context): StackFinding[] =>
  resources
    .filter(({ type }) => type === customDomain)
    .filter(
      (domain) =>
        !isPublic(domain, context) &&
        !resources.some((other) => other.type === bucket && leadsTo(domain, "bucketName", other) && isPublic(other, context)),
    )
    .flatMap((domain) => offUnlessPublic(domain, context).map((finding) => ({ urn: domain.urn, finding })));

export const publicBucketDomain: Rule = {
  id: "exposure/public-bucket-domain",
  title: "Only buckets of public data have a public domain",
  severity: "critical",
  why: "A domain on a bucket serves every object in it to everyone, and r2.dev does so without the zone's rules, limits or logs.",
  remediation:
    "Serve the bucket through a Worker that knows who asks; register it as public if that is what it holds, and give it a domain of your own.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.3" },
    { name: "SOC 2", clause: "CC6.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: managedDomain, props: { bucketName: "uploads", enabled: false } }],
    fails: [{ type: managedDomain, props: { bucketName: "uploads", enabled: true } }],
  },
  check: byType({ [managedDomain]: [off] }),
  checkStack,
};
