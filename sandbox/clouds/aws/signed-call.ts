// How the AWS APIs that speak JSON 1.0 or 1.1 over signed requests are called and answer
// (smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
import { createHash, randomUUID } from "node:crypto";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { readSignature, signedAt, validUntil, verifies } from "../../runtimes/s3/sigv4.ts";

/** An error that an API answers with. `code` is the exception's name. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = "AwsError";
    this.code = code;
    this.status = status;
  }
}

export interface SignedCall {
  /** ARN of who calls. */
  readonly principal: string;
  readonly region: string;
  /** The operation, without its service's prefix: `Encrypt`. */
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/**
 * Reads a call and proves who made it.
 * @param service as it stands in the signature: `kms`
 * @throws AwsError when the signature, its time, its region or its body is not right
 */
export async function readCall(request: Request, service: string, region: string, credentials: Credentials): Promise<SignedCall> {
  const { principal, body } = await readSigned(request, service, region, credentials);
  return {
    principal,
    region,
    operation: (request.headers.get("x-amz-target") ?? "").replace(/^[^.]*\./, ""),
    input: parse(body.toString()),
  };
}

/** As `readCall`, for a body of any kind. */
export async function readSigned(
  request: Request,
  service: string,
  region: string,
  credentials: Credentials,
): Promise<{ readonly principal: string; readonly body: Buffer }> {
  const url = new URL(request.url);
  const signature = readSignature(url, request.headers);
  if (!signature) throw new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token");
  const who = credentials.recognise(signature.accessKeyId, signature.sessionToken);
  if (who.state === "expired") throw new AwsError("ExpiredTokenException", "The security token included in the request is expired");
  if (who.state !== "valid") throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.");
  const body = Buffer.from(await request.arrayBuffer());
  const payload = createHash("sha256").update(body).digest("hex");
  const late = Date.now() > validUntil(signature) || signedAt(signature) > Date.now() + 15 * 60_000;
  if (
    late ||
    signature.region !== region ||
    signature.service !== service ||
    !verifies({ ...signature, payload }, who.secret, request.method, url, request.headers)
  ) {
    throw new AwsError(
      "InvalidSignatureException",
      late
        ? `Signature expired: ${signature.timestamp} is not within 15 minutes of ${new Date().toISOString()}`
        : "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    );
  }
  return { principal: who.principal, body };
}

function parse(text: string): Record<string, unknown> {
  try {
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new AwsError("SerializationException", "The request's body is no JSON");
  }
}

/** Answers what `work` returns, or the error it throws. */
export async function answering(work: () => Promise<object> | object): Promise<Response> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() };
  try {
    return new Response(JSON.stringify(await work()), { headers });
  } catch (error) {
    const { code, status, message } =
      error instanceof AwsError
        ? error
        : { code: "InternalFailure", status: 500, message: error instanceof Error ? error.message : String(error) };
    return new Response(JSON.stringify({ __type: code, message }), { status, headers: { ...headers, "x-amzn-errortype": code } });
  }
}
