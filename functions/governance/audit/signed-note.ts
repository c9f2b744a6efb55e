// Text signed by one or more keys, each named in a line of its own (c2sp.org/signed-note).
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

/** Signature types (c2sp.org/signed-note, "Signature types"): of the log itself, and of a monitor that vouches for a moment (c2sp.org/tlog-cosignature). */
export const signatureTypes = { log: 0x01, cosignature: 0x04 } as const;

/** Who may sign a note. */
export interface NoteKey {
  /** A host and path without a scheme: for a log, its origin. */
  readonly name: string;
  readonly type: (typeof signatureTypes)[keyof typeof signatureTypes];
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Signs bytes with Ed25519, not pre-hashed: 64 bytes. It will be a key management service. */
export type Sign = (message: Uint8Array) => Promise<Uint8Array>;

/** Why a note is not believed. */
export class NoteError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoteError";
  }
}

/** A line of a note that says who signed. */
export interface Signature {
  readonly name: string;
  readonly keyId: string;
  readonly bytes: Buffer;
}

export interface Note {
  /** What was signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** Eight hexadecimal digits: what a signature line calls a key by, beside its name. */
export function keyIdOf({ name, type, publicKey }: NoteKey): string {
  return createHash("sha256").update(`${name}\n`).update(Uint8Array.of(type)).update(publicKey).digest("hex").slice(0, 8);
}

/** The key as one line that a person can hand on: `<name>+<key id>+<base64 of type and key>`. */
export function verifierKey(key: NoteKey): string {
  return `${checkedName(key.name)}+${keyIdOf(key)}+${Buffer.concat([Uint8Array.of(key.type), checkedKey(key.publicKey)]).toString("base64")}`;
}

/** Reads such a line. Throws a NoteError that says what is wrong with it. */
export function parseVerifierKey(line: string): NoteKey {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line.trim()) ?? [];
  const bytes = fromBase64(encoded ?? "");
  if (name === undefined || bytes === undefined)
    throw new NoteError(`"${line}" is no verifier key: it must be <name>+<8 hex digits>+<base64>.`);
  const type = Object.values(signatureTypes).find((each) => each === bytes[0]);
  if (type === undefined)
    throw new NoteError(`"${line}" is a key of type ${bytes[0]}: only Ed25519 is known, 1 for logs and 4 for cosignatures.`);
  const key = { name, type, publicKey: checkedKey(bytes.subarray(1)) };
  if (keyIdOf(key) !== id) throw new NoteError(`"${line}" was mistyped: the id of this name and key is ${keyIdOf(key)}.`);
  return key;
}

/** The note with one more signature line. `signature`: what the key's type puts behind the key id. */
export function withSignature(note: string, key: NoteKey, signature: Uint8Array): string {
  const encoded = Buffer.concat([Buffer.from(keyIdOf(key), "hex"), signature]).toString("base64");
  return `${note}\u2014 ${checkedName(key.name)} ${encoded}\n`;
}

/** A note whose signatures are still to come. */
export function unsigned(text: string): string {
  if (!text.endsWith("\n")) throw new NoteError("The text of a note must end in a newline.");
  return `${text}\n`;
}

/** The 64 bytes that `sign` answers with. */
export async function ed25519(sign: Sign, message: string): Promise<Uint8Array> {
  const signature = await sign(Buffer.from(message));
  if (signature.byteLength !== 64) throw new NoteError(`An Ed25519 signature has 64 bytes, not ${signature.byteLength}.`);
  return signature;
}

export const isSigned = (message: string, { publicKey }: NoteKey, signature: Uint8Array): boolean =>
  verify(null, Buffer.from(message), keyObject(publicKey), signature);

/** More than any log and its monitors need; the specification asks for 16 at least. */
const maxSignatures = 64;
const maxLength = 100_000;

/** Takes a note apart, and believes nothing of it. Throws a NoteError that names what is not as a note must be. */
export function parseNote(note: string): Note {
  if (note.length > maxLength) throw new NoteError(`The note has ${note.length} characters: ${maxLength} are allowed.`);
  const control = /[^\P{Cc}\n]/u.exec(note);
  if (control) throw new NoteError(`The note holds the control character ${JSON.stringify(control[0])}: only newlines are allowed.`);
  const split = note.lastIndexOf("\n\n");
  if (split < 0) throw new NoteError("The note has no empty line between its text and its signatures.");
  if (!note.endsWith("\n")) throw new NoteError("The note's last line does not end in a newline.");
  const lines = note
    .slice(split + 2)
    .split("\n")
    .slice(0, -1);
  if (lines.length === 0) throw new NoteError("The note bears no signature.");
  if (lines.length > maxSignatures) throw new NoteError(`The note bears ${lines.length} signatures: ${maxSignatures} are allowed.`);
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): Signature {
  const [, name, encoded] = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = fromBase64(encoded ?? "");
  if (name === undefined || bytes === undefined || bytes.byteLength < 5)
    throw new NoteError(
      `${JSON.stringify(line)} is no signature line: a dash (U+2014), the key's name, the base64 of key id and signature.`,
    );
  return { name, keyId: bytes.toString("hex", 0, 4), bytes: bytes.subarray(4) };
}

/** The note's signatures that claim to be by this key. */
export const signaturesBy = ({ signatures }: Note, key: NoteKey): readonly Signature[] =>
  signatures.filter(({ name, keyId }) => name === key.name && keyId === keyIdOf(key));

/** The bytes of standard base64 in its one spelling, or undefined. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** The key as SPKI PEM. */
export const publicPem = ({ publicKey }: NoteKey): string => keyObject(publicKey).export({ type: "spki", format: "pem" }) as string;

function checkedName(name: string): string {
  if (!/^[^\s+\p{Cc}]+$/u.test(name)) throw new NoteError(`"${name}" cannot name a key: no spaces, no plus, not empty.`);
  return name;
}

function checkedKey(publicKey: Uint8Array): Uint8Array {
  if (publicKey.byteLength !== 32) throw new NoteError(`An Ed25519 public key has 32 bytes, not ${publicKey.byteLength}.`);
  return publicKey;
}

const keyObject = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(checkedKey(publicKey)).toString("base64url") }, format: "jwk" });
