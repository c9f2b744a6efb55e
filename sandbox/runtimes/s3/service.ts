// S3 whole: object server, front, book, and the account owner's way in, past signatures but through the same rules.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Internet } from "../../engine/internet.ts";
import { serve } from "../network/http.ts";
import { BucketBook, type BucketEntry, type Setting } from "./bucket-book.ts";
import { answerSetting } from "./bucket-settings.ts";
import { S3Front, type S3FrontOptions } from "./front.ts";
import { ObjectServer, type ObjectServerOptions } from "./object-server.ts";
import { element, s3Document, text, texts } from "./xml.ts";

/** What S3 answered, when it was not success. */
export class S3Failure extends Error {
  readonly code: string;
  readonly status: number;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "S3Failure";
    this.status = status;
    this.code = code;
  }
}

export interface S3ServiceOptions extends ObjectServerOptions, Pick<S3FrontOptions, "credentials" | "key" | "refusal" | "keyRefusal"> {
  readonly internet: Internet;
  /** Regions whose endpoints exist. */
  readonly regions: readonly string[];
}

export class S3Service {
  readonly server: ObjectServer;
  readonly book: BucketBook;
  readonly #front: S3Front;
  readonly #options: S3ServiceOptions;
  #listener: Server | undefined;
  #unregister: (() => void)[] = [];

  constructor(options: S3ServiceOptions) {
    this.#options = options;
    this.server = new ObjectServer(options);
    this.book = new BucketBook(join(options.dataDir, "buckets.sqlite"));
    this.#front = new S3Front({ ...options, server: this.server, book: this.book });
  }

  async start(): Promise<void> {
    await this.server.start();
    const { faults } = this.#options.internet;
    const unlist = faults.add("s3", (fault) => (fault?.harm === "stop" ? this.server.stop() : this.server.start()));
    const handle = faults.guard("s3", this.#front.handle);
    this.#unregister = this.#options.regions.flatMap((region) =>
      [`s3.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`].map((host) => this.#options.internet.register(host, handle)),
    );
    this.#unregister.push(unlist);
    const listener = createServer((message, to) => {
      void serve(handle, message, to, `http://${message.headers.host ?? "s3"}${message.url ?? "/"}`);
    });
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(0, "127.0.0.1", resolve);
    });
    this.#listener = listener;
  }

  async stop(): Promise<void> {
    for (const unregister of this.#unregister) unregister();
    this.#unregister = [];
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener) {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    }
    await this.server.stop();
    this.book.close();
  }

  /** For `AWS_ENDPOINT_URL_S3`: all regions behind one address, told apart by the signature. */
  get endpoint(): string {
    if (!this.#listener) throw new Error("S3 is not running: start the cloud first");
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** @throws S3Failure `BucketAlreadyOwnedByYou`, `InvalidBucketName`, ... */
  async createBucket(bucket: BucketEntry, objectLock: boolean): Promise<void> {
    const headers = new Headers(objectLock ? { "x-amz-bucket-object-lock-enabled": "true" } : {});
    // What the book does not know was left by somebody who was killed before the next two lines were done: nobody could put anything into it.
    if (!this.book.get(bucket.name)) this.server.discard(bucket.name);
    await this.#ask("PUT", `/${bucket.name}`, { headers });
    this.#front.register(bucket);
  }

  /** @throws S3Failure `BucketNotEmpty`, `NoSuchBucket` */
  async deleteBucket(name: string): Promise<void> {
    await this.#ask("DELETE", `/${name}`);
    this.book.remove(name);
    this.#front.forget(name);
  }

  /** `undefined` when versioning was never turned on. */
  async versioning(bucket: string): Promise<string | undefined> {
    return text(await this.#ask("GET", `/${bucket}?versioning=`), "Status");
  }

  async setVersioning(bucket: string, status: "Enabled" | "Suspended"): Promise<void> {
    await this.#ask("PUT", `/${bucket}?versioning=`, { body: s3Document("VersioningConfiguration", [element("Status", status)]) });
  }

  /** The ObjectLockConfiguration document; undefined where there is none. */
  async objectLock(bucket: string): Promise<string | undefined> {
    try {
      return await this.#ask("GET", `/${bucket}?object-lock=`);
    } catch (error) {
      if (error instanceof S3Failure && error.status === 404) return undefined;
      throw error;
    }
  }

  /** @param document an ObjectLockConfiguration */
  async setObjectLock(bucket: string, document: string): Promise<void> {
    await this.#ask("PUT", `/${bucket}?object-lock=`, { body: document });
    this.#front.forget(bucket);
  }

  setting(bucket: string, name: Setting): string | undefined {
    return this.book.setting(bucket, name);
  }

  /** @throws S3Failure as the API answers (`MalformedPolicy`, `AccessDenied`) */
  setSetting(bucket: string, name: Setting, document: string | undefined): void {
    const answer = answerSetting(this.book, bucket, name, document === undefined ? "DELETE" : "PUT", document ?? "");
    if ("code" in answer) throw new S3Failure(answer.status, answer.code, answer.message);
  }

  /**
   * Deletes every version and delete marker, governance retention bypassed.
   * @throws S3Failure when compliance retention or a legal hold refuses
   */
  async empty(bucket: string): Promise<void> {
    for (;;) {
      const listing = await this.#ask("GET", `/${bucket}?max-keys=500&versions=`);
      const versions = [...listing.matchAll(/<(?:Version|DeleteMarker)>.*?<\/(?:Version|DeleteMarker)>/gs)].map(([entry]) => ({
        key: text(entry, "Key") ?? "",
        id: text(entry, "VersionId") ?? "null",
      }));
      if (versions.length === 0) break;
      for (const { key, id } of versions) {
        const path = `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}?versionId=${encodeURIComponent(id)}`;
        await this.#ask("DELETE", path, { headers: new Headers({ "x-amz-bypass-governance-retention": "true" }) });
      }
    }
    const uploads = await this.#ask("GET", `/${bucket}?uploads=`);
    for (const upload of texts(uploads, "Upload")) {
      const key = (text(upload, "Key") ?? "").split("/").map(encodeURIComponent).join("/");
      await this.#ask("DELETE", `/${bucket}/${key}?uploadId=${encodeURIComponent(text(upload, "UploadId") ?? "")}`);
    }
  }

  async #ask(method: string, path: string, { headers = new Headers(), body }: { headers?: Headers; body?: string } = {}): Promise<string> {
    if (body !== undefined) {
      headers.set("content-length", String(Buffer.byteLength(body)));
      headers.set("content-md5", createHash("md5").update(body).digest("base64"));
    }
    const answer = await this.server.send({ method, path, headers, body });
    const content = await answer.text();
    if (!answer.ok) throw new S3Failure(answer.status, text(content, "Code") ?? String(answer.status), text(content, "Message") ?? content);
    return content;
  }
}
