// The life of KMS keys apart from the resources that made them: material, whether they are enabled, and when they are to be deleted.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Store } from "../../engine/store.ts";
import { AwsError } from "./signed-call.ts";

export type KeyStatus = "Enabled" | "Disabled" | "PendingDeletion";

interface Life {
  readonly status: KeyStatus;
  /** RFC 3339, while it is pending. */
  readonly deletionDate?: string;
}

export type EncryptionContext = Readonly<Record<string, string>>;

export class KmsKeys {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Enters a new key, enabled or not. */
  register(arn: string, enabled: boolean): void {
    this.#set(arn, { status: enabled ? "Enabled" : "Disabled" });
  }

  /** Undefined when there was never such a key, or its deletion has come. */
  life(arn: string): Life | undefined {
    const life = this.#lives()[arn];
    return life?.deletionDate !== undefined && life.deletionDate <= new Date().toISOString() ? undefined : life;
  }

  /** The ARNs of all keys that are not gone. */
  arns(): string[] {
    return Object.keys(this.#lives()).filter((arn) => this.life(arn));
  }

  /** @throws AwsError KMSInvalidStateException while it is pending deletion */
  enable(arn: string, enabled: boolean): void {
    if (this.life(arn)?.status === "PendingDeletion") throw pending(arn);
    this.#set(arn, { status: enabled ? "Enabled" : "Disabled" });
  }

  /** @returns when it is deleted, RFC 3339 @throws AwsError KMSInvalidStateException when that is scheduled already */
  scheduleDeletion(arn: string, days: number): string {
    if (this.life(arn)?.status === "PendingDeletion") throw pending(arn);
    const deletionDate = new Date(Date.now() + days * 86_400_000).toISOString();
    this.#set(arn, { status: "PendingDeletion", deletionDate });
    return deletionDate;
  }

  /** A key that is saved so is disabled (docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html). */
  cancelDeletion(arn: string): void {
    if (this.life(arn)?.status !== "PendingDeletion") throw new AwsError("KMSInvalidStateException", `${arn} is not pending deletion.`);
    this.#set(arn, { status: "Disabled" });
  }

  /** @throws AwsError when the key cannot be used now */
  requireUsable(arn: string): void {
    const status = this.life(arn)?.status;
    if (status === undefined) throw new AwsError("NotFoundException", `Key '${arn}' does not exist`);
    if (status === "Disabled") throw new AwsError("DisabledException", `${arn} is disabled.`);
    if (status === "PendingDeletion") throw pending(arn);
  }

  /** The blob names its key, so that decrypting needs no name. @throws AwsError as `requireUsable` */
  encrypt(arn: string, plaintext: Buffer, context: EncryptionContext): Buffer {
    this.requireUsable(arn);
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#material(arn), nonce).setAAD(bytesOf(context));
    const name = Buffer.from(arn);
    const header = Buffer.alloc(2);
    header.writeUInt16BE(name.length);
    return Buffer.concat([header, name, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws AwsError as `requireUsable`; InvalidCiphertextException when blob and context do not belong together */
  decrypt(blob: Buffer, context: EncryptionContext): { arn: string; plaintext: Buffer } {
    const arn = keyOf(blob);
    if (arn === undefined || !this.life(arn)) throw new AwsError("InvalidCiphertextException", "The ciphertext is invalid.");
    this.requireUsable(arn);
    const body = blob.subarray(2 + Buffer.byteLength(arn));
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#material(arn), body.subarray(0, 12)).setAAD(bytesOf(context));
      decipher.setAuthTag(body.subarray(-16));
      return { arn, plaintext: Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]) };
    } catch {
      throw new AwsError("InvalidCiphertextException", "The ciphertext is invalid.");
    }
  }

  #material(arn: string): Buffer {
    return Buffer.from(
      this.#store.fact(`aws/kms/material/${arn}`, () => randomBytes(32).toString("base64")),
      "base64",
    );
  }

  #lives(): Record<string, Life> {
    return this.#store.fact<Record<string, Life>>("aws/kms/keys", () => ({}));
  }

  #set(arn: string, life: Life): void {
    this.#store.setFact("aws/kms/keys", { ...this.#lives(), [arn]: life });
  }
}

/** The key that a blob names; undefined when it is none of ours. */
export function keyOf(blob: Buffer): string | undefined {
  if (blob.length < 32) return undefined;
  const length = blob.readUInt16BE(0);
  const arn = blob.subarray(2, 2 + length).toString();
  return blob.length >= 2 + length + 28 && arn.startsWith("arn:aws:kms:") ? arn : undefined;
}

const pending = (arn: string) => new AwsError("KMSInvalidStateException", `${arn} is pending deletion.`);

const bytesOf = (context: EncryptionContext) => Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
