// What the log holds of an event: a commitment, and nothing else.
import { createHash } from "node:crypto";
import { canonicalJson } from "../../shared/canonical-json.ts";

/** As long as the hash. */
export const saltBytes = 32;

/** Of what keeps nothing secret, or cannot be guessed without it. */
export const noSalt: Uint8Array = new Uint8Array(saltBytes);

/**
 * SHA-256 over the salt and the canonical form (RFC 8785) of the event.
 *
 * Why the salt: a log can never forget, and what consent events say can be guessed (few purposes, few states, an instant), so a bare hash
 * of an event would for ever tell whoever guesses well. With 32 random bytes that live only beside the event, encrypted under the
 * subject's own key, the commitment says nothing once that key is destroyed, while every proof over it still verifies. The salt has one
 * length, so that no two pairs of salt and event are the same bytes.
 */
export function commitmentTo(salt: Uint8Array, event: object): Buffer {
  if (salt.byteLength !== saltBytes)
    throw new RangeError(`A salt of ${salt.byteLength} bytes: it must have ${saltBytes}, drawn at random for this event.`);
  return createHash("sha256").update(salt).update(canonicalJson(event)).digest();
}

/** The log's entry for a commitment: `{"commitment":"<base64url>","v":1}`, in canonical form, so that it has one spelling. */
export function leafOf(commitment: Uint8Array): Buffer {
  if (commitment.byteLength !== 32) throw new RangeError(`A commitment of ${commitment.byteLength} bytes: SHA-256 has 32.`);
  return Buffer.from(canonicalJson({ commitment: Buffer.from(commitment).toString("base64url"), v: 1 }));
}

/** The commitment in an entry. Throws when it is no entry in its one spelling. */
export function commitmentIn(entry: Uint8Array): Buffer {
  const text = Buffer.from(entry).toString();
  const [, commitment] = /^\{"commitment":"([\w-]{43})","v":1\}$/.exec(text) ?? [];
  const bytes = Buffer.from(commitment ?? "", "base64url");
  if (commitment === undefined || !leafOf(bytes).equals(entry))
    throw new Error(
      `${JSON.stringify(text.slice(0, 100))} is no entry of this log: it must be {"commitment":"<base64url of 32 bytes>","v":1}.`,
    );
  return bytes;
}
