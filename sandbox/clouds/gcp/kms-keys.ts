// Key material. Keys outlive the resources that made them: a key's name is taken for ever, whatever becomes of its versions.
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import type { Store } from "../../engine/store.ts";

export type VersionState = "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED" | "DESTROYED";

export interface KeyVersion {
  readonly version: number;
  readonly state: VersionState;
  readonly algorithm: string;
  readonly created: string;
  /** PKCS #8 PEM of a signing key, base64 of a symmetric one. Empty once destroyed. */
  readonly material: string;
}

export interface Key {
  readonly purpose: string;
  readonly versions: readonly KeyVersion[];
}

interface Signing {
  readonly generate: () => KeyObject;
  /** Digest by its OpenSSL name; null where the scheme has its own (Ed25519). */
  readonly digest: string | null;
  readonly padding?: "pss";
}

const rsa = (modulusLength: number, digest: string, padding?: "pss"): Signing => ({
  generate: () => generateKeyPairSync("rsa", { modulusLength }).privateKey,
  digest,
  padding,
});
const curve = (namedCurve: string, digest: string): Signing => ({
  generate: () => generateKeyPairSync("ec", { namedCurve }).privateKey,
  digest,
});

// cloud.google.com/kms/docs/algorithms; HSM-only and post-quantum ones left out.
const signing: Readonly<Record<string, Signing>> = {
  EC_SIGN_ED25519: { generate: () => generateKeyPairSync("ed25519").privateKey, digest: null },
  EC_SIGN_P256_SHA256: curve("P-256", "sha256"),
  EC_SIGN_P384_SHA384: curve("P-384", "sha384"),
  RSA_SIGN_PKCS1_2048_SHA256: rsa(2048, "sha256"),
  RSA_SIGN_PKCS1_3072_SHA256: rsa(3072, "sha256"),
  RSA_SIGN_PKCS1_4096_SHA256: rsa(4096, "sha256"),
  RSA_SIGN_PSS_2048_SHA256: rsa(2048, "sha256", "pss"),
  RSA_SIGN_PSS_3072_SHA256: rsa(3072, "sha256", "pss"),
  RSA_SIGN_PSS_4096_SHA256: rsa(4096, "sha256", "pss"),
};

export const symmetric = "GOOGLE_SYMMETRIC_ENCRYPTION";
export const signingAlgorithms = Object.keys(signing);

/** Makes version `version` of a key. */
export function generate(algorithm: string, version: number): KeyVersion {
  const scheme = signing[algorithm];
  const material = scheme ? (scheme.generate().export({ type: "pkcs8", format: "pem" }) as string) : randomBytes(32).toString("base64");
  return { version, state: "ENABLED", algorithm, created: new Date().toISOString(), material };
}

/** SubjectPublicKeyInfo as PEM. */
export function publicPem(version: KeyVersion): string {
  return createPublicKey(createPrivateKey(version.material)).export({ type: "spki", format: "pem" }) as string;
}

export function signWith(version: KeyVersion, data: Uint8Array): Buffer {
  const scheme = signing[version.algorithm] as Signing;
  const key = createPrivateKey(version.material);
  // RSASSA-PSS with a salt as long as the digest, as Cloud KMS uses.
  return sign(scheme.digest, data, scheme.padding === "pss" ? { key, padding: 6, saltLength: 32 } : key);
}

/** AES-256-GCM; the version's number stands before, so that decryption finds its key after a rotation. */
export function encryptWith(version: KeyVersion, plaintext: Uint8Array, additional: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(version.material, "base64"), nonce).setAAD(additional);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(version.version);
  return Buffer.concat([header, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when key, ciphertext and additional data do not belong together */
export function decryptWith(key: Key, ciphertext: Buffer, additional: Uint8Array): Buffer {
  const version = key.versions.find((candidate) => candidate.version === ciphertext.readUInt32BE(0) && candidate.state === "ENABLED");
  if (!version) throw new Error("no such key version");
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(version.material, "base64"), ciphertext.subarray(4, 16)).setAAD(additional);
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(16, -16)), decipher.final()]);
}

/** The keys of the whole cloud, by `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
export class KeyMaterial {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(name: string): Key | undefined {
    return this.#store.fact<Key | null>(fact(name), () => null) ?? undefined;
  }

  put(name: string, key: Key): void {
    this.#store.setFact(fact(name), key);
  }

  /** Destroys every version: what they encrypted is lost. The name stays taken. */
  destroy(name: string): void {
    const key = this.get(name);
    if (!key) return;
    this.put(name, { ...key, versions: key.versions.map((version) => ({ ...version, state: "DESTROYED", material: "" })) });
  }
}

const fact = (name: string) => `gcp/kms/${name}`;
