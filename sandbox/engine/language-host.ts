// Runs Pulumi programs written for Node: the gRPC service `pulumirpc.LanguageRuntime`, to which the engine attaches instead of starting
// `pulumi-language-nodejs`. What each call means: proto/pulumi/language.proto in pulumi/pulumi.
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import { type ILanguageRuntimeServer, LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import rpc from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { type Call, type Server, serve, unary } from "./grpc-server.ts";

export interface LanguageHostOptions {
  /** Folder where Node keeps compiled code between runs; absolute. Absent: nothing is kept. */
  readonly compileCache?: string;
  /** Environment of every program; the engine's own is not known here. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Is told the folder of the program that each engine runs, by the engine's address: providers read files from there. */
  readonly programs?: Map<string, string>;
}

const MOST_PROGRAMS = 256;

/** Serves on a loopback port. @throws Error when the port cannot be had */
export async function serveLanguageHost(options: LanguageHostOptions = {}, port = 0): Promise<Server> {
  const running = new Map<string, Set<ChildProcess>>();
  const stopAll = (children: Iterable<ChildProcess>) => {
    for (const child of children) child.kill("SIGTERM");
  };
  const server = await serve(LanguageRuntimeService, service(options, running, stopAll), port);
  return {
    port: server.port,
    close: async () => {
      stopAll([...running.values()].flatMap((children) => [...children]));
      await server.close();
    },
  };
}

function service(
  options: LanguageHostOptions,
  running: Map<string, Set<ChildProcess>>,
  stop: (children: Iterable<ChildProcess>) => void,
): Partial<ILanguageRuntimeServer> & grpc.UntypedServiceImplementation {
  const engines = new Map<string, string>();
  return {
    handshake: unary((call: Call<rpc.LanguageHandshakeRequest>) => {
      engines.set(call.getPeer(), call.request.getEngineAddress());
      return new rpc.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(process.versions.node)),
    about: unary(() => new rpc.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
    // The engine is told where its providers are; it has none to fetch.
    getRequiredPlugins: unary(() => new rpc.GetRequiredPluginsResponse()),
    getRequiredPackages: unary(() => new rpc.GetRequiredPackagesResponse()),
    getProgramDependencies: unary(() => new rpc.GetProgramDependenciesResponse()),
    runtimeOptionsPrompts: unary(() => new rpc.RuntimeOptionsResponse()),
    installDependencies: (stream) => {
      stream.write(new rpc.InstallDependenciesResponse().setStdout(Buffer.from("Install the program's packages with npm.\n")));
      stream.end();
    },
    run: unary(async (call: Call<rpc.RunRequest>) => {
      const children = running.get(call.getPeer()) ?? new Set();
      running.set(call.getPeer(), children);
      const address = call.request.getArgsList()[0] ?? engines.get(call.getPeer()) ?? "";
      options.programs?.set(address, call.request.getPwd());
      // Engines go without a word; the oldest are those of operations long over.
      for (const engine of [...(options.programs?.keys() ?? [])].slice(0, -MOST_PROGRAMS)) options.programs?.delete(engine);
      const abandoned = new AbortController();
      call.on("cancelled", () => abandoned.abort());
      return run(call.request, address, options, children, abandoned.signal);
    }),
    cancel: unary((call: Call<empty.Empty>) => {
      stop(running.get(call.getPeer()) ?? []);
      return new empty.Empty();
    }),
  };
}

async function run(
  request: rpc.RunRequest,
  engineAddress: string,
  options: LanguageHostOptions,
  children: Set<ChildProcess>,
  abandoned: AbortSignal,
): Promise<rpc.RunResponse> {
  const folder = request.getInfo()?.getProgramDirectory() || request.getPwd();
  const entryPoint = request.getInfo()?.getEntryPoint() || request.getProgram() || ".";
  const runner = findRunner(folder);
  if (!runner) {
    return new rpc.RunResponse().setError(
      `the program in ${folder} cannot be run: @pulumi/pulumi is not installed there. Run \`npm ci\` in the program's folder.`,
    );
  }
  const tsNode = wantsTsNode(request);
  // ts-node refuses to work beside another preloaded module: cmd/run/run.ts in pulumi/pulumi.
  const preload = tsNode ? [] : ["--import", PRELOAD];
  const child = spawn(process.execPath, [...preload, runner, ...flags(request, engineAddress), entryPoint], {
    cwd: request.getPwd() || folder,
    env: { ...environment(request, options), PULUMI_NODEJS_TYPESCRIPT: String(tsNode) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  abandoned.addEventListener("abort", () => child.kill("SIGTERM"));
  const log = new EngineLog(engineAddress);
  try {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve([code, signal]));
    });
    log.follow(child.stdout, engine.LogSeverity.INFO);
    log.follow(child.stderr, engine.LogSeverity.INFO);
    const [code, signal] = await ended;
    await log.flush();
    if (code === 0) return new rpc.RunResponse();
    if (code === ERROR_WAS_LOGGED) return new rpc.RunResponse().setBail(true);
    return new rpc.RunResponse().setError(signal ? `the program was ended by ${signal}` : `the program exited with code ${code}`);
  } finally {
    children.delete(child);
    log.close();
  }
}
const PRELOAD = new URL("./lazy-modules.ts", import.meta.url).href;
/** The runner ends with this code when it has told the person what is wrong: cmd/run/index.ts in pulumi/pulumi. */
const ERROR_WAS_LOGGED = 32;

/** The runner of the program's own SDK, so that both are of one version. */
function findRunner(folder: string): string | undefined {
  try {
    return createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run/index.js");
  } catch {
    return undefined;
  }
}

function flags(request: rpc.RunRequest, engineAddress: string): string[] {
  const values: Record<string, string | undefined> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": request.getInfo()?.getRootDirectory(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const given = Object.entries(values).flatMap(([name, value]) => (value ? [`--${name}`, value] : []));
  return request.getDryrun() ? [...given, "--dry-run"] : given;
}

/** Node runs TypeScript as it is; ts-node, which checks types at every run, is for those who ask: `runtime: options: typescript: true`. */
const wantsTsNode = (request: rpc.RunRequest) => request.getInfo()?.getOptions()?.toJavaScript().typescript === true;

function environment(request: rpc.RunRequest, options: LanguageHostOptions): NodeJS.ProcessEnv {
  return {
    ...(options.env ?? process.env),
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(options.compileCache && { NODE_COMPILE_CACHE: options.compileCache }),
  };
}

/** What a program prints, shown by the engine line by line, in order. */
class EngineLog {
  readonly #client: EngineClient | undefined;
  readonly #readers: Promise<void>[] = [];
  #sent: Promise<void> = Promise.resolve();

  constructor(address: string) {
    this.#client = address ? new EngineClient(address, grpc.credentials.createInsecure()) : undefined;
  }

  follow(stream: Readable, severity: engine.LogSeverity): void {
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", (line) => this.#send(line, severity));
    this.#readers.push(new Promise((resolve) => lines.once("close", resolve)));
  }

  async flush(): Promise<void> {
    await Promise.all(this.#readers);
    await this.#sent;
  }

  close(): void {
    this.#client?.close();
  }

  #send(message: string, severity: engine.LogSeverity): void {
    const client = this.#client;
    if (!client) return;
    const request = new engine.LogRequest().setMessage(`${message}\n`).setSeverity(severity);
    // An engine that has gone away no longer shows anything: nothing to do about it here.
    this.#sent = this.#sent.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  }
}
