// Starts the executable pack as the engine does and speaks its protocol, with unknowns and secrets as the engine encodes them.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type * as messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import proto from "@pulumi/pulumi/proto/analyzer_pb.js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import { buildPolicyPack } from "../../policies/build.ts";

// How the engine writes values that are not plain, by the signatures of its sdk/go/common/resource/sig (v3.259). To a pack it sends
// outputs as their values or as unknown, and references as ids (KeepOutputValues and KeepResources are off in pkg/resource/plugin/
// analyzer_plugin.go); a pack takes them apart all the same.
const signed = <Its extends object>(signature: string, its: Its) => ({ "4dabf18193072939515e22adb298388d": signature, ...its });

/** A text, or what stands for any value, that it does not know yet. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The others: boolean, number, array, asset, archive, object. */
export const unknowns = [
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];
export const secret = (value: unknown) => signed("1b47061264138c4ac30d75fd1eb44270", { value });
/** Without a value it is not known yet. */
export const output = (its: { value?: unknown; secret?: boolean; dependencies?: readonly string[] } = {}) =>
  signed("d0e6a833031e9bbcd3f4e8bde6ca49a4", its);
export const asset = (path: string) => signed("c44067f5952c0a294b673a41bacd8c17", { path });
export const archive = (path: string) => signed("0def7320c3a5731c473e5ecbe6d01bc7", { path });
export const reference = (urn: string, id: string) => signed("5cf8f73096256a8f31e491e813e4eb8e", { urn, id });

export interface Input {
  readonly type: string;
  readonly name?: string;
  readonly props?: Record<string, unknown>;
  readonly protect?: boolean;
  readonly stack?: string;
  readonly provider?: Record<string, unknown> | "none";
  /** URN of what it is a child of. */
  readonly parent?: string;
  readonly propertyDependencies?: Record<string, readonly string[]>;
}

export interface Diagnostic {
  readonly rule: string;
  readonly urn: string;
  readonly message: string;
  readonly blocks: boolean;
}

export const urnOf = ({ type, name = "it", stack = "eu" }: Input): string => `urn:pulumi:${stack}::test::${type}::${name}`;

export class RunningPack {
  readonly #process: ChildProcess;
  readonly #client: InstanceType<typeof services.AnalyzerClient>;
  readonly #dir: string;

  constructor(process: ChildProcess, port: number, dir: string) {
    this.#process = process;
    this.#client = new services.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
    this.#dir = dir;
  }

