// One image name of a registry, kept as an OCI image layout: blobs by digest, and an index of manifests and tags.
// Source: github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly artifactType?: string;
  readonly urls?: readonly string[];
}

/** What this needs of an image manifest or an image index. */
export interface Manifest {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const tagAnnotation = "org.opencontainers.image.ref.name";
const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const isDigest = (text: string): boolean => digestPattern.test(text);
export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export class Layout {
  readonly folder: string;

  /** @param folder made when something is first written */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param digest of the form `sha256:<hex>` */
  blobPath(digest: string): string {
    if (!isDigest(digest)) throw new Error(`not a digest: ${digest}; expected sha256: and 64 hex digits`);
    return join(this.folder, "blobs", digest.replace(":", "/"));
  }

  /** Size in bytes; undefined when there is no such blob. */
  size(digest: string): number | undefined {
    return existsSync(this.blobPath(digest)) ? statSync(this.blobPath(digest)).size : undefined;
  }

  stream(digest: string): NodeJS.ReadableStream {
    return createReadStream(this.blobPath(digest));
  }

  /** The bytes of a small blob (manifest, config). */
  read(digest: string): Buffer {
    return readFileSync(this.blobPath(digest));
  }

  /** Opens a new upload. */
  async startUpload(): Promise<string> {
    const id = randomUUID();
    mkdirSync(join(this.folder, "uploads"), { recursive: true });
    await (await open(this.#uploadPath(id), "wx")).close();
    return id;
  }

  /** Bytes received so far; undefined when there is no such upload. */
  async uploaded(id: string): Promise<number | undefined> {
    return (await stat(this.#uploadPath(id)).catch(() => undefined))?.size;
  }

  /** Appends to an upload and returns its size. Bytes of a body that breaks off stay: the client asks where to go on. */
  async append(id: string, body: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await open(this.#uploadPath(id), "a");
    try {
      for await (const part of body) await file.write(part);
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  /** Makes a finished upload a blob; false, and the upload is gone, when its bytes are not those of the digest. */
  async finishUpload(id: string, digest: string): Promise<boolean> {
    const path = this.#uploadPath(id);
    const hash = createHash("sha256");
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
    if (`sha256:${hash.digest("hex")}` !== digest) {
      await rm(path, { force: true });
      return false;
    }
    durablyRename(path, this.blobPath(digest));
    return true;
  }

  async cancelUpload(id: string): Promise<void> {
    await rm(this.#uploadPath(id), { force: true });
  }

  put(bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    if (this.size(digest) === undefined) this.#write(this.blobPath(digest), bytes);
    return digest;
  }

  /** Manifests, newest last; one with several tags stands there once a tag. */
  manifests(): Descriptor[] {
    const file = join(this.folder, "index.json");
    return existsSync(file) ? ((JSON.parse(readFileSync(file, "utf8")) as Manifest).manifests ?? []).slice() : [];
  }

  tags(): string[] {
    const names = this.manifests().flatMap(({ annotations }) => annotations?.[tagAnnotation] ?? []);
    return names.sort();
  }

  /** The manifest of a tag or digest. */
  find(reference: string): Descriptor | undefined {
    return this.manifests().find(({ digest, annotations }) => digest === reference || annotations?.[tagAnnotation] === reference);
  }

  /** Enters a manifest whose bytes were put, under a tag if one is given; the tag leaves the manifest that had it. */
  enter(entry: Descriptor, tag: string | undefined): void {
    const kept = this.manifests().flatMap((each) => {
      if (tag !== undefined && each.annotations?.[tagAnnotation] === tag) return this.#untagged(each, entry.digest);
      return each.digest === entry.digest && each.annotations?.[tagAnnotation] === undefined ? [] : [each];
    });
    const known = kept.some(({ digest }) => digest === entry.digest);
    if (tag === undefined && known) return;
    this.#writeIndex([...kept, tag === undefined ? entry : { ...entry, annotations: { [tagAnnotation]: tag } }]);
  }

  /** Takes out a tag, or a manifest with all its tags; false when there is none. */
  remove(reference: string): boolean {
    const all = this.manifests();
    const kept = isDigest(reference)
      ? all.filter(({ digest }) => digest !== reference)
      : all.flatMap((each) => (each.annotations?.[tagAnnotation] === reference ? this.#untagged(each, undefined) : [each]));
    if (JSON.stringify(kept) === JSON.stringify(all)) return false;
    this.#writeIndex(kept);
    return true;
  }

  /** What is left of an entry that loses its tag: itself without one, unless it stands elsewhere or is `replacement`. */
  #untagged(entry: Descriptor, replacement: string | undefined): Descriptor[] {
    const elsewhere = this.manifests().filter(({ digest }) => digest === entry.digest).length > 1;
    if (elsewhere || entry.digest === replacement) return [];
    const { annotations: _, ...bare } = entry;
    return [bare];
  }

  // Without a pause between reading the index and writing it: two pushes at once lose nothing of each other.
  #writeIndex(manifests: readonly Descriptor[]): void {
    const marker = join(this.folder, "oci-layout");
    if (!existsSync(marker)) this.#write(marker, { imageLayoutVersion: "1.0.0" });
    const mediaType = "application/vnd.oci.image.index.v1+json";
    this.#write(join(this.folder, "index.json"), { schemaVersion: 2, mediaType, manifests });
  }

  #write(path: string, content: Uint8Array | object): void {
    const temporary = join(this.folder, "uploads", randomUUID());
    mkdirSync(dirname(temporary), { recursive: true });
    writeFileSync(temporary, content instanceof Uint8Array ? content : JSON.stringify(content, null, 2));
    durablyRename(temporary, path);
  }

  #uploadPath(id: string): string {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`not an upload: ${id}`);
    return join(this.folder, "uploads", id);
  }

  /** Forgets uploads that a stop cut off. */
  dropUploads(): void {
    rmSync(join(this.folder, "uploads"), { recursive: true, force: true });
  }
}

/** Moves a file to its place so that it is there whole, or not at all, after a kill or a power cut. */
function durablyRename(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  fsync(from);
  renameSync(from, to);
  fsync(dirname(to));
}

function fsync(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
