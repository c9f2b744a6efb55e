// Products that have no place: what is given to them is wherever the vendor runs them.
import type { Context } from "../../context.ts";
import { type Resource, read, select, textOf, UNKNOWN } from "../../resource.ts";
import type { Finding, Outcome, Rule } from "../../rule.ts";
import { isPersonal } from "../data-class/classes.ts";
import { type Demand, refuse, under } from "./demand.ts";

const keyValue = "cloudflare:index/workersKvNamespace:WorkersKvNamespace";

/**
 * Sources: developers.cloudflare.com/data-localization (what stays in your region), /kv/concepts/how-kv-works, /secrets-store,
 * /ai-gateway, /images, /stream, /workflows; docs.aws.amazon.com (CloudFront KeyValueStore, ECR Public);
 * firebase.google.com/support/privacy, which lists Authentication among the services that run in the United States only.
 */
export const unpinnableTypes: Readonly<Record<string, string>> = {
  "aws:cloudfront/keyValueStore:KeyValueStore": "a CloudFront key value store is copied to every edge location",
  "aws:ecrpublic/repository:Repository": "a public registry is served to the whole world",
  "cloudflare:index/aiGateway:AiGateway": "AI Gateway keeps prompts and answers without a jurisdiction",
  "cloudflare:index/aiSearchInstance:AiSearchInstance": "AI Search keeps its index without a jurisdiction",
  "cloudflare:index/image:Image": "Images are kept and cached in all data centres",
  "cloudflare:index/pipelineStream:PipelineStream": "Pipelines take and buffer events without a jurisdiction",
  "cloudflare:index/secretsStore:SecretsStore": "the Secrets Store is kept in all data centres",
  "cloudflare:index/stream:Stream": "Stream keeps and caches videos in all data centres",
  "cloudflare:index/streamLiveInput:StreamLiveInput": "Stream keeps and caches videos in all data centres",
  [keyValue]: "Workers KV is cached at every location that reads it",
  "cloudflare:index/workflow:Workflow": "Workflows keep the state of their steps without a jurisdiction",
  "cloudflare:index/zoneCacheReserve:ZoneCacheReserve": "Cache Reserve keeps answers without a jurisdiction",
  "gcp:identityplatform/config:Config": "Identity Platform keeps its users in the United States only",
};

/** Bindings of a Worker to products of which no resource tells more. */
const unpinnableBindings: Readonly<Record<string, string>> = {
  ai: "Workers AI",
  ai_search: "AI Search",
  analytics_engine: "Analytics Engine",
  browser: "Browser Rendering",
  images: "Images",
  media: "Media Transformations",
  pipelines: "Pipelines",
  vectorize: "Vectorize",
};
const workers = new Set([
  "cloudflare:index/workerScript:WorkerScript",
  "cloudflare:index/workerVersion:WorkerVersion",
  "cloudflare:index/workersScript:WorkersScript",
]);

function check(resource: Resource, context: Context): Outcome {
  const problem = unpinnableTypes[resource.type];
  if (problem === undefined && !workers.has(resource.type)) return "notApplicable";
  return under(resource, context, (demand) => {
    if (demand.dataClass === "public" || isHome(resource, demand)) return [];
    if (problem === undefined) return judgeBindings(resource, demand);
    // Personal data in KV is data-class/personal-in-cache's finding.
    if (resource.type === keyValue && isPersonal(demand.dataClass) && demand.classWaitsFor === undefined) return [];
    return [refuse(demand, { problem, allowed: "public data in it, or a store of the jurisdiction" })];
  });
}

/** What stands in the United States only is at home there; a cache that is switched off keeps nothing. */
const isHome = ({ type, props }: Resource, { within }: Demand): boolean =>
  (type.startsWith("gcp:identityplatform/") && within.includes("us")) ||
  (type.includes("/zoneCacheReserve:") && read(props, "value") === "off");

function judgeBindings(resource: Resource, demand: Demand): Finding[] {
  return select(resource.props, "bindings[*].type").flatMap(({ path, value }): Finding[] => {
    const product = value === UNKNOWN ? undefined : unpinnableBindings[textOf(value)];
    if (product === undefined) return [];
    const problem = `${path} is ${JSON.stringify(value)}: ${product} runs and keeps data without a jurisdiction`;
    return [refuse(demand, { property: path, problem, allowed: "bindings to stores and services of the jurisdiction" })];
  });
}

export const unpinnable: Rule = {
  id: "residency/unpinnable",
  title: "Products without a place are given public data only",
  severity: "critical",
  why: "Nobody can say where such a product keeps what it is given, so nobody can promise a person that it stays in the jurisdiction.",
  remediation:
    "Keep the data in a store of the jurisdiction (Durable Objects, R2 with a pin, a database of the region); declare the class public where it is.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 28(3)" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { bindings: [{ name: "ORDERS", type: "queue" }] } }],
    fails: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { bindings: [{ name: "INDEX", type: "vectorize" }] } }],
  },
  check,
};
