// A container registry over OCI layouts. Source: github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { Readable } from "node:stream";
import { type Context as Call, Hono } from "hono";
import type { Handler } from "../../engine/internet.ts";
import { type Descriptor, digestOf, isDigest, type Layout, type Manifest } from "./layout.ts";

export type Action = "pull" | "push" | "delete";

export interface RegistryOptions {
  /** The layout of an image name; undefined when no repository holds such a name. */
  readonly layout: (name: string) => Layout | undefined;
  /** Whether a tag, once given, stays with its manifest. */
  readonly immutable: (name: string, tag: string) => boolean;
  /** `name` is undefined for the bare "who am I" request. */
  readonly authorize: (
    authorization: string | undefined,
    name: string | undefined,
    action: Action,
  ) => "allowed" | "unauthenticated" | "denied";
}

/** A manifest may have 4 MiB at most, by the specification's advice. */
const largestManifest = 4 * 1024 * 1024;

const errorStatus = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 416,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  TAG_INVALID: 400,
  TAG_IMMUTABLE: 400,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
} as const;
type ErrorCode = keyof typeof errorStatus;

class RegistryError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function createRegistry(options: RegistryOptions): Handler {
  const app = new Hono();

  const layoutFor = (call: Call, name: string, action: Action): Layout => {
    const verdict = options.authorize(call.req.header("authorization"), name, action);
    if (verdict === "unauthenticated") throw new RegistryError("UNAUTHORIZED", "authentication required");
    if (verdict === "denied") throw new RegistryError("DENIED", `permission to ${action} "${name}" is denied, or it does not exist`);
    const layout = options.layout(name);
    if (!layout) throw new RegistryError("NAME_UNKNOWN", `repository name not known to registry: ${name}`);
    return layout;
  };

  app.onError((error) => {
    const { code, message } = error instanceof RegistryError ? error : { code: "UNSUPPORTED" as const, message: error.message };
    const status = error instanceof RegistryError ? errorStatus[code] : 500;
    return new Response(JSON.stringify({ errors: [{ code, message }] }), {
      status,
      headers: {
        "content-type": "application/json",
        ...(status === 401 ? { "www-authenticate": 'Basic realm="container registry"' } : {}),
      },
    });
  });
  app.notFound(() => {
    throw new RegistryError("UNSUPPORTED", "the operation is unsupported");
  });

  app.get("/v2/", (call) => {
    if (options.authorize(call.req.header("authorization"), undefined, "pull") !== "allowed") {
      throw new RegistryError("UNAUTHORIZED", "authentication required");
    }
    return call.json({});
  });

  // Hono's own handling of HEAD answers it by GET and drops the body.
  app.get("/v2/:name{.+}/blobs/:digest", (call) => {
    const { name, digest } = call.req.param();
    const layout = layoutFor(call, name, "pull");
    const size = layout.size(validDigest(digest));
    if (size === undefined) throw new RegistryError("BLOB_UNKNOWN", `blob unknown to registry: ${digest}`);
    const headers = { "content-type": "application/octet-stream", "content-length": String(size), "docker-content-digest": digest };
    if (call.req.method === "HEAD") return new Response(null, { headers });
    return new Response(Readable.toWeb(layout.stream(digest) as Readable) as unknown as ReadableStream, { headers });
  });

  app.post("/v2/:name{.+}/blobs/uploads/", async (call) => {
    const { name } = call.req.param();
    const layout = layoutFor(call, name, "push");
    const id = await layout.startUpload();
    const digest = call.req.query("digest");
    if (digest === undefined) return accepted(name, id, 0);
    await layout.append(id, bodyOf(call.req.raw));
    return finish(layout, name, id, digest);
  });

  app.get("/v2/:name{.+}/blobs/uploads/:id{[0-9a-f-]{36}}", async (call) => {
    const { name, id } = call.req.param();
    const size = await uploadSize(layoutFor(call, name, "push"), id);
    return accepted(name, id, size, 204);
  });

