// A fresh embedded Google Cloud project in a folder of its own: store, internet and IAM, for the services under test.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountOwner, Iam } from "../../../sandbox/clouds/gcp/iam.ts";
import { createKms } from "../../../sandbox/clouds/gcp/kms.ts";
import { KeyMaterial } from "../../../sandbox/clouds/gcp/kms-keys.ts";
import { serviceAccountDefinitions } from "../../../sandbox/clouds/gcp/service-account.ts";
import { service } from "../../../sandbox/clouds/gcp/services.ts";
import { createStorage, type Storage } from "../../../sandbox/clouds/gcp/storage.ts";
import type { Ground } from "../../../sandbox/engine/cloud.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { Store } from "../../../sandbox/engine/store.ts";
import { Program } from "../aws/program.ts";

export class Project extends Program {
  readonly folder = mkdtempSync(join(tmpdir(), "gcp-"));
  readonly ground: Ground;
  readonly iam: Iam;

  constructor(project: string) {
    super({ project, region: "europe-west3" });
    const socketDir = join(this.folder, "run");
    mkdirSync(socketDir);
    this.ground = {
      store: new Store(join(this.folder, "store.sqlite")),
      internet: new Internet(),
      dataDir: join(this.folder, "gcp"),
      logDir: join(this.folder, "logs"),
      pidDir: join(this.folder, "pids"),
      socketDir,
      tools: {},
      egress: { proxyUrl: "", caFile: "" },
      log: () => {},
    };
    this.iam = new Iam(this.ground.store);
  }

  /** Closes its store and removes all its data. */
  purge(): void {
    this.ground.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A project with Cloud Storage, a service account in it, and the API as a client sees it. */
export class StorageProject extends Project {
  storage!: Storage;

  async start(): Promise<void> {
    const keys = new KeyMaterial(this.ground.store);
    this.storage = createStorage(this.ground, this.iam, keys);
    this.deploysTo(this.ground.store, [
      service,
      ...serviceAccountDefinitions(this.iam),
      ...createKms(this.ground, this.iam, keys).resources,
      ...this.storage.resources,
    ]);
    await this.storage.start();
  }

  async stop(): Promise<void> {
    await this.storage.stop();
  }

  /** Sends a request with a member's token, the account owner's by default. */
  send(path: string, init: RequestInit = {}, member = accountOwner): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.iam.tokens.accessToken(member)}`);
    const url = path.startsWith("https:") ? path : `https://storage.googleapis.com${path}`;
    return this.ground.internet.fetch(new Request(url, { duplex: "half", ...init, headers } as RequestInit));
  }

  /** Uploads a text and gives the object's resource. Throws with what the API said. */
  async put(bucket: string, name: string, text: string, query = ""): Promise<Resource> {
    return resource(
      await this.send(`/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}${query}`, {
        method: "POST",
        body: text,
      }),
    );
  }

  async read(bucket: string, name: string, query = ""): Promise<string> {
    return (await this.send(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media${query}`)).text();
  }

  object(bucket: string, name: string, method = "GET", query = "", body?: object): Promise<Response> {
    return this.send(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?${query}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }
}

export interface Resource {
  readonly name: string;
  readonly generation: string;
  readonly metageneration: string;
  readonly size: string;
  readonly md5Hash: string;
  readonly crc32c: string;
  readonly contentType?: string;
  readonly retentionExpirationTime?: string;
  readonly metadata?: Record<string, string>;
}

/** The resource in an answer. @throws Error `STATUS REASON: MESSAGE` when it is an error */
export async function resource(answer: Response): Promise<Resource> {
  const body = (await answer.json()) as Resource & { error?: { message: string; errors: { reason: string }[] } };
  if (body.error) throw new Error(`${answer.status} ${body.error.errors[0]?.reason}: ${body.error.message}`);
  return body;
}
