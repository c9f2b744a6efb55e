// The region's key in Cloud KMS, as the service's own account (cloud.google.com/kms/docs/reference/rest).
import { accessToken } from "./metadata-server.ts";

/** KMS cannot be asked, or says no. What depends on the key does not begin; what has it already goes on. */
export class KmsUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KmsUnavailable";
  }
}

const patienceMs = 5000;

export class KmsKey {
  readonly #name: string;
  readonly #origin: string;

  /** @param name `projects/…/locations/…/keyRings/…/cryptoKeys/…` @param origin of the API; a regional endpoint keeps the call in its place */
  constructor(name: string, origin: string) {
    this.#name = name;
    this.#origin = origin;
  }

  /** @throws KmsUnavailable */
  async encrypt(plaintext: Uint8Array): Promise<Buffer> {
    return Buffer.from((await this.#call("encrypt", { plaintext: base64(plaintext) })).ciphertext ?? "", "base64");
  }

  /** @throws KmsUnavailable */
  async decrypt(ciphertext: Uint8Array): Promise<Buffer> {
    return Buffer.from((await this.#call("decrypt", { ciphertext: base64(ciphertext) })).plaintext ?? "", "base64");
  }

  async #call(verb: "encrypt" | "decrypt", body: object): Promise<{ ciphertext?: string; plaintext?: string }> {
    try {
      const response = await fetch(`${this.#origin}/v1/${this.#name}:${verb}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await accessToken("https://www.googleapis.com/auth/cloudkms")}`,
          "content-type": "application/json",
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(patienceMs),
      });
      const answer = (await response.json()) as { ciphertext?: string; plaintext?: string; error?: { message?: string } };
      if (!response.ok) throw new Error(`it answered ${response.status}: ${answer.error?.message ?? "nothing more"}`);
      return answer;
    } catch (error) {
      throw new KmsUnavailable(`Cloud KMS could not ${verb} with ${this.#name}: ${(error as Error).message}.`, { cause: error });
    }
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
