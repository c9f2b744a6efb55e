// A body sent as `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: every chunk is signed and chained to the one before.
// Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
import { createHash } from "node:crypto";
import { emptySha256, hmac, type Signature, signingKey } from "./sigv4.ts";

const longestLine = 16 * 1024;
/** AWS limits a chunk by the object only; a client that sends one larger than this is not one we know. */
const largestChunk = 64 * 1024 * 1024;

/**
 * The plain bytes of such a body.
 * @throws Error `SignatureDoesNotMatch` or `IncompleteBody` while reading
 */
export async function* verifiedChunks(body: AsyncIterable<Uint8Array>, seed: Signature, secret: string): AsyncGenerator<Uint8Array> {
  const key = signingKey(secret, seed);
  const scope = `${seed.date}/${seed.region}/${seed.service}/aws4_request`;
  const reader = new Bytes(body);
  let previous = seed.signature;
  for (;;) {
    const [, size, signature] = /^([0-9a-f]{1,8});chunk-signature=([0-9a-f]{64})$/i.exec(await reader.line()) ?? [];
    if (size === undefined || signature === undefined) throw new Error("IncompleteBody");
    const length = Number.parseInt(size, 16);
    if (length > largestChunk) throw new Error("IncompleteBody");
    const data = await reader.take(length);
    const hash = createHash("sha256").update(data).digest("hex");
    const text = ["AWS4-HMAC-SHA256-PAYLOAD", seed.timestamp, scope, previous, emptySha256, hash].join("\n");
    if (hmac(key, text).toString("hex") !== signature.toLowerCase()) throw new Error("SignatureDoesNotMatch");
    previous = signature;
    if (length === 0) return;
    yield data;
    if ((await reader.line()) !== "") throw new Error("IncompleteBody");
  }
}

/** Reads lines and fixed lengths from a stream. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    let end = this.#held.indexOf("\r\n");
    while (end < 0) {
      if (this.#held.length > longestLine) throw new Error("IncompleteBody");
      await this.#more();
      end = this.#held.indexOf("\r\n");
    }
    const line = this.#held.subarray(0, end).toString("latin1");
    this.#held = this.#held.subarray(end + 2);
    return line;
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.#held];
    for (let got = this.#held.length; got < length; ) {
      const part = await this.#next();
      parts.push(part);
      got += part.length;
    }
    const all = Buffer.concat(parts);
    this.#held = all.subarray(length);
    return all.subarray(0, length);
  }

  async #more(): Promise<void> {
    this.#held = Buffer.concat([this.#held, await this.#next()]);
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#source.next();
    if (done) throw new Error("IncompleteBody");
    return Buffer.from(value);
  }
}
