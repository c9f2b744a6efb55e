// A service of the region as it ships: the bundles in a folder with the decision table beside, run by Node as processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { buildOptions, bundles } from "../../../functions/bundles.ts";
import { compileDecisionTable } from "../../../functions/governance/policy/compile.ts";
import type { SubjectId } from "../../../functions/shared/subject-id.ts";
import { type EdgeScope, issueEdgeToken, issueSubjectToken } from "../../../functions/shared/tokens.ts";
import { type KeyPair, newKeyPair } from "../keys.ts";

export const audience = "https://preferences.brand.example";

/** `/app` of a service's image, in a temporary folder. */
export async function buildImage(service: string): Promise<{ folder: string; [Symbol.dispose]: () => void }> {
  const bundle = bundles.find(({ name }) => name === service);
  if (!bundle) throw new Error(`no bundle ${service}`);
  const files: [string, string | Uint8Array][] = [
    ["package.json", '{"type":"module"}'],
    ["decision-table.json", JSON.stringify(await compileDecisionTable())],
  ];
  for (const output of Object.keys(bundle.entries)) {
    const { outputFiles } = await build(buildOptions(bundle, output));
    files.push([output, outputFiles?.[0]?.contents as Uint8Array]);
  }
  const folder = mkdtempSync("/tmp/bw-app-");
  for (const [name, contents] of files) writeFileSync(join(folder, name), contents);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Exit {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the migration job to its end. */
export async function runJob(folder: string, environment: Record<string, string>): Promise<Exit> {
  const child = spawn(process.execPath, [join(folder, "migrate.js")], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, output: output() };
}

export interface Keys {
  readonly edgeKey: KeyPair;
  readonly tokenKey: KeyPair;
  readonly telemetryKey: KeyPair;
}

export class Service {
  readonly edgeKey: KeyPair;
  readonly tokenKey: KeyPair;
  /** Of the region's services. */
  readonly telemetryKey: KeyPair;
  /** How far the clock of the edge that speaks to it is ahead. */
  edgeAheadMs = 0;
  readonly child: ChildProcess;
  readonly #port: number;
  readonly #output: () => string;

  private constructor(child: ChildProcess, port: number, output: () => string, keys: Keys) {
    this.child = child;
    this.#port = port;
    this.#output = output;
    this.edgeKey = keys.edgeKey;
    this.tokenKey = keys.tokenKey;
    this.telemetryKey = keys.telemetryKey;
  }

  /** Starts it and returns once it listens. Rejects with what it said when it ends instead. */
  static async start(folder: string, environment: Record<string, string>, given: Partial<Keys> = {}): Promise<Service> {
    const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair(), telemetryKey: newKeyPair(), ...given };
    const child = spawn(process.execPath, [join(folder, "main.js")], {
      env: {
        PORT: "0",
        REGION: "eu",
        JURISDICTION: "eu",
        AUDIENCE: audience,
        VERSION: "1.2.3",
        K_REVISION: "preferences-00001",
        EDGE_PUBLIC_KEY: keys.edgeKey.publicPem,
        SUBJECT_TOKEN_PRIVATE_KEY: keys.tokenKey.privatePem,
        TELEMETRY_KEY: keys.telemetryKey.privatePem,
        TELEMETRY_LIMIT_BYTES: "1000000",
        // Nobody listens there: what a test does not ask about waits.
        COLLECTOR_GCP: "http://127.0.0.1:9",
        COLLECTOR_AWS: "http://127.0.0.1:9",
        LOG_ORIGIN: "eu.brand.example/v1/log",
        LOG_BUCKET: "brand-eu-log",
        STORAGE_ORIGIN: "http://127.0.0.1:9",
        VAULT_BUCKET: "audit-vault",
        VAULT_LOCATION: "eu-central-1",
        VAULT_ROLE: "arn:aws:iam::123456789012:role/writer",
        VAULT_AUDIENCE: "sts.amazonaws.com/123456789012",
        AWS_ENDPOINT_URL: "http://127.0.0.1:9",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = collect(child);
    const port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the service ended with code ${code}:\n${output()}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        const found = /"port":(\d+)/.exec(line);
        if (found) resolve(Number(found[1]));
      });
    });
    return new Service(child, port, output, keys);
  }

  /** At the loopback address. */
  get port(): number {
    return this.#port;
  }

  get output(): string {
    return this.#output();
  }

  /** A request as it comes from the edge, or without the edge's word. */
  async request(path: string, { scope = "person", ...init }: RequestInit & { scope?: EdgeScope | "none" } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (scope !== "none")
      headers.set("x-edge-authorization", `Bearer ${await issueEdgeToken(this.edgeKey.privatePem, "eu", audience, scope, this.#edgeNow)}`);
    return fetch(`http://127.0.0.1:${this.#port}${path}`, { ...init, headers });
  }

  get #edgeNow(): Date {
    return new Date(Date.now() + this.edgeAheadMs);
  }

  /** A new subject and what a person with its token can do. */
  async person(): Promise<Person> {
    const response = await this.request("/v1/subjects", { method: "POST" });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    const { subject, token } = (await response.json()) as { subject: string; token: string };
    return new Person(this, subject, token);
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

export class Person {
  readonly service: Service;
  readonly subject: string;
  readonly token: string;
  readonly path: string;

  constructor(service: Service, subject: string, token: string) {
    this.service = service;
    this.subject = subject;
    this.token = token;
    this.path = `/v1/subjects/${subject}/preferences`;
  }

  read(headers: Record<string, string> = {}): Promise<Response> {
    return this.service.request(this.path, { headers: { authorization: `Bearer ${this.token}`, ...headers } });
  }

  say(purposes: Record<string, string | null>, headers: Record<string, string> = {}): Promise<Response> {
    return this.service.request(this.path, {
      method: "PATCH",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/merge-patch+json", ...headers },
      body: JSON.stringify({ purposes }),
    });
  }

  /** The same person at another instance of the service. */
  at(service: Service): Person {
    return new Person(service, this.subject, this.token);
  }

  /** The same person with a token of this moment, as an instance with the clock of its edge makes it: one that is used too often is refused. */
  async renewed(service = this.service): Promise<Person> {
    const now = new Date(Date.now() + service.edgeAheadMs);
    const { token } = await issueSubjectToken(service.tokenKey.privatePem, this.subject as SubjectId, "eu", now);
    return new Person(service, this.subject, token);
  }
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk));
  return () => text;
}
