// The region's key in Cloud KMS, as the service's own account (cloud.google.com/kms/docs/reference/rest).
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { accessToken } from "./metadata-server.ts";

/** KMS cannot be asked, or says no. What depends on the key does not begin; what has it already goes on. */
export class KmsUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KmsUnavailable";
  }
}

const patienceMs = 5000;

/** Asks the API, as the service's own account. @throws KmsUnavailable */
async function ask<Answer>(what: string, url: string, body?: object): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${await accessToken("https://www.googleapis.com/auth/cloudkms")}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const answer = (await response.json()) as Answer & { error?: { message?: string } };
    if (!response.ok) throw new Error(`it answered ${response.status}: ${answer.error?.message ?? "nothing more"}`);
    return answer;
  } catch (error) {
    throw new KmsUnavailable(`Cloud KMS could not ${what}: ${(error as Error).message}.`, { cause: error });
  }
}

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

  #call(verb: "encrypt" | "decrypt", body: object): Promise<{ ciphertext?: string; plaintext?: string }> {
    return ask(`${verb} with ${this.#name}`, `${this.#origin}/v1/${this.#name}:${verb}`, body);
  }
}

/** One version of an Ed25519 key, whose private half never leaves KMS. */
export class KmsSigningKey {
  readonly #version: string;
  readonly #origin: string;
  #publicKey: KeyObject | undefined;

  /** @param version `projects/…/cryptoKeys/…/cryptoKeyVersions/…` */
  constructor(version: string, origin: string) {
    this.#version = version;
    this.#origin = origin;
  }

  /** Asked once. @throws KmsUnavailable */
  async publicKey(): Promise<KeyObject> {
    if (this.#publicKey) return this.#publicKey;
    const { pem } = await ask<{ pem: string }>(`show the public key of ${this.#version}`, `${this.#origin}/v1/${this.#version}/publicKey`);
    this.#publicKey = createPublicKey(pem);
    return this.#publicKey;
  }

  /** Ed25519 over the bytes themselves: 64 KiB at most. @throws KmsUnavailable also where the answer is no signature by this key */
  async sign(message: Uint8Array): Promise<Buffer> {
    const { signature } = await ask<{ signature?: string }>(
      `sign with ${this.#version}`,
      `${this.#origin}/v1/${this.#version}:asymmetricSign`,
      { data: base64(message) },
    );
    const bytes = Buffer.from(signature ?? "", "base64");
    // What was garbled on its way must not be handed on as our word (cloud.google.com/kms/docs/data-integrity-guidelines).
    if (!verify(null, message, await this.publicKey(), bytes))
      throw new KmsUnavailable(`Cloud KMS answered with something that is no signature by ${this.#version}.`);
    return bytes;
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
