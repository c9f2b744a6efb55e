// A whole embedded AWS for a test: its resources are made through the real provider, its images pushed to its registry.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { type Aws, createAws } from "../../../sandbox/clouds/aws/index.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { createProvider, type Session } from "../../../sandbox/engine/provider.ts";
import { Sdk } from "../../../sandbox/engine/schema.ts";
import { Store } from "../../../sandbox/engine/store.ts";
import { sign } from "../../../sandbox/runtimes/s3/sigv4.ts";
import { image, layer } from "../oci/fixture.ts";
import { versitygw } from "./fixture.ts";

const sdk = new Sdk(dirname(createRequire(import.meta.url).resolve("@pulumi/aws/package.json")));
export const region = "eu-central-1";

/** A deployed resource as a program holds it. */
export interface Deployed {
  readonly id: string;
  readonly state: Properties;
  update(change: Properties): Promise<Deployed>;
  remove(): Promise<void>;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "aws-"));
  store!: Store;
  internet!: Internet;
  aws!: Aws;
  readonly logged: string[] = [];
  #session!: Session;
  #count = 0;

  static async start(): Promise<World> {
    const world = new World();
    await world.start();
    return world;
  }

  /** Starts the cloud; again after `stop`, over the same data. */
  async start(): Promise<void> {
    const socketDir = join(this.folder, "s");
    rmSync(socketDir, { recursive: true, force: true });
    mkdirSync(socketDir);
    this.store = new Store(join(this.folder, "store.db"));
    this.internet = new Internet();
    const log = (message: string) => this.logged.push(message);
    this.aws = createAws({
      store: this.store,
      internet: this.internet,
      dataDir: join(this.folder, "aws"),
      logDir: join(this.folder, "logs"),
      pidDir: join(this.folder, "pids"),
      socketDir,
      tools: { versitygw },
      egress: { proxyUrl: "http://127.0.0.1:9", caFile: "/dev/null" },
      log,
    });
    this.#session = createProvider({ resources: this.aws.resources, functions: this.aws.functions, store: this.store, sdk, log }).session({
      region,
    });
    await this.aws.start();
  }

  async stop(): Promise<void> {
    await this.aws.stop();
    this.store.close();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Checks and creates, as `pulumi up` would. @throws Error with what the check or the cloud refuses */
  async create(type: string, news: Properties, name = `r${this.#count++}`): Promise<Deployed> {
    const token = `aws:${type}`;
    const urn = `urn:pulumi:test::test::${token}::${name}`;
    const check = (properties: Properties, olds: Properties): Properties => {
      const given = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
      const { inputs, failures } = this.#session.check(token, urn, given, { name, seed: new Uint8Array(32), olds });
      if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("; "));
      return inputs;
    };
    const deployed = (id: string, inputs: Properties, state: Properties): Deployed => ({
      id,
      state,
      update: async (change) => {
        const checked = check({ ...inputs, ...change }, inputs);
        return deployed(id, checked, await this.#session.update(token, { id, urn, inputs, state }, checked));
      },
      remove: () => this.#session.delete(token, { id, urn, inputs, state }),
    });
    const inputs = check(news, {});
    const { id, state } = await this.#session.create(token, urn, inputs);
    return deployed(id, inputs, state);
  }

  invoke(token: string, args: Properties): Promise<Properties> {
    return this.#session.invoke(`aws:${token}`, args);
  }

  /** A request over the sandbox's internet. */
  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return this.internet.fetch(new Request(url, init));
  }

  /** A signed call of an API that speaks JSON, as this principal. */
  async call(
    principal: string,
    service: string,
    target: string,
    input: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const url = new URL(`https://${service}.${region}.amazonaws.com/`);
    const { AccessKeyId, SecretAccessKey, Token } = this.aws.issueCredentials(principal);
    const body = JSON.stringify(input);
    const headers = new Headers({ "x-amz-target": target, "x-amz-security-token": Token, "content-type": "application/x-amz-json-1.1" });
    const payload = createHash("sha256").update(body).digest("hex");
    sign({ method: "POST", url, headers, payload }, { accessKeyId: AccessKeyId, secret: SecretAccessKey, region, service });
    const response = await this.fetch(url.href, { method: "POST", headers, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Spans to X-Ray over OTLP, as this principal. */
  async otlp(principal: string, traces: object): Promise<{ status: number; text: string }> {
    const url = new URL(`https://xray.${region}.amazonaws.com/v1/traces`);
    const { AccessKeyId, SecretAccessKey, Token } = this.aws.issueCredentials(principal);
    const body = JSON.stringify(traces);
    const headers = new Headers({ "x-amz-security-token": Token, "content-type": "application/json" });
    const payload = createHash("sha256").update(body).digest("hex");
    sign({ method: "POST", url, headers, payload }, { accessKeyId: AccessKeyId, secret: SecretAccessKey, region, service: "xray" });
    const response = await this.fetch(url.href, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  }

  /** The real SDK, as this principal. */
  s3(principal: string): S3Client {
    const { AccessKeyId, SecretAccessKey, Token } = this.aws.issueCredentials(principal);
    return new S3Client({
      region,
      endpoint: this.aws.s3Endpoint,
      maxAttempts: 1,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    });
  }

  /** A session of a role of this name. */
  session(role: string): string {
    return `arn:aws:sts::${this.aws.account}:assumed-role/${role}/session`;
  }

  async role(name: string, trusted: Properties, ...policies: Properties[]): Promise<Deployed> {
    const statement = { Effect: "Allow", ...trusted };
    const role = await this.create("iam/role:Role", { name, assumeRolePolicy: policy(statement) });
    for (const [index, each] of policies.entries())
      await this.create("iam/rolePolicy:RolePolicy", { role: name, name: `p${index}`, policy: policy(each) });
    return role;
  }

  /** Pushes an image whose entrypoint is `node /app/main.js`, over the registry's protocol. @returns its reference by digest */
  async push(repository: string, program: string): Promise<string> {
    const made = image(
      [
        await layer([
          { name: "app/main.js", content: program },
          { name: "app/package.json", content: '{"type":"module"}' },
        ]),
      ],
      {
        Entrypoint: ["/nodejs/bin/node"],
        Cmd: ["/app/main.js"],
        WorkingDir: "/app",
      },
    );
    const host = `${this.aws.account}.dkr.ecr.${region}.amazonaws.com`;
    const authorization = `Basic ${Buffer.from(`AWS:${this.aws.registryPassword(this.aws.deployer)}`).toString("base64")}`;
    const send = async (method: string, path: string, body: Uint8Array<ArrayBuffer>, type: string) => {
      const response = await this.fetch(`https://${host}/v2/${repository}/${path}`, {
        method,
        headers: { authorization, "content-type": type },
        body,
      });
      expect(response.status, `${method} ${path}`).toBe(201);
    };
    for (const [digest, bytes] of made.blobs) {
      if (digest !== made.digest) await send("POST", `blobs/uploads/?digest=${digest}`, new Uint8Array(bytes), "application/octet-stream");
    }
    const manifest = new Uint8Array(made.blobs.get(made.digest) as Buffer);
    await send("PUT", `manifests/${made.digest}`, manifest, "application/vnd.oci.image.manifest.v1+json");
    return `${host}/${repository}@${made.digest}`;
  }
}

export const policy = (...statements: Properties[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });
export const allow = (action: string | string[], resource: string | string[]): Properties => ({
  Effect: "Allow",
  Action: action,
  Resource: resource,
});
