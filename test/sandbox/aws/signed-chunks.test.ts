import { expect, test } from "vitest";
import { verifiedChunks } from "../../../sandbox/runtimes/s3/signed-chunks.ts";
import type { Signature } from "../../../sandbox/runtimes/s3/sigv4.ts";

// The worked example of docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const seed: Signature = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  date: "20130524",
  region: "us-east-1",
  service: "s3",
  signedHeaders: [],
  timestamp: "20130524T000000Z",
  payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
};
const chunks = [
  [65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"],
  [1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"],
  [0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"],
] as const;
const encoded = chunks.map(([size, signature]) => `${size.toString(16)};chunk-signature=${signature}\r\n${"a".repeat(size)}\r\n`).join("");

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

async function read(text: string, size = 1000): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of verifiedChunks(inPieces(text, size), seed, secret)) parts.push(part);
  return Buffer.concat(parts).toString();
}

test("a well signed body is read, however it is cut on the way", async () => {
  for (const size of [7, 1000, 100_000]) expect((await read(encoded, size)) === "a".repeat(66560)).toBe(true);
});

test("a changed byte, a chunk left out, and an end cut off are refused", async () => {
  await expect(read(encoded.replace("aaaa", "aaab"))).rejects.toThrow("SignatureDoesNotMatch");
  await expect(read(encoded.slice(encoded.indexOf("400;")))).rejects.toThrow("SignatureDoesNotMatch");
  await expect(read(encoded.slice(0, encoded.lastIndexOf("0;chunk")))).rejects.toThrow("IncompleteBody");
});
