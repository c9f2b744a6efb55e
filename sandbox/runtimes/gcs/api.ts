// The Cloud Storage JSON API, and as much of the XML API as clients that read through it need.
// Source: cloud.google.com/storage/docs/json_api/v1
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { isOutOfRoom } from "../transaction.ts";
import { byteRange, parseJson } from "./bodies.ts";
import { type Call, json } from "./call.ts";
import { conditionsOf, requireConditions } from "./conditions.ts";
import { GcsError, invalid, notFound, respond } from "./errors.ts";
import { listOptions, page } from "./listing.ts";
import { type Bucket, bucketResource, etag, metadataOf, objectResource, type StoredObject } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import { retainedUntil } from "./protection.ts";
import { Uploads } from "./uploads.ts";

export interface GcsApiOptions {
  readonly store: ObjectStore;
  /** Who asks; `allUsers` when anonymous, undefined when what it shows is not valid. */
  readonly identify: (request: Request) => string | undefined;
  /** @param resource `b/BUCKET`, or `projects/PROJECT` for lists of buckets */
  readonly allows: (member: string, permission: string, resource: string) => boolean;
  /** Whether this bucket's service agent can use its key. @param key a key or one of its versions */
  readonly keyAllows: (bucket: Bucket, key: string, permission: "useToEncrypt" | "useToDecrypt") => boolean;
  /** Why a key or a version of it cannot be used, whoever asks; undefined when it can. */
  readonly keyUnusable: (key: string) => string | undefined;
  /** The version of a key that encrypts now, by its full name. */
  readonly keyVersion: (key: string) => string;
}

type Route = readonly [method: string, path: RegExp, handle: (call: Call, ...names: string[]) => Promise<Response> | Response];

export class GcsApi {
  readonly #options: GcsApiOptions;
  readonly #store: ObjectStore;
  readonly #routes: readonly Route[];

