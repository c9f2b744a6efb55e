// The embedded AWS: S3 and ECR for real, KMS as far as they ask it.
import { join } from "node:path";
import type { Cloud, Ground, Part } from "../../engine/cloud.ts";
import { Credentials, type IssuedCredentials } from "../../runtimes/s3/credentials.ts";
import { S3Service } from "../../runtimes/s3/service.ts";
import { accountFunctions, accountOf, deployer, regions } from "./account.ts";
import { Ecr } from "./ecr.ts";
import { alias, findKey, key } from "./kms.ts";
import { kmsApi } from "./kms-api.ts";
import { getPolicyDocument } from "./policy-document.ts";
import { bucketDefinition } from "./s3-bucket.ts";
import { bucketSettings } from "./s3-bucket-settings.ts";

export interface Aws extends Cloud {
  /** Account id, twelve digits. */
  readonly account: string;
  /** ARN of the user who deploys. */
  readonly deployer: string;
  /** Address for `AWS_ENDPOINT_URL_S3`, for every region. Once started. */
  readonly s3Endpoint: string;
  /** Temporary credentials of a principal's ARN, in the shape that `AWS_CONTAINER_CREDENTIALS_FULL_URI` answers. */
  issueCredentials(principal: string, lifetimeSeconds?: number): IssuedCredentials;
  /** Password of the user `AWS` at the account's container registries, good for 12 hours. */
  registryPassword(principal: string): string;
}

export function createAws(ground: Ground): Aws {
  const { store, internet, dataDir, logDir, pidDir, socketDir, log } = ground;
  const command = ground.tools.versitygw;
  if (!command) throw new Error("the embedded AWS needs the tool versitygw, and its path is not given: tools.versitygw");
  const credentials = new Credentials(store);
  const account = accountOf(store);
  const s3 = new S3Service({
    command,
    dataDir: join(dataDir, "s3"),
    socketPath: join(socketDir, "s3.sock"),
    logFile: join(logDir, "s3.log"),
    pidDir,
    log,
    internet,
    regions,
    credentials,
    account,
    key: (reference, region) => findKey(store, reference, region),
  });
  const ecr = new Ecr(ground, credentials);
  let offline: (() => void)[] = [];
  return {
    name: "aws",
    resources: [bucketDefinition(s3), ...bucketSettings(s3), key, alias, ...ecr.resources],
    functions: [...accountFunctions, getPolicyDocument, ...ecr.functions],
    account,
    deployer: deployer(store),
    get s3Endpoint() {
      return s3.endpoint;
    },
    issueCredentials: (principal, lifetimeSeconds) => credentials.issue(principal, lifetimeSeconds),
    registryPassword: (principal) => ecr.password(principal),
    async start() {
      await s3.start();
      ecr.start();
      offline = regions.map((region) =>
        internet.register(`kms.${region}.amazonaws.com`, kmsApi(region, { store, credentials, authorize: () => {} })),
      );
    },
    async stop() {
      for (const takeOff of offline) takeOff();
      ecr.stop();
      await s3.stop();
    },
    parts: () => [s3Part(s3)],
  };
}

function s3Part(s3: S3Service): Part {
  const running = s3.server.process;
  const memory = running?.memory();
  return {
    kind: "object storage",
    name: "s3",
    state: memory === undefined ? "stopped" : "running",
    detail: `${s3.book.list().length} buckets`,
    ...(running && memory !== undefined ? { memory, pid: running.pid } : {}),
  };
}
