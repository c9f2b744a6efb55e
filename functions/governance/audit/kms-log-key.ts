// The log's key as KMS has it.
import type { KeyObject } from "node:crypto";
import type { KmsSigningKey } from "../kms.ts";
import type { LogKey } from "./sequencer.ts";
import { signatureTypes } from "./signed-note.ts";

/** The 32 bytes of an Ed25519 public key. */
export function rawKey(key: KeyObject): Buffer {
  const { crv, x } = key.export({ format: "jwk" });
  if (crv !== "Ed25519" || x === undefined)
    throw new Error(`The log's key is of the curve ${crv ?? "(none)"}: it must be EC_SIGN_ED25519.`);
  return Buffer.from(x, "base64url");
}

/** @param origin the log's name, and its key's @throws KmsUnavailable */
export async function logKeyOf(kms: KmsSigningKey, origin: string, type: keyof typeof signatureTypes = "log"): Promise<LogKey> {
  const key = { name: origin, type: signatureTypes[type], publicKey: rawKey(await kms.publicKey()) };
  return { key, sign: (message) => kms.sign(message) };
}
