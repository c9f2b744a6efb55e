// The stores that a log is published to, as the sandbox's clouds have them: a bucket of Cloud Storage with a locked retention, and an audit vault of
// S3 as its component makes it. Both at loopback addresses, for processes that go through no proxy.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetObjectCommand, ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { auditVaultPolicy, keyPolicy, trustOfGoogleAccount, writerPolicy } from "../../../../components/storage/audit-vault-policies.ts";
import type { Internet } from "../../../../sandbox/engine/internet.ts";
import { serve } from "../../../../sandbox/runtimes/network/http.ts";
import { Account } from "../../../sandbox/aws/fixture.ts";
import { StorageProject } from "../../../sandbox/gcs/fixture.ts";

const location = "eu-central-1";
export const bucket = "brand-eu-log";
export const vaultBucket = "audit-vault";
const retention = { mode: "COMPLIANCE", days: 30 };

/** A loopback address at which everything is one host of a sandbox's internet. */
async function door(internet: Internet, host: string) {
  const server = createServer((message, to) => {
    void serve((request) => internet.fetch(request), message, to, `https://${host}${message.url ?? "/"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export class Outside implements AsyncDisposable {
  readonly google = new StorageProject("brand-eu");
  readonly amazon = new Account(location);
  readonly #resources = new AsyncDisposableStack();
  #writer!: { readonly email: string; readonly uniqueId: string };
  /** What a service's environment says of them. */
  environment: Record<string, string> = {};

  static async start(): Promise<Outside> {
    const outside = new Outside();
    await outside.#start();
    return outside;
  }

  async #start(): Promise<void> {
    await this.google.start();
    this.#resources.defer(async () => {
      await this.google.stop();
      this.google.purge();
    });
    await this.amazon.start();
    this.#resources.defer(() => this.amazon.purge());
    for (const api of ["iam", "storage", "cloudkms"])
      await this.google.create("projects/service:Service", { service: `${api}.googleapis.com` });
    const account = await this.google.create("serviceaccount/account:Account", { accountId: "preferences" });
    this.#writer = { email: String(account.state.email), uniqueId: String(account.state.uniqueId) };
    await this.google.create("storage/bucket:Bucket", {
      name: bucket,
      location: "EUROPE-WEST3",
      versioning: { enabled: true },
      retentionPolicy: { retentionPeriod: "86400", isLocked: true },
    });
    await this.google.create("storage/bucketIAMMember:BucketIAMMember", {
      bucket,
      role: "roles/storage.objectUser",
      member: `serviceAccount:${this.#writer.email}`,
    });
    const { internet } = this.amazon.ground;
    internet.register("accounts.google.com", () => Response.json({ jwks_uri: "https://www.googleapis.com/oauth2/v3/certs" }));
    internet.register("www.googleapis.com", () => Response.json(this.google.iam.tokens.jwks()));
    const role = await this.#vault();
    const storage = await door(this.google.ground.internet, "storage.googleapis.com");
    this.#resources.defer(storage.close);
    const sts = await door(this.amazon.ground.internet, `sts.${location}.amazonaws.com`);
    this.#resources.defer(sts.close);
    this.environment = {
      LOG_BUCKET: bucket,
      STORAGE_ORIGIN: storage.url,
      VAULT_BUCKET: vaultBucket,
      VAULT_LOCATION: location,
      VAULT_ROLE: role,
      VAULT_AUDIENCE: this.#audience,
      AWS_ENDPOINT_URL: sts.url,
      AWS_ENDPOINT_URL_S3: this.amazon.aws.s3Endpoint,
    };
  }

  async #vault(): Promise<string> {
    const { amazon } = this;
    const role = await amazon.create("iam/role:Role", {
      name: "writer",
      assumeRolePolicy: trustOfGoogleAccount(this.#writer.uniqueId, this.#audience),
    });
    const key = await amazon.create("kms/key:Key", { policy: keyPolicy(amazon.aws.account, String(role.state.arn)) });
    const vault = await amazon.create("s3/bucket:Bucket", { bucket: vaultBucket, objectLockEnabled: true, forceDestroy: true });
    await amazon.create("BucketVersioning", { bucket: vaultBucket, versioningConfiguration: { status: "Enabled" } });
    await amazon.create("BucketServerSideEncryptionConfiguration", {
      bucket: vaultBucket,
      rules: [
        { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: String(key.state.arn) }, bucketKeyEnabled: true },
      ],
    });
    await amazon.create("BucketObjectLockConfiguration", { bucket: vaultBucket, rule: { defaultRetention: retention } });
    const arns = [String(vault.state.arn), String(key.state.arn)] as const;
    await amazon.create("BucketPolicy", { bucket: vaultBucket, policy: auditVaultPolicy(...arns, retention) });
    await amazon.create("iam/rolePolicy:RolePolicy", { role: "writer", policy: writerPolicy(...arns) });
    return String(role.state.arn);
  }

  get #audience(): string {
    return `sts.amazonaws.com/${this.amazon.aws.account}`;
  }

  /** What the metadata server hands to the service that writes the log. */
  get accessToken(): string {
    return this.google.iam.tokens.accessToken(`serviceAccount:${this.#writer.email}`);
  }

  identityToken(audience: string): string {
    return this.google.iam.tokens.idToken(this.#writer, audience);
  }

  /** What the vault holds, as its administrator reads it. */
  async inVault(path: string): Promise<Buffer | undefined> {
    const answer = await this.#administrator.send(new GetObjectCommand({ Bucket: vaultBucket, Key: path })).catch(() => undefined);
    const bytes = await answer?.Body?.transformToByteArray();
    return bytes && Buffer.from(bytes);
  }

  /** How many versions of each object the vault keeps. */
  async versionsInVault(): Promise<Record<string, number>> {
    const { Versions = [] } = await this.#administrator.send(new ListObjectVersionsCommand({ Bucket: vaultBucket }));
    return Object.fromEntries([...Map.groupBy(Versions, ({ Key }) => Key as string)].map(([key, versions]) => [key, versions.length]));
  }

  get #administrator(): S3Client {
    return this.amazon.client(location);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
