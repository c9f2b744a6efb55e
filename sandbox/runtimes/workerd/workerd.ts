// Workers on the real workerd, through miniflare. Every running version is a service of its own with a loopback socket; whoever
// asks for one gets it by name. Miniflare restarts workerd at every change, so changes are batched, and requests wait meanwhile.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare, type Request as MiniflareRequest, Response as MiniflareResponse, type WorkerOptions } from "miniflare";
import type { Internet } from "../../engine/internet.ts";
import { forward, maySendTwice } from "../network/http.ts";
import { queuePlugin } from "./queue-binding.ts";

/** A module as the upload names it. `type` is a media type. */
export interface Module {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** One version of one Worker, ready to run. */
export interface Service {
  /** Unique; Durable Object storage belongs to it, so the owner of classes keeps its name for ever. */
  readonly name: string;
  readonly modules: readonly Module[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Plain values by binding name: strings and JSON. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Binding name to KV namespace id. */
  readonly kv: Readonly<Record<string, string>>;
  /** Binding name to class, and to the service that owns it. */
  readonly durableObjects: Readonly<Record<string, { readonly className: string; readonly owner: string }>>;
  readonly rateLimits: Readonly<Record<string, { readonly namespaceId: string; readonly limit: number; readonly period: 10 | 60 }>>;
  /** Binding name to queue: messages go to the `QueueSink`. */
  readonly queues?: Readonly<Record<string, string>>;
  /** Binding name to R2 bucket. */
  readonly buckets?: Readonly<Record<string, string>>;
  /** Binding name to another service that runs beside it. */
  readonly services?: Readonly<Record<string, string>>;
}

/** The HTTP server that takes what Workers send to queues. */
export interface QueueSink {
  /** `host:port` */
  readonly address: string;
  readonly secret: string;
}

const moduleTypes: Record<string, "ESModule" | "Text" | "Data" | "CompiledWasm"> = {
  "application/javascript+module": "ESModule",
  "text/plain": "Text",
  "application/octet-stream": "Data",
  "application/wasm": "CompiledWasm",
};
export const mediaTypes = Object.keys(moduleTypes);

/** The program itself, as the package that miniflare depends on names it for this machine. */
const program = (createRequire(createRequire(import.meta.url).resolve("miniflare"))("workerd") as { default: string }).default;
// Miniflare reads this at every start; what differs between two `Workerd` of one process goes by their own environment.
process.env.MINIFLARE_WORKERD_PATH = fileURLToPath(new URL("workerd.sh", import.meta.url));

const queueBinding = fileURLToPath(new URL("queue-binding.ts", import.meta.url));

/** Names the folder of a class's objects. */
const storageKey = (owner: string, className: string) => `${owner}-${className}`;

/** What Cloudflare adds to a request on its way in. The place is this machine's: none. */
const cf = JSON.stringify({ colo: "XXX", country: "XX", httpProtocol: "HTTP/1.1", tlsVersion: "TLSv1.3" });

export class Workerd {
  readonly #dir: string;
  readonly #internet: Internet;
  readonly #log: (message: string) => void;
  readonly #queueSink: (() => QueueSink) | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  #miniflare: Miniflare | undefined;
  #services: readonly Service[] = [];
  readonly #ports = new Map<string, number>();
  /** Settles when workerd runs what was last asked for. */
  #turn: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #starts = 0;

  /** @param queueSink asked whenever workerd starts with a Worker that binds a queue */
  constructor(dir: string, internet: Internet, log: (message: string) => void, queueSink?: () => QueueSink) {
    this.#dir = dir;
    this.#internet = internet;
    this.#log = log;
    this.#queueSink = queueSink;
    mkdirSync(dir, { recursive: true });
  }

