// The decision table as the edge gets it: a compact JWS (RFC 7515, EdDSA) over its canonical JSON. The private key never leaves
// a key management service: `signingInput` is what that service signs, `attachSignature` puts its answer in place.
import { base64url, compactVerify } from "jose";
import { canonicalJson } from "./canonical-json.ts";
import { type DecisionTable, type PolicyRevision, parseDecisionTable, policyRevision } from "./decision-table.ts";
import { publicKey } from "./keys.ts";

/** RFC 8725 section 3.11: a type of its own, so that nothing else signed by the key can be mistaken for a table. */
const header = { alg: "EdDSA", typ: "decision-table+jws" } as const;

/** The bytes to sign (Ed25519, not pre-hashed) are the UTF-8 of this text. */
export function signingInput(table: DecisionTable): string {
  return `${base64url.encode(canonicalJson(header))}.${base64url.encode(canonicalJson(table))}`;
}

/** The finished JWS. `signature`: the 64 bytes of an Ed25519 signature over `input`. */
export function attachSignature(input: string, signature: Uint8Array): string {
  if (signature.byteLength !== 64) throw new Error(`An Ed25519 signature has 64 bytes, not ${signature.byteLength}.`);
  return `${input}.${base64url.encode(signature)}`;
}

export interface VerifiedTable {
  readonly table: DecisionTable;
  readonly revision: PolicyRevision;
}

/** Checks signature, type and shape. Throws when any of them is wrong. `key`: Ed25519 public key, SPKI PEM. */
export async function verifySignedTable(jws: string, key: string): Promise<VerifiedTable> {
  const { payload, protectedHeader } = await compactVerify(jws.trim(), await publicKey(key), { algorithms: [header.alg] });
  if (protectedHeader.typ !== header.typ) throw new Error(`The JWS is of type "${protectedHeader.typ}", not "${header.typ}".`);
  const table = parseDecisionTable(JSON.parse(new TextDecoder().decode(payload)));
  return { table, revision: await policyRevision(table) };
}
