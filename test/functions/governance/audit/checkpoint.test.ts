import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosign, openCheckpoint, signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { leafHash } from "../../../../functions/governance/audit/merkle.ts";
import {
  isSigned,
  keyIdOf,
  NoteError,
  parseNote,
  parseVerifierKey,
  signaturesBy,
  unsigned,
  verifierKey,
  withSignature,
} from "../../../../functions/governance/audit/signed-note.ts";
import { logSigner, monitorSigner } from "./keys.ts";

const head = { size: 20_852_163, root: leafHash(Buffer.from("x")) };
const log = logSigner();
const monitor = monitorSigner();
const note = await signCheckpoint(head, log.key, log.sign);

describe("a verifier key", () => {
  it.each([
    // Of Go's checksum database and of the example of its library for notes.
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  ])("that others use is read and spelt alike: %s", (line) => {
    expect(verifierKey(parseVerifierKey(line))).toBe(line);
  });

  it.each([
    ["", "is no verifier key"],
    ["PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "was mistyped: the id of this name and key is c74f20a3"],
    ["PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "was mistyped"],
    ["PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "is a key of type 2"],
    ["PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy", "has 32 bytes, not 29"],
    ["PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW", "is no verifier key"],
  ])("that is not right is refused: %s", (line, message) => {
    expect(() => parseVerifierKey(line)).toThrow(message);
  });
});

describe("a signed note", () => {
  it("that others wrote is read and verified", () => {
    const key = parseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const parsed = parseNote(
      `${text}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`,
    );
    expect(parsed.text).toBe(text);
    const [signature] = signaturesBy(parsed, key);
    expect(isSigned(text, key, signature?.bytes as Buffer)).toBe(true);
    expect(isSigned(`${text}\n`, key, signature?.bytes as Buffer)).toBe(false);
  });

  it.each([
    ["text\n", "no empty line"],
    ["text\n\n", "bears no signature"],
    ["te\txt\n\n\u2014 a AAAAAAA=\n", 'control character "\\t"'],
    ["text\r\n\n\u2014 a AAAAAAA=\n", 'control character "\\r"'],
    ["text\n\n\u2014 a AAAAAAA=", "does not end in a newline"],
    ["text\n\n- a AAAAAAA=\n", "is no signature line"],
    ["text\n\n\u2014 a AAAA\n", "is no signature line"],
    ["text\n\n\u2014 a+b AAAAAAA=\n", "is no signature line"],
    ["text\n\n\u2014 a AAAAAAB=\n", "is no signature line"],
    [`text\n\n${"\u2014 a AAAAAAA=\n".repeat(65)}`, "65 signatures"],
    [`${"a".repeat(100_001)}\n\n`, "characters: 100000 are allowed"],
  ])("of a wrong form is refused, and the form is named: %j", (wrong, message) => {
    expect(() => parseNote(wrong)).toThrow(message);
  });

  it("cannot be made of a text without a last newline, or by a key without a right name", () => {
    expect(() => unsigned("text")).toThrow("must end in a newline");
    expect(() => withSignature("text\n\n", { ...log.key, name: "a b" }, new Uint8Array(64))).toThrow('"a b" cannot name a key');
  });
});

describe("a checkpoint", () => {
  it("has the form of the specification", () => {
    const lines = note.split("\n");
    expect(lines.slice(0, 4)).toEqual(["audit.eu.brand.example", "20852163", Buffer.from(head.root).toString("base64"), ""]);
    expect(lines[4]).toMatch(/^\u2014 audit\.eu\.brand\.example [A-Za-z0-9+/]+=*$/);
    expect(lines.slice(5)).toEqual([""]);
  });

  it("says, once verified, which log had which root at which size", () => {
    expect(openCheckpoint(note, log.key).checkpoint).toEqual({ origin: log.key.name, ...head });
  });

  it("bears the cosignatures of monitors beside the log's signature, each with its time", async () => {
    const other = monitorSigner("monitor.apac.brand.example");
    const stranger = monitorSigner("stranger.example");
    let all = await cosign(note, monitor.key, 1_800_000_000, monitor.sign);
    all = await cosign(all, stranger.key, 1_800_000_001, stranger.sign);
    all = await cosign(all, other.key, 1_800_000_002, other.sign);
    expect(openCheckpoint(all, log.key, [monitor.key, other.key]).cosignatures).toEqual([
      { monitor: monitor.key.name, time: 1_800_000_000 },
      { monitor: other.key.name, time: 1_800_000_002 },
    ]);
  });

  it("is refused when any character of it was changed, if not a foreign signature's", async () => {
    const signed = await cosign(note, monitor.key, 1_800_000_000, monitor.sign);
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.constantFrom("A", "b", "0", "7", "+", "\n", " ", "\u2014"), (at, character) => {
        fc.pre(signed[at] !== character);
        const changed = signed.slice(0, at) + character + signed.slice(at + 1);
        let cosignatures: number | undefined;
        try {
          cosignatures = openCheckpoint(changed, log.key, [monitor.key]).cosignatures.length;
        } catch (error) {
          expect(error).toBeInstanceOf(NoteError);
        }
        // A changed name or id of the monitor makes it an unknown key, which is passed over.
        expect(cosignatures ?? 0).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("of another log, or signed by another key of the same name, is refused", async () => {
    const foreign = logSigner("audit.us.brand.example");
    expect(() => openCheckpoint(note, foreign.key)).toThrow('of the log "audit.eu.brand.example", not of "audit.us.brand.example"');
    expect(() => openCheckpoint(note, logSigner().key)).toThrow("not signed by the key");
    // A key that bears the log's name and id by chance or intent.
    const forged = withSignature(unsigned(parseNote(note).text), log.key, await foreign.sign(Buffer.from(parseNote(note).text)));
    expect(() => openCheckpoint(forged, log.key)).toThrow("is not over this checkpoint");
  });

  it.each([
    ["\n1\nX\n", "its origin, is empty"],
    ["o\n01\nX\n", 'second line is "01"'],
    ["o\n-1\nX\n", 'second line is "-1"'],
    ["o\n9007199254740993\nX\n", 'second line is "9007199254740993"'],
    ["o\n", 'second line is ""'],
    ["o\n1\nAAAA\n", 'third line is "AAAA"'],
    [`o\n1\n${"A".repeat(43)}=\nmore\n`, "has lines after its root"],
  ])("of a wrong form is refused, and the line is named: %j", async (text, message) => {
    const key = { ...log.key, name: "o" };
    const wrong = withSignature(unsigned(text), key, await log.sign(Buffer.from(text)));
    expect(() => openCheckpoint(wrong, key)).toThrow(message);
  });

  it("is not signed for a size or root that no log has, nor cosigned by a log's key", async () => {
    await expect(signCheckpoint({ ...head, size: 1.5 }, log.key, log.sign)).rejects.toThrow("A log of 1.5 entries");
    await expect(signCheckpoint({ ...head, root: new Uint8Array(31) }, log.key, log.sign)).rejects.toThrow("A root of 31 bytes");
    await expect(signCheckpoint(head, log.key, async () => new Uint8Array(70))).rejects.toThrow("64 bytes, not 70");
    await expect(cosign(note, log.key, 0, log.sign)).rejects.toThrow("of type 4");
  });

  it("names a key by the first four bytes of the hash that the specification defines", () => {
    expect(keyIdOf(monitor.key)).not.toBe(keyIdOf({ ...monitor.key, type: 1 }));
    expect(keyIdOf(log.key)).toMatch(/^[0-9a-f]{8}$/);
  });
});
