// A site that grew out of an example: people's data in KV, a database without a place, the token in plain.
import { D1Database } from "@pulumi/cloudflare/d1database.js";
import { R2Bucket } from "@pulumi/cloudflare/r2bucket.js";
import { R2ManagedDomain } from "@pulumi/cloudflare/r2managedDomain.js";
import { WorkersKvNamespace } from "@pulumi/cloudflare/workersKvNamespace.js";
import { WorkersScript } from "@pulumi/cloudflare/workersScript.js";
import { WorkersScriptSubdomain } from "@pulumi/cloudflare/workersScriptSubdomain.js";

const accountId = "0123456789abcdef0123456789abcdef";
const kept = { protect: true };
const users = new WorkersKvNamespace("users", { accountId, title: "users" }, kept);
const orders = new D1Database("orders", { accountId, name: "orders", primaryLocationHint: "weur" }, kept);
const uploads = new R2Bucket("uploads", { accountId, name: "uploads", location: "WEUR" }, kept);
new R2ManagedDomain("uploads", { accountId, bucketName: uploads.name, enabled: true });
new WorkersScript("site", {
  accountId,
  scriptName: "site",
  mainModule: "index.js",
  content: "export default { fetch: () => new Response('hello') };",
  compatibilityDate: "2023-05-18",
  placement: { mode: "smart" },
  bindings: [
    { name: "USERS", type: "kv_namespace", namespaceId: users.id },
    { name: "DB", type: "d1", databaseId: orders.id },
    { name: "API_TOKEN", type: "plain_text", text: "v1.0-3f2a9c7e5b8d4f6a1c0e9b7d5a3f1e2c" },
  ],
});
new WorkersScriptSubdomain("site", { accountId, scriptName: "site", enabled: true, previewsEnabled: true });
