// A platform that is only measured: a copy of the work tree in a temporary folder with its own sandbox, so that nobody's data is touched
// and every round begins from nothing.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import type { Path } from "../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../functions/shared/telemetry/otlp.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { cacheDir } from "../paths.ts";
import type { StackResult } from "../pulumi/operations.ts";
import type { Ready } from "../ready.ts";
import type { Status } from "../sandbox.ts";
import type { Archive } from "../telemetry/archives.ts";
import { copyWorkTree } from "../work-tree.ts";
import { type Ran, succeed } from "./run.ts";

/** What would lead the copy's commands to somebody else's sandbox. */
const misleading = ["BAILIWICK_STATE", "BAILIWICK_PORT"];

export interface Deployment {
  readonly seconds: number;
  readonly stacks: readonly StackResult[];
}

export class BenchPlatform implements AsyncDisposable {
  /** The copy. */
  readonly dir: string;
  /** Beside the copy, for what a measurement writes. */
  readonly scratch: string;
  /** Of the gateway, once it has been started. */
  #port: number | undefined;

  private constructor(folder: string) {
    this.dir = join(folder, "bailiwick");
    this.scratch = join(folder, "scratch");
  }

  static create(): BenchPlatform {
    for (const name of misleading) delete process.env[name];
    const platform = new BenchPlatform(mkdtempSync(join(tmpdir(), "bailiwick-bench-")));
    mkdirSync(platform.scratch);
    copyWorkTree(platform.dir);
    return platform;
  }

  /** What a person's command sees. */
  get env(): NodeJS.ProcessEnv {
    const port = this.#port === undefined ? {} : { BAILIWICK_PORT: String(this.#port) };
    return { ...process.env, ...port, BAILIWICK_CACHE: cacheDir, NODE_COMPILE_CACHE: join(cacheDir, "compile-cache") };
  }

  /** `./bailiwick <args>` in the copy. @throws Error when it fails */
  command(...args: string[]): Promise<Ran> {
    const node = ["--disable-warning=ExperimentalWarning", join(this.dir, "cli", "main.ts")];
    return succeed(process.execPath, [...node, ...args], { cwd: this.dir, env: this.env, limitSeconds: 300 });
  }

  /** Starts the sandbox on a free port, with nothing deployed. */
  async start(): Promise<Ready & { readonly seconds: number }> {
    const { makeReady } = await this.#module<typeof import("../ready.ts")>("ready.ts");
    const started = performance.now();
    const ready = await makeReady(0);
    this.#port = ready.sandbox.ports.gateway;
    return { ...ready, seconds: (performance.now() - started) / 1000 };
  }

  /** `./bailiwick up`, as a person waits for it. @param stacks default: all */
  async up(...stacks: string[]): Promise<Deployment> {
    const { stdout, seconds } = await this.command("up", ...stacks, "--json");
    return { seconds, stacks: (JSON.parse(stdout) as { stacks: StackResult[] }).stacks };
  }

  /** Seconds from the end of these stacks' previews to the report in all its forms; the previews have left their logs and plans. */
  async report(stacks: readonly string[]): Promise<number> {
    const { readReview } = await this.#module<typeof import("../commands/preview.ts")>("commands/preview.ts");
    const { forms, rendered } = await this.#module<typeof import("../review/render.ts")>("review/render.ts");
    const started = performance.now();
    const review = readReview(
      stacks.map((stack) => ({ stack, ok: true, errors: [] })),
      (stack) => join(this.dir, ".sandbox", "plans", `${stack}.json`),
    );
    for (const form of forms) rendered(review, form, stacks);
    return (performance.now() - started) / 1000;
  }

  async status(sandbox: SandboxFile): Promise<Status> {
    return (await this.#module<typeof import("../sandbox.ts")>("sandbox.ts")).sandboxStatus(sandbox);
  }

  /** What plain `pulumi` needs to work on a stack, gated by the pack. */
  async pulumiEnvironment(sandbox: SandboxFile, stack: string): Promise<Record<string, string>> {
    return (await this.#module<typeof import("../pulumi/environment.ts")>("pulumi/environment.ts")).stackEnvironment(sandbox, stack);
  }

  /** What a deployed stack says, secrets still encrypted. */
  async outputs(stack: string): Promise<Readonly<Record<string, unknown>>> {
    const { stateOutputs } = await this.#module<typeof import("../pulumi/checkpoint.ts")>("pulumi/checkpoint.ts");
    const outputs = stateOutputs(stack);
    if (!outputs) throw new Error(`the stack "${stack}" is not deployed`);
    return outputs;
  }

  /** A stack's `bailiwick:` configuration, by key. */
  config(stack: string): Readonly<Record<string, unknown>> {
    const { config } = parse(readFileSync(join(this.dir, "stacks", `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, unknown> };
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("bailiwick:", ""), value]));
  }

  /** A secret output of one resource, laid open: a measurement may have to speak for a part. */
  async secretOf(ready: Ready, stack: string, resource: string, output: string): Promise<string> {
    const env = { ...this.env, ...(await this.pulumiEnvironment(ready.sandbox, stack)) };
    const args = ["stack", "export", "--show-secrets", "--non-interactive"];
    const { stdout } = await succeed(ready.pulumi, args, { cwd: this.dir, env, limitSeconds: 60 });
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { urn: string; outputs?: Record<string, { plaintext?: string }> }[] };
    };
    const secret = deployment.resources.find(({ urn }) => urn.endsWith(`::${resource}`))?.outputs?.[output]?.plaintext;
    if (secret === undefined) throw new Error(`the stack "${stack}" has no secret ${output} of ${resource}`);
    return JSON.parse(secret) as string;
  }

  /** Reads all of an archive into `known`. */
  async readArchive(sandbox: SandboxFile, path: Path, archive: Archive, known: Map<string, OtlpTraces>): Promise<void> {
    const { readArchive } = await this.#module<typeof import("../telemetry/archives.ts")>("telemetry/archives.ts");
    await readArchive(sandbox, path, archive, undefined, known);
  }

  /** Stops the sandbox and discards the account. */
  async purge(): Promise<void> {
    await this.command("down", "--purge");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.purge();
    } finally {
      rmSync(dirname(this.dir), { recursive: true, force: true });
    }
  }

  /** The copy's own module: its folders are those of the copy. */
  async #module<T>(path: string): Promise<T> {
    return (await import(pathToFileURL(join(this.dir, "cli", path)).href)) as T;
  }
}
