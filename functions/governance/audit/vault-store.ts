// The first store of a log: the region's audit vault, a bucket of S3 that keeps every object for years. The service may add to it and read nothing;
// it proves who it is with its identity token, and gets credentials for an hour.
import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { identityToken } from "../metadata-server.ts";
import { checkpointPath, folder, type LogStore } from "./stores.ts";

export interface Vault {
  readonly bucket: string;
  /** `eu-central-1` */
  readonly location: string;
  /** ARN of the role that this service's account may assume, and the audience that its token must be made for. */
  readonly role: string;
  readonly audience: string;
  /** Origins of the APIs, where they are not Amazon's own. */
  readonly endpoints?: { readonly s3?: string | undefined; readonly sts?: string | undefined };
}

const patienceMs = 15_000;
/** How long credentials are asked for, and how long before their end they are renewed: by a clock that nobody sets. */
const sessionSeconds = 3600;
const renewSeconds = 300;

export class VaultStore implements LogStore {
  readonly name = "vault";
  readonly #vault: Vault;
  #session: { readonly client: AwsClient; readonly renewAt: number } | undefined;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Once and never again: a path has one content, and each object is kept for years. */
  write(path: string, bytes: Uint8Array): Promise<void> {
    return this.#put(path, bytes, "application/octet-stream", { "if-none-match": "*" });
  }

  async writeCheckpoint(note: string): Promise<undefined> {
    await this.#put(checkpointPath, Buffer.from(note), "text/plain; charset=utf-8", {});
    return undefined;
  }

  async #put(path: string, bytes: Uint8Array, type: string, headers: Record<string, string>): Promise<void> {
    const { bucket, location, endpoints } = this.#vault;
    const origin = endpoints?.s3 ? `${endpoints.s3}/${bucket}` : `https://${bucket}.s3.${location}.amazonaws.com`;
    const digest = createHash("sha256").update(bytes).digest();
    const client = await this.#client();
    const request = await client.sign(`${origin}/${folder}${path}`, {
      method: "PUT",
      body: bytes,
      headers: {
        ...headers,
        "content-type": type,
        // A bucket with Object Lock takes nothing without one (docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html).
        "x-amz-checksum-sha256": digest.toString("base64"),
        "x-amz-content-sha256": digest.toString("hex"),
      },
    });
    const response = await fetch(request, { signal: AbortSignal.timeout(patienceMs) });
    const text = await response.text();
    // 412: it is there already.
    if (!response.ok && response.status !== 412)
      throw new Error(`S3 answered ${response.status} for PUT in ${bucket}: ${text.slice(0, 300)}`);
  }

  async #client(): Promise<AwsClient> {
    if (this.#session && this.#session.renewAt > performance.now()) return this.#session.client;
    const { role, audience, location, endpoints } = this.#vault;
    const begun = performance.now();
    // docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    const response = await fetch(endpoints?.sts ?? `https://sts.${location}.amazonaws.com`, {
      method: "POST",
      body: new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: "transparency-log",
        DurationSeconds: String(sessionSeconds),
        WebIdentityToken: await identityToken(audience),
      }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`STS answered ${response.status} for ${role}: ${text.slice(0, 300)}`);
    // None of these is ever escaped: letters, digits and +/=.
    const member = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? "";
    const client = new AwsClient({
      accessKeyId: member("AccessKeyId"),
      secretAccessKey: member("SecretAccessKey"),
      sessionToken: member("SessionToken"),
      service: "s3",
      region: location,
      retries: 0,
    });
    this.#session = { client, renewAt: begun + (sessionSeconds - renewSeconds) * 1000 };
    return client;
  }
}
