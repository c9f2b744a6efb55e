// Static websites of S3: the configuration, the objects a program uploads, and the website endpoints, which speak plain HTTP to anyone
// (docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html).
import { createHash } from "node:crypto";
import { CloudError, type Context, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import type { Internet } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import type { S3Service } from "../../runtimes/s3/service.ts";
import { text } from "../../runtimes/s3/xml.ts";
import { regionDefault, regionOf, tagsAll } from "./account.ts";
import type { Iam } from "./iam.ts";

const websiteToken = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration";
const test = "test/e2e/foreign-program.test.ts";

/** The endpoints of older regions have a hyphen before the region (docs.aws.amazon.com/general/latest/gr/s3.html). */
const hyphenated = /^(us-east-1|us-west-[12]|eu-west-1|ap-southeast-[12]|ap-northeast-1|sa-east-1)$/;
const domainOf = (region: string) => `s3-website${hyphenated.test(region) ? "-" : "."}${region}.amazonaws.com`;

const object = (value: unknown): Properties => (typeof value === "object" && value !== null ? (value as Properties) : {});
const pathOf = (bucket: string, key: string) => `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;

function requireBucket(s3: S3Service, context: Context, inputs: Properties, operation: string): string {
  const bucket = String(inputs.bucket);
  if (s3.book.get(bucket)?.region === regionOf(inputs, context)) return bucket;
  throw new CloudError(
    "NoSuchBucket",
    `operation error S3: ${operation}: NoSuchBucket: there is no bucket "${bucket}" in ${inputs.region}`,
  );
}

export function websiteDefinitions(s3: S3Service): ResourceDefinition[] {
  const outputs = (inputs: Properties): Properties => {
    const domain = domainOf(String(inputs.region));
    return { websiteDomain: domain, websiteEndpoint: `${inputs.bucket}.${domain}` };
  };
  const website: ResourceDefinition = {
    token: websiteToken,
    fidelity: { level: "runs", how: "the website endpoint answers over HTTP what the bucket's policy lets anyone read", test },
    replaceOn: ["bucket", "region", "expectedBucketOwner"],
    defaults: regionDefault,
    refuse({ routingRules, routingRuleDetails, indexDocument, redirectAllRequestsTo }) {
      if (routingRules !== undefined || routingRuleDetails !== undefined)
        return [{ property: "routingRules", reason: "routing rules are not available here" }];
      return (indexDocument === undefined) === (redirectAllRequestsTo === undefined)
        ? [{ property: "indexDocument", reason: "exactly one of indexDocument and redirectAllRequestsTo must be given" }]
        : [];
    },
    create(context, inputs) {
      return { id: requireBucket(s3, context, inputs, "PutBucketWebsite"), outputs: outputs(inputs) };
    },
    update(context, _old, inputs) {
      requireBucket(s3, context, inputs, "PutBucketWebsite");
      return outputs(inputs);
    },
  };

  const put = async (context: Context, inputs: Properties): Promise<Properties> => {
    const bucket = requireBucket(s3, context, inputs, "PutObject");
    const key = String(inputs.key);
    const bytes =
      inputs.contentBase64 === undefined ? Buffer.from(String(inputs.content ?? "")) : Buffer.from(String(inputs.contentBase64), "base64");
    const headers = new Headers({ "content-length": String(bytes.length), "content-type": String(inputs.contentType) });
    if (typeof inputs.cacheControl === "string") headers.set("cache-control", inputs.cacheControl);
    const answer = await s3.server.send({ method: "PUT", path: pathOf(bucket, key), headers, body: bytes });
    if (!answer.ok) throw new CloudError("PutObject", `operation error S3: PutObject: ${answer.status} ${await answer.text()}`);
    return {
      arn: `arn:aws:s3:::${bucket}/${key}`,
      etag: createHash("md5").update(bytes).digest("hex"),
      versionId: answer.headers.get("x-amz-version-id") ?? "",
      storageClass: "STANDARD",
      serverSideEncryption: "AES256",
      tagsAll: tagsAll(inputs, context),
    };
  };
  const upload: ResourceDefinition = {
    token: "aws:s3/bucketObjectv2:BucketObjectv2",
    fidelity: { level: "runs", how: "an object of the bucket, from `content` or `contentBase64`", test },
    replaceOn: ["bucket", "key", "region"],
    recomputed: ["etag", "versionId", "tagsAll"],
    defaults: (inputs, context) => ({ ...regionDefault(inputs, context), contentType: "application/octet-stream" }),
    refuse: ({ source, content, contentBase64, kmsKeyId, acl }) => [
      ...(source === undefined ? [] : [{ property: "source", reason: "assets are not available here: give `content` or `contentBase64`" }]),
      ...(content !== undefined && contentBase64 !== undefined ? [{ property: "content", reason: "conflicts with contentBase64" }] : []),
      ...(kmsKeyId === undefined ? [] : [{ property: "kmsKeyId", reason: "is not available here: set the key on the bucket" }]),
      ...(acl === undefined ? [] : [{ property: "acl", reason: "ACLs are not offered here" }]),
    ],
    create: async (context, inputs) => ({ id: `${inputs.bucket}/${inputs.key}`, outputs: await put(context, inputs) }),
    update: (context, _old, inputs) => put(context, inputs),
    async delete(_context, { state }) {
      await s3.server.send({ method: "DELETE", path: pathOf(String(state.bucket), String(state.key)) });
    },
  };
  return [website, upload];
}

/** Puts the website endpoints of these regions on the internet. Returns a function that takes them off again. */
export function serveWebsites(internet: Internet, store: Store, s3: S3Service, iam: Iam, regions: readonly string[]): () => void {
  const closers = regions.map((region) =>
    internet.register(`*.${domainOf(region)}`, async (request) => {
      const bucket = new URL(request.url).hostname.slice(0, -domainOf(region).length - 1);
      const site = store.get(websiteToken, bucket)?.state;
      if (s3.book.get(bucket)?.region !== region) return page(404, "NoSuchBucket", "The specified bucket does not exist");
      if (!site) return page(404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration");
      return answer(request, bucket, site, s3, iam);
    }),
  );
  return () => {
    for (const close of closers) close();
  };
}

async function answer(request: Request, bucket: string, site: Properties, s3: S3Service, iam: Iam): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") return page(405, "MethodNotAllowed", "The specified method is not allowed.");
  const elsewhere = object(site.redirectAllRequestsTo);
  if (elsewhere.hostName !== undefined)
    return Response.redirect(`${elsewhere.protocol ?? url.protocol.slice(0, -1)}://${elsewhere.hostName}${url.pathname}${url.search}`, 301);
  const suffix = String(object(site.indexDocument).suffix);
  const asked = decodeURIComponent(url.pathname.slice(1));
  const key = asked === "" || asked.endsWith("/") ? asked + suffix : asked;
  const found = await read(s3, iam, bucket, key);
  if (found) return found;
  if (key === asked && (await read(s3, iam, bucket, `${asked}/${suffix}`)))
    return new Response(null, { status: 302, headers: { location: `/${asked}/` } });
  // Whoever may not list the bucket is not told whether there is such an object.
  const lists = mayAnyone(s3, iam, bucket, "s3:ListBucket", "") && mayAnyone(s3, iam, bucket, "s3:GetObject", `/${key}`);
  const [status, code, message] = lists
    ? ([404, "NoSuchKey", "The specified key does not exist."] as const)
    : ([403, "AccessDenied", "Access Denied"] as const);
  const errorKey = object(site.errorDocument).key;
  const own = errorKey === undefined ? undefined : await read(s3, iam, bucket, String(errorKey));
  return own ? new Response(own.body, { status, headers: own.headers }) : page(status, code, message);
}

