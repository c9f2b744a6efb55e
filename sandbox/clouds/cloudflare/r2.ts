// R2 buckets on workerd, and what the API refuses of them. Locks and lifecycles are state only.
import { CloudError, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Service, Workerd } from "../../runtimes/workerd/workerd.ts";
import type { Versions } from "./versions.ts";

export const BUCKET = "cloudflare:index/r2Bucket:R2Bucket";

/** No Worker can have this name: a dot is not allowed in one. */
const apiName = "account.r2";

const source = `export default { async fetch(request, env) {
  const { objects } = await env[new URL(request.url).searchParams.get("bucket")].list({ limit: 1 });
  return Response.json({ empty: objects.length === 0 });
} };`;

/** An own Worker that holds every bucket, for what the account's API asks of them: only workerd may touch R2's storage. */
export function r2ApiService(buckets: readonly string[]): Service {
  return {
    name: apiName,
    modules: [{ name: "index.js", type: "application/javascript+module", bytes: new TextEncoder().encode(source) }],
    compatibilityDate: "2026-07-01",
    compatibilityFlags: [],
    values: {},
    kv: {},
    durableObjects: {},
    rateLimits: {},
    buckets: Object.fromEntries(buckets.map((name) => [name, name])),
  };
}

const nameRule = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/; // developers.cloudflare.com/r2/buckets/create-buckets

export function bucketDefinitions(versions: Versions, workerd: Workerd): ResourceDefinition[] {
  const bucket: ResourceDefinition = {
    token: BUCKET,
    fidelity: { level: "runs", how: "a bucket of workerd, on disk, for Workers that bind it", test: "test/sandbox/cloudflare/r2.test.ts" },
    replaceOn: ["accountId", "name", "jurisdiction", "location"],
    defaults: () => ({ jurisdiction: "default", storageClass: "Standard" }),
    refuse: ({ name }) =>
      typeof name === "string" && name !== UNKNOWN && !nameRule.test(name)
        ? [{ property: "name", reason: `"${name}": lower case letters, digits and hyphens, 3 to 63 characters, no hyphen at either end` }]
        : [],
    async create({ store, orphan, urn }, inputs) {
      const id = inputs.name as string;
      const taken = store.get(BUCKET, id);
      if (taken && orphan?.id !== id)
        throw new CloudError("10004", `The bucket "${id}" already exists (made by ${taken.urn}), and you own it: choose another name.`);
      const outputs = { creationDate: new Date().toISOString() };
      store.put({ token: BUCKET, id, urn, inputs, state: { ...inputs, ...outputs } });
      await versions.refresh();
      return { id, outputs };
    },
    update: (_context, old) => ({ creationDate: old.state.creationDate ?? "" }),
    async delete({ store }, { id }) {
      const url = `https://r2.internal/?bucket=${encodeURIComponent(id)}`;
      const answer = await workerd.fetch(() => apiName, new Request(url));
      if (!answer.ok) throw new CloudError("10001", `delete bucket "${id}": ${await answer.text()}`);
      if (!((await answer.json()) as { empty: boolean }).empty)
        throw new CloudError("10008", `The bucket "${id}" is not empty: delete its objects first.`);
      store.remove(BUCKET, id);
      await versions.refresh();
    },
  };

  const part = (token: string, why: string): ResourceDefinition =>
    recorded({
      token,
      why,
      id: ({ accountId, bucketName, jurisdiction }) => `${accountId}/${bucketName}/${jurisdiction}`,
      replaceOn: ["accountId", "bucketName", "jurisdiction"],
      existing: "adopt",
      defaults: () => ({ jurisdiction: "default" }),
      refuse: (inputs, { store }) => elsewhere(inputs, store.get(BUCKET, inputs.bucketName as string)?.state),
    });
  return [
    bucket,
    part(
      "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle",
      "nothing is removed or moved by age: objects stay until a Worker deletes them",
    ),
    part(
      "cloudflare:index/r2BucketLock:R2BucketLock",
      "workerd's storage knows no locks; those of R2 itself can be taken away by whoever holds the token",
    ),
  ];
}

/** These repeat the bucket's jurisdiction, or they are sought in another bucket. */
function elsewhere(inputs: Properties, bucket: Properties | undefined): Failure[] {
  if (!bucket || inputs.jurisdiction === UNKNOWN || inputs.jurisdiction === bucket.jurisdiction) return [];
  const reason = `"${inputs.jurisdiction}", but the bucket "${inputs.bucketName}" is in "${bucket.jurisdiction}": give the same`;
  return [{ property: "jurisdiction", reason }];
}