  get pidFile(): string {
    return join(this.#dir, "workerd.pid");
  }

  /** Of the running workerd, or undefined. */
  get pid(): number | undefined {
    if (!this.#miniflare) return undefined;
    try {
      return Number(readFileSync(this.pidFile, "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Where a service answers on 127.0.0.1: requests in absolute form, as a proxy gets them (RFC 9112 section 3.2.2). */
  portOf(service: string): number | undefined {
    return this.#ports.get(service);
  }

  get #durableObjects(): string {
    return join(this.#dir, "durable-objects");
  }

  get services(): readonly string[] {
    return this.#services.map((service) => service.name);
  }

  /**
   * Runs exactly these services. Resolves when they answer; rejects with workerd's own words when it refuses them, and then runs what ran before.
   * @param running called in the moment when they run, before any request that waited goes on
   */
  apply(services: readonly Service[], running: () => void = () => {}): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#services;
      try {
        await this.#switch(services);
      } catch (error) {
        if (before.length > 0) await this.#switch(before).catch((second: Error) => this.#log(`workerd: ${second.message}`));
        throw error;
      }
      running();
    });
  }

  /**
   * Sends a request to a service. Waits while a change is under way; starts workerd again when it has died.
   * @param choose names the service; asked once nothing is changing, and again after a wait, since what runs may be another by then
   */
  async fetch(choose: () => string, request: Request): Promise<Response> {
    await this.#turn;
    const starts = this.#starts;
    if (this.#ports.size > 0 || this.#services.length === 0) {
      try {
        return await this.#send(choose(), request);
      } catch (error) {
        // Only a refused connection is safe to repeat: nothing of the request was processed.
        if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      }
    }
    await this.#revive(starts);
    await this.#turn;
    return this.#send(choose(), request);
  }

  /** Deletes all objects of a class. Only once no service has it any more. */
  forget(owner: string, className: string): void {
    rmSync(join(this.#durableObjects, storageKey(owner, className)), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.#inTurn(() => this.#switch([]));
    this.#agent.destroy();
    rmSync(this.pidFile, { force: true });
  }

  /** One change after the other. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(change);
    this.#turn = next.catch(() => {});
    return next;
  }

  /** Starts workerd again with what it runs: once, however many requests find it dead. */
  #revive(starts: number): Promise<void> {
    return this.#inTurn(async () => {
      if (starts !== this.#starts) return;
      this.#log("workerd does not answer: starting it again");
      await this.#switch(this.#services);
    });
  }

  async #send(service: string, request: Request): Promise<Response> {
    const port = this.#ports.get(service);
    if (port === undefined) return new Response(`no Worker "${service}" is running\n`, { status: 503 });
    const headers: Record<string, string | undefined> = { "mf-cf-blob": cf, "cf-ipcountry": "XX", "x-forwarded-proto": "https" };
    // Miniflare believes its own headers, whoever sends them.
    for (const name of request.headers.keys()) if (name.startsWith("mf-")) headers[name] ??= undefined;
    this.#inFlight++;
    try {
      return await forward(request, { port, absoluteForm: true, headers, ...(maySendTwice(request) && { agent: this.#agent }) });
    } finally {
      this.#inFlight--;
    }
  }

  async #switch(services: readonly Service[]): Promise<void> {
    // Let what is under way finish, but not for ever.
    for (const end = Date.now() + 2000; this.#inFlight > 0 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#ports.clear();
    await this.#dispose();
    if (services.length === 0) {
      this.#services = [];
      return;
    }
    const options = {
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.ERROR),
      unsafeRuntimeEnv: { WORKERD: program, WORKERD_PID_FILE: this.pidFile },
      handleRuntimeStdio: (out: NodeJS.ReadableStream, err: NodeJS.ReadableStream) => {
        out.on("data", (chunk: Buffer) => this.#log(chunk.toString().trimEnd()));
        err.on("data", (chunk: Buffer) => this.#log(chunk.toString().trimEnd()));
      },
      cf: false as const,
      kvPersist: join(this.#dir, "kv"),
      r2Persist: join(this.#dir, "r2"),
      durableObjectsPersist: this.#durableObjects,
      workers: services.map((service) => this.#options(service)),
    };
    this.#miniflare = new Miniflare(options);
    await this.#miniflare.ready;
    this.#starts++;
    this.#services = services;
    for (const service of services) this.#ports.set(service.name, Number((await this.#miniflare.unsafeGetDirectURL(service.name)).port));
  }

  async #dispose(): Promise<void> {
    const last = this.#miniflare;
    this.#miniflare = undefined;
    // One that never got ready rejects with that once more.
    await last?.dispose().catch((error: Error) => this.#log(`workerd: ${error.message}`));
  }

  #options(service: Service): WorkerOptions {
    const durableObjects: Record<string, { className: string; scriptName?: string; useSQLite: true; unsafeUniqueKey: string }> = {};
    for (const [binding, { className, owner }] of Object.entries(service.durableObjects))
      durableObjects[binding] = {
        className,
        ...(owner === service.name ? {} : { scriptName: owner }),
        useSQLite: true,
        unsafeUniqueKey: storageKey(owner, className),
      };
    const ratelimits: Record<string, { namespace_id: string; simple: { limit: number; period: 10 | 60 } }> = {};
    for (const [binding, { namespaceId, limit, period }] of Object.entries(service.rateLimits))
      ratelimits[binding] = { namespace_id: namespaceId, simple: { limit, period } };
    return {
      name: service.name,
      modulesRoot: "/",
      modules: service.modules.map((module) => ({
        type: moduleTypes[module.type] ?? "Data",
        path: `/${module.name}`,
        contents: module.bytes,
      })),
      compatibilityDate: service.compatibilityDate,
      compatibilityFlags: [...service.compatibilityFlags],
      bindings: service.values as never,
      kvNamespaces: { ...service.kv },
      durableObjects,
      ratelimits,
      r2Buckets: { ...service.buckets },
      serviceBindings: { ...service.services },
      unsafeBindings: this.#queues(service),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0, proxy: true }],
      outboundService: async (request: MiniflareRequest) => {
        const { method, headers, url, body } = request;
        try {
          const answer = await this.#internet.fetch(
            new Request(url, {
              method,
              headers: [...headers] as [string, string][],
              body: body as never,
              redirect: "manual",
              duplex: "half",
            } as RequestInit),
          );
          return new MiniflareResponse(answer.body as never, { status: answer.status, headers: [...answer.headers] as [string, string][] });
        } catch (error) {
          // What a Worker sees of a host that has no address: Cloudflare's 530 (error 1016).
          return new MiniflareResponse(error instanceof Error ? error.message : String(error), { status: 530 });
        }
      },
    } as WorkerOptions;
  }

  #queues({ name, queues = {} }: Service) {
    const bound = Object.entries(queues);
    const sink = bound.length > 0 ? this.#queueSink?.() : undefined;
    if (bound.length > 0 && !sink) throw new Error(`service "${name}" binds a queue, and nothing takes messages here`);
    return bound.map(([binding, queue]) => ({
      name: binding,
      type: "queue",
      plugin: { package: queueBinding, name: queuePlugin },
      options: { queue, ...sink },
    }));
  }
}
