import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findKey } from "../../../sandbox/clouds/aws/kms.ts";
import { Account } from "./fixture.ts";
import { signedCall } from "./signed-call.ts";

const account = new Account("eu-central-1");
beforeAll(() => account.start());
afterAll(() => account.purge());
const find = (reference: unknown, region = "eu-central-1") => findKey(account.ground.store, String(reference), region);

test("a key has the outputs of the real provider", async () => {
  const key = await account.create("Key", { enableKeyRotation: true });
  expect(key.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(key.state).toMatchObject({
    keyId: key.id,
    arn: `arn:aws:kms:eu-central-1:${account.aws.account}:key/${key.id}`,
    keyUsage: "ENCRYPT_DECRYPT",
    customerMasterKeySpec: "SYMMETRIC_DEFAULT",
    isEnabled: true,
    rotationPeriodInDays: 365,
  });
  expect(JSON.parse(String(key.state.policy)).Statement[0].Principal.AWS).toBe(`arn:aws:iam::${account.aws.account}:root`);
});

test("a key is found by id, ARN and alias, in its own region only", async () => {
  const key = await account.create("Key", {});
  const alias = await account.create("Alias", { name: "alias/found", targetKeyId: key.id });
  expect(alias.state).toMatchObject({ targetKeyArn: key.state.arn, arn: `arn:aws:kms:eu-central-1:${account.aws.account}:alias/found` });
  for (const reference of [key.id, key.state.arn, "alias/found", alias.state.arn]) {
    expect(find(reference)).toEqual({ arn: key.state.arn, state: "Enabled" });
  }
  expect(find(key.state.arn, "us-east-1")).toBeUndefined();
});

test("status says of a key whether it can be used, and whether it rotates", async () => {
  await account.create("Key", { description: "turns", enableKeyRotation: true, rotationPeriodInDays: 90 });
  await account.create("Key", { description: "off", isEnabled: false });
  const part = (name: string) => account.aws.parts().find((each) => each.kind === "key" && each.name === name);
  expect(part("turns")).toMatchObject({ state: "running", detail: "Enabled, rotates every 90 days, eu-central-1" });
  expect(part("off")).toMatchObject({ state: "failed", detail: "Disabled, does not rotate, eu-central-1" });
});

test("two regions may use one alias", async () => {
  for (const region of ["eu-west-1", "us-east-1"]) {
    const key = await account.create("Key", { region });
    await account.create("Alias", { name: "alias/shared", targetKeyId: key.id, region });
    expect(find("alias/shared", region)?.arn).toBe(key.state.arn);
  }
  expect(find("alias/shared", "eu-west-1")?.arn).toContain("eu-west-1");
});

test("an alias needs its key, and a name of its own", async () => {
  await expect(account.create("Alias", { name: "alias/lost", targetKeyId: "no-such-key" })).rejects.toThrow(
    /NotFoundException.*no-such-key/,
  );
  await expect(account.create("Alias", { name: "alias/aws/mine", targetKeyId: "k" })).rejects.toThrow(/not with "alias\/aws\/"/);
});

test("a deleted key is pending deletion, not gone", async () => {
  const key = await account.create("Key", {});
  await account.delete(key);
  for (const reference of [key.id, key.state.arn]) expect(find(reference)).toEqual({ arn: key.state.arn, state: "PendingDeletion" });
});

test("windows and rotation outside of what KMS takes are refused together", async () => {
  await expect(account.create("Key", { deletionWindowInDays: 3, rotationPeriodInDays: 30 })).rejects.toThrow(
    /deletionWindowInDays.*7 - 30.*got 3[\s\S]*rotationPeriodInDays.*90 - 2560.*got 30/,
  );
});

const kms = (operation: string, input: object, region = "eu-central-1") =>
  signedCall(account, { service: "kms", target: `TrentService.${operation}`, input, region });

describe("a key in use", () => {
  test("decrypts what it encrypted, with the same context only", async () => {
    const { id } = await account.create("Key", {});
    const { CiphertextBlob } = await kms("Encrypt", { KeyId: id, Plaintext: "c2VjcmV0", EncryptionContext: { row: "1" } });
    expect(Buffer.from(String(CiphertextBlob), "base64").includes("secret")).toBe(false);
    expect(await kms("Decrypt", { CiphertextBlob, EncryptionContext: { row: "1" } })).toMatchObject({ Plaintext: "c2VjcmV0" });
    expect(await kms("Decrypt", { CiphertextBlob })).toMatchObject({ __type: "InvalidCiphertextException" });
    const { Plaintext, CiphertextBlob: sealed } = await kms("GenerateDataKey", { KeyId: id, KeySpec: "AES_256" });
    expect(await kms("Decrypt", { CiphertextBlob: sealed })).toMatchObject({ Plaintext });
  });

  test("fails with what it serves while it is disabled, and heals when it is enabled", async () => {
    const key = await account.create("Key", {});
    const bucket = await account.create("s3/bucket:Bucket", { bucket: "under-a-key" });
    await account.create("BucketServerSideEncryptionConfiguration", {
      bucket: bucket.id,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.id } }],
    });
    const s3 = account.client("eu-central-1");
    const put = () => s3.send(new PutObjectCommand({ Bucket: bucket.id, Key: "row", Body: "v" }));
    const get = () => s3.send(new GetObjectCommand({ Bucket: bucket.id, Key: "row" }));
    await put();
    const { CiphertextBlob } = await kms("Encrypt", { KeyId: key.id, Plaintext: "YQ==" });

    expect(await kms("DisableKey", { KeyId: key.id })).toEqual({});
    expect(await kms("Decrypt", { CiphertextBlob })).toMatchObject({
      __type: "DisabledException",
      message: `${key.state.arn} is disabled.`,
    });
    await expect(put()).rejects.toThrow(/is disabled/);
    await expect(get()).rejects.toThrow(/is disabled/);

    await kms("EnableKey", { KeyId: key.id });
    expect(await kms("Decrypt", { CiphertextBlob })).toMatchObject({ Plaintext: "YQ==" });
    await put();
    expect(await (await get()).Body?.transformToString()).toBe("v");
  });

  test("can be saved from its deletion, and then is disabled", async () => {
    const { id, state } = await account.create("Key", {});
    expect(await kms("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 3 })).toMatchObject({ __type: "ValidationException" });
    expect(await kms("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: 7 })).toMatchObject({ KeyState: "PendingDeletion" });
    expect(await kms("Encrypt", { KeyId: id, Plaintext: "YQ==" })).toMatchObject({ __type: "KMSInvalidStateException" });
    expect(await kms("EnableKey", { KeyId: id })).toMatchObject({ __type: "KMSInvalidStateException" });
    expect(await kms("CancelKeyDeletion", { KeyId: id })).toEqual({ KeyId: state.arn });
    expect((await kms("DescribeKey", { KeyId: id })).KeyMetadata).toMatchObject({ Enabled: false, KeyState: "Disabled" });
  });

  test("shows to a refresh what was switched off past the program", async () => {
    const key = await account.create("Key", {});
    await kms("DisableKey", { KeyId: key.id });
    expect(await account.definition("kms/key:Key").read?.(account.context(key.urn), key)).toEqual({ isEnabled: false });
    await account.update(key, {});
    expect(find(key.id)?.state).toBe("Enabled");
  });

  test("answers signed calls of its own region only", async () => {
    const unsigned = new Request("https://kms.eu-central-1.amazonaws.com/", { method: "POST", body: "{}" });
    expect(await (await account.ground.internet.fetch(unsigned)).json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
    const { id } = await account.create("Key", {});
    expect(await kms("DescribeKey", { KeyId: id }, "us-east-1")).toMatchObject({ __type: "NotFoundException" });
  });
});
