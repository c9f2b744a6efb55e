// A program that knows nothing of this repository: written from the providers' documentation, deployed by the plain command line, then used
// over HTTP. Three clouds: a website on S3, a service on Cloud Run that Pub/Sub pushes to, a Worker with KV and a queue.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { fetch, ProxyAgent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "../../sandbox/sandbox.ts";
import { attachedTo } from "../sandbox/engine/pulumi.ts";
import { until } from "../until.ts";

const cache = process.env.BAILIWICK_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "bailiwick");
const pulumi = process.env.BAILIWICK_PULUMI ?? join(cache, "pulumi-3.259.0", "pulumi");
const versitygw = process.env.BAILIWICK_VERSITYGW ?? join(cache, "versitygw-1.8.0", "versitygw");

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";
import * as cloudflare from "@pulumi/cloudflare";
import * as gcp from "@pulumi/gcp";

const bucket = new aws.s3.Bucket("site", { forceDestroy: true });
const access = new aws.s3.BucketPublicAccessBlock("site", {
  bucket: bucket.bucket, blockPublicAcls: true, ignorePublicAcls: true, blockPublicPolicy: false, restrictPublicBuckets: false,
});
const website = new aws.s3.BucketWebsiteConfiguration("site", {
  bucket: bucket.bucket, indexDocument: { suffix: "index.html" }, errorDocument: { key: "error.html" },
});
new aws.s3.BucketPolicy("site", {
  bucket: bucket.bucket,
  policy: bucket.arn.apply((arn) => JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject"], Resource: [arn + "/*"] }],
  })),
}, { dependsOn: [access] });
for (const [key, content] of [["index.html", "<h1>Welcome</h1>"], ["error.html", "<h1>Lost</h1>"]])
  new aws.s3.BucketObjectv2(key, { bucket: bucket.bucket, key, content, contentType: "text/html" });
export const siteUrl = pulumi.interpolate\`http://\${website.websiteEndpoint}\`;

const region = new pulumi.Config("gcp").require("region");
const apis = ["run", "pubsub", "artifactregistry", "iam"].map((name) => new gcp.projects.Service(name, { service: name + ".googleapis.com" }));
const images = new gcp.artifactregistry.Repository("images", { repositoryId: "images", location: region, format: "DOCKER" }, { dependsOn: apis });
const topic = new gcp.pubsub.Topic("orders", { messageStoragePolicy: { allowedPersistenceRegions: [region] } }, { dependsOn: apis });
export const topicName = topic.id;
export const repository = images.id;
const image = new pulumi.Config().get("image");
if (image) {
  const runner = new gcp.serviceaccount.Account("runner", { accountId: "orders-runner" }, { dependsOn: apis });
  const pusher = new gcp.serviceaccount.Account("pusher", { accountId: "orders-pusher" }, { dependsOn: apis });
  const service = new gcp.cloudrunv2.Service("orders", {
    location: region,
    deletionProtection: false,
    ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
    template: { serviceAccount: runner.email, containers: [{ image }] },
  });
  const invoker = new gcp.cloudrunv2.ServiceIamMember("push", {
    name: service.name, location: region, role: "roles/run.invoker", member: pusher.member,
  });
  new gcp.pubsub.Subscription("orders", {
    topic: topic.id,
    ackDeadlineSeconds: 20,
    expirationPolicy: { ttl: "" },
    pushConfig: { pushEndpoint: service.uri, oidcToken: { serviceAccountEmail: pusher.email, audience: service.uri } },
  }, { dependsOn: [invoker] });
}

const accountId = "0123456789abcdef0123456789abcdef";
const namespace = new cloudflare.WorkersKvNamespace("counts", { accountId, title: "counts" });
const queue = new cloudflare.Queue("jobs", { accountId, queueName: "jobs" });
const worker = new cloudflare.WorkersScript("hello", {
  accountId,
  scriptName: "hello",
  mainModule: "worker.js",
  content: \`export default {
    async fetch(request, env) {
      if (request.method === "POST") { await env.JOBS.send(await request.text()); return new Response("queued", { status: 202 }); }
      return new Response(await env.COUNTS.get("last") ?? "nothing yet");
    },
    async queue(batch, env) { for (const message of batch.messages) await env.COUNTS.put("last", message.body); },
  };\`,
  compatibilityDate: "2026-07-01",
  bindings: [
    { name: "COUNTS", type: "kv_namespace", namespaceId: namespace.id },
    { name: "JOBS", type: "queue", queueName: queue.queueName },
  ],
});
new cloudflare.QueueConsumer("jobs", {
  accountId, queueId: queue.queueId, type: "worker", scriptName: worker.scriptName, settings: { batchSize: 10, maxWaitTimeMs: 100, maxRetries: 3, retryDelay: 0 },
});
const domain = new cloudflare.WorkersCustomDomain("hello", {
  accountId, zoneId: "fedcba9876543210fedcba9876543210", hostname: "hello.shop.example", service: worker.scriptName,
});
export const workerUrl = pulumi.interpolate\`https://\${domain.hostname}\`;
`;

/** Tells in its log what it was pushed. */
const service = `
import { createServer } from "node:http";
createServer(async (request, response) => {
  const { message } = JSON.parse((await request.toArray()).join(""));
  console.log("order:", Buffer.from(message.data, "base64").toString());
  response.writeHead(204).end();
}).listen(process.env.PORT);`;

const folder = mkdtempSync(join(tmpdir(), "foreign-"));
const project = join(folder, "program");
let sandbox: Sandbox;
let way: ProxyAgent;
const logged: string[] = [];

beforeAll(async () => {
  sandbox = await Sandbox.start({
    stateDir: join(folder, "sandbox"),
    socketDir: mkdtempSync(join(tmpdir(), "fs-")),
    port: 0,
    tools: { versitygw },
    log: (message) => logged.push(message),
  });
  way = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile, "utf8") } });
  for (const name of ["program", "home", "state"]) mkdirSync(join(folder, name));
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(project, "Pulumi.yaml"), "name: shop\nruntime: nodejs\nmain: index.ts\n");
  writeFileSync(join(project, "index.ts"), program);
});
afterAll(async () => {
  await way?.close();
  await sandbox?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: string[]): Promise<string> {
  const env = { ...attachedTo(sandbox.ports, folder), PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
  return new Promise((resolve, reject) => {
    execFile(
      pulumi,
      [...args, "--non-interactive", "--color", "never"],
      { cwd: project, env, maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        error ? reject(new Error(`pulumi ${args.join(" ")}:\n${stdout}\n${stderr}\n${logged.slice(-20).join("\n")}`)) : resolve(stdout),
    );
  });
}

const output = async (name: string) => (await run("stack", "output", name)).trim();
const get = (url: string, init: { method?: string; body?: string | Uint8Array; headers?: Record<string, string> } = {}) =>
  fetch(url, { ...init, dispatcher: way, redirect: "manual" });

/** Pushes an image of one program, as any client of the registry does. @returns its reference by digest */
async function push(name: string): Promise<string> {
  const archive = pack();
  archive.entry({ name: "app/main.js" }, service);
  archive.entry({ name: "app/package.json" }, '{"type":"module"}');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const tar = Buffer.concat(chunks);
  const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const type = (kind: string) => `application/vnd.oci.image.${kind}`;
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Entrypoint: ["/nodejs/bin/node"], Cmd: ["/app/main.js"], WorkingDir: "/app" },
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type("manifest.v1+json"),
      config: { mediaType: type("config.v1+json"), digest: digestOf(config), size: config.length },
      layers: [{ mediaType: type("layer.v1.tar+gzip"), digest: digestOf(layer), size: layer.length }],
    }),
  );
  const authorization = `Bearer ${sandbox.issueToken("user:owner@account.example")}`;
  const at = `https://europe-west1-docker.pkg.dev/v2/shop/images/${name}`;
  const send = async (method: string, url: string, body: Uint8Array, contentType: string) => {
    const answer = await get(url, { method, body, headers: { authorization, "content-type": contentType } });
    expect(answer.status, `${method} ${url}`).toBe(201);
  };
  for (const blob of [layer, config]) await send("POST", `${at}/blobs/uploads/?digest=${digestOf(blob)}`, blob, "application/octet-stream");
  await send("PUT", `${at}/manifests/latest`, manifest, type("manifest.v1+json"));
  return `europe-west1-docker.pkg.dev/shop/images/${name}@${digestOf(manifest)}`;
}

