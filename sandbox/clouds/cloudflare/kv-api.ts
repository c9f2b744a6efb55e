// Workers KV as the account's API writes it: an own Worker that holds every namespace, since only workerd may touch KV's storage.
import type { Service } from "../../runtimes/workerd/workerd.ts";

export const kvApiName = "kv-api";

const source = `export default { async fetch(request, env) {
  const url = new URL(request.url);
  const namespace = env[url.searchParams.get("namespace")];
  if (!namespace) return new Response("namespace not found", { status: 404 });
  const key = url.searchParams.get("key");
  if (request.method === "PUT") { await namespace.put(key, await request.arrayBuffer()); return new Response(null, { status: 204 }); }
  if (request.method === "DELETE") { await namespace.delete(key); return new Response(null, { status: 204 }); }
  const value = await namespace.get(key, "arrayBuffer");
  return value === null ? new Response("key not found", { status: 404 }) : new Response(value);
} };`;

export function kvApiService(namespaces: readonly string[]): Service {
  return {
    name: kvApiName,
    modules: [{ name: "index.js", type: "application/javascript+module", bytes: new TextEncoder().encode(source) }],
    compatibilityDate: "2026-07-01",
    compatibilityFlags: [],
    values: {},
    kv: Object.fromEntries(namespaces.map((id) => [id, id])),
    durableObjects: {},
    rateLimits: {},
  };
}

export const kvApi = (namespace: string, key: string) =>
  `https://kv.internal/?namespace=${encodeURIComponent(namespace)}&key=${encodeURIComponent(key)}`;
