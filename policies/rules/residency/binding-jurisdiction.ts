// A bucket of R2 is found by its name and its jurisdiction together: whoever leaves one out reaches another bucket.
import type { Context } from "../../context.ts";
import { namedBy } from "../../relation.ts";
import { type Located, type Resource, read, select, UNKNOWN } from "../../resource.ts";
import type { Outcome, Rule, StackFinding } from "../../rule.ts";
import { allowedPlaces, demandOf, refuse, under } from "./demand.ts";
import { type Arguments, at, judgeArgument } from "./places.ts";

const own = [at("jurisdiction")];
const bindings = [at("bindings[*].jurisdiction")];

export const bindingArguments: Arguments = {
  "cloudflare:index/aiSearchInstance:AiSearchInstance": [at("sourceParams.r2Jurisdiction")],
  "cloudflare:index/pagesProject:PagesProject": [
    at("deploymentConfigs.preview.r2Buckets[*].jurisdiction"),
    at("deploymentConfigs.production.r2Buckets[*].jurisdiction"),
  ],
  "cloudflare:index/pipelineSink:PipelineSink": [at("config.jurisdiction")],
  "cloudflare:index/r2BucketCors:R2BucketCors": own,
  "cloudflare:index/r2BucketEventNotification:R2BucketEventNotification": own,
  "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle": own,
  "cloudflare:index/r2BucketLock:R2BucketLock": own,
  "cloudflare:index/r2BucketSippy:R2BucketSippy": own,
  "cloudflare:index/r2CustomDomain:R2CustomDomain": own,
  "cloudflare:index/r2ManagedDomain:R2ManagedDomain": own,
  "cloudflare:index/workerScript:WorkerScript": bindings,
  "cloudflare:index/workerVersion:WorkerVersion": bindings,
  "cloudflare:index/workersScript:WorkersScript": bindings,
};

const bucketType = "cloudflare:index/r2Bucket:R2Bucket";

function check(resource: Resource, context: Context): Outcome {
  const declared = bindingArguments[resource.type];
  if (!declared) return "notApplicable";
  return under(resource, context, (demand) => declared.flatMap((argument) => judgeArgument(resource, argument, demand)));
}

/** Where a resource names a bucket, and where the jurisdiction that it believes it to have. */
function mentions({ type, props }: Resource): { readonly name: string; readonly jurisdiction: string }[] {
  const declared = bindingArguments[type] ?? [];
  if (declared === own) return [{ name: "bucketName", jurisdiction: "jurisdiction" }];
  const [{ path: first } = { path: "" }] = declared;
  if (first === "config.jurisdiction") return [{ name: "config.bucket", jurisdiction: first }];
  // What AI Search indexes may be public only: residency/unpinnable.
  if (first === "sourceParams.r2Jurisdiction") return [];
  const name = declared === bindings ? "bucketName" : "name";
  return declared
    .flatMap(({ path }) => select(props, path.replace(/\.jurisdiction$/, "")))
    .map(({ path }) => ({ name: `${path}.${name}`, jurisdiction: `${path}.jurisdiction` }));
}

function checkStack(resources: readonly Resource[], context: Context): StackFinding[] {
  const buckets = resources.filter(({ type }) => type === bucketType);
  return resources.flatMap((resource) =>
    mentions(resource).flatMap(({ name, jurisdiction }) => {
      const [bucket, ...others] = namedBy(resource, name, buckets);
      const demand = demandOf(resource, context);
      if (!bucket || others.length > 0 || !demand) return [];
      const place: Located = { path: jurisdiction, value: read(resource.props, jurisdiction) ?? "default" };
      const actual = read(bucket.props, "jurisdiction") ?? "default";
      if (place.value === UNKNOWN || actual === UNKNOWN || place.value === actual) return [];
      // One that is outside the jurisdiction has been refused before anything was created.
      if (place.value !== "default" && !allowedPlaces(demand).some((pin) => pin === place.value)) return [];
      return [
        {
          urn: resource.urn,
          finding: refuse(demand, {
            property: place.path,
            problem: `${place.path} is ${JSON.stringify(place.value)}, but the bucket "${bucket.name}" has ${JSON.stringify(actual)}`,
            allowed: `${place.path}: ${JSON.stringify(actual)}`,
          }),
        },
      ];
    }),
  );
}

export const bindingJurisdiction: Rule = {
  id: "residency/binding-jurisdiction",
  title: "What speaks of a store names the store's own jurisdiction",
  severity: "high",
  why: "The same name exists once in every jurisdiction: a binding or a lock that names another one writes people's data to, or protects, the wrong bucket, and nothing says so.",
  remediation: "Repeat the bucket's jurisdiction in every binding, lock, lifecycle and domain that names it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.9" },
    { name: "SOC 2", clause: "CC6.7" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: bucketType, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
      { type: "cloudflare:index/r2BucketLock:R2BucketLock", name: "lock", props: { bucketName: "orders", jurisdiction: "eu" } },
    ],
    fails: [
      { type: bucketType, name: "orders", props: { name: "orders", jurisdiction: "eu" } },
      { type: "cloudflare:index/r2BucketLock:R2BucketLock", name: "lock", props: { bucketName: "orders" } },
    ],
  },
  check,
  checkStack,
};
