// AWS Signature Version 4 as S3 uses it: reading a request's signature, and making one.
// Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export interface Signature {
  readonly accessKeyId: string;
  /** `20261122` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
  /** `20261122T101500Z` */
  readonly timestamp: string;
  /** Presigned URLs: how long they are good. */
  readonly expiresInSeconds?: number;
  readonly sessionToken?: string;
  /** What the body's hash is declared to be: a hex SHA-256, `UNSIGNED-PAYLOAD` or one of the `STREAMING-` forms. */
  readonly payload: string;
}

const algorithm = "AWS4-HMAC-SHA256";
export const emptySha256 = createHash("sha256").digest("hex");

/** Reads the signature of a request from its header or, for a presigned URL, from its query; undefined when it is anonymous or malformed. */
export function readSignature(url: URL, headers: Headers): Signature | undefined {
  const authorization = headers.get("authorization");
  if (authorization?.startsWith(`${algorithm} `)) {
    const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? "";
    return assemble({
      credential: part("Credential"),
      signedHeaders: part("SignedHeaders"),
      signature: part("Signature"),
      timestamp: headers.get("x-amz-date") ?? "",
      sessionToken: headers.get("x-amz-security-token") ?? undefined,
      payload: headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
    });
  }
  const query = url.searchParams;
  if (query.get("X-Amz-Algorithm") !== algorithm) return undefined;
  return assemble({
    credential: query.get("X-Amz-Credential") ?? "",
    signedHeaders: query.get("X-Amz-SignedHeaders") ?? "",
    signature: query.get("X-Amz-Signature") ?? "",
    timestamp: query.get("X-Amz-Date") ?? "",
    sessionToken: query.get("X-Amz-Security-Token") ?? undefined,
    payload: query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
    expiresInSeconds: Number(query.get("X-Amz-Expires") ?? Number.NaN),
  });
}

function assemble(
  found: { credential: string; signedHeaders: string } & Omit<Signature, "accessKeyId" | "date" | "region" | "service" | "signedHeaders">,
): Signature | undefined {
  const { credential, signedHeaders, ...rest } = found;
  const [accessKeyId, date, region, service, terminator] = credential.split("/");
  if (!accessKeyId || !date || !region || !service || terminator !== "aws4_request") return undefined;
  if (!/^\d{8}T\d{6}Z$/.test(rest.timestamp) || !rest.timestamp.startsWith(date)) return undefined;
  return { ...rest, accessKeyId, date, region, service, signedHeaders: signedHeaders.split(";").filter(Boolean) };
}

/** Whether the signature was made with this secret over this request. `host` is the one the client addressed. */
export function verifies(signature: Signature, secret: string, method: string, url: URL, headers: Headers): boolean {
  const expected = hmac(
    signingKey(secret, signature),
    stringToSign(signature, canonicalRequest(method, url, headers, signature.signedHeaders, signature.payload)),
  );
  const given = Buffer.from(signature.signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** When a signature stops being valid, in milliseconds since 1970: 15 minutes after its time, or what its URL says. */
export function validUntil(signature: Signature): number {
  return signedAt(signature) + (signature.expiresInSeconds ?? 15 * 60) * 1000;
}

/** When a signature was made, in milliseconds since 1970. */
export function signedAt(signature: Signature): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signature.timestamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Signs a request in place: sets `x-amz-date`, `x-amz-content-sha256` and `authorization`. */
export function sign(
  request: { method: string; url: URL; headers: Headers; payload: string },
  credentials: { accessKeyId: string; secret: string; region: string; service?: string },
  now = new Date(),
): void {
  const { method, url, headers, payload } = request;
  const timestamp = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  headers.set("x-amz-date", timestamp);
  headers.set("x-amz-content-sha256", payload);
  const signedHeaders = ["host", ...[...headers.keys()].filter((name) => name.startsWith("x-amz-"))].sort();
  const scope = { date: timestamp.slice(0, 8), region: credentials.region, service: credentials.service ?? "s3" };
  const text = stringToSign({ ...scope, timestamp }, canonicalRequest(method, url, headers, signedHeaders, payload));
  const signature = hmac(signingKey(credentials.secret, scope), text).toString("hex");
  headers.set(
    "authorization",
    `${algorithm} Credential=${credentials.accessKeyId}/${scopeText(scope)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`,
  );
}

type Scope = Pick<Signature, "date" | "region" | "service">;
const scopeText = ({ date, region, service }: Scope) => `${date}/${region}/${service}/aws4_request`;

/** The key that signs everything of one day, region and service. */
export function signingKey(secret: string, { date, region, service }: Scope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
}

export const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function stringToSign(at: Scope & { timestamp: string }, canonical: string): string {
  return [algorithm, at.timestamp, scopeText(at), createHash("sha256").update(canonical).digest("hex")].join("\n");
}

function canonicalRequest(method: string, url: URL, headers: Headers, signedHeaders: readonly string[], payload: string): string {
  const path = url.pathname
    .split("/")
    .map((segment) => encode(decodeURIComponent(segment)))
    .join("/");
  const query = url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("X-Amz-Signature="))
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value.join("=")))] as const;
    })
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const lines = signedHeaders.map((name) => {
    const value = name === "host" ? url.host : (headers.get(name) ?? "");
    return `${name}:${value.trim().replace(/ +/g, " ")}\n`;
  });
  return [method, path, query, lines.join(""), signedHeaders.join(";"), payload].join("\n");
}

/** RFC 3986: only the unreserved characters stay. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
