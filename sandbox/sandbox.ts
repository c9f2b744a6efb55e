// The embedded clouds together: one store, one internet, one gateway, and the ports to which Pulumi's engine attaches.
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { deployerOf } from "./clouds/aws/account.ts";
import { createAws } from "./clouds/aws/index.ts";
import { createCloudflare } from "./clouds/cloudflare/index.ts";
import { createGcp } from "./clouds/gcp/index.ts";
import { createRandom } from "./clouds/random/index.ts";
import { createTls } from "./clouds/tls/index.ts";
import type { Cloud, Ground, Part } from "./engine/cloud.ts";
import type { Faults } from "./engine/faults.ts";
import type { Server } from "./engine/grpc-server.ts";
import { Internet } from "./engine/internet.ts";
import { serveLanguageHost } from "./engine/language-host.ts";
import { createProvider } from "./engine/provider.ts";
import { serveProvider } from "./engine/provider-server.ts";
import { Sdk } from "./engine/schema.ts";
import { Store } from "./engine/store.ts";
import { CertificateAuthority } from "./runtimes/network/certificate-authority.ts";
import { EgressProxy } from "./runtimes/network/egress-proxy.ts";
import { Gateway } from "./runtimes/network/gateway.ts";
import { sweep } from "./runtimes/process.ts";
import type { IssuedCredentials } from "./runtimes/s3/credentials.ts";
import { temporaryDirOf } from "./sandbox-paths.ts";
import { holdState } from "./state-lock.ts";

export interface SandboxOptions {
  /** Everything that is kept stands below; absolute. */
  readonly stateDir: string;
  /** For Unix sockets, whose paths are short; emptied at start, gone after stop. */
  readonly socketDir: string;
  /** Of the gateway; 0 for any free one. */
  readonly port: number;
  /** External tools by name (`versitygw`): absolute paths. */
  readonly tools: Readonly<Record<string, string>>;
  /** Ports to take again where they are free, so that an environment set earlier stays good. */
  readonly earlier?: Partial<SandboxPorts>;
  /** Where Node keeps compiled code between runs. */
  readonly compileCache?: string;
  readonly log: (message: string) => void;
}

export interface SandboxPorts {
  readonly gateway: number;
  readonly language: number;
  /** By provider package. */
  readonly providers: Readonly<Record<string, number>>;
}

