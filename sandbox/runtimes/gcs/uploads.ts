// The three ways to upload: media, multipart and resumable. Source: cloud.google.com/storage/docs/uploads-downloads
import { randomUUID } from "node:crypto";
import { bytesOf, contentRange, parseJson, parseMultipart } from "./bodies.ts";
import { type Call, json } from "./call.ts";
import { conditionsOf } from "./conditions.ts";
import { GcsError, invalid, notFound } from "./errors.ts";
import { metadataOf, objectResource, type StoredObject } from "./model.ts";
import type { ClaimedHashes, NewObject, ObjectStore } from "./object-store.ts";
import { retainedUntil } from "./protection.ts";

/** Chunks but the last are multiples of this: cloud.google.com/storage/docs/performing-resumable-uploads */
const chunkGrain = 256 * 1024;

/** The key for a new object. */
type KeyFor = (bucket: string) => string | undefined;

export class Uploads {
  readonly #store: ObjectStore;
  readonly #keyFor: KeyFor;

  constructor(store: ObjectStore, keyFor: KeyFor) {
    this.#store = store;
    this.#keyFor = keyFor;
  }

  async start(call: Call, bucket: string): Promise<Response> {
    const { request, query } = call;
    const type = query.get("uploadType");
    if (type === "resumable" && query.has("upload_id")) return this.resume(call, bucket);
    if (type === "resumable") return this.#open(call, bucket);
    if (type === "multipart") {
      const { resource, contentType, media } = parseMultipart(
        request.headers.get("content-type") ?? "",
        Buffer.from(await request.arrayBuffer()),
      );
      const object = this.#prepare(call, bucket, { ...(contentType ? { contentType } : {}), ...resource });
      return this.#finish(await this.#store.receive([media] as unknown as AsyncIterable<Uint8Array>), object);
    }
    if (type !== "media") throw invalid(`Invalid upload type: "${type}", expected media, multipart or resumable.`);
    const contentType = request.headers.get("content-type") ?? undefined;
    const object = this.#prepare(call, bucket, contentType ? { contentType } : {});
    return this.#finish(await this.#store.receive(bytesOf(request)), object);
  }

  /** What the new object is to be, from the query, the headers and a resource. */
  #prepare({ request, query, demand }: Call, bucket: string, resource: Record<string, unknown>): NewObject {
    demand("storage.objects.create", `b/${bucket}`);
    this.#store.requireBucket(bucket);
    const name = query.get("name") ?? resource.name;
    if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > 1024 || /[\r\n]/.test(name)) {
      throw new GcsError(400, name === undefined ? "required" : "invalid", "Required parameter: name, 1 to 1024 bytes without line breaks");
    }
    // To replace an object is to delete the present one.
    if (this.#store.find(bucket, name)) demand("storage.objects.delete", `b/${bucket}`);
    const kmsKeyName = this.#keyFor(bucket);
    return {
      bucket,
      name,
      metadata: metadataOf(resource),
      conditions: conditionsOf(query),
      hashes: { ...headerHashes(request.headers.get("x-goog-hash")), ...resourceHashes(resource) },
      ...(kmsKeyName ? { kmsKeyName } : {}),
    };
  }

  async #open(call: Call, bucket: string): Promise<Response> {
    const { request, url } = call;
    const contentType = request.headers.get("x-upload-content-type");
    const resource = parseJson(await request.text());
    const object = this.#prepare(call, bucket, { ...(contentType ? { contentType } : {}), ...resource });
    const id = randomUUID();
    this.#store.putUpload(id, object);
    const location = new URL(url);
    location.searchParams.set("upload_id", id);
    return new Response(null, { headers: { location: location.href, "x-guploader-uploadid": id } });
  }

  /** Takes a chunk, or tells how far the upload has come. The session's address is its own credential. */
  async resume({ request, query }: Call, bucket: string): Promise<Response> {
    const { id, object } = this.#session(query, bucket);
    const header = request.headers.get("content-range");
    const range = header === null ? undefined : contentRange(header);
    const before = this.#store.received(id);
    if (range?.start !== undefined) {
      if (range.start > before)
        throw new GcsError(
          503,
          "backendError",
          `Invalid request. The chunk begins at ${range.start}, and ${before} bytes have been received.`,
        );
      const length = (range.end ?? 0) - range.start + 1;
      const last = range.total !== undefined && (range.end ?? 0) + 1 === range.total;
      if (!last && length % chunkGrain !== 0)
        throw invalid(
          `Invalid request. The number of bytes uploaded is required to be equal or greater than ${chunkGrain}, except for the final request (it's recommended to be the exact multiple of ${chunkGrain}).`,
        );
      await this.#store.receive(skip(bytesOf(request), before - range.start), id);
    } else if (range === undefined) {
      // Without a range the body is the whole.
      this.#store.discard(id);
      await this.#store.receive(bytesOf(request), id);
      return this.#complete(id, object);
    }
    const now = this.#store.received(id);
    if (range.total !== undefined && now >= range.total) {
      if (now === 0) await this.#store.receive([] as unknown as AsyncIterable<Uint8Array>, id);
      return this.#complete(id, object);
    }
    return new Response(null, {
      status: 308,
      headers: { "x-guploader-uploadid": id, ...(now > 0 ? { range: `bytes=0-${now - 1}` } : {}) },
    });
  }

  cancel({ query }: Call, bucket: string): Response {
    this.#store.endUpload(this.#session(query, bucket).id);
    return new Response(null, { status: 499, statusText: "Client Closed Request" });
  }

  #session(query: URLSearchParams, bucket: string): { id: string; object: NewObject } {
    const id = query.get("upload_id") ?? "";
    const object = this.#store.upload<NewObject>(id);
    if (object?.bucket !== bucket) throw notFound(`No such upload: ${id}. It was finished, cancelled, or never begun.`);
    return { id, object };
  }

  async #complete(id: string, object: NewObject): Promise<Response> {
    try {
      return await this.#finish(id, object);
    } finally {
      this.#store.endUpload(id);
    }
  }

  async #finish(received: string, object: NewObject): Promise<Response> {
    const made: StoredObject = await this.#store.insert(received, object);
    return json(objectResource(made, retainedUntil(made, this.#store.bucket(made.bucket)?.config.retentionPolicy)));
  }
}

function headerHashes(header: string | null): ClaimedHashes {
  const value = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header ?? "")?.[1];
  return resourceHashes({ md5Hash: value("md5"), crc32c: value("crc32c") });
}

function resourceHashes({ md5Hash, crc32c }: Record<string, unknown>): ClaimedHashes {
  return { ...(typeof md5Hash === "string" ? { md5Hash } : {}), ...(typeof crc32c === "string" ? { crc32c } : {}) };
}

/** A client may send again what it does not know has come. */
async function* skip(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const part of bytes) {
    yield part.subarray(Math.min(left, part.length));
    left = Math.max(0, left - part.length);
  }
}
