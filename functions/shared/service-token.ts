// What a service of the brand shows of itself: a short-lived JWT that it signs with a key of its own, as RFC 7523 section 2.2 has clients do.
// We hold its public key only, so that no secret is shared and none can leak here.
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { privateKey, publicKey } from "./keys.ts";

/** What a service may be allowed: to read and change what a subject has said, to report what it collected, to ask, to hand out, to erase, to link. */
export const serviceScopes = [
  "preferences:read",
  "preferences:write",
  "consent-events:write",
  "check",
  "export",
  "erase",
  "identities:write",
  "evidence",
] as const;
export type ServiceScope = (typeof serviceScopes)[number];

/** How long such a token counts after it was made. */
export const serviceTokenSeconds = 300;
const type = "service+jwt";
const clockToleranceSeconds = 5;

/** Says "the bearer is this service, and wants to do this". `key`: PKCS8 PEM, the service's own. */
export async function issueServiceToken(
  key: string,
  { name, scopes }: { readonly name: string; readonly scopes: readonly ServiceScope[] },
  region: string,
  now = new Date(),
): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({ scope: scopes.join(" ") })
    .setProtectedHeader({ alg: "EdDSA", typ: type })
    .setIssuer(name)
    .setSubject(name)
    .setAudience(region)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + serviceTokenSeconds)
    .sign(await privateKey(key));
}

/** The service that a token says it is of; undefined for any other token. Proves nothing yet. */
export function claimedService(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ === type ? decodeJwt(token).iss : undefined;
  } catch {
    return undefined;
  }
}

/** What the token asks for (RFC 8693 section 4.2). Rejects when it is forged, over, too long-lived, or meant for another region. `key`: SPKI PEM. */
export async function verifyServiceToken(key: string, token: string, name: string, region: string): Promise<ReadonlySet<string>> {
  const { payload } = await jwtVerify(token, await publicKey(key), {
    algorithms: ["EdDSA"],
    typ: type,
    issuer: name,
    subject: name,
    audience: region,
    maxTokenAge: serviceTokenSeconds,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp", "iat", "scope"],
  });
  return new Set(String(payload.scope).split(" "));
}