test("deploys, works, changes nothing the second time, and goes", async () => {
  await run("stack", "init", "dev");
  for (const [key, value] of [
    ["aws:region", "eu-central-1"],
    ["gcp:project", "shop"],
    ["gcp:region", "europe-west1"],
  ] as const)
    await run("config", "set", key, value);
  await run("up", "--yes", "--skip-preview");
  await run("config", "set", "image", await push("orders"));
  await run("up", "--yes", "--skip-preview");
  expect(await run("up", "--yes", "--expect-no-changes")).toContain("unchanged");

  // The website: whoever comes is served, and finds an error page where there is nothing.
  const site = await output("siteUrl");
  const home = await get(site);
  expect([home.status, home.headers.get("content-type"), await home.text()]).toEqual([200, "text/html", "<h1>Welcome</h1>"]);
  const lost = await get(`${site}/nothing/here`);
  expect([lost.status, await lost.text()]).toEqual([403, "<h1>Lost</h1>"]);

  // The service is for internal callers only; Pub/Sub is one.
  const topic = await output("topicName");
  const published = await get(`https://pubsub.googleapis.com/v1/${topic}:publish`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.issueToken("user:owner@account.example")}` },
    body: JSON.stringify({ messages: [{ data: Buffer.from("two chairs").toString("base64") }] }),
  });
  expect(published.status).toBe(200);
  const drained = () => sandbox.parts().some(({ kind, detail }) => kind === "Pub/Sub subscription" && detail.startsWith("0 messages"));
  await until(drained, "the push");
  const log = sandbox.parts().find(({ kind }) => kind === "Cloud Run service");
  expect(log?.state).toBe("running");
  expect(readFileSync(join(folder, "sandbox", "logs", `run-shop-europe-west1-${log?.name}.log`), "utf8")).toContain("order: two chairs");

  // The Worker: what is posted goes through the queue into KV.
  const worker = await output("workerUrl");
  expect(await (await get(worker)).text()).toBe("nothing yet");
  expect((await get(worker, { method: "POST", body: "a job" })).status).toBe(202);
  await until(async () => (await (await get(worker)).text()) === "a job", "the job");

  await run("destroy", "--yes", "--skip-preview");
  await expect(get(worker)).rejects.toThrow();
  expect((await get(site)).status).toBe(404);
});
