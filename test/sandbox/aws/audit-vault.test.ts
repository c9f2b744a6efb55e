// The policies that an audit vault is made of, held against S3, KMS and IAM as they answer here.
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, PutObjectRetentionCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { auditVaultPolicy, keyPolicy, trustOfGoogleAccount, writerPolicy } from "../../../components/storage/audit-vault-policies.ts";
import type { Stored } from "../../../sandbox/engine/definition.ts";
import { Account } from "./fixture.ts";

const region = "eu-central-1";
const account = new Account(region);
const retention = { mode: "COMPLIANCE", days: 30 };
const Bucket = "audit-trail";
let vault: Stored;
let key: Stored;
let otherKey: Stored;

beforeAll(async () => {
  await account.start();
  const id = account.aws.account;
  const role = await account.create("iam/role:Role", {
    name: "writer",
    assumeRolePolicy: trustOfGoogleAccount("100000000000000000001", `sts.amazonaws.com/${id}`),
  });
  key = await account.create("kms/key:Key", { policy: keyPolicy(id, String(role.state.arn)) });
  otherKey = await account.create("kms/key:Key", {});
  vault = await account.create("s3/bucket:Bucket", { bucket: Bucket, objectLockEnabled: true, forceDestroy: true });
  await account.create("BucketVersioning", { bucket: Bucket, versioningConfiguration: { status: "Enabled" } });
  await account.create("BucketServerSideEncryptionConfiguration", {
    bucket: Bucket,
    rules: [
      { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: String(key.state.arn) }, bucketKeyEnabled: true },
    ],
  });
  await account.create("BucketObjectLockConfiguration", { bucket: Bucket, rule: { defaultRetention: retention } });
  await account.create("BucketPolicy", {
    bucket: Bucket,
    policy: auditVaultPolicy(String(vault.state.arn), String(key.state.arn), retention),
  });
  await account.create("iam/rolePolicy:RolePolicy", {
    role: "writer",
    policy: writerPolicy(String(vault.state.arn), String(key.state.arn)),
  });
});
afterAll(() => account.purge());

const at = { Bucket, Key: "2026/11/22/entry.json" };
const writer = () => account.client(region, `arn:aws:sts::${account.aws.account}:assumed-role/writer/audit`);
const administrator = () => account.client(region, account.aws.deployer);
const root = () => account.client(region, `arn:aws:iam::${account.aws.account}:root`);
const denied = { $metadata: { httpStatusCode: 403 } };

test("its writer adds entries, and reads none", async () => {
  await writer().send(new PutObjectCommand({ ...at, Body: "entry" }));
  await expect(writer().send(new GetObjectCommand(at))).rejects.toMatchObject(denied);
  expect(await (await administrator().send(new GetObjectCommand(at))).Body?.transformToString()).toBe("entry");
});

test("nobody deletes an entry before its time: not its writer, not an administrator, not root", async () => {
  const { VersionId } = await writer().send(new PutObjectCommand({ ...at, Body: "kept" }));
  for (const who of [writer, administrator, root]) {
    await expect(who().send(new DeleteObjectCommand({ ...at, VersionId, BypassGovernanceRetention: true }))).rejects.toMatchObject(denied);
  }
  await expect(account.delete(vault)).rejects.toThrow(/StatusCode: 403/);
  expect(await (await administrator().send(new GetObjectCommand({ ...at, VersionId }))).Body?.transformToString()).toBe("kept");
});

test("nobody writes an entry that is locked for less, or less deep", async () => {
  const until = (days: number) => new Date(Date.now() + days * 86_400_000);
  const put = (ObjectLockMode: "COMPLIANCE" | "GOVERNANCE", days: number) =>
    administrator().send(new PutObjectCommand({ ...at, Body: "x", ObjectLockMode, ObjectLockRetainUntilDate: until(days) }));
  await expect(put("COMPLIANCE", 1)).rejects.toMatchObject(denied);
  await expect(put("GOVERNANCE", 60)).rejects.toMatchObject(denied);
  const { VersionId } = await put("COMPLIANCE", 60);
  const sooner = { Mode: "COMPLIANCE", RetainUntilDate: until(31) } as const;
  await expect(
    administrator().send(new PutObjectRetentionCommand({ ...at, VersionId, Retention: sooner, BypassGovernanceRetention: true })),
  ).rejects.toMatchObject(denied);
});

test("nobody writes under another key, or under none of ours", async () => {
  const put = (more: object) => administrator().send(new PutObjectCommand({ ...at, Body: "x", ...more }));
  await expect(put({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: String(otherKey.state.arn) })).rejects.toMatchObject(denied);
  await expect(put({ ServerSideEncryption: "AES256" })).rejects.toMatchObject(denied);
  await expect(put({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: String(key.state.arn) })).resolves.toBeDefined();
});
