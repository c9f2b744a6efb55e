// The real Pulumi engine, attached to providers and a language host of this process, on a project in a temporary folder.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionDefinition, ResourceDefinition } from "../../../sandbox/engine/definition.ts";
import type { Server } from "../../../sandbox/engine/grpc-server.ts";
import { serveLanguageHost } from "../../../sandbox/engine/language-host.ts";
import { createProvider } from "../../../sandbox/engine/provider.ts";
import { serveProvider } from "../../../sandbox/engine/provider-server.ts";
import { Sdk } from "../../../sandbox/engine/schema.ts";
import { Store } from "../../../sandbox/engine/store.ts";

const modules = join(import.meta.dirname, "../../../node_modules");
const sdks = new Map<string, Sdk>();

/** The declarations of an installed SDK, read once for all tests. */
export function sdk(name: string): Sdk {
  const known = sdks.get(name) ?? new Sdk(join(modules, "@pulumi", name));
  sdks.set(name, known);
  return known;
}

export interface Result {
  readonly code: number;
  /** Standard output and error, in the order they came. */
  readonly output: string;
}

export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
  readonly initErrors?: readonly string[];
}

/**
 * What a `pulumi` of its own needs to deploy onto attached providers: state in a file, nothing fetched.
 * @param folder holds its `home` and its `state`
 */
export function attachedTo(
  ports: { readonly providers: Readonly<Record<string, number>>; readonly language: number },
  folder: string,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: join(folder, "home"),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "correct horse",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // For `--event-log`.
    PULUMI_DEBUG_COMMANDS: "true",
    PULUMI_DEBUG_PROVIDERS: Object.entries(ports.providers)
      .map(([name, port]) => `${name}:${port}`)
      .join(","),
    PULUMI_DEBUG_LANGUAGES: `nodejs:${ports.language}`,
  };
}

export class Engine implements AsyncDisposable {
  readonly store = new Store(":memory:");
  /** What a bug wrote to the log. */
  readonly logged: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "engine-"));
  readonly #servers: Server[] = [];
  #env: NodeJS.ProcessEnv = {};

  static async start(definitions: {
    resources: readonly ResourceDefinition[];
    functions?: readonly FunctionDefinition[];
  }): Promise<Engine> {
    const engine = new Engine();
    const programs = new Map<string, string>();
    const providers: Record<string, number> = {};
    for (const name of ["aws", "gcp", "cloudflare", "tls"]) {
      const of = <T extends { token: string }>(all: readonly T[] = []) => all.filter(({ token }) => token.startsWith(`${name}:`));
      const provider = createProvider({
        sdk: sdk(name),
        store: engine.store,
        resources: of(definitions.resources),
        functions: of(definitions.functions),
        log: (message) => engine.logged.push(message),
      });
      const server = await serveProvider(provider, 0, programs);
      engine.#servers.push(server);
      providers[name] = server.port;
    }
    const host = await serveLanguageHost({ programs });
    engine.#servers.push(host);
    for (const folder of ["home", "state"]) mkdirSync(join(engine.#folder, folder));
    engine.#env = attachedTo({ providers, language: host.port }, engine.#folder);
    return engine;
  }

  /** A project with one stack. The program is TypeScript; what it exports are the stack's outputs. */
  async stack(name: string, program: string): Promise<Stack> {
    const folder = join(this.#folder, name);
    mkdirSync(folder);
    symlinkSync(modules, join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(folder, "Pulumi.yaml"), "name: foreign\nruntime: nodejs\nmain: index.ts\n");
    const stack = new Stack(folder, this.#env);
    stack.write(program);
    const made = await stack.run("stack", "init", name);
    if (made.code !== 0) throw new Error(made.output);
    return stack;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    this.store.close();
    rmSync(this.#folder, { recursive: true });
  }
}

export class Stack {
  /** Where the project is. */
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = env;
  }

  write(program: string): void {
    writeFileSync(join(this.folder, "index.ts"), program);
  }

  /** Starts the CLI and does not wait for it. */
  start(...args: string[]): { child: ChildProcess; result: Promise<Result> } {
    const pulumi = process.env.BAILIWICK_PULUMI;
    if (!pulumi) throw new Error("set BAILIWICK_PULUMI to the path of a pulumi CLI");
    const child = spawn(pulumi, [...args, "--non-interactive", "--color=never"], {
      cwd: this.folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    return { child, result: new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? -1, output }))) };
  }

  run(...args: string[]): Promise<Result> {
    return this.start(...args).result;
  }

  /** `pulumi up`, with no preview before it. */
  up(...args: string[]): Promise<Result> {
    return this.run("up", "--yes", "--skip-preview", ...args);
  }

  preview(...args: string[]): Promise<Result> {
    return this.run("preview", "--diff", ...args);
  }

  /** The resource of this name as the exported state holds it, with secrets still encrypted. */
  async exported(name: string): Promise<ExportedResource | undefined> {
    const { output } = await this.run("stack", "export");
    const { deployment } = JSON.parse(output) as { deployment: { resources?: ExportedResource[] } };
    return deployment.resources?.find(({ urn }) => urn.endsWith(`::${name}`));
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.run("stack", "output", "--json", "--show-secrets")).output) as Record<string, unknown>;
  }
}
