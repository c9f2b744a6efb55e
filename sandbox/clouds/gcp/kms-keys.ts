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
import { ApiError } from "./api.ts";

export type VersionState = "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED" | "DESTROYED";

export interface KeyVersion {
  readonly version: number;
  readonly state: VersionState;
  readonly algorithm: string;
  readonly created: string;
  /** PKCS #8 PEM of a signing key, base64 of a symmetric one. Empty once destroyed. */
  readonly material: string;
  /** When a version that is scheduled for destruction is destroyed, RFC 3339. */
  readonly destroyTime?: string;
}

export interface Key {
  readonly purpose: string;
  readonly versions: readonly KeyVersion[];
  /** The version that encrypts. Absent: the newest. */
  readonly primary?: number;
  /** Seconds between `:destroy` and the destruction. Absent: 30 days. */
  readonly destroyAfterSeconds?: number;
}

/** Which version encrypts, if the key has any. */
export const primaryOf = (key: Key): KeyVersion | undefined =>
  key.primary === undefined ? key.versions.at(-1) : key.versions.find(({ version }) => version === key.primary);

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

/** The number of the version that encrypted this; undefined when it is no ciphertext. */
export const versionOf = (ciphertext: Buffer): number | undefined => (ciphertext.length < 32 ? undefined : ciphertext.readUInt32BE(0));

/** @throws Error when version, ciphertext and additional data do not belong together */
export function decryptWith(version: KeyVersion, ciphertext: Buffer, additional: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(version.material, "base64"), ciphertext.subarray(4, 16)).setAAD(additional);
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(16, -16)), decipher.final()]);
}

const thirtyDays = 30 * 86_400;

/** The keys of the whole cloud, by `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
export class KeyMaterial {
  readonly #store: Store;
  readonly #watchers = new Set<() => void>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** As it is now: what was to be destroyed by now is. */
  get(name: string): Key | undefined {
    const key = this.#store.fact<Key | null>(fact(name), () => null) ?? undefined;
    const now = new Date().toISOString();
    const due = ({ state, destroyTime }: KeyVersion) => state === "DESTROY_SCHEDULED" && destroyTime !== undefined && destroyTime <= now;
    if (!key?.versions.some(due)) return key;
    const present = { ...key, versions: key.versions.map((version) => (due(version) ? destroyed(version) : version)) };
    this.put(name, present);
    return present;
  }

  put(name: string, key: Key): void {
    this.#store.setFact(fact(name), key);
    for (const watcher of this.#watchers) watcher();
  }

  /** Destroys every version: what they encrypted is lost. The name stays taken. */
  destroy(name: string): void {
    const key = this.get(name);
    if (key) this.put(name, { ...key, versions: key.versions.map(destroyed) });
  }

  /**
   * Changes the state of one version.
   * @throws ApiError NOT_FOUND; FAILED_PRECONDITION when its present state does not allow that
   */
  change(name: string, number: number, to: "ENABLED" | "DISABLED" | "DESTROY_SCHEDULED" | "RESTORED"): KeyVersion {
    const key = this.get(name);
    const version = key?.versions.find((candidate) => candidate.version === number);
    const called = `${name}/cryptoKeyVersions/${number}`;
    if (!key || !version) throw new ApiError("NOT_FOUND", `CryptoKeyVersion ${called} not found.`);
    const from: readonly VersionState[] = to === "RESTORED" ? ["DESTROY_SCHEDULED"] : ["ENABLED", "DISABLED"];
    if (!from.includes(version.state)) {
      throw new ApiError(
        "FAILED_PRECONDITION",
        `${called} is in state ${version.state}, and this operation is valid for ${from.join(" and ")} only.`,
      );
    }
    const { destroyTime: _, ...kept } = version;
    const changed: KeyVersion = {
      ...kept,
      // A restored version comes back disabled (cloud.google.com/kms/docs/destroy-restore).
      state: to === "RESTORED" ? "DISABLED" : to,
      ...(to === "DESTROY_SCHEDULED"
        ? { destroyTime: new Date(Date.now() + (key.destroyAfterSeconds ?? thirtyDays) * 1000).toISOString() }
        : {}),
    };
    this.put(name, { ...key, versions: key.versions.map((candidate) => (candidate.version === number ? changed : candidate)) });
    return changed;
  }

  /**
   * Why a version cannot be used, in the words of Cloud KMS; undefined when it can.
   * @param name of the key, or of one of its versions; the key stands for its primary
   */
  unusable(name: string): string | undefined {
    const [, keyName = "", number] = /^(.*?)(?:\/cryptoKeyVersions\/(\d+))?$/.exec(name) ?? [];
    const key = this.get(keyName);
    const version = key && (number === undefined ? primaryOf(key) : key.versions.find((candidate) => candidate.version === Number(number)));
    if (!version) return `${name} not found.`;
    if (version.state === "ENABLED") return undefined;
    return `${keyName}/cryptoKeyVersions/${version.version} is not enabled, current state is: ${version.state}.`;
  }

  /** The key's primary version by its full name: what a store remembers of what it encrypts now. */
  primary(name: string): string {
    const key = this.get(name);
    const version = key && primaryOf(key);
    return version ? `${name}/cryptoKeyVersions/${version.version}` : name;
  }

  /** The version under which something was encrypted first; it stays so until it is encrypted anew. @param what unique in the cloud */
  pinned(what: string, name: string): string {
    return this.#store.fact(`gcp/kms-use/${what}/${name}`, () => this.primary(name));
  }

  /** Calls back after every change of any key. */
  watch(changed: () => void): void {
    this.#watchers.add(changed);
  }
}

const destroyed = (version: KeyVersion): KeyVersion => ({ ...version, state: "DESTROYED", material: "" });
const fact = (name: string) => `gcp/kms/${name}`;
