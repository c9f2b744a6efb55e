// Keys of logs and monitors, made for a test.
import { generateKeyPairSync, sign } from "node:crypto";
import { type NoteKey, type Sign, signatureTypes } from "../../../../functions/governance/audit/signed-note.ts";

export interface Signer {
  readonly key: NoteKey;
  readonly sign: Sign;
}

function signer(name: string, type: NoteKey["type"]): Signer {
  const pair = generateKeyPairSync("ed25519");
  const publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x as string, "base64url");
  return { key: { name, type, publicKey }, sign: async (message) => sign(null, message, pair.privateKey) };
}

export const logSigner = (name = "audit.eu.brand.example") => signer(name, signatureTypes.log);
export const monitorSigner = (name = "monitor.us.brand.example") => signer(name, signatureTypes.cosignature);