export class Sandbox {
  readonly ports: SandboxPorts;
  readonly caFile: string;
  readonly proxyUrl: string;
  readonly #clouds: readonly Cloud[];
  readonly #faults: Faults;
  readonly #hostnames: () => string[];
  readonly #issueToken: (member: string) => string;
  readonly #registryPassword: () => string;
  readonly #awsCredentials: (account: string) => IssuedCredentials;
  readonly #cloudflareToken: (account: string) => string;
  readonly #openDatabase: (connectionName: string, member: string) => Promise<string>;
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    ports: SandboxPorts;
    caFile: string;
    proxyUrl: string;
    clouds: readonly Cloud[];
    faults: Faults;
    hostnames: () => string[];
    issueToken: (member: string) => string;
    registryPassword: () => string;
    awsCredentials: (account: string) => IssuedCredentials;
    cloudflareToken: (account: string) => string;
    openDatabase: (connectionName: string, member: string) => Promise<string>;
    close: () => Promise<void>;
  }) {
    this.ports = parts.ports;
    this.caFile = parts.caFile;
    this.proxyUrl = parts.proxyUrl;
    this.#clouds = parts.clouds;
    this.#faults = parts.faults;
    this.#hostnames = parts.hostnames;
    this.#issueToken = parts.issueToken;
    this.#registryPassword = parts.registryPassword;
    this.#awsCredentials = parts.awsCredentials;
    this.#cloudflareToken = parts.cloudflareToken;
    this.#openDatabase = parts.openDatabase;
    this.#close = parts.close;
  }

  /**
   * Starts, and brings back all that the store says exists.
   * @throws StateHeld when another sandbox has the state folder; the listen error (EADDRINUSE) of the gateway's port
   */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const letGo = holdState(options.stateDir);
    try {
      return await Sandbox.#open(options, letGo);
    } catch (error) {
      letGo();
      throw error;
    }
  }

  static async #open(options: SandboxOptions, letGo: () => void): Promise<Sandbox> {
    const { stateDir, socketDir, log } = options;
    const logDir = join(stateDir, "logs");
    const pidDir = join(stateDir, "pids");
    for (const left of await sweep(pidDir)) log(`ended ${left}, which an earlier run had left behind`);
    rmSync(socketDir, { recursive: true, force: true });
    for (const dir of [stateDir, logDir, temporaryDirOf(socketDir)]) mkdirSync(dir, { recursive: true, mode: 0o700 });

    const internet = new Internet();
    const store = new Store(join(stateDir, "cloud.db"));
    const hostnames = () => cloudflare.hostnames();
    const authority = await CertificateAuthority.open(join(stateDir, "ca"));
    const gateway = await Gateway.start(internet, options.port, hostnames);
    const proxy = await EgressProxy.start(internet, authority);
    const environment: Record<string, string> = {};
    const ground = (name: string): Ground => ({
      store,
      internet,
      dataDir: join(stateDir, name),
      logDir,
      pidDir,
      socketDir,
      tools: options.tools,
      egress: { proxyUrl: proxy.url, caFile: authority.certificateFile, environment },
      log: (message) => log(`${name}: ${message}`),
    });
    const cloudflare = createCloudflare(ground("cloudflare"));
    const gcp = createGcp(ground("gcp"));
    const aws = createAws(ground("aws"));
    const clouds: Cloud[] = [aws, gcp, cloudflare, createTls(), createRandom()];

    const servers: Server[] = [];
    const programs = new Map<string, string>();
    const providers: Record<string, number> = {};
    const require = createRequire(import.meta.url);
    for (const cloud of clouds) {
      const provider = createProvider({
        resources: cloud.resources,
        functions: cloud.functions,
        store,
        sdk: new Sdk(dirname(require.resolve(`@pulumi/${cloud.name}/package.json`))),
        log: (message) => log(`${cloud.name}: ${message}`),
      });
      const server = await again((port) => serveProvider(provider, port, programs), options.earlier?.providers?.[cloud.name]);
      servers.push(server);
      providers[cloud.name] = server.port;
    }
    const language = await again(
      (port) => serveLanguageHost({ programs, ...(options.compileCache !== undefined && { compileCache: options.compileCache }) }, port),
      options.earlier?.language,
    );
    servers.push(language);
    // Its endpoints are part of the environment of every workload.
    await aws.start();
    await Promise.all(clouds.filter((cloud) => cloud !== aws).map((cloud) => cloud.start()));

    return new Sandbox({
      ports: { gateway: gateway.port, language: language.port, providers },
      caFile: authority.certificateFile,
      proxyUrl: proxy.url,
      clouds,
      faults: internet.faults,
      hostnames,
      issueToken: (member) => gcp.issueToken(member),
      registryPassword: () => aws.registryPassword(aws.deployer),
      awsCredentials: (account) => aws.issueCredentials(deployerOf(account)),
      cloudflareToken: (account) => cloudflare.issueToken(account),
      openDatabase: (connectionName, member) => gcp.openDatabase(connectionName, member),
      close: async () => {
        await Promise.allSettled([gateway.stop(), ...servers.map((server) => server.close())]);
        const stopped = await Promise.allSettled(clouds.map((cloud) => cloud.stop()));
        for (const result of stopped) if (result.status === "rejected") log(`while stopping: ${result.reason}`);
        await proxy.stop();
        store.close();
        rmSync(socketDir, { recursive: true, force: true });
        letGo();
      },
    });
  }

  /** Hosts that a person can open; the shorter local names are the gateway's business. */
  get hostnames(): string[] {
    return this.#hostnames();
  }

  /** Everything that runs, from the running parts and not from state. */
  parts(): (Part & { readonly cloud: string })[] {
    return this.#clouds.flatMap((cloud) => cloud.parts().map((part) => ({ cloud: cloud.name, ...part })));
  }

  /** What is broken on purpose, and what can be. */
  get faults(): Faults {
    return this.#faults;
  }

  /** An access token of the embedded Google Cloud, for a person's own calls to its APIs. */
  issueToken(member: string): string {
    return this.#issueToken(member);
  }

  /** Password of the user `AWS` at the registries of the embedded AWS, as who deploys there. */
  registryPassword(): string {
    return this.#registryPassword();
  }

  /** Temporary credentials of who deploys to an account of the embedded AWS. */
  awsCredentials(account: string): IssuedCredentials {
    return this.#awsCredentials(account);
  }

  /** A token of the embedded Cloudflare, for a person's own calls to the API of an account. */
  cloudflareToken(account: string): string {
    return this.#cloudflareToken(account);
  }

  /** Folder of a socket that leads to a Cloud SQL database, as the Cloud SQL proxy opens one on a person's machine. */
  openDatabase(connectionName: string, member: string): Promise<string> {
    return this.#openDatabase(connectionName, member);
  }

  /** Ends every process and keeps all data. */
  stop(): Promise<void> {
    return this.#close();
  }
}

/** Takes the earlier port if it is free, else any. */
async function again(listen: (port: number) => Promise<Server>, earlier: number | undefined): Promise<Server> {
  if (earlier !== undefined) {
    try {
      return await listen(earlier);
    } catch {
      // Somebody else has it now.
    }
  }
  return listen(0);
}
