import { afterAll, beforeAll, expect, test } from "vitest";
import { findKey } from "../../../sandbox/clouds/aws/kms.ts";
import { Account } from "./fixture.ts";

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
