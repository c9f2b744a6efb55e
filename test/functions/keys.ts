// Ed25519 key pairs in the form the platform hands them out: PEM.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface KeyPair {
  readonly privatePem: string;
  readonly publicPem: string;
  /** A raw signature, as a key management service would return it. */
  readonly sign: (text: string) => Uint8Array;
}

export function newKeyPair(): KeyPair {
  const { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync("ed25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    publicPem: publicKey.export({ type: "spki", format: "pem" }) as string,
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}
