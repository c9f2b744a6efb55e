// S3 as a client sees it: checks the signature and the region, adds what the object server lacks, and passes the rest on.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { type Needed, neededFor } from "./actions.ts";
import type { BucketBook, BucketEntry } from "./bucket-book.ts";
import { answerSetting, bucketKeyed, defaultEncryption, initialSettings, isKept } from "./bucket-settings.ts";
import type { Credentials } from "./credentials.ts";
import { type LockRule, lockRule, retainUntil } from "./default-retention.ts";
import type { S3Error } from "./errors.ts";
import * as errors from "./errors.ts";
import type { ObjectServer } from "./object-server.ts";
import { verifiedChunks } from "./signed-chunks.ts";
import { readSignature, type Signature, signedAt, validUntil, verifies } from "./sigv4.ts";
import { type Target, targetOf } from "./target.ts";
import { s3Document, text } from "./xml.ts";

/** What S3 asks KMS about a key. */
export interface KeyState {
  readonly arn: string;
  readonly state: "Enabled" | "Disabled" | "PendingDeletion";
}

/** The account in the ARN of who asks. */
const accountOf = (principal: string): string => principal.split(":")[4] ?? "";

export interface S3FrontOptions {
  readonly server: ObjectServer;
  readonly book: BucketBook;
  readonly credentials: Credentials;
  /** A key by id, ARN or alias, as S3 in this region finds it; undefined when there is none. */
  readonly key: (reference: string, region: string) => KeyState | undefined;
  /** Why this principal may not do this, in the words of the answer; undefined where it may. `policy` is the bucket's, where it has one. */
  readonly refusal: (demand: Demand, policy: string | undefined) => string | undefined;
  /** The same of using a key. */
  readonly keyRefusal: (demand: Demand) => string | undefined;
}

/** What a principal asks for. */
export interface Demand extends Needed {
  /** ARN */
  readonly principal: string;
  /** Keys of conditions, besides those that every request has. */
  readonly context: Readonly<Record<string, string>>;
}

interface Verified {
  readonly signature: Signature;
  readonly secret: string;
  readonly principal: string;
  readonly region: string;
}

/** Remembers the key of an object among its metadata; never shown to a client. */
const keyMetadata = "x-amz-meta-front-sse-kms-key-id";
const sse = "x-amz-server-side-encryption";
const sseKey = `${sse}-aws-kms-key-id`;
/** Documents (policies, lists of objects to delete) are far smaller: S3 takes 2 MiB at most. */
const largestDocument = 2 * 1024 * 1024;
const notForwarded = [
  "authorization",
  "host",
  "x-amz-security-token",
  "x-amz-date",
  "x-amz-content-sha256",
  "x-amz-expected-bucket-owner",
  "expect",
];

export class S3Front {
  readonly #options: S3FrontOptions;
  readonly #lockRules = new Map<string, LockRule | undefined>();

  constructor(options: S3FrontOptions) {
    this.#options = options;
  }

