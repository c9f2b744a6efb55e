// A whole embedded Cloudflare for a test: its resources are made through the real provider, its Workers run on the real workerd.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Cloudflare, createCloudflare } from "../../../sandbox/clouds/cloudflare/index.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { createProvider, type Session } from "../../../sandbox/engine/provider.ts";
import { Sdk } from "../../../sandbox/engine/schema.ts";
import { Store } from "../../../sandbox/engine/store.ts";

const sdk = new Sdk(dirname(createRequire(import.meta.url).resolve("@pulumi/cloudflare/package.json")));
export const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";

/** A deployed resource as a program holds it. */
export interface Deployed {
  readonly id: string;
  readonly state: Properties;
  update(inputs: Properties): Promise<Deployed>;
  /** What `pulumi refresh` finds; undefined when it is gone. */
  refresh(): Promise<Properties | undefined>;
  remove(): Promise<void>;
}

/** A module that answers with the value of an expression over `request` and `env`. */
export const answering = (expression: string) => `export default { async fetch(request, env) { return new Response(${expression}); } };`;

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "cloudflare-"));
  readonly logged: string[] = [];
  store!: Store;
  internet!: Internet;
  cloud!: Cloudflare;
  #session!: Session;

  static async start(): Promise<World> {
    const world = new World();
    await world.start();
    return world;
  }

  async start(): Promise<void> {
    const log = (message: string) => this.logged.push(message);
    this.store = new Store(join(this.folder, "store.db"));
    this.internet = new Internet();
    this.cloud = createCloudflare({
      store: this.store,
      internet: this.internet,
      dataDir: join(this.folder, "cloudflare"),
      logDir: this.folder,
      pidDir: join(this.folder, "pids"),
      socketDir: this.folder,
      tools: {},
      egress: { proxyUrl: "http://127.0.0.1:9", caFile: "/dev/null" },
      log,
    });
    this.#session = createProvider({ ...this.cloud, store: this.store, sdk, log }).session({});
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
    const token = `cloudflare:index/${type}`;
    const urn = `urn:pulumi:test::test::${token}::${name}`;
    const inputs = this.#check(token, urn, name, news);
    const { id, state } = await this.#session.create(token, urn, inputs);
    return this.#deployed(token, urn, name, id, inputs, state);
  }

  #check(token: string, urn: string, name: string, news: Properties): Properties {
    const { inputs, failures } = this.#session.check(token, urn, news, { name, seed: new Uint8Array(32), olds: {} });
    if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("; "));
    return inputs;
  }

  #deployed(token: string, urn: string, name: string, id: string, inputs: Properties, state: Properties): Deployed {
    const known = { id, urn, inputs, state };
    return {
      id,
      state,
      update: async (news) => {
        const checked = this.#check(token, urn, name, news);
        return this.#deployed(token, urn, name, id, checked, await this.#session.update(token, known, checked));
      },
      refresh: async () => (await this.#session.read(token, known))?.state,
      remove: () => this.#session.delete(token, known),
    };
  }

  worker(name: string, more: Properties = {}): Promise<Deployed> {
    return this.create("worker:Worker", name, { accountId, name, ...more });
  }

  /** A version of a Worker, from the text of its only module. */
  version(worker: string, code: string, more: Properties = {}): Promise<Deployed> {
    return this.create("workerVersion:WorkerVersion", `${worker}-version`, {
      accountId,
      workerId: worker,
      mainModule: "index.js",
      modules: [{ name: "index.js", contentType: "application/javascript+module", contentBase64: Buffer.from(code).toString("base64") }],
      compatibilityDate: "2026-07-01",
      ...more,
    });
  }

  /** @param shares version and percentage */
  deployment(worker: string, ...shares: (readonly [Deployed, number])[]): Promise<Deployed> {
    const versions = shares.map(([version, percentage]) => ({ versionId: version.id, percentage }));
    return this.create("workersDeployment:WorkersDeployment", `${worker}-live`, {
      accountId,
      scriptName: worker,
      strategy: "percentage",
      versions,
    });
  }

  domain(worker: string, hostname: string): Promise<Deployed> {
    return this.create("workersCustomDomain:WorkersCustomDomain", hostname, { accountId, zoneId, hostname, service: worker });
  }

  /** A Worker with one version that serves `<name>.brand.example`. */
  async site(name: string, code: string, more: Properties = {}): Promise<{ worker: Deployed; version: Deployed; domain: Deployed }> {
    const worker = await this.worker(name);
    const version = await this.version(name, code, more);
    await this.deployment(name, [version, 100]);
    return { worker, version, domain: await this.domain(name, `${name}.brand.example`) };
  }

  /** Inputs of a script, from the text of its module. */
  script(scriptName: string, content: string, more: Properties = {}): Properties {
    return { accountId, scriptName, mainModule: "index.js", content, compatibilityDate: "2026-07-01", ...more };
  }

  namespace(title: string): Promise<Deployed> {
    return this.create("workersKvNamespace:WorkersKvNamespace", title, { accountId, title });
  }

  /** Writes a file for an upload. @returns its path */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** A request over the sandbox's internet. */
  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return this.internet.fetch(new Request(url, init));
  }

  async text(url: string, init: RequestInit = {}): Promise<string> {
    return (await this.fetch(url, init)).text();
  }

  /** Of the running workerd. */
  get pid(): number {
    const pid = this.cloud.parts().find((part) => part.pid !== undefined)?.pid;
    if (pid === undefined) throw new Error("no workerd runs");
    return pid;
  }
}
