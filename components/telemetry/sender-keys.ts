// The public keys that a collector trusts, as a JWK set (RFC 7517, RFC 8037).
import { createPublicKey } from "node:crypto";

/** @param pems SPKI PEM, Ed25519 */
export function senderKeys(pems: readonly string[]): string {
  const keys = pems.map((pem) => ({ ...createPublicKey(pem).export({ format: "jwk" }), use: "sig", alg: "EdDSA" }));
  return JSON.stringify({ keys });
}