  app.patch("/v2/:name{.+}/blobs/uploads/:id{[0-9a-f-]{36}}", async (call) => {
    const { name, id } = call.req.param();
    const layout = layoutFor(call, name, "push");
    requireInOrder(call, await uploadSize(layout, id));
    return accepted(name, id, await layout.append(id, bodyOf(call.req.raw)));
  });

  app.put("/v2/:name{.+}/blobs/uploads/:id{[0-9a-f-]{36}}", async (call) => {
    const { name, id } = call.req.param();
    const layout = layoutFor(call, name, "push");
    requireInOrder(call, await uploadSize(layout, id));
    await layout.append(id, bodyOf(call.req.raw));
    return finish(layout, name, id, call.req.query("digest") ?? "");
  });

  app.delete("/v2/:name{.+}/blobs/uploads/:id{[0-9a-f-]{36}}", async (call) => {
    const { name, id } = call.req.param();
    const layout = layoutFor(call, name, "push");
    await uploadSize(layout, id);
    await layout.cancelUpload(id);
    return new Response(null, { status: 204 });
  });

  app.get("/v2/:name{.+}/manifests/:reference", (call) => {
    const { name, reference } = call.req.param();
    const layout = layoutFor(call, name, "pull");
    const found = layout.find(reference);
    if (!found) throw new RegistryError("MANIFEST_UNKNOWN", `manifest unknown to registry: ${name} ${reference}`);
    const headers = { "content-type": found.mediaType, "content-length": String(found.size), "docker-content-digest": found.digest };
    return new Response(call.req.method === "HEAD" ? null : new Uint8Array(layout.read(found.digest)), { headers });
  });

  app.put("/v2/:name{.+}/manifests/:reference", async (call) => {
    const { name, reference } = call.req.param();
    const layout = layoutFor(call, name, "push");
    const bytes = new Uint8Array(await call.req.arrayBuffer());
    if (bytes.length > largestManifest)
      throw new RegistryError("SIZE_INVALID", `a manifest may have ${largestManifest} bytes, this one has ${bytes.length}`);
    const manifest = parseManifest(bytes);
    const digest = digestOf(bytes);
    const tag = isDigest(reference) ? undefined : validTag(reference);
    if (tag === undefined && reference !== digest)
      throw new RegistryError("DIGEST_INVALID", `the content has the digest ${digest}, not ${reference}`);
    requireContent(layout, manifest);
    const before = tag === undefined ? undefined : layout.find(tag);
    if (tag !== undefined && before && before.digest !== digest && options.immutable(name, tag)) {
      throw new RegistryError(
        "TAG_IMMUTABLE",
        `the tag "${tag}" of ${name} is immutable and stands for ${before.digest}: push under another tag`,
      );
    }
    layout.put(bytes);
    const mediaType = manifest.mediaType ?? call.req.header("content-type") ?? "application/vnd.oci.image.manifest.v1+json";
    const artifactType = manifest.artifactType ?? manifest.config?.mediaType;
    layout.enter({ mediaType, digest, size: bytes.length, ...(manifest.subject && artifactType ? { artifactType } : {}) }, tag);
    return new Response(null, {
      status: 201,
      headers: {
        location: `/v2/${name}/manifests/${digest}`,
        "docker-content-digest": digest,
        ...(manifest.subject ? { "oci-subject": manifest.subject.digest } : {}),
      },
    });
  });

  app.delete("/v2/:name{.+}/manifests/:reference", (call) => {
    const { name, reference } = call.req.param();
    if (layoutFor(call, name, "delete").remove(reference)) return new Response(null, { status: 202 });
    throw new RegistryError("MANIFEST_UNKNOWN", `manifest unknown to registry: ${name} ${reference}`);
  });

