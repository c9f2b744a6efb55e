// The tokens that our parts speak, all JWTs signed with Ed25519. Each has a type of its own (RFC 8725 section 3.11), so that one can never pass for the other.
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { isPurpose, type Purpose, purposes } from "./consent.ts";
import { privateKey, publicKey } from "./keys.ts";
import { isSubjectId, type SubjectId } from "./subject-id.ts";

/** How far the clocks of whoever signs and whoever verifies may be apart. */
export const clockToleranceSeconds = 5;

/** How long a person may use a subject token. */
export const subjectTokenSeconds = 3600;

/** Says "the bearer is this subject". Signed by the preferences service of the subject's region. `key`: PKCS8 PEM. */
export async function issueSubjectToken(
  key: string,
  subject: SubjectId,
  region: string,
  now = new Date(),
): Promise<{ token: string; expiresAt: string }> {
  return forItself(key, "subject+jwt", { subject, region, seconds: subjectTokenSeconds, now });
}

/** The subject a token names. Rejects when it is forged, over, made in the future, or of another region. `key`: SPKI PEM. */
export async function verifySubjectToken(key: string, token: string, region: string): Promise<SubjectId> {
  const { payload } = await jwtVerify(token, await publicKey(key), {
    algorithms: ["EdDSA"],
    typ: "subject+jwt",
    issuer: region,
    audience: region,
    maxTokenAge: subjectTokenSeconds,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp", "iat", "sub"],
  });
  if (!isSubjectId(payload.sub)) throw new Error(`The token's subject "${payload.sub}" is not a subject id.`);
  return payload.sub;
}

/** Whether more than half of the life of a token is over, of one that was verified: then whoever still uses it should get a new one. */
export function isHalfOver(token: string, now = new Date()): boolean {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  return now.getTime() / 1000 > (iat + exp) / 2;
}

/** What a link in a letter asks to stop. */
export interface Unsubscription {
  readonly subject: SubjectId;
  readonly purpose: Purpose;
}

/**
 * Says "the bearer may stop this purpose for this subject", and nothing else. It never ends: it can only take permission away, and whoever
 * finds an old letter must still be able to. `key`: PKCS8 PEM of the region's subject tokens.
 */
export async function issueUnsubscribeToken(key: string, { subject, purpose }: Unsubscription, region: string): Promise<string> {
  return new SignJWT({ purpose })
    .setProtectedHeader({ alg: "EdDSA", typ: "unsubscribe+jwt" })
    .setIssuer(region)
    .setAudience(region)
    .setSubject(subject)
    .sign(await privateKey(key));
}

/** What a token asks to stop. Rejects when it is forged, of another region, or of another kind. `key`: SPKI PEM. */
export async function verifyUnsubscribeToken(key: string, token: string, region: string): Promise<Unsubscription> {
  const { payload } = await jwtVerify(token, await publicKey(key), {
    algorithms: ["EdDSA"],
    typ: "unsubscribe+jwt",
    issuer: region,
    audience: region,
    requiredClaims: ["sub", "purpose"],
  });
  const { sub, purpose } = payload;
  if (!isSubjectId(sub)) throw new Error(`The token's subject "${sub}" is not a subject id.`);
  if (!isPurpose(purpose)) throw new Error(`The token's purpose "${purpose}" is none of ${purposes.join(", ")}.`);
  return { subject: sub, purpose };
}

/** How long a person may take to confirm what it has asked for. */
export const confirmationSeconds = 600;

/** What a person asks to be allowed again after its no, and must confirm separately (11 CCR 7028(a)). */
export interface OptInRequest {
  readonly subject: SubjectId;
  readonly purposes: readonly Purpose[];
  /** Of the preferences that it was asked on: with any change of them the request is over. */
  readonly etag: string;
}

/** Says "the subject has asked for this, on what then held, and has not confirmed it yet". `key`: PKCS8 PEM of the region's subject tokens. */
export async function issueConfirmation(
  key: string,
  { subject, purposes, etag }: OptInRequest,
  region: string,
  now = new Date(),
): Promise<{ confirmation: string; expiresAt: string }> {
  const common = { subject, region, seconds: confirmationSeconds, now };
  const { token, expiresAt } = await forItself(key, "opt-in-confirmation+jwt", common, { purposes, etag });
  return { confirmation: token, expiresAt };
}

/** What was asked for, and when. Rejects when it is forged, over, of another region, or of another kind. `key`: SPKI PEM. */
export async function verifyConfirmation(
  key: string,
  confirmation: string,
  region: string,
): Promise<OptInRequest & { readonly requestedAt: string }> {
  const { payload } = await jwtVerify(confirmation, await publicKey(key), {
    algorithms: ["EdDSA"],
    typ: "opt-in-confirmation+jwt",
    issuer: region,
    audience: region,
    requiredClaims: ["exp", "iat", "sub", "purposes", "etag"],
  });
  const { sub, iat = 0, purposes: asked, etag } = payload;
  if (!isSubjectId(sub) || !Array.isArray(asked) || !asked.every(isPurpose) || typeof etag !== "string")
    throw new Error("The confirmation names no subject, purposes and entity tag.");
  return { subject: sub, purposes: asked, etag, requestedAt: new Date(iat * 1000).toISOString() };
}

interface OfSubject {
  readonly subject: SubjectId;
  readonly region: string;
  /** How long it lives. */
  readonly seconds: number;
  readonly now: Date;
}

/** What a region says of a subject, for itself to read again. */
async function forItself(key: string, typ: string, { subject, region, seconds, now }: OfSubject, claims = {}) {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const expiresAt = issuedAt + seconds;
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "EdDSA", typ })
    .setIssuer(region)
    .setAudience(region)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(await privateKey(key));
  return { token, expiresAt: new Date(expiresAt * 1000).toISOString() };
}

/** How long a request from the edge may take to arrive. */
export const edgeTokenSeconds = 60;

/** On whose behalf the edge speaks: its own (it may ask about any subject) or a person's (who must show a subject token besides). */
export type EdgeScope = "edge" | "person";

/** Says "this request came through the region's edge". Signed with the region's edge key. `audience`: the service's https origin. */
export async function issueEdgeToken(key: string, region: string, audience: string, scope: EdgeScope, now = new Date()): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: "EdDSA", typ: "edge+jwt" })
    .setIssuer(`edge.${region}`)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + edgeTokenSeconds)
    .sign(await privateKey(key));
}

/** On whose behalf the edge sent it. Rejects when it is forged, over, too long-lived, or meant for somebody else. */
export async function verifyEdgeToken(key: string, token: string, region: string, audience: string): Promise<EdgeScope> {
  const { payload } = await jwtVerify(token, await publicKey(key), {
    algorithms: ["EdDSA"],
    typ: "edge+jwt",
    issuer: `edge.${region}`,
    audience,
    maxTokenAge: edgeTokenSeconds,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp", "iat", "scope"],
  });
  if (payload.scope !== "edge" && payload.scope !== "person")
    throw new Error(`The token's scope "${payload.scope}" is neither "edge" nor "person".`);
  return payload.scope;
}

/** The credentials of an `Authorization: Bearer` header, or undefined. */
export function bearer(header: string | null | undefined): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(header ?? "")?.[1];
}

/** The subject token a request carries: `Authorization: Bearer`, else the cookie `subject_token`. */
export function subjectTokenOf(headers: { get(name: string): string | null }): string | undefined {
  return bearer(headers.get("authorization")) ?? /(?:^|;\s*)subject_token=([^;\s]+)/.exec(headers.get("cookie") ?? "")?.[1];
}
