// A fresh embedded AWS account in a folder of its own, and a program's way to it without an engine between.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { type Aws, createAws } from "../../../sandbox/clouds/aws/index.ts";
import type { Ground } from "../../../sandbox/engine/cloud.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { Store } from "../../../sandbox/engine/store.ts";
import { Program } from "./program.ts";

/** Where versitygw stands: built from tools/versitygw. */
export const versitygw = process.env.BAILIWICK_VERSITYGW ?? join(homedir(), ".cache/bailiwick/versitygw-1.8.0/versitygw");

interface SdkRequest {
  readonly method: string;
  readonly hostname: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body?: RequestInit["body"];
}

export class Account extends Program {
  readonly folder = mkdtempSync(join(tmpdir(), "aws-"));
  ground!: Ground;
  aws!: Aws;

  constructor(region: string, config: Properties = {}) {
    super({ region, ...config });
  }

  /** Starts the cloud; again after `stop`, over the same data. */
  async start(): Promise<void> {
    const socketDir = join(this.folder, "run");
    rmSync(socketDir, { recursive: true, force: true });
    mkdirSync(socketDir);
    this.ground = {
      store: new Store(join(this.folder, "store.sqlite")),
      internet: new Internet(),
      dataDir: join(this.folder, "aws"),
      logDir: join(this.folder, "logs"),
      pidDir: join(this.folder, "pids"),
      socketDir,
      tools: { versitygw },
      egress: { proxyUrl: "", caFile: "" },
      log: () => {},
    };
    this.aws = createAws(this.ground);
    await this.aws.start();
    this.deploysTo(this.ground.store, this.aws.resources);
  }

  async stop(): Promise<void> {
    await this.aws.stop();
    this.ground.store.close();
  }

  /** Stops it and removes all its data. */
  async purge(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The real AWS SDK at the real host names, over the sandbox's internet. */
  internetClient(region: string): S3Client {
    const issued = this.aws.issueCredentials(this.aws.deployer);
    return new S3Client({
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: issued.AccessKeyId, secretAccessKey: issued.SecretAccessKey, sessionToken: issued.Token },
      requestHandler: {
        handle: async ({ method, hostname, path, query, headers, body }: SdkRequest) => {
          const pairs = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
          const url = `https://${hostname}${path}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;
          const answer = await this.ground.internet.fetch(new Request(url, { method, headers, body, duplex: "half" } as RequestInit));
          return {
            response: {
              statusCode: answer.status,
              headers: Object.fromEntries(answer.headers),
              body: answer.body ?? new Blob([]).stream(),
            } as never,
          };
        },
      },
    });
  }

  /** The real AWS SDK, with credentials as a workload gets them, at the loopback address. */
  client(region: string, principal = this.aws.deployer): S3Client {
    const issued = this.aws.issueCredentials(principal);
    return new S3Client({
      region,
      endpoint: this.aws.s3Endpoint,
      maxAttempts: 1,
      credentials: { accessKeyId: issued.AccessKeyId, secretAccessKey: issued.SecretAccessKey, sessionToken: issued.Token },
    });
  }
}
