// What a sender shows to a collector: a JWT of a minute, of a type of its own, for this collector's origin only.
import { SignJWT } from "jose";
import { privateKey } from "../keys.ts";

export const senderTokenSeconds = 60;

/** Who sends: the region's edge, or its services. Each signs with a key of its own. */
export type Sender = "edge" | "services";

/** The token's issuer, which a collector trusts with that sender's key. */
export const senderIssuer = (sender: Sender, region: string): string => `${sender}.${region}`;

/** @param key PKCS8 PEM, Ed25519  @param audience the collector's https origin */
export async function issueSenderToken(key: string, sender: Sender, region: string, audience: string, now = new Date()): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: "EdDSA", typ: "telemetry+jwt" })
    .setIssuer(senderIssuer(sender, region))
    .setSubject(sender)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + senderTokenSeconds)
    .sign(await privateKey(key));
}
