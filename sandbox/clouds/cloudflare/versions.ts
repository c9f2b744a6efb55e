// The Workers of an account: their uploaded versions, which of them serve, and the services that workerd runs for them.
// Kept in the store under types of its own, since a version outlives the Pulumi resource that uploaded it.
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudError, type Properties } from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import type { Module, Service, Workerd } from "../../runtimes/workerd/workerd.ts";
import { kvApiService } from "./kv-api.ts";
import { CONSUMER, QUEUE } from "./queue-delivery.ts";
import { dispatchName, dispatchService, dispatchUrl, type Handled, type Outgoing } from "./queue-dispatch.ts";
import { BUCKET, r2ApiService } from "./r2.ts";

const VERSION = "cloudflare/version";
const LIVE = "cloudflare/live";
const CLASSES = "cloudflare/classes";

export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What an upload fixes for ever. */
export interface Version {
  readonly id: string;
  /** Name of the Worker. */
  readonly script: string;
  readonly mainModule: string;
  readonly moduleTypes: Readonly<Record<string, string>>;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly bindings: readonly Binding[];
  readonly tag: string;
  readonly createdOn: string;
}

export interface Share {
  readonly versionId: string;
  readonly percentage: number;
}

export class Versions {
  readonly #store: Store;
  readonly #dir: string;
  readonly #workerd: Workerd;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #deploying = 0;
  #alone: Promise<void> = Promise.resolve();
  /** What workerd runs, by Worker. Behind `live` while a change is under way, and after one that was refused. */
  #serving: ReadonlyMap<string, readonly Share[]> = new Map();

  constructor(store: Store, dir: string, workerd: Workerd) {
    this.#store = store;
    this.#dir = dir;
    this.#workerd = workerd;
    mkdirSync(dir, { recursive: true });
  }