  constructor(options: GcsApiOptions) {
    this.#options = options;
    this.#store = options.store;
    const uploads = new Uploads(options.store, (bucket) => this.#newObjectKey(bucket));
    const object = "^/(?:download/)?storage/v1/b/([^/]+)/o/([^/]+)$";
    this.#routes = [
      ["GET", /^\/storage\/v1\/b$/, (call) => this.#listBuckets(call)],
      ["GET", /^\/storage\/v1\/b\/([^/]+)$/, (call, bucket) => this.#getBucket(call, bucket)],
      ["POST", /^\/storage\/v1\/b\/([^/]+)\/lockRetentionPolicy$/, (call, bucket) => this.#lock(call, bucket)],
      ["GET", /^\/storage\/v1\/b\/([^/]+)\/o$/, (call, bucket) => this.#list(call, bucket)],
      ["GET", new RegExp(object), (call, bucket, name) => this.#get(call, bucket, name)],
      ["DELETE", new RegExp(object), (call, bucket, name) => this.#delete(call, bucket, name)],
      ["PATCH", new RegExp(object), (call, bucket, name) => this.#patch(call, bucket, name)],
      ["PUT", new RegExp(object), (call, bucket, name) => this.#patch(call, bucket, name)],
      ["POST", /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/restore$/, (call, bucket, name) => this.#restore(call, bucket, name)],
      [
        "POST",
        /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/(rewriteTo|copyTo)\/b\/([^/]+)\/o\/([^/]+)$/,
        (call, ...names) => this.#copy(call, names),
      ],
      ["POST", /^\/(?:upload|resumable\/upload)\/storage\/v1\/b\/([^/]+)\/o$/, (call, bucket) => uploads.start(call, bucket)],
      ["PUT", /^\/(?:upload|resumable\/upload)\/storage\/v1\/b\/([^/]+)\/o$/, (call, bucket) => uploads.resume(call, bucket)],
      ["DELETE", /^\/(?:upload|resumable\/upload)\/storage\/v1\/b\/([^/]+)\/o$/, (call, bucket) => uploads.cancel(call, bucket)],
      // XML API: Go's client reads objects this way.
      ["GET", /^\/(?!storage\/|upload\/|download\/)([^/]+)\/(.+)$/, (call, bucket, name) => this.#media(call, bucket, name)],
    ];
  }

  readonly handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    try {
      const method = request.method === "HEAD" ? "GET" : request.method;
      for (const [verb, path, handle] of this.#routes) {
        const match = verb === method ? path.exec(url.pathname) : null;
        if (match) return await handle(this.#call(request, url), ...match.slice(1).map((name) => decodeURIComponent(name)));
      }
      throw notFound(`Not Found: ${request.method} ${url.pathname} is not offered here.`);
    } catch (error) {
      if (error instanceof GcsError) return respond(error);
      if (error instanceof URIError) return respond(invalid("Invalid percent-encoding in the URL."));
      // cloud.google.com/storage/docs/json_api/v1/status-codes: to be tried again.
      if (isOutOfRoom(error)) return respond(new GcsError(503, "backendError", `Backend Error: ${(error as Error).message}`));
      throw error;
    }
  };

  #call(request: Request, url: URL): Call {
    const member = this.#options.identify(request);
    if (member === undefined) throw new GcsError(401, "authError", "Invalid Credentials");
    const demand = (permission: string, resource: string): void => {
      const anonymous = member === "allUsers";
      const closed =
        anonymous && resource.startsWith("b/") && this.#store.bucket(resource.slice(2))?.config.publicAccessPrevention === "enforced";
      if (!closed && this.#options.allows(member, permission, resource)) return;
      const who = anonymous ? "Anonymous caller" : member.replace(/^[a-zA-Z]+:/, "");
      const what = permission.startsWith("storage.objects.") ? "object" : "bucket";
      throw new GcsError(
        anonymous ? 401 : 403,
        anonymous ? "required" : "forbidden",
        `${who} does not have ${permission} access to the Google Cloud Storage ${what}. Permission '${permission}' denied on resource (or it may not exist).`,
      );
    };
    return { request, url, query: url.searchParams, demand };
  }

  #listBuckets({ query, demand }: Call): Response {
    const project = query.get("project") ?? "";
    demand("storage.buckets.list", `projects/${project}`);
    return json({ kind: "storage#buckets", items: this.#store.buckets(project).map(bucketResource) });
  }

  #getBucket({ query, demand }: Call, bucket: string): Response {
    demand("storage.buckets.get", `b/${bucket}`);
    const found = this.#store.requireBucket(bucket);
    requireConditions(conditionsOf(query), found, true);
    return json(bucketResource(found));
  }

  #lock({ query, demand }: Call, bucket: string): Response {
    demand("storage.buckets.update", `b/${bucket}`);
    const conditions = conditionsOf(query);
    if (conditions.metagenerationMatch === undefined) throw new GcsError(400, "required", "Required parameter: ifMetagenerationMatch");
    return json(bucketResource(this.#store.lockRetentionPolicy(bucket, conditions)));
  }

  #list({ query, demand }: Call, bucket: string): Response {
    demand("storage.objects.list", `b/${bucket}`);
    this.#store.requireBucket(bucket);
    const options = listOptions(query);
    const versions = query.get("versions") === "true" ? (["live", "noncurrent"] as const) : (["live"] as const);
    const states = query.get("softDeleted") === "true" ? (["softDeleted"] as const) : versions;
    const { items, prefixes, nextPageToken } = page(this.#store.objects(bucket, states, options.prefix), options);
    return json({
      kind: "storage#objects",
      items: items.map((object) => this.#resource(object)),
      ...(prefixes.length > 0 ? { prefixes } : {}),
      ...(nextPageToken ? { nextPageToken } : {}),
    });
  }

  #get(call: Call, bucket: string, name: string): Promise<Response> | Response {
    const { query, demand } = call;
    if (query.get("alt") === "media") return this.#media(call, bucket, name);
    demand("storage.objects.get", `b/${bucket}`);
    const object = this.#readable(query, bucket, name);
    return json(this.#resource(object));
  }

  #readable(query: URLSearchParams, bucket: string, name: string): StoredObject {
    this.#store.requireBucket(bucket);
    const object = this.#store.require(bucket, name, generationOf(query));
    requireConditions(conditionsOf(query), object, true);
    return object;
  }

  #media({ request, query, demand }: Call, bucket: string, name: string): Response {
    demand("storage.objects.get", `b/${bucket}`);
    const object = this.#readable(query, bucket, name);
    if (object.kmsKeyName) this.#requireKey(this.#store.requireBucket(bucket), object.kmsKeyName, "useToDecrypt");
    const range = byteRange(request.headers.get("range"), object.size);
    const { start, end } = range ?? { start: 0, end: object.size - 1 };
    const headers = new Headers({
      "accept-ranges": "bytes",
      "content-type": object.contentType ?? "application/octet-stream",
      "content-length": String(end - start + 1),
      etag: etag(object.generation, object.metageneration),
      "last-modified": new Date(object.updated).toUTCString(),
      "x-goog-generation": String(object.generation),
      "x-goog-metageneration": String(object.metageneration),
      "x-goog-storage-class": object.storageClass ?? "STANDARD",
      "x-goog-stored-content-length": String(object.size),
      "x-goog-stored-content-encoding": object.contentEncoding ?? "identity",
      "x-goog-hash": `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    });
    for (const field of ["contentEncoding", "contentDisposition", "contentLanguage", "cacheControl"] as const) {
      if (object[field])
        headers.set(
          field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
          object[field],
        );
    }
    for (const [key, value] of Object.entries(object.metadata ?? {})) headers.set(`x-goog-meta-${key}`, value);
    if (range) headers.set("content-range", `bytes ${start}-${end}/${object.size}`);
    const empty = request.method === "HEAD" || object.size === 0;
    const body = empty ? null : Readable.toWeb(createReadStream(this.#store.path(object), { start, end }));
    return new Response(body as unknown as ReadableStream | null, { status: range ? 206 : 200, headers });
  }

  #delete({ query, demand }: Call, bucket: string, name: string): Response {
    demand("storage.objects.delete", `b/${bucket}`);
    this.#store.requireBucket(bucket);
    const generation = generationOf(query);
    const object = this.#store.require(bucket, name, generation);
    requireConditions(conditionsOf(query), object);
    this.#store.delete(object, generation !== undefined);
    return new Response(null, { status: 204 });
  }

  async #patch({ request, query, demand }: Call, bucket: string, name: string): Promise<Response> {
    demand("storage.objects.update", `b/${bucket}`);
    this.#store.requireBucket(bucket);
    const change = metadataOf(parseJson(await request.text()));
    const object = this.#store.require(bucket, name, generationOf(query));
    requireConditions(conditionsOf(query), object);
    return json(this.#resource(this.#store.patch(object, change)));
  }

  #restore({ query, demand }: Call, bucket: string, name: string): Response {
    demand("storage.objects.restore", `b/${bucket}`);
    const generation = generationOf(query);
    if (generation === undefined) throw new GcsError(400, "required", "Required parameter: generation");
    return json(this.#resource(this.#store.restore(bucket, name, generation)));
  }

  async #copy({ request, query, demand }: Call, names: string[]): Promise<Response> {
    const [fromBucket = "", fromName = "", verb = "", bucket = "", name = ""] = names;
    demand("storage.objects.get", `b/${fromBucket}`);
    demand("storage.objects.create", `b/${bucket}`);
    const from = this.#store.requireBucket(fromBucket);
    this.#store.requireBucket(bucket);
    const text = await request.text();
    const sourceGeneration = query.get("sourceGeneration");
    const source = this.#store.require(fromBucket, fromName, sourceGeneration === null ? undefined : Number(sourceGeneration));
    requireConditions(conditionsOf(query, "ifSource"), source);
    if (source.kmsKeyName) this.#requireKey(from, source.kmsKeyName, "useToDecrypt");
    if (this.#store.find(bucket, name)) demand("storage.objects.delete", `b/${bucket}`);
    const kmsKeyName = this.#newObjectKey(bucket);
    // Given metadata replace the source's as a whole; holds are never copied.
    const { temporaryHold: _, eventBasedHold: __, ...copied } = metadataOf({ ...source });
    const metadata = text === "" || text === "{}" ? copied : metadataOf(parseJson(text));
    const received = await this.#store.receive(createReadStream(this.#store.path(source)) as AsyncIterable<Uint8Array>);
    const made = await this.#store.insert(received, {
      bucket,
      name,
      metadata,
      conditions: conditionsOf(query),
      hashes: {},
      ...(kmsKeyName ? { kmsKeyName } : {}),
    });
    const resource = this.#resource(made);
    if (verb === "copyTo") return json(resource);
    const size = String(made.size);
    return json({ kind: "storage#rewriteResponse", totalBytesRewritten: size, objectSize: size, done: true, resource });
  }

  /** The key that encrypts a new object, if the bucket has one. @throws GcsError 400 or 403 when it cannot be used */
  #newObjectKey(bucketName: string): string | undefined {
    const bucket = this.#store.requireBucket(bucketName);
    const key = bucket.config.defaultKmsKeyName;
    if (!key) return undefined;
    this.#requireKey(bucket, key, "useToEncrypt");
    return this.#options.keyVersion(key);
  }

  #requireKey(bucket: Bucket, key: string, permission: "useToEncrypt" | "useToDecrypt"): void {
    const reason = this.#options.keyUnusable(key);
    if (reason)
      throw new GcsError(400, "cloudKmsDisabledKey", `The Cloud KMS key is disabled, destroyed, or scheduled to be destroyed: ${reason}`);
    if (this.#options.keyAllows(bucket, key, permission)) return;
    throw new GcsError(
      403,
      "forbidden",
      `Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key: ${key}`,
    );
  }

  #resource(object: StoredObject): object {
    return objectResource(object, retainedUntil(object, this.#store.bucket(object.bucket)?.config.retentionPolicy));
  }
}

function generationOf(query: URLSearchParams): number | undefined {
  const text = query.get("generation");
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw invalid(`Invalid generation: "${text}"`);
  return Number(text);
}