  app.get("/v2/:name{.+}/tags/list", (call) => {
    const { name } = call.req.param();
    const last = call.req.query("last") ?? "";
    const rest = layoutFor(call, name, "pull")
      .tags()
      .filter((tag) => tag > last);
    const limit = Number(call.req.query("n") ?? rest.length);
    const tags = rest.slice(0, limit);
    const next =
      tags.length < rest.length && tags.length > 0 ? `</v2/${name}/tags/list?n=${limit}&last=${tags.at(-1)}>; rel="next"` : undefined;
    return call.json({ name, tags }, 200, next === undefined ? {} : { link: next });
  });

  app.get("/v2/:name{.+}/referrers/:digest", (call) => {
    const { name, digest } = call.req.param();
    const layout = layoutFor(call, name, "pull");
    const wanted = validDigest(digest);
    const manifests = layout.manifests().flatMap((entry): Descriptor[] => {
      const { subject, annotations } = JSON.parse(layout.read(entry.digest).toString()) as Manifest;
      return subject?.digest === wanted ? [{ ...entry, ...(annotations ? { annotations } : {}) }] : [];
    });
    const mediaType = "application/vnd.oci.image.index.v1+json";
    return call.json({ schemaVersion: 2, mediaType, manifests }, 200, { "content-type": mediaType });
  });

  return (request) => app.fetch(request);
}

function accepted(name: string, id: string, size: number, status = 202): Response {
  return new Response(null, {
    status,
    headers: { location: `/v2/${name}/blobs/uploads/${id}`, range: `0-${Math.max(0, size - 1)}`, "docker-upload-uuid": id },
  });
}

async function finish(layout: Layout, name: string, id: string, digest: string): Promise<Response> {
  if (!(await layout.finishUpload(id, validDigest(digest)))) {
    throw new RegistryError("DIGEST_INVALID", `the uploaded bytes do not have the digest ${digest}`);
  }
  return new Response(null, { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest } });
}

async function uploadSize(layout: Layout, id: string): Promise<number> {
  const size = await layout.uploaded(id);
  if (size === undefined) throw new RegistryError("BLOB_UPLOAD_UNKNOWN", `blob upload unknown to registry: ${id}`);
  return size;
}

/** A chunk must begin where the upload ends; one without a range goes to the end. */
function requireInOrder(call: Call, size: number): void {
  const start = /^(?:bytes )?(\d+)-\d+/.exec(call.req.header("content-range") ?? "")?.[1];
  if (start !== undefined && Number(start) !== size) {
    throw new RegistryError("BLOB_UPLOAD_INVALID", `this chunk begins at ${start}, and the upload has ${size} bytes`);
  }
}

async function* bodyOf(request: Request): AsyncGenerator<Uint8Array> {
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) yield part;
}

function validDigest(text: string): string {
  if (isDigest(text)) return text;
  throw new RegistryError("DIGEST_INVALID", `not a digest: "${text}"; expected sha256: and 64 lower-case hex digits`);
}

function validTag(text: string): string {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text)) return text;
  throw new RegistryError("TAG_INVALID", `not a tag: "${text}"`);
}

function parseManifest(bytes: Uint8Array): Manifest {
  try {
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest;
    if (manifest.manifests || (manifest.config && manifest.layers)) return manifest;
  } catch {
    // Said below.
  }
  throw new RegistryError("MANIFEST_INVALID", "neither an image manifest nor an image index in JSON");
}

/** Everything that a manifest names must be here, except layers that are published elsewhere. */
function requireContent(layout: Layout, manifest: Manifest): void {
  const elsewhere = ({ mediaType, urls }: Descriptor) => (urls?.length ?? 0) > 0 || /nondistributable|foreign/.test(mediaType);
  const needed = [
    ...(manifest.config ? [manifest.config] : []),
    ...(manifest.layers ?? []).filter((layer) => !elsewhere(layer)),
    ...(manifest.manifests ?? []),
  ];
  const missing = needed.filter(({ digest }) => !isDigest(digest) || layout.size(digest) === undefined);
  if (missing.length > 0) {
    throw new RegistryError(
      "MANIFEST_BLOB_UNKNOWN",
      `not in the registry: ${missing.map(({ digest }) => digest).join(", ")}; push them first`,
    );
  }
}