  /** Keeps an upload. The version does not serve until it is deployed. */
  upload(version: Omit<Version, "id" | "createdOn" | "moduleTypes">, modules: readonly Module[]): Version {
    for (const binding of version.bindings) this.#refuseBadBinding(version.script, binding);
    // A queue may be renamed; what was bound stays bound.
    const bindings = version.bindings.map((binding) =>
      binding.type === "queue" ? { ...binding, queueId: this.#queueNamed(binding.queueName)?.id } : binding,
    );
    const id = randomUUID();
    const work = join(this.#dir, `.${id}`);
    mkdirSync(work);
    for (const module of modules) writeFileSync(join(work, encodeURIComponent(module.name)), module.bytes);
    renameSync(work, join(this.#dir, id));
    const kept: Version = {
      ...version,
      bindings,
      id,
      moduleTypes: Object.fromEntries(modules.map((module) => [module.name, module.type])),
      createdOn: new Date().toISOString(),
    };
    this.#put(VERSION, id, kept as unknown as Properties);
    return kept;
  }

  get(id: string): Version | undefined {
    return this.#store.get(VERSION, id)?.state as unknown as Version | undefined;
  }

  list(script: string): Version[] {
    return this.#store
      .list(VERSION)
      .map((row) => row.state as unknown as Version)
      .filter((version) => version.script === script);
  }

  /** What serves a Worker now; undefined before its first deployment. */
  live(script: string): readonly Share[] | undefined {
    return this.#store.get(LIVE, script)?.state.shares as unknown as Share[] | undefined;
  }

  scripts(): string[] {
    return this.#store.list(LIVE).map((row) => row.id);
  }

  /** Lets these versions serve. Resolves when workerd runs them; when it refuses, what served before goes on. */
  async deploy(script: string, shares: readonly Share[]): Promise<void> {
    try {
      this.#deploying++;
      await this.#try(script, shares).catch((error) => {
        if (this.#deploying === 1) throw error;
        // workerd takes a batch as a whole: whether it was this one that it refused shows only when each is tried alone.
        this.#alone = this.#alone.catch(() => {}).then(() => this.#try(script, shares));
        return this.#alone;
      });
    } catch (error) {
      throw new CloudError(
        "10021",
        `Worker "${script}": the runtime refused the version. ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      this.#deploying--;
    }
  }

  async #try(script: string, shares: readonly Share[]): Promise<void> {
    const before = this.live(script);
    this.#put(LIVE, script, { shares } as unknown as Properties);
    try {
      await this.refresh();
    } catch (error) {
      if (before) this.#put(LIVE, script, { shares: before } as unknown as Properties);
      else this.#store.remove(LIVE, script);
      throw error;
    }
  }

  /** The Durable Object classes that a deployed script owns, and the tag of its last migration. */
  classes(script: string): { readonly tag: string; readonly names: readonly string[] } {
    const state = this.#store.get(CLASSES, script)?.state;
    return { tag: (state?.tag as string) ?? "", names: (state?.names as string[]) ?? [] };
  }

  setClasses(script: string, tag: string, names: readonly string[]): void {
    this.#put(CLASSES, script, { tag, names: [...names] });
  }

  /** Who binds a Durable Object class of this script, or calls it as a service. */
  boundBy(script: string): string[] {
    return this.scripts().filter(
      (other) =>
        other !== script &&
        this.live(other)?.some(({ versionId }) =>
          this.get(versionId)?.bindings.some((binding) => binding.scriptName === script || binding.service === script),
        ),
    );
  }

  /** The Workers that serve with a binding to this queue. */
  sendersTo(queueId: string): string[] {
    return this.scripts().filter((script) =>
      this.live(script)?.some(({ versionId }) => this.get(versionId)?.bindings.some((binding) => binding.queueId === queueId)),
    );
  }

  /** The Worker's `queue()` handler gets a batch; undefined when nothing could be given to it, because it does not run (yet). */
  async consume(script: string, queue: string, messages: readonly Outgoing[], metadata: object): Promise<Handled | undefined> {
    const version = this.#pick(script, new Request("https://queues.internal/"));
    if (!version) return undefined;
    const request = new Request(dispatchUrl(this.serviceName(version)), {
      method: "POST",
      body: JSON.stringify({ queue, messages, metadata }),
    });
    const answer = await this.#workerd.fetch(() => dispatchName, request);
    return answer.ok ? ((await answer.json()) as Handled) : undefined;
  }

  /** Deletes the objects of a class that its script has no more. */
  forget(script: string, className: string): void {
    this.#workerd.forget(script, className);
  }

  /** A Worker goes, with all its versions, classes and their objects. */
  async remove(script: string): Promise<void> {
    const { names } = this.classes(script);
    this.#store.remove(LIVE, script);
    this.#store.remove(CLASSES, script);
    for (const version of this.list(script)) {
      this.#store.remove(VERSION, version.id);
      rmSync(join(this.#dir, version.id), { recursive: true, force: true });
    }
    await this.refresh();
    for (const className of names) this.forget(script, className);
  }

  /** Answers a request by the version that the deployment picks for it. */
  serve(script: string, request: Request): Promise<Response> | Response {
    // Error 1101 and kin are pages of Cloudflare's; a Worker without a deployment answers like a hostname without an origin.
    if (!this.live(script)) return new Response(`Worker "${script}" has no deployment\n`, { status: 522 });
    return this.#workerd.fetch(() => {
      const version = this.#pick(script, request);
      return version ? this.serviceName(version) : script;
    }, request);
  }

  /** At random by share, or the same one for the same key (Cloudflare-Workers-Version-Key). */
  #pick(script: string, request: Request): Version | undefined {
    const shares = this.#serving.get(script);
    if (!shares) return undefined;
    const override = new RegExp(`(?:^|,)\\s*${script}="([^"]+)"`).exec(
      request.headers.get("cloudflare-workers-version-overrides") ?? "",
    )?.[1];
    if (override && shares.some(({ versionId }) => versionId === override)) return this.get(override);
    const key = request.headers.get("cloudflare-workers-version-key");
    let point = key === null ? Math.random() * 100 : (hash(key) % 10_000) / 100;
    for (const { versionId, percentage } of shares) {
      point -= percentage;
      if (point < 0) return this.get(versionId);
    }
    return this.get((shares.at(-1) as Share).versionId);
  }

  /** The name of the service that runs a version. The owner of classes has one name for ever: its objects' storage hangs on it. */
  serviceName(version: Version): string {
    return this.classes(version.script).names.length > 0 ? version.script : `${version.script}@${version.id}`;
  }

  /** Makes workerd run what should serve. Calls that come while it is busy are answered by one further run. */
  refresh(): Promise<void> {
    this.#waiting ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined;
        const serving = new Map(this.scripts().map((script) => [script, this.live(script) ?? []]));
        this.#running = this.#workerd.apply(this.#services(), () => {
          this.#serving = serving;
        });
        return this.#running;
      });
    return this.#waiting;
  }

  #services(): Service[] {
    const services: Service[] = [];
    for (const script of this.scripts())
      for (const { versionId } of this.live(script) ?? []) {
        const version = this.get(versionId);
        if (version) services.push(this.#service(version));
      }
    const namespaces = this.#store.list("cloudflare:index/workersKvNamespace:WorkersKvNamespace").map((row) => row.id);
    if (namespaces.length > 0) services.push(kvApiService(namespaces));
    const buckets = this.#store.list(BUCKET).map((row) => row.id);
    if (buckets.length > 0) services.push(r2ApiService(buckets));
    const consumers = new Set(this.#store.list(CONSUMER).flatMap((row) => (row.state.scriptName as string | undefined) ?? []));
    const handlers = [...consumers].flatMap((script) => this.live(script) ?? []).flatMap(({ versionId }) => this.get(versionId) ?? []);
    if (handlers.length > 0) services.push(dispatchService(handlers.map((version) => this.serviceName(version))));
    return services;
  }

  #service(version: Version): Service {
    const values: Record<string, unknown> = {};
    const kv: Record<string, string> = {};
    const durableObjects: Record<string, { className: string; owner: string }> = {};
    const rateLimits: Record<string, { namespaceId: string; limit: number; period: 10 | 60 }> = {};
    const queues: Record<string, string> = {};
    const buckets: Record<string, string> = {};
    for (const binding of version.bindings) {
      switch (binding.type) {
        case "plain_text":
        case "secret_text":
          values[binding.name] = binding.text;
          break;
        case "json":
          values[binding.name] = JSON.parse(binding.json as string);
          break;
        case "version_metadata":
          values[binding.name] = { id: version.id, tag: version.tag, timestamp: version.createdOn };
          break;
        case "kv_namespace":
          kv[binding.name] = binding.namespaceId as string;
          break;
        case "durable_object_namespace": {
          const owner = (binding.scriptName as string) ?? version.script;
          const className = binding.className as string;
          // The class may be gone since, by force or by a migration: the binder goes on without it.
          if (this.live(owner) && this.classes(owner).names.includes(className)) durableObjects[binding.name] = { className, owner };
          break;
        }
        case "queue":
          queues[binding.name] = binding.queueId as string;
          break;
        case "r2_bucket":
          buckets[binding.name] = binding.bucketName as string;
          break;
        case "ratelimit": {
          const simple = binding.simple as { limit: number; period: 10 | 60 };
          rateLimits[binding.name] = { namespaceId: binding.namespaceId as string, limit: simple.limit, period: simple.period };
          break;
        }
      }
    }
    const dir = join(this.#dir, version.id);
    const names = readdirSync(dir)
      .map(decodeURIComponent)
      .sort((a, b) => Number(b === version.mainModule) - Number(a === version.mainModule));
    return {
      name: this.serviceName(version),
      modules: names.map((name) => ({
        name,
        type: version.moduleTypes[name] as string,
        bytes: readFileSync(join(dir, encodeURIComponent(name))),
      })),
      compatibilityDate: version.compatibilityDate,
      compatibilityFlags: version.compatibilityFlags,
      values,
      kv,
      durableObjects,
      rateLimits,
      queues,
      buckets,
    };
  }

  #refuseBadBinding(script: string, binding: Binding): void {
    if (!supported.has(binding.type))
      throw new CloudError(
        "NotImplemented",
        `binding "${binding.name}" of Worker "${script}": type ${binding.type} has nothing behind it in the sandbox. It runs: ${[...supported].join(", ")}.`,
      );
    if (binding.type === "durable_object_namespace") {
      const owner = (binding.scriptName as string | undefined) ?? script;
      // Error 10061: the owner must be deployed, and its migration applied, before anybody binds the class.
      if (!this.classes(owner).names.includes(binding.className as string))
        throw new CloudError(
          "10061",
          `Cannot create binding for class '${binding.className}' in script '${owner}' because it is not currently configured to implement Durable Objects. Deploy '${owner}' with a migration for the class first.`,
        );
    }
    if (
      binding.type === "kv_namespace" &&
      !this.#store.get("cloudflare:index/workersKvNamespace:WorkersKvNamespace", binding.namespaceId as string)
    )
      throw new CloudError("10041", `KV namespace '${binding.namespaceId}' not found (binding "${binding.name}" of Worker "${script}").`);
    if (binding.type === "queue" && !this.#queueNamed(binding.queueName))
      throw new CloudError("11000", `Queue "${binding.queueName}" does not exist (binding "${binding.name}" of Worker "${script}").`);
    if (binding.type === "r2_bucket") this.#refuseBadBucket(script, binding);
    const limit = binding.simple as { period?: number } | undefined;
    if (binding.type === "ratelimit" && limit?.period !== 10 && limit?.period !== 60)
      throw new CloudError("10021", `binding "${binding.name}": simple.period is ${limit?.period}; it must be 10 or 60.`);
  }

  /** A bucket is found in its own jurisdiction only (developers.cloudflare.com/r2/reference/data-location). */
  #refuseBadBucket(script: string, binding: Binding): void {
    const bucket = this.#store.get(BUCKET, binding.bucketName as string);
    const wanted = binding.jurisdiction ?? "default";
    if (bucket?.state.jurisdiction === wanted) return;
    const why = bucket ? `its jurisdiction is "${bucket.state.jurisdiction}", the binding's "${wanted}"` : "there is no such bucket";
    throw new CloudError("10085", `R2 bucket '${binding.bucketName}' not found (binding "${binding.name}" of Worker "${script}"): ${why}.`);
  }

  #queueNamed(name: unknown) {
    return this.#store.list(QUEUE).find((row) => row.state.queueName === name);
  }

  #put(token: string, id: string, state: Properties): void {
    this.#store.put({ token, id, urn: "", inputs: {}, state });
  }
}

const supported = new Set([
  "plain_text",
  "secret_text",
  "json",
  "version_metadata",
  "kv_namespace",
  "durable_object_namespace",
  "ratelimit",
  "queue",
  "r2_bucket",
]);

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
