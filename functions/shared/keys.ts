// Ed25519 keys from PEM, each imported once per process.
import { type CryptoKey, importPKCS8, importSPKI } from "jose";

const imported = new Map<string, Promise<CryptoKey>>();

function once(pem: string, load: () => Promise<CryptoKey>): Promise<CryptoKey> {
  let key = imported.get(pem);
  if (!key) {
    key = load();
    imported.set(pem, key);
  }
  return key;
}

/** PKCS8 PEM. Rejects when it is no Ed25519 private key. */
export function privateKey(pem: string): Promise<CryptoKey> {
  return once(pem, () => importPKCS8(pem, "EdDSA"));
}

/** SPKI PEM. Rejects when it is no Ed25519 public key. */
export function publicKey(pem: string): Promise<CryptoKey> {
  return once(pem, () => importSPKI(pem, "EdDSA"));
}
