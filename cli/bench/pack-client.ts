// Starts a policy pack as the engine does and asks it about resources, over the same protocol and in the same order.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Client, credentials } from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type * as messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import proto from "@pulumi/pulumi/proto/analyzer_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { ResourceState } from "../../policies/state.ts";

/** How a pack is started: the engine's address is its first argument. */
export interface PackCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const address = "127.0.0.1:1";
const deadlineMs = 60_000;

export class PackClient implements AsyncDisposable {
  /** From the start to the port, in milliseconds. */
  readonly startMs: number;
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #client: Client;

  private constructor(process: ChildProcess, port: number, startMs: number) {
    this.#process = process;
    this.pid = process.pid as number;
    this.startMs = startMs;
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.max_send_message_length": -1 });
  }

  /** @throws Error when it ends before it says its port */
  static async start({ command, args, cwd, env }: PackCommand): Promise<PackClient> {
    const started = performance.now();
    const child = spawn(command, [address, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", (line) => resolve(Number(line)));
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the pack ended with ${code} before it said its port:\n${said}`)));
    });
    return new PackClient(child, port, performance.now() - started);
  }

  /**
   * Judges a stack from its first resource to its last, then as a whole.
   * @returns how long the pack took over all of it, in milliseconds: requests are written before, and answers read afterwards
   * @throws Error when the pack refuses a call
   */
  async judge(stack: string, resources: readonly ResourceState[]): Promise<number> {
    const configure = new proto.AnalyzerStackConfigureRequest();
    configure.setStack(stack);
    configure.setDryRun(true);
    const providers = new Map(resources.map((resource) => [resource.urn, resource]));
    const requests = resources.map((resource) => bytesOf(filled(new proto.AnalyzeRequest(), resource, resource.inputs, providers)));
    const all = new proto.AnalyzeStackRequest();
    all.setResourcesList(resources.map((resource) => related(resource, providers)));
    const whole = bytesOf(all);

    const started = performance.now();
    await this.#call("configureStack", bytesOf(configure));
    for (const request of requests) {
      await this.#call("remediate", request);
      await this.#call("analyze", request);
    }
    await this.#call("analyzeStack", whole);
    return performance.now() - started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill();
    await ended;
  }

  #call(name: "configureStack" | "remediate" | "analyze" | "analyzeStack", request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const asItCame = (bytes: Buffer) => bytes;
      const { path } = services.AnalyzerService[name];
      this.#client.makeUnaryRequest(path, asItCame, asItCame, request, { deadline: Date.now() + deadlineMs }, (error) =>
        error ? reject(new Error(error.details)) : resolve(),
      );
    });
  }
}

const bytesOf = (request: { serializeBinary(): Uint8Array }): Buffer => Buffer.from(request.serializeBinary());

type Providers = ReadonlyMap<string, ResourceState>;

function filled<Request extends messages.AnalyzeRequest | messages.AnalyzerResource>(
  request: Request,
  resource: ResourceState,
  properties: Record<string, unknown> | undefined,
  providers: Providers,
): Request {
  request.setUrn(resource.urn);
  request.setType(resource.type);
  request.setName(nameOf(resource.urn));
  request.setProperties(struct(properties));
  const options = new proto.AnalyzerResourceOptions();
  options.setProtect(resource.protect ?? false);
  options.setParent(resource.parent ?? "");
  request.setOptions(options);
  const provider = providers.get(resource.provider?.replace(/::[^:]*$/, "") ?? "");
  if (provider) {
    const its = new proto.AnalyzerProviderResource();
    its.setUrn(provider.urn);
    its.setType(provider.type);
    its.setName(nameOf(provider.urn));
    its.setProperties(struct(provider.inputs));
    request.setProvider(its);
  }
  return request;
}

function related(resource: ResourceState, providers: Providers): messages.AnalyzerResource {
  const its = filled(new proto.AnalyzerResource(), resource, resource.outputs, providers);
  for (const [property, urns] of Object.entries(resource.propertyDependencies ?? {})) {
    const dependencies = new proto.AnalyzerPropertyDependencies();
    dependencies.setUrnsList([...(urns ?? [])]);
    its.getPropertydependenciesMap().set(property, dependencies);
  }
  return its;
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);
const struct = (properties: Record<string, unknown> = {}) =>
  structs.Struct.fromJavaScript(withSecrets(properties) as Record<string, structs.JavaScriptValue>);

/** The engine sends a secret's value where a state has its ciphertext: here any text stands for it. */
function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  const { ciphertext, ...rest } = value as Record<string, unknown>;
  const plain = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, withSecrets(item)]));
  return ciphertext === undefined ? plain : { ...plain, value: "a secret" };
}
