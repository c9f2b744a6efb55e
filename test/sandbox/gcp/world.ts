// A whole embedded Google Cloud for a test: its resources are made through the real provider, its images pushed to its registry.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { expect } from "vitest";
import { createGcp, type GcpCloud } from "../../../sandbox/clouds/gcp/index.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { createProvider, type Session } from "../../../sandbox/engine/provider.ts";
import { Sdk } from "../../../sandbox/engine/schema.ts";
import { Store } from "../../../sandbox/engine/store.ts";

const sdk = new Sdk(dirname(createRequire(import.meta.url).resolve("@pulumi/gcp/package.json")));

export const project = "brand";
export const region = "europe-west3";

/** A deployed resource as a program holds it. */
export interface Deployed {
  readonly id: string;
  readonly token: string;
  readonly inputs: Properties;
  readonly state: Properties;
  update(inputs: Properties): Promise<Deployed>;
  remove(): Promise<void>;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "gcp-"));
  store!: Store;
  internet!: Internet;
  cloud!: GcpCloud;
  readonly logged: string[] = [];
  #session!: Session;

  static async start(...apis: string[]): Promise<World> {
    const world = new World();
    await world.start();
    for (const api of ["iam", ...apis]) await world.create("projects/service:Service", api, { service: `${api}.googleapis.com` });
    return world;
  }

  async start(): Promise<void> {
    const socketDir = join(this.folder, "s");
    rmSync(socketDir, { recursive: true, force: true });
    mkdirSync(socketDir);
    this.store = new Store(join(this.folder, "store.db"));
    this.internet = new Internet();
    this.cloud = createGcp({
      store: this.store,
      internet: this.internet,
      dataDir: join(this.folder, "gcp"),
      logDir: join(this.folder, "logs"),
      pidDir: join(this.folder, "pids"),
      socketDir,
      tools: {},
      egress: { proxyUrl: "http://127.0.0.1:9", caFile: "/dev/null" },
      log: (message) => this.logged.push(message),
    });
    this.#session = createProvider({ ...this.cloud, store: this.store, sdk, log: (message) => this.logged.push(message) }).session({
      project,
      region,
    });
    await this.cloud.start();
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
    this.store.close();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Checks and creates, as `pulumi up` would. @throws Error with what the check or the cloud refuses */
  async create(type: string, name: string, news: Properties): Promise<Deployed> {
    const token = `gcp:${type}`;
    const urn = `urn:pulumi:test::test::${token}::${name}`;
    const inputs = this.#check(token, urn, name, news);
    const { id, state } = await this.#session.create(token, urn, inputs);
    return this.#deployed(token, urn, name, id, inputs, state);
  }

  /** What a create left behind that failed half way. */
  existing(type: string, id: string): Deployed {
    const stored = this.store.get(`gcp:${type}`, id);
    if (!stored) throw new Error(`no ${type} ${id}`);
    return this.#deployed(stored.token, stored.urn, stored.urn.split("::").at(-1) ?? "", id, stored.inputs, stored.state);
  }

  invoke(token: string, args: Properties): Promise<Properties> {
    return this.#session.invoke(`gcp:${token}`, args);
  }

  #check(token: string, urn: string, name: string, news: Properties): Properties {
    const { inputs, failures } = this.#session.check(token, urn, news, { name, seed: new Uint8Array(32), olds: {} });
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    return inputs;
  }

  #deployed(token: string, urn: string, name: string, id: string, inputs: Properties, state: Properties): Deployed {
    const known = { id, urn, inputs, state };
    return {
      id,
      token,
      inputs,
      state,
      update: async (news) => {
        const checked = this.#check(token, urn, name, news);
        return this.#deployed(token, urn, name, id, checked, await this.#session.update(token, known, checked));
      },
      remove: () => this.#session.delete(token, known),
    };
  }

  /** A request over the sandbox's internet. */
  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return this.internet.fetch(new Request(url, init));
  }

  /** A call of a Google API as this member. */
  async call(member: string, method: string, url: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = { authorization: `Bearer ${this.cloud.issueToken(member)}` };
    const response = await this.fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async account(accountId: string): Promise<{ email: string; member: string; deployed: Deployed }> {
    const deployed = await this.create("serviceaccount/account:Account", accountId, { accountId });
    return { email: String(deployed.state.email), member: String(deployed.state.member), deployed };
  }

  grant(member: string, role: string): Promise<Deployed> {
    return this.create("projects/iAMMember:IAMMember", `${member} ${role}`, { project, role, member });
  }

  /** Pushes an image whose entrypoint is `node /app/main.js`, over the registry's protocol. @returns its reference by digest */
  async push(name: string, program: string): Promise<string> {
    if (!this.store.list("gcp:artifactregistry/repository:Repository").some(({ state }) => state.repositoryId === "images")) {
      await this.create("projects/service:Service", "artifactregistry", { service: "artifactregistry.googleapis.com" });
      await this.create("artifactregistry/repository:Repository", "images", { repositoryId: "images", location: region, format: "DOCKER" });
    }
    const archive = pack();
    archive.entry({ name: "app/main.js" }, program);
    archive.entry({ name: "app/package.json" }, '{"type":"module"}');
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    const layer = gzipSync(Buffer.concat(chunks));
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Entrypoint: ["/nodejs/bin/node"], Cmd: ["/app/main.js"], WorkingDir: "/app" },
        rootfs: { type: "layers", diff_ids: [digestOf(Buffer.concat(chunks))] },
      }),
    );
    const type = (kind: string) => `application/vnd.oci.image.${kind}`;
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: type("manifest.v1+json"),
      config: { mediaType: type("config.v1+json"), digest: digestOf(config), size: config.length },
      layers: [{ mediaType: type("layer.v1.tar+gzip"), digest: digestOf(layer), size: layer.length }],
    });
    const at = `https://${region}-docker.pkg.dev/v2/${project}/images/${name}`;
    for (const blob of [layer, config])
      await this.#send("POST", `${at}/blobs/uploads/?digest=${digestOf(blob)}`, blob, "application/octet-stream");
    await this.#send("PUT", `${at}/manifests/latest`, Buffer.from(manifest), type("manifest.v1+json"));
    return `${region}-docker.pkg.dev/${project}/images/${name}@${digestOf(Buffer.from(manifest))}`;
  }

  async #send(method: string, url: string, body: Buffer, contentType: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.cloud.issueToken(this.cloud.owner)}`, "content-type": contentType };
    const response = await this.fetch(url, { method, headers, body: new Uint8Array(body) });
    expect(response.status, `${method} ${url}`).toBe(201);
  }

  /** All that any process wrote. */
  logs(): string {
    const folder = join(this.folder, "logs");
    return readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), "utf8"))
      .join("\n");
  }
}

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