  /** Opens a preview (or, with `dryRun: false`, an update) of a stack. Rejects with the engine's error. */
  async configure(stack = "eu", config: Record<string, string> = {}, dryRun = true): Promise<void> {
    const request = new proto.AnalyzerStackConfigureRequest();
    request.setStack(stack);
    request.setProject("test");
    request.setDryRun(dryRun);
    for (const [key, value] of Object.entries(config)) request.getConfigMap().set(key, value);
    await call((done) => this.#client.configureStack(request, done));
  }

  async analyze(input: Input): Promise<Diagnostic[]> {
    return diagnosticsOf(await this.analyzeRaw(input));
  }

  async analyzeRaw(input: Input): Promise<messages.AnalyzeResponse> {
    const request = new proto.AnalyzeRequest();
    fill(request, input);
    return call<messages.AnalyzeResponse>((done) => this.#client.analyze(request, done));
  }

  async analyzeStack(inputs: readonly Input[]): Promise<Diagnostic[]> {
    const request = new proto.AnalyzeStackRequest();
    request.setResourcesList(
      inputs.map((input) => {
        const resource = new proto.AnalyzerResource();
        fill(resource, input);
        for (const [property, urns] of Object.entries(input.propertyDependencies ?? {})) {
          const dependencies = new proto.AnalyzerPropertyDependencies();
          dependencies.setUrnsList([...urns]);
          resource.getPropertydependenciesMap().set(property, dependencies);
        }
        return resource;
      }),
    );
    return diagnosticsOf(await call<messages.AnalyzeResponse>((done) => this.#client.analyzeStack(request, done)));
  }

  /** What the engine would take over: the properties after each correction, or why there is none. */
  async remediate(input: Input): Promise<{ rule: string; props: unknown; diagnostic: string }[]> {
    const request = new proto.AnalyzeRequest();
    fill(request, input);
    const response = await call<messages.RemediateResponse>((done) => this.#client.remediate(request, done));
    return response.getRemediationsList().map((item) => ({
      rule: item.getPolicyname(),
      props: item.getProperties()?.toJavaScript(),
      diagnostic: item.getDiagnostic(),
    }));
  }

  async info(): Promise<messages.AnalyzerInfo> {
    return call<messages.AnalyzerInfo>((done) => this.#client.getAnalyzerInfo(new empties.Empty(), done));
  }

  async stop(): Promise<void> {
    this.#client.close();
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill();
    await ended;
    await rm(this.#dir, { recursive: true, force: true });
  }
}

let built: Promise<string> | undefined;
let buildDir: string | undefined;

/** Builds the pack once for a test file. */
async function builtPack(): Promise<string> {
  built ??= mkdtemp(join(tmpdir(), "pack-build-")).then((dir) => {
    buildDir = dir;
    return buildPolicyPack(dir);
  });
  return built;
}

/** For `afterAll`. The next file of the same worker builds anew. */
export async function removeBuild(): Promise<void> {
  const dir = buildDir;
  built = undefined;
  buildDir = undefined;
  if (dir) await rm(dir, { recursive: true, force: true });
}

/** Starts the built pack in a folder of its own. @param files replace `register.yaml` or `exemptions.yaml` */
export async function startPack(files: Record<string, string> = {}): Promise<RunningPack> {
  const executable = await builtPack();
  const dir = await mkdtemp(join(tmpdir(), "pack-"));
  const copies = [basename(executable), "package.json", "register.yaml", "vendors.yaml", "exemptions.yaml"];
  await Promise.all(copies.map((file) => copyFile(join(executable, "..", file), join(dir, file))));
  await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(dir, file), text)));
  // The engine gives its own address as the argument, and reads the port from the first line.
  const process = spawn(join(dir, basename(executable)), ["127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"], cwd: tmpdir() });
  const lines = createInterface({ input: process.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.once("line", (line) => resolve(Number(line)));
    process.once("exit", (code) => reject(new Error(`the pack ended with code ${code} before it printed a port`)));
  });
  return new RunningPack(process, port, dir);
}

function fill(request: messages.AnalyzeRequest | messages.AnalyzerResource, input: Input): void {
  request.setType(input.type);
  request.setName(input.name ?? "it");
  request.setUrn(urnOf(input));
  request.setProperties(structs.Struct.fromJavaScript((input.props ?? {}) as Record<string, structs.JavaScriptValue>));
  const options = new proto.AnalyzerResourceOptions();
  options.setProtect(input.protect ?? false);
  options.setParent(input.parent ?? "");
  request.setOptions(options);
  if (input.provider === "none") return;
  const provider = new proto.AnalyzerProviderResource();
  const name = input.type.split(":")[0];
  provider.setType(`pulumi:providers:${name}`);
  provider.setName("default");
  provider.setUrn(`urn:pulumi:${input.stack ?? "eu"}::test::pulumi:providers:${name}::default`);
  provider.setProperties(structs.Struct.fromJavaScript((input.provider ?? {}) as Record<string, structs.JavaScriptValue>));
  request.setProvider(provider);
}

const diagnosticsOf = (response: messages.AnalyzeResponse): Diagnostic[] =>
  response.getDiagnosticsList().map((item) => ({
    rule: item.getPolicyname(),
    urn: item.getUrn(),
    message: item.getMessage(),
    blocks: item.getEnforcementlevel() === proto.EnforcementLevel.MANDATORY,
  }));

function call<Response>(start: (done: (error: ServiceError | null, response: Response) => void) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(new Error(error.details)) : resolve(response)));
  });
}
