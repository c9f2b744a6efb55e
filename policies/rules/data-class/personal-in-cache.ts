// Caches forget when they like and remember longer than they should: nothing that names a person is kept in one.
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { byClass, isPersonal } from "./classes.ts";

const caches: Readonly<Record<string, string>> = {
  "aws:dax/cluster:Cluster": "DynamoDB Accelerator",
  "aws:elasticache/cluster:Cluster": "ElastiCache",
  "aws:elasticache/replicationGroup:ReplicationGroup": "ElastiCache",
  "aws:elasticache/serverlessCache:ServerlessCache": "ElastiCache",
  "cloudflare:index/workersKvNamespace:WorkersKvNamespace": "Workers KV",
  "gcp:memcache/instance:Instance": "Memcached",
  "gcp:memorystore/instance:Instance": "Memorystore",
  "gcp:redis/cluster:Cluster": "Redis",
  "gcp:redis/instance:Instance": "Redis",
};

function check(resource: Resource, context: Context): Outcome {
  const cache = caches[resource.type];
  if (cache === undefined) return "notApplicable";
  return byClass(resource, context, (dataClass) =>
    isPersonal(dataClass)
      ? [
          {
            kind: "violation",
            problem: `keeps ${dataClass} data in ${cache}, a cache`,
            allowed: "public, operational or pseudonymous data",
          },
        ]
      : [],
  );
}

/** Durable stores that speak a cache's protocol (MemoryDB) are no caches. */
export const personalInCache: Rule = {
  id: "data-class/personal-in-cache",
  title: "Nothing that names a person is kept in a cache",
  severity: "high",
  why: "A copy in a cache outlives the withdrawal and the erasure that were carried out in the database, and is served as if nothing had happened.",
  remediation: "Keep the record in a database and cache by pseudonym, with a lifetime; or use a durable store of the jurisdiction.",
  frameworks: [
    { name: "GDPR", clause: "Art. 17" },
    { name: "GDPR", clause: "Art. 7(3)" },
    { name: "UK GDPR", clause: "Art. 17" },
    { name: "CCPA", clause: "1798.105" },
    { name: "ISO 27001", clause: "A.8.10" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:redis/instance:Instance", props: { region: "europe-west3", labels: { "data-class": "pseudonymous" } } }],
    fails: [{ type: "gcp:redis/instance:Instance", props: { region: "europe-west3", labels: { "data-class": "personal" } } }],
  },
  check,
};
