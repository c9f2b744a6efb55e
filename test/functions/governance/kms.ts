// Cloud KMS as far as our services use it: one symmetric key that encrypts and decrypts, and one that signs, for whoever shows the right token.
import { sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decrypt, encrypt, newKey } from "../../../functions/governance/preferences/ledger/seal.ts";
import { type KeyPair, newKeyPair } from "../keys.ts";

export const kmsKeyName = "projects/brand-eu/locations/europe-west3/keyRings/bailiwick-eu/cryptoKeys/subjects";
export const logKeyName = "projects/brand-eu/locations/europe-west3/keyRings/bailiwick-eu/cryptoKeys/log/cryptoKeyVersions/1";

export class Kms implements AsyncDisposable {
  /** While it is false, every call is refused, as with a key that was disabled. */
  enabled = true;
  /** What it was asked to do. */
  readonly calls: string[] = [];
  readonly #key = newKey();
  /** Of the log. */
  readonly logKey: KeyPair;
  readonly #server: Server;

  /** It lets in whoever shows one of these. */
  readonly tokens: Set<string>;

  private constructor(token: string, logKey: KeyPair) {
    this.tokens = new Set([token]);
    this.logKey = logKey;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const verb = new RegExp(`^/v1/${kmsKeyName}:(encrypt|decrypt)$`).exec(request.url ?? "")?.[1];
      const answer = (status: number, body: object) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      if (!this.tokens.has(request.headers.authorization?.replace("Bearer ", "") ?? ""))
        return answer(403, { error: { message: "Permission denied" } });
      const ofLog = request.url?.startsWith(`/v1/${logKeyName}`) ? request.url.slice(`/v1/${logKeyName}`.length) : undefined;
      if (ofLog !== undefined) {
        this.calls.push(ofLog);
        if (!this.enabled) return answer(400, { error: { message: "The key version is not enabled" } });
        if (ofLog === "/publicKey") return answer(200, { pem: logKey.publicPem });
        const { data = "" } = JSON.parse(Buffer.concat(chunks).toString()) as { data?: string };
        return answer(200, { signature: sign(null, Buffer.from(data, "base64"), logKey.privatePem).toString("base64") });
      }
      if (!verb) return answer(404, { error: { message: `There is no ${request.url}` } });
      this.calls.push(verb);
      if (!this.enabled) return answer(400, { error: { message: "The key version is not enabled" } });
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { plaintext?: string; ciphertext?: string };
      const bytes = (text = "") => Buffer.from(text, "base64");
      if (verb === "encrypt") return answer(200, { ciphertext: encrypt(this.#key, bytes(body.plaintext), "").toString("base64") });
      return answer(200, { plaintext: decrypt(this.#key, bytes(body.ciphertext), "").toString("base64") });
    });
  }

  /** @param token that it lets in */
  static async start(token: string, logKey = newKeyPair()): Promise<Kms> {
    const kms = new Kms(token, logKey);
    await new Promise<void>((resolve) => kms.#server.listen(0, "127.0.0.1", resolve));
    return kms;
  }

  /** As whoever may use the key. */
  async encrypt(plain: Uint8Array): Promise<Buffer> {
    return encrypt(this.#key, plain, "");
  }

  async decrypt(wrapped: Uint8Array): Promise<Buffer> {
    return decrypt(this.#key, wrapped, "");
  }

  /** What a service's environment says of it. */
  get environment(): Record<string, string> {
    return {
      SUBJECT_KEYS_KMS: kmsKeyName,
      LOG_KEY_KMS: logKeyName,
      KMS_ORIGIN: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
