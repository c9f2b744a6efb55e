// The second store of a log: a bucket of Cloud Storage in the region, written and read as the service's own account
// (cloud.google.com/storage/docs/json_api/v1/objects).
import { accessToken } from "../metadata-server.ts";
import { CheckpointMoved, checkpointPath, folder, type ReadableStore } from "./stores.ts";

const patienceMs = 15_000;

export class BucketStore implements ReadableStore {
  readonly name = "bucket";
  readonly #bucket: string;
  readonly #origin: string;

  /** @param origin of the API */
  constructor(bucket: string, origin: string) {
    this.#bucket = bucket;
    this.#origin = origin;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const response = await this.#call("GET", `/storage/v1/b/${this.#bucket}/o/${encodeURIComponent(folder + path)}?alt=media`);
    return response && Buffer.from(await response.arrayBuffer());
  }

  /** Once and never again: a path has one content. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#upload(path, bytes, "application/octet-stream", "0");
  }

  async writeCheckpoint(note: string, generation: string | undefined): Promise<string> {
    const written = await this.#upload(checkpointPath, Buffer.from(note), "text/plain; charset=utf-8", generation ?? "0");
    if (written === undefined) throw new CheckpointMoved();
    return written;
  }

  async checkpoint(): Promise<string | undefined> {
    return (await this.current())?.note;
  }

  async current(): Promise<{ note: string; generation: string } | undefined> {
    const response = await this.#call("GET", `/storage/v1/b/${this.#bucket}/o/${encodeURIComponent(folder + checkpointPath)}?alt=media`);
    const generation = response?.headers.get("x-goog-generation");
    return response && generation ? { note: await response.text(), generation } : undefined;
  }

  /** @returns the object's generation; undefined where there is another than that which was expected */
  async #upload(path: string, bytes: Uint8Array, type: string, expected: string): Promise<string | undefined> {
    const query = new URLSearchParams({ uploadType: "media", name: folder + path, ifGenerationMatch: expected });
    const response = await this.#call("POST", `/upload/storage/v1/b/${this.#bucket}/o?${query}`, { bytes, type });
    return response && ((await response.json()) as { generation: string }).generation;
  }

  /** @returns undefined for 404, and for 412: what was expected is not so */
  async #call(method: string, path: string, body?: { bytes: Uint8Array; type: string }): Promise<Response | undefined> {
    const response = await fetch(this.#origin + path, {
      method,
      headers: {
        authorization: `Bearer ${await accessToken("https://www.googleapis.com/auth/devstorage.read_write")}`,
        ...(body ? { "content-type": body.type } : {}),
      },
      ...(body ? { body: body.bytes } : {}),
      signal: AbortSignal.timeout(patienceMs),
    });
    if (response.ok) return response;
    const text = await response.text();
    if (response.status === 412 || (response.status === 404 && method === "GET")) return undefined;
    throw new Error(`Cloud Storage answered ${response.status} for ${method} in ${this.#bucket}: ${text.slice(0, 300)}`);
  }
}