  /** Answers a request to any S3 address. */
  readonly handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    let target: Target;
    try {
      target = targetOf(url);
    } catch {
      return errors.respond(
        { status: 400, code: "InvalidURI", message: "Couldn't parse the specified URI." },
        request.method,
        url.pathname,
      );
    }
    const answer = await this.#answer(request, url, target).catch((error: NodeJS.ErrnoException): S3Error => {
      // The object server is being started again: clients try again by themselves.
      if (["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"].includes(error.code ?? "")) return errors.unavailable;
      throw error;
    });
    return answer instanceof Response ? answer : errors.respond(answer, request.method, url.pathname);
  };

  /** To be called when a bucket's Object Lock rule was changed past this front. */
  forget(bucket: string): void {
    this.#lockRules.delete(bucket);
  }

  async #answer(request: Request, url: URL, target: Target): Promise<Response | S3Error> {
    const verified = this.#verify(request, url, target);
    if ("code" in verified) return verified;
    const { bucket, key, subresource } = target;
    const { method } = request;
    const refusal = this.#refusal(request, target, verified);
    if (bucket === undefined) return refusal ?? this.#pass(request, target, verified);
    if (method === "PUT" && key === undefined && subresource === undefined)
      return refusal ?? this.#createBucket(request, target, verified, bucket);

    const entry = this.#options.book.get(bucket);
    if (!entry) return errors.noSuchBucket(bucket);
    if (entry.region !== verified.region) return errors.elsewhere(bucket, entry.region);
    const owner = request.headers.get("x-amz-expected-bucket-owner");
    if (owner !== null && owner !== entry.owner) return errors.anonymous;
    if (refusal) return refusal;
    return key === undefined ? this.#bucket(request, target, verified, entry) : this.#object(request, target, verified, entry, key);
  }

  #verify(request: Request, url: URL, target: Target): Verified | S3Error {
    const signature = readSignature(url, request.headers);
    if (!signature) return errors.anonymous;
    const who = this.#options.credentials.recognise(signature.accessKeyId, signature.sessionToken);
    if (who.state !== "valid") {
      return { unknown: errors.unknownKey(signature.accessKeyId), badToken: errors.badToken, expired: errors.expiredToken }[who.state];
    }
    const region = target.region ?? signature.region;
    if (signature.region !== region) return errors.wrongRegion(signature.region, region);
    if (signedAt(signature) > Date.now() + 15 * 60_000) return errors.skewed;
    if (!(Date.now() <= validUntil(signature))) return signature.expiresInSeconds === undefined ? errors.skewed : errors.expiredUrl;
    if (!verifies(signature, who.secret, request.method, url, request.headers)) return errors.badSignature;
    return { signature, secret: who.secret, principal: who.principal, region };
  }

  #refusal(request: Request, target: Target, { principal }: Verified, needed = neededFor(request, target)): S3Error | undefined {
    const { book, refusal } = this.#options;
    const { headers } = request;
    const context: Record<string, string> = {};
    for (const name of [sse, sseKey, "x-amz-acl", "x-amz-copy-source", "x-amz-storage-class"]) {
      const value = headers.get(name);
      if (value !== null) context[`s3:${name}`] = value;
    }
    const prefix = new URL(request.url).searchParams.get("prefix");
    if (prefix !== null) context["s3:prefix"] = prefix;
    // What a writer asks for; the bucket's default is no condition key, nor is the body of PutObjectRetention read for one.
    const lockMode = headers.get("x-amz-object-lock-mode");
    const lockedUntil = Date.parse(headers.get("x-amz-object-lock-retain-until-date") ?? "");
    if (lockMode !== null) context["s3:object-lock-mode"] = lockMode;
    if (!Number.isNaN(lockedUntil))
      context["s3:object-lock-remaining-retention-days"] = String(Math.floor((lockedUntil - Date.now()) / 86_400_000));
    for (const each of needed) {
      const [, bucket = ""] = /^arn:aws:s3:::([^/]+)/.exec(each.resource) ?? [];
      const why = refusal({ ...each, principal, context }, book.setting(bucket, "policy"));
      if (why !== undefined) return errors.accessDenied(why);
    }
    return undefined;
  }

  /** S3 uses a key on behalf of whoever asks (docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html). */
  #keyRefusal({ principal }: Verified, action: string, key: string, { name, region }: BucketEntry, object: string): S3Error | undefined {
    const context = {
      "kms:ViaService": `s3.${region}.amazonaws.com`,
      "kms:CallerAccount": accountOf(principal),
      "kms:EncryptionContext:aws:s3:arn": bucketKeyed(this.#options.book, name) ? `arn:aws:s3:::${name}` : `arn:aws:s3:::${name}/${object}`,
    };
    const why = this.#options.keyRefusal({ principal, action, resource: key, context });
    return why === undefined ? undefined : errors.accessDenied(why);
  }

  async #createBucket(request: Request, target: Target, verified: Verified, bucket: string): Promise<Response | S3Error> {
    const body = await document(request, verified.signature);
    if (typeof body !== "string") return body;
    const location = text(body, "LocationConstraint") ?? "us-east-1";
    if (location !== verified.region) return errors.wrongLocation(location);
    const headers = forwarded(request.headers);
    // The object server lives in one region of its own: where a bucket is, is the book's business.
    const answer = await this.#options.server.send({ method: "PUT", path: target.path, headers });
    if (answer.ok) this.register({ name: bucket, region: location, owner: accountOf(verified.principal) });
    return answer;
  }

  /** Enters a bucket that the object server has just made into the book, with what a new bucket has. */
  register(bucket: BucketEntry): void {
    this.#options.book.add(bucket);
    for (const [name, initial] of Object.entries(initialSettings)) {
      this.#options.book.set(bucket.name, name as keyof typeof initialSettings, initial);
    }
  }

  async #bucket(request: Request, target: Target, verified: Verified, entry: BucketEntry): Promise<Response | S3Error> {
    const { method } = request;
    const { subresource } = target;
    if (isKept(subresource)) {
      const body = method === "PUT" ? await document(request, verified.signature) : "";
      if (typeof body !== "string") return body;
      const answer = answerSetting(this.#options.book, entry.name, subresource, method, body);
      if ("code" in answer) return answer;
      const type = subresource === "policy" ? "application/json" : "application/xml";
      return new Response(answer.body ?? null, { status: answer.status, headers: { "content-type": type } });
    }
    if (subresource === "location" && method === "GET") {
      const body = s3Document("LocationConstraint", entry.region === "us-east-1" ? [] : [entry.region]);
      return new Response(body, { headers: { "content-type": "application/xml" } });
    }
    if (subresource === "acl" && method === "PUT") return errors.noAcls;
    const answer = await this.#pass(request, target, verified);
    if (!(answer instanceof Response)) return answer;
    if (method === "DELETE" && subresource === undefined && answer.ok) this.#options.book.remove(entry.name);
    if (subresource === "object-lock" || method === "DELETE") this.forget(entry.name);
    if (method === "HEAD") answer.headers.set("x-amz-bucket-region", entry.region);
    return answer;
  }

  async #object(request: Request, target: Target, verified: Verified, entry: BucketEntry, key: string): Promise<Response | S3Error> {
    const { method } = request;
    const { subresource } = target;
    if (subresource === "acl" && method === "PUT") return errors.noAcls;
    const creates = (method === "PUT" && subresource === undefined) || (method === "POST" && subresource === "uploads");
    const additions = new Headers();
    if (creates) {
      const acl = request.headers.get("x-amz-acl");
      if (acl !== null && acl !== "private" && acl !== "bucket-owner-full-control") return errors.noAcls;
      const kms = this.#encryptionKey(request.headers, entry);
      if (kms && "code" in kms) return kms;
      if (kms) {
        // Parts are read again when they are put together.
        const uses = method === "POST" ? ["kms:GenerateDataKey", "kms:Decrypt"] : ["kms:GenerateDataKey"];
        const refusal = uses.map((use) => this.#keyRefusal(verified, use, kms.arn, entry, key)).find((each) => each !== undefined);
        if (refusal) return refusal;
        additions.set(keyMetadata, kms.arn);
      }
      const rule = request.headers.has("x-amz-object-lock-mode") ? undefined : await this.#lockRule(entry.name);
      if (rule) {
        additions.set("x-amz-object-lock-mode", rule.mode);
        additions.set("x-amz-object-lock-retain-until-date", retainUntil(rule, new Date()).toISOString());
      }
    }
    const answer = await this.#pass(request, target, verified, additions);
    if (!(answer instanceof Response)) return answer;
    // Whether an object exists is told to those only who may list the bucket.
    if (answer.status === 404 && (method === "GET" || method === "HEAD") && subresource === undefined) {
      const hidden = this.#refusal(request, target, verified, [{ action: "s3:ListBucket", resource: `arn:aws:s3:::${entry.name}` }]);
      if (hidden) await answer.body?.cancel();
      return hidden ?? answer;
    }
    if (!answer.ok) return answer;
    const completes = method === "POST" && subresource === "uploadId";
    if ((creates && method === "PUT") || completes) await this.#options.server.sync(entry.name, key);

    const arn = additions.get(keyMetadata) ?? answer.headers.get(keyMetadata);
    answer.headers.delete(keyMetadata);
    if (arn !== null && method === "GET" && subresource === undefined) {
      const refusal = unusable(this.#options.key(arn, entry.region), arn) ?? this.#keyRefusal(verified, "kms:Decrypt", arn, entry, key);
      if (refusal) {
        await answer.body?.cancel();
        return refusal;
      }
    }
    if (method !== "DELETE") {
      answer.headers.set(sse, arn === null ? "AES256" : "aws:kms");
      if (arn !== null) answer.headers.set(sseKey, arn);
    }
    return answer;
  }

  /** The KMS key that encrypts a new object, or why it cannot; undefined where S3's own key does. */
  #encryptionKey(headers: Headers, entry: BucketEntry): KeyState | S3Error | undefined {
    const standard = defaultEncryption(this.#options.book, entry.name);
    const algorithm = headers.get(sse) ?? standard.algorithm;
    if (!algorithm.startsWith("aws:kms")) return undefined;
    const reference = headers.get(sseKey) ?? standard.keyId ?? "alias/aws/s3";
    const key = this.#options.key(reference, entry.region);
    return unusable(key, reference) ?? key;
  }

  async #lockRule(bucket: string): Promise<LockRule | undefined> {
    if (!this.#lockRules.has(bucket)) {
      const answer = await this.#options.server.send({ method: "GET", path: `/${bucket}?object-lock=` });
      const body = await answer.text();
      this.#lockRules.set(bucket, answer.ok ? lockRule(body) : undefined);
    }
    return this.#lockRules.get(bucket);
  }

  async #pass(request: Request, target: Target, verified: Verified, additions = new Headers()): Promise<Response | S3Error> {
    const headers = forwarded(request.headers);
    for (const [name, value] of additions) headers.set(name, value);
    const { signature } = verified;
    let body: RequestInit["body"] = request.body;
    let payload = signature.payload;
    if (payload.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")) {
      headers.set("content-length", headers.get("x-amz-decoded-content-length") ?? "0");
      headers.delete("x-amz-decoded-content-length");
      // The checksum in a signed trailer goes with the framing: the chunks' own signatures have proven the bytes.
      headers.delete("x-amz-trailer");
      removeCoding(headers);
      const plain = verifiedChunks((request.body ?? new Blob([]).stream()) as WebStream<Uint8Array>, signature, verified.secret);
      body = Readable.toWeb(Readable.from(plain)) as unknown as ReadableStream;
      payload = "UNSIGNED-PAYLOAD";
    } else if (body && !headers.has("content-length")) {
      const bytes = await request.arrayBuffer();
      body = bytes.byteLength === 0 ? null : bytes;
      headers.set("content-length", String(bytes.byteLength));
    }
    const answer = await this.#options.server.send({
      method: request.method,
      path: target.path,
      headers,
      body,
      payload,
      signal: request.signal,
    });
    answer.headers.set("server", "AmazonS3");
    return answer;
  }
}

