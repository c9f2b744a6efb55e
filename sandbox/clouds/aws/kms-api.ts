// kms.<region>.amazonaws.com, the calls that use a key and those that switch it off and on
// (docs.aws.amazon.com/kms/latest/APIReference).
import { randomBytes } from "node:crypto";
import type { Handler } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountIn } from "./account.ts";
import { findKey } from "./kms.ts";
import { type EncryptionContext, KmsKeys, keyOf } from "./kms-keys.ts";
import { AwsError, answering, readCall, type SignedCall } from "./signed-call.ts";

export interface KmsApiOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  /**
   * Refuses a principal that may not.
   * @param action `kms:Encrypt`
   * @throws AwsError AccessDeniedException
   */
  readonly authorize: (principal: string, action: string, keyArn: string) => void;
}

const base64 = (value: unknown) => Buffer.from(typeof value === "string" ? value : "", "base64");

export function kmsApi(region: string, { store, credentials, authorize }: KmsApiOptions): Handler {
  const keys = new KmsKeys(store);

  /** The ARN of the key that is asked for, if the caller may. */
  function demanded({ principal, operation }: SignedCall, reference: unknown): string {
    const key = findKey(store, String(reference), region);
    if (!key) throw new AwsError("NotFoundException", `Key '${reference}' does not exist`);
    authorize(principal, `kms:${operation}`, key.arn);
    return key.arn;
  }

  function answer(call: SignedCall): object {
    const { operation, input } = call;
    const context = (input.EncryptionContext ?? {}) as EncryptionContext;
    switch (operation) {
      case "DescribeKey": {
        const arn = demanded(call, input.KeyId);
        const life = keys.life(arn);
        return {
          KeyMetadata: {
            AWSAccountId: accountIn(arn),
            KeyId: arn.split("/").at(-1),
            Arn: arn,
            Enabled: life?.status === "Enabled",
            KeyState: life?.status,
            ...(life?.deletionDate === undefined ? {} : { DeletionDate: Date.parse(life.deletionDate) / 1000 }),
            KeySpec: "SYMMETRIC_DEFAULT",
            KeyUsage: "ENCRYPT_DECRYPT",
            KeyManager: "CUSTOMER",
            Origin: "AWS_KMS",
            MultiRegion: false,
          },
        };
      }
      case "EnableKey":
      case "DisableKey":
        keys.enable(demanded(call, input.KeyId), operation === "EnableKey");
        return {};
      case "ScheduleKeyDeletion": {
        const arn = demanded(call, input.KeyId);
        const days = Number(input.PendingWindowInDays ?? 30);
        if (!(days >= 7 && days <= 30)) {
          throw new AwsError("ValidationException", `PendingWindowInDays: ${days} is not allowed; a window is 7 to 30 days.`);
        }
        return {
          KeyId: arn,
          DeletionDate: Date.parse(keys.scheduleDeletion(arn, days)) / 1000,
          KeyState: "PendingDeletion",
          PendingWindowInDays: days,
        };
      }
      case "CancelKeyDeletion": {
        const arn = demanded(call, input.KeyId);
        keys.cancelDeletion(arn);
        return { KeyId: arn };
      }
      case "Encrypt": {
        const arn = demanded(call, input.KeyId);
        const plaintext = base64(input.Plaintext);
        if (plaintext.length < 1 || plaintext.length > 4096) {
          throw new AwsError("ValidationException", `Plaintext: ${plaintext.length} bytes are not allowed; it is 1 to 4096 bytes.`);
        }
        return { KeyId: arn, CiphertextBlob: keys.encrypt(arn, plaintext, context).toString("base64"), ...algorithm };
      }
      case "Decrypt": {
        const blob = base64(input.CiphertextBlob);
        const arn = keyOf(blob);
        if (arn === undefined) throw new AwsError("InvalidCiphertextException", "The ciphertext is invalid.");
        demanded(call, arn);
        if (input.KeyId !== undefined && findKey(store, String(input.KeyId), region)?.arn !== arn) {
          throw new AwsError("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
        }
        return { KeyId: arn, Plaintext: keys.decrypt(blob, context).plaintext.toString("base64"), ...algorithm };
      }
      case "GenerateDataKey":
      case "GenerateDataKeyWithoutPlaintext": {
        const arn = demanded(call, input.KeyId);
        const bytes = Number(input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32));
        const dataKey = randomBytes(bytes);
        const sealed = { KeyId: arn, CiphertextBlob: keys.encrypt(arn, dataKey, context).toString("base64") };
        return operation === "GenerateDataKey" ? { ...sealed, Plaintext: dataKey.toString("base64") } : sealed;
      }
      default:
        throw new AwsError("UnknownOperationException", `TrentService.${operation} is not available here.`);
    }
  }

  return (request) => answering(async () => answer(await readCall(request, "kms", region, credentials)));
}

const algorithm = { EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
