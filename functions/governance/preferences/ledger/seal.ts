// What makes the ledger append-only and erasable at once: an event is sealed under its subject's own key, and committed to by a hash that
// says nothing without the salt inside the seal. Destroy the key, and ledger and log keep their order, their number and their proofs, and no word.
import { type CipherKey, createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import { commitmentTo, saltBytes } from "../../audit/leaf.ts";
import { type ConsentEvent, consentEvent } from "./consent-event.ts";

/** AES-256-GCM with a nonce of 96 bits and a tag of 128 (NIST SP 800-38D); a key seals far fewer than 2^32 events. */
const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

export const newKey = (): Buffer => randomBytes(keyBytes);

/** The nonce, the ciphertext and the tag, in this order. @param about what else must be the same when it is opened */
export function encrypt(key: CipherKey, plain: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error where the key, the bytes or what they are about are others */
export function decrypt(key: CipherKey, sealed: Uint8Array, about: string): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new Error(`${sealed.length} bytes are no sealed text: they lack a nonce or a tag`);
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(about));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

export interface Sealed {
  readonly sealed: Buffer;
  /** 32 bytes: what the log's leaf is made of. */
  readonly commitment: Buffer;
}

/** @param key the subject's own */
export function seal(key: Uint8Array, event: ConsentEvent): Sealed {
  const salt = randomBytes(saltBytes);
  return {
    sealed: encrypt(key, Buffer.concat([salt, Buffer.from(canonicalJson(event))]), event.id),
    commitment: commitmentTo(salt, event),
  };
}

export interface Opened {
  readonly event: ConsentEvent;
  /** With it anybody can check the commitment. */
  readonly salt: Buffer;
}

/** @throws Error where the key is another, or what is inside is not what was committed to */
export function open(key: Uint8Array, id: string, { sealed, commitment }: Sealed): Opened {
  const plain = decrypt(key, sealed, id);
  const salt = plain.subarray(0, saltBytes);
  const event = consentEvent.parse(JSON.parse(plain.subarray(saltBytes).toString()));
  if (!commitmentTo(salt, event).equals(commitment)) throw new Error(`event ${id} is not what the ledger committed to`);
  return { event, salt };
}