function forwarded(from: Headers): Headers {
  const headers = new Headers(from);
  for (const name of [...notForwarded, keyMetadata]) headers.delete(name);
  for (const name of [...headers.keys()]) if (name.startsWith(sse) || name === "x-amz-acl") headers.delete(name);
  return headers;
}

function removeCoding(headers: Headers): void {
  const rest = (headers.get("content-encoding") ?? "").split(",").map((coding) => coding.trim());
  const kept = rest.filter((coding) => coding !== "" && coding !== "aws-chunked");
  if (kept.length > 0) headers.set("content-encoding", kept.join(","));
  else headers.delete("content-encoding");
}

/** The body of a request that is answered here, checked against its declared hash. */
async function document(request: Request, signature: Signature): Promise<string | S3Error> {
  if (Number(request.headers.get("content-length") ?? 0) > largestDocument) return errors.tooLarge;
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.length > largestDocument) return errors.tooLarge;
  const declared = signature.payload;
  if (/^[0-9a-f]{64}$/.test(declared) && createHash("sha256").update(bytes).digest("hex") !== declared) return errors.bodyMismatch;
  return bytes.toString();
}

function unusable(key: KeyState | undefined, reference: string): S3Error | undefined {
  if (!key) return { status: 400, code: "KMS.NotFoundException", message: `Key '${reference}' does not exist` };
  if (key.state === "Disabled") return { status: 400, code: "KMS.DisabledException", message: `${key.arn} is disabled.` };
  if (key.state === "PendingDeletion")
    return { status: 400, code: "KMS.KMSInvalidStateException", message: `${key.arn} is pending deletion.` };
  return undefined;
}
