// Each subject's own key: made with the subject, kept wrapped in its row, destroyed with it. What wraps it is wrapped by the region's key in
// KMS, which is asked once, before the service is well: no later request waits for it, nor fails when KMS does.
import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import type { Database } from "../../database.ts";
import { decrypt, encrypt, newKey } from "./seal.ts";

/** The region's key in KMS, as far as this needs it. */
export interface Wrapper {
  encrypt(plain: Uint8Array): Promise<Buffer>;
  decrypt(wrapped: Uint8Array): Promise<Buffer>;
}

/** Of the one key that wraps the subjects' keys. */
const keyringId = 1;

export class SubjectKeys {
  readonly #wrapping: KeyObject;

  /** Opens the keyring at the first call, and again after a call that failed. */
  static opener(database: Pick<Database, "query">, kms: Wrapper): () => Promise<SubjectKeys> {
    let opened: Promise<SubjectKeys> | undefined;
    return () => {
      opened ??= SubjectKeys.open(database, kms).catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    };
  }

  private constructor(wrapping: KeyObject) {
    this.#wrapping = wrapping;
  }

  /** Opens the keyring, or makes it where there is none yet; of several instances that do so at once, one makes it. */
  static async open(database: Pick<Database, "query">, kms: Wrapper): Promise<SubjectKeys> {
    const kept = async () =>
      (await database.query<{ wrapped: Buffer }>("SELECT wrapped FROM preferences.keyring WHERE id = $1", [keyringId]))[0]?.wrapped;
    if ((await kept()) === undefined) {
      const wrapped = await kms.encrypt(newKey());
      await database.query("INSERT INTO preferences.keyring (id, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING", [keyringId, wrapped]);
    }
    return new SubjectKeys(createSecretKey(await kms.decrypt((await kept()) as Buffer)));
  }

  /** Hashes identities of people. Derived from what wraps the subjects' keys (RFC 5869), so that it is lost and found with it. */
  get identityKey(): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#wrapping, "", "bailiwick identity", 32));
  }

  /** A new key, wrapped for the row of the subject with this reference. */
  make(reference: string): Buffer {
    return encrypt(this.#wrapping, newKey(), reference);
  }

  /** @throws Error where it was wrapped for another subject, or by another keyring */
  unwrap(reference: string, wrapped: Uint8Array): Buffer {
    return decrypt(this.#wrapping, wrapped, reference);
  }
}
