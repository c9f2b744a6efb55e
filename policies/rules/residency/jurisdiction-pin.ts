// Cloudflare keeps a store where its first user happens to be, unless the store is created with a jurisdiction.
import type { Context } from "../../context.ts";
import { isPresent, type Resource } from "../../resource.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { under } from "./demand.ts";
import { hints } from "./location-hint.ts";
import { at, judgeArgument } from "./places.ts";

export const pinned = [
  "cloudflare:index/d1Database:D1Database",
  "cloudflare:index/queue:Queue",
  "cloudflare:index/r2Bucket:R2Bucket",
] as const;

/** Unpinned is everywhere. */
const jurisdiction = at("jurisdiction", { place: "global" });

function check(resource: Resource, context: Context): Outcome {
  if (!pinned.some((type) => type === resource.type)) return "notApplicable";
  const hint = hints[resource.type];
  // A hint in the pin's place is location-hint's finding.
  if (hint !== undefined && !isPresent(resource.props, "jurisdiction") && isPresent(resource.props, hint)) return "compliant";
  return under(resource, context, (demand) => judgeArgument(resource, jurisdiction, demand));
}

/** Durable Objects are pinned by the code that names them (`env.SUBJECTS.jurisdiction("eu")`), which no resource shows. */
export const jurisdictionPin: Rule = {
  id: "residency/jurisdiction-pin",
  title: "Cloudflare's stores are created with the jurisdiction's pin",
  severity: "critical",
  why: "The pin can be set at creation only. A store without one lies wherever its first request came from, and moving it later means to lose or to copy what it holds.",
  remediation:
    "Set jurisdiction on the bucket, database or queue. Where Cloudflare offers none for the jurisdiction, keep the data on another cloud.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/queue:Queue", props: { queueName: "orders", jurisdiction: "eu" } }],
    fails: [{ type: "cloudflare:index/queue:Queue", props: { queueName: "orders" } }],
  },
  check,
};
