// A call of an AWS API in its JSON protocol, signed as the SDKs sign it.
import { createHash, createHmac } from "node:crypto";
import type { Account } from "./fixture.ts";

export interface Call {
  /** As it stands in the host and the signature. */
  readonly service: string;
  /** `TrentService.Encrypt` */
  readonly target: string;
  readonly input: object;
  readonly region: string;
  /** ARN of who calls. Default: who deploys. */
  readonly principal?: string;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** What the API answers, or its error as it words it (`__type`, `message`). */
export async function signedCall(account: Account, { service, target, input, region, principal }: Call): Promise<Record<string, unknown>> {
  const issued = account.aws.issueCredentials(principal ?? account.aws.deployer);
  const body = JSON.stringify(input);
  const url = new URL(`https://${service}.${region}.amazonaws.com/`);
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const date = timestamp.slice(0, 8);
  const headers = new Headers({
    "content-type": "application/x-amz-json-1.1",
    "x-amz-date": timestamp,
    "x-amz-security-token": issued.Token,
    "x-amz-target": target,
  });
  const names = ["content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"];
  const lines = names.map((name) => `${name}:${name === "host" ? url.host : headers.get(name)}\n`).join("");
  const canonical = ["POST", "/", "", lines, names.join(";"), sha256(body)].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${issued.SecretAccessKey}`, date), region), service), "aws4_request");
  const signature = hmac(key, ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n")).toString("hex");
  headers.set(
    "authorization",
    `AWS4-HMAC-SHA256 Credential=${issued.AccessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  );
  return (await (await account.ground.internet.fetch(new Request(url, { method: "POST", headers, body }))).json()) as Record<
    string,
    unknown
  >;
}
