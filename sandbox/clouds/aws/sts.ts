// sts.<region>.amazonaws.com: credentials of a role for whoever its trust policy lets in.
// Source: docs.aws.amazon.com/STS/latest/APIReference and docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
import { createHash, createPublicKey, createVerify, type JsonWebKey, randomUUID } from "node:crypto";
import type { Handler, Internet } from "../../engine/internet.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { readSignature, verifies } from "../../runtimes/s3/sigv4.ts";
import { element } from "../../runtimes/s3/xml.ts";
import { accountIn } from "./account.ts";
import { type Iam, sessionArn } from "./iam.ts";
import { AwsError } from "./signed-call.ts";

export interface StsOptions {
  readonly internet: Internet;
  readonly credentials: Credentials;
  readonly iam: Iam;
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly azp?: string;
  readonly exp: number;
}

/** The one provider that needs no resource in the account (docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html). */
const google = "accounts.google.com";
const shortestSeconds = 900;

export function sts(region: string, options: StsOptions): Handler {
  const { credentials, iam } = options;

  async function withWebIdentity(input: URLSearchParams): Promise<string> {
    const [roleArn, session] = [required(input, "RoleArn"), required(input, "RoleSessionName")];
    const token = required(input, "WebIdentityToken");
    if (!/^[\w+=,.@-]{2,64}$/.test(session)) throw invalid("roleSessionName", session, "2 to 64 letters, digits and +=,.@-_");
    const claims = await verified(options.internet, token);
    // With an `azp` in the token, `aud` is that and `oaud` is the token's own audience.
    const context = {
      [`${google}:sub`]: claims.sub,
      [`${google}:aud`]: claims.azp ?? claims.aud,
      [`${google}:oaud`]: claims.aud,
    };
    const federated = { arn: google, federated: google };
    if (!iam.trusts(roleArn, federated, "sts:AssumeRoleWithWebIdentity", context)) {
      throw new AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    }
    const role = iam.role(roleArn);
    const longest = Number(role?.state.maxSessionDuration ?? 3600);
    const seconds = Number(input.get("DurationSeconds") ?? 3600);
    if (!(seconds >= shortestSeconds)) throw invalid("durationSeconds", String(seconds), `at least ${shortestSeconds}`);
    if (seconds > longest) {
      throw new AwsError(
        "ValidationError",
        `The requested DurationSeconds exceeds the MaxSessionDuration set for this role. (${seconds} > ${longest})`,
      );
    }
    const principal = sessionArn(accountIn(roleArn), String(role?.state.name), session);
    const issued = credentials.issue(principal, seconds);
    return element("AssumeRoleWithWebIdentityResult", [
      element("Credentials", [
        element("AccessKeyId", issued.AccessKeyId),
        element("SecretAccessKey", issued.SecretAccessKey),
        element("SessionToken", issued.Token),
        element("Expiration", issued.Expiration),
      ]),
      element("SubjectFromWebIdentityToken", claims.sub),
      element("Audience", claims.azp ?? claims.aud),
      element("Provider", google),
      element("AssumedRoleUser", [element("Arn", principal), element("AssumedRoleId", `${role?.state.uniqueId}:${session}`)]),
    ]);
  }

  function callerIdentity(request: Request, url: URL, body: string): string {
    const signature = readSignature(url, request.headers);
    const who = signature && credentials.recognise(signature.accessKeyId, signature.sessionToken);
    if (!signature || who?.state !== "valid") {
      throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
    }
    const payload = createHash("sha256").update(body).digest("hex");
    if (!verifies({ ...signature, payload }, who.secret, request.method, url, request.headers)) {
      throw new AwsError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 403);
    }
    return element("GetCallerIdentityResult", [
      element("Arn", who.principal),
      element("UserId", userId(iam, who.principal)),
      element("Account", accountIn(who.principal)),
    ]);
  }

  return async (request) => {
    const url = new URL(request.url);
    const body = await request.text();
    const input = new URLSearchParams(request.method === "GET" ? url.search : body);
    const operation = input.get("Action") ?? "";
    const requestId = element("ResponseMetadata", [element("RequestId", randomUUID())]);
    try {
      const result =
        operation === "AssumeRoleWithWebIdentity"
          ? await withWebIdentity(input)
          : operation === "GetCallerIdentity"
            ? callerIdentity(request, url, body)
            : undefined;
      if (result === undefined)
        throw new AwsError("InvalidAction", `The action ${operation || "(none)"} is not available at sts.${region}.amazonaws.com here.`);
      return xml(200, `${operation}Response`, [result, requestId]);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return xml(error.status, "ErrorResponse", [
        element("Error", [element("Type", "Sender"), element("Code", error.code), element("Message", error.message)]),
        requestId,
      ]);
    }
  };
}

function required(input: URLSearchParams, name: string): string {
  const value = input.get(name);
  if (value) return value;
  throw new AwsError(
    "ValidationError",
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}

const invalid = (name: string, value: string, allowed: string) =>
  new AwsError("ValidationError", `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${allowed}`);

/** `AROA...:SESSION` of a role's session, else the name. */
function userId(iam: Iam, principal: string): string {
  const [, account, role, session] = /^arn:aws:sts::(\d+):assumed-role\/([^/]+)\/(.+)$/.exec(principal) ?? [];
  return role === undefined ? principal : `${iam.role(`arn:aws:iam::${account}:role/${role}`)?.state.uniqueId}:${session}`;
}

const badToken = (why: string) => new AwsError("InvalidIdentityToken", why);

/**
 * The claims of a token that its issuer signed, by the keys that the issuer publishes.
 * @throws AwsError InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError
 */
async function verified(internet: Internet, token: string): Promise<Claims> {
  const [head = "", body = "", signature = ""] = token.split(".");
  const header = parsed<{ kid?: string; alg?: string }>(head);
  const claims = parsed<Claims>(body);
  if (!header || !claims) throw badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
  if (claims.iss !== `https://${google}` && claims.iss !== google) {
    throw badToken(`No OpenIDConnect provider found in your account for ${claims.iss}`);
  }
  const key = (await keysOf(internet)).find(({ kid }) => kid === header.kid);
  const signed = createVerify("sha256").update(`${head}.${body}`);
  if (header.alg !== "RS256" || !key || !signed.verify(createPublicKey({ key, format: "jwk" }), Buffer.from(signature, "base64url"))) {
    throw badToken(
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
  if (claims.exp * 1000 < Date.now()) {
    throw new AwsError(
      "ExpiredTokenException",
      `Token expired: current date/time ${Math.floor(Date.now() / 1000)} must be before the expiration date/time ${claims.exp}`,
    );
  }
  return claims;
}

async function keysOf(internet: Internet): Promise<(JsonWebKey & { kid?: string })[]> {
  try {
    const document = (await (await internet.fetch(new Request(`https://${google}/.well-known/openid-configuration`))).json()) as {
      jwks_uri: string;
    };
    const { keys } = (await (await internet.fetch(new Request(document.jwks_uri))).json()) as { keys: (JsonWebKey & { kid?: string })[] };
    return keys;
  } catch (error) {
    throw new AwsError("IDPCommunicationError", `Couldn't reach ${google}: ${error instanceof Error ? error.message : error}`);
  }
}

function parsed<T>(part: string): T | undefined {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString()) as T;
  } catch {
    return undefined;
  }
}

const xml = (status: number, root: string, content: readonly string[]) =>
  new Response(`<${root} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${content.join("")}</${root}>`, {
    status,
    headers: { "content-type": "text/xml" },
  });
