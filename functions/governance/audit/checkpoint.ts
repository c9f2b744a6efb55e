// What a log says of itself at a moment, signed: its size and root (c2sp.org/tlog-checkpoint), and who vouches for having seen no other (c2sp.org/tlog-cosignature).
import type { TreeHead } from "./log.ts";
import { hashBytes } from "./merkle.ts";
import {
  ed25519,
  fromBase64,
  isSigned,
  type Note,
  NoteError,
  type NoteKey,
  parseNote,
  type Sign,
  signaturesBy,
  signatureTypes,
  unsigned,
  withSignature,
} from "./signed-note.ts";

export interface Checkpoint extends TreeHead {
  /** Which log: the name of its key. */
  readonly origin: string;
}

/** A monitor's word that, at this time, this was the largest checkpoint of the log that it had seen, consistent with all before. */
export interface Cosignature {
  readonly monitor: string;
  /** Seconds since 1970, by the monitor's clock. */
  readonly time: number;
}

/** A checkpoint whose signature by the log was verified. */
export interface Verified {
  readonly checkpoint: Checkpoint;
  readonly cosignatures: readonly Cosignature[];
  /** The note as it came: what proves the log's word to anybody else. */
  readonly note: string;
}

/** The text that a checkpoint's signatures are over. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new NoteError(`A log of ${size} entries: the size must be a whole number from 0 to 2^53 - 1.`);
  if (root.byteLength !== hashBytes) throw new NoteError(`A root of ${root.byteLength} bytes: it must have ${hashBytes}.`);
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/**
 * The head as a note signed by the log. A log must never sign a head that is inconsistent with one it signed before:
 * only the sequencer calls this, once the head's tiles are stored.
 */
export async function signCheckpoint(head: TreeHead, key: NoteKey, sign: Sign): Promise<string> {
  const text = checkpointText({ origin: key.name, ...head });
  return withSignature(unsigned(text), key, await ed25519(sign, text));
}

/**
 * The note with a monitor's cosignature.
 * @param time seconds since 1970
 */
export async function cosign(note: string, key: NoteKey, time: number, sign: Sign): Promise<string> {
  if (key.type !== signatureTypes.cosignature)
    throw new NoteError(`The key of ${key.name} is a log's: a monitor needs one of its own, of type 4.`);
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  return withSignature(note, key, Buffer.concat([stamp, await ed25519(sign, cosigned(parseNote(note), BigInt(time)))]));
}

const cosigned = ({ text }: Note, time: bigint) => `cosignature/v1\ntime ${time}\n${text}`;

/**
 * Reads a checkpoint and verifies it: it must be signed by the log, and be of that log. Cosignatures of the monitors are verified, too;
 * lines of unknown keys are passed over, as the specification demands. Throws a NoteError that names what is wrong.
 */
export function openCheckpoint(note: string, log: NoteKey, monitors: readonly NoteKey[] = []): Verified {
  const parsed = parseNote(note);
  const checkpoint = parseText(parsed.text);
  if (checkpoint.origin !== log.name) throw new NoteError(`The checkpoint is of the log "${checkpoint.origin}", not of "${log.name}".`);
  const own = signaturesBy(parsed, log);
  if (own.length === 0) throw new NoteError(`The checkpoint is not signed by the key of ${log.name} that was asked for.`);
  if (!own.every(({ bytes }) => isSigned(parsed.text, log, bytes)))
    throw new NoteError(`The signature of ${log.name} is not over this checkpoint: its text was changed, or its signature was.`);
  return {
    checkpoint,
    note,
    cosignatures: monitors.flatMap((monitor) => signaturesBy(parsed, monitor).map(({ bytes }) => cosignature(parsed, monitor, bytes))),
  };
}

function cosignature(note: Note, monitor: NoteKey, bytes: Buffer): Cosignature {
  const time = bytes.byteLength === 8 + 64 ? bytes.readBigUInt64BE() : undefined;
  if (time === undefined || time > Number.MAX_SAFE_INTEGER || !isSigned(cosigned(note, time), monitor, bytes.subarray(8)))
    throw new NoteError(`The cosignature of ${monitor.name} is not over this checkpoint: its text was changed, or its signature was.`);
  return { monitor: monitor.name, time: Number(time) };
}

function parseText(text: string): Checkpoint {
  const [origin, size, root, ...more] = text.split("\n");
  if (!origin) throw new NoteError("The checkpoint's first line, its origin, is empty.");
  if (size === undefined || !/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new NoteError(
      `The checkpoint's second line is ${JSON.stringify(size)}: it must be the log's size, in decimal digits without leading zeroes.`,
    );
  const hash = fromBase64(root ?? "");
  if (hash?.byteLength !== hashBytes)
    throw new NoteError(`The checkpoint's third line is ${JSON.stringify(root)}: it must be the base64 of a root of 32 bytes.`);
  // The specification allows more lines and advises against them, as no monitor can check what they say.
  if (more.length !== 1 || more[0] !== "")
    throw new NoteError(`The checkpoint has lines after its root, ${JSON.stringify(more.join("\n"))}: this log writes none.`);
  return { origin, size: Number(size), root: hash };
}