/** The object, if anyone may read it and it is there. */
async function read(s3: S3Service, iam: Iam, bucket: string, key: string): Promise<Response | undefined> {
  if (!mayAnyone(s3, iam, bucket, "s3:GetObject", `/${key}`)) return undefined;
  const stored = await s3.server.send({ method: "GET", path: pathOf(bucket, key) });
  if (!stored.ok) {
    await stored.body?.cancel();
    return undefined;
  }
  const kept = ["content-type", "content-length", "cache-control", "etag", "last-modified"].flatMap((name) => {
    const value = stored.headers.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  return new Response(stored.body, { headers: kept });
}

/** By the bucket's policy, and only where public access is not blocked, as it is on every bucket that says nothing of it. */
function mayAnyone(s3: S3Service, iam: Iam, bucket: string, action: string, path: string): boolean {
  const block = s3.setting(bucket, "publicAccessBlock");
  if (block === undefined || text(block, "RestrictPublicBuckets") === "true") return false;
  const demand = { principal: "anonymous", action, resource: `arn:aws:s3:::${bucket}${path}`, context: {} };
  return iam.refusal(demand, s3.setting(bucket, "policy")) === undefined;
}

function page(status: number, code: string, message: string): Response {
  const html = `<html>\n<head><title>${status}</title></head>\n<body>\n<h1>${status}</h1>\n<ul>\n<li>Code: ${code}</li>\n<li>Message: ${message}</li>\n</ul>\n</body>\n</html>\n`;
  return new Response(html, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
