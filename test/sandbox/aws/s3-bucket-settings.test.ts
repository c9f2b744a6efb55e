import {
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Account } from "./fixture.ts";

const account = new Account("eu-central-1");
beforeAll(() => account.start());
afterAll(() => account.purge());
const s3 = () => account.client("eu-central-1");
const bucketNamed = (bucket: string, more = {}) => account.create("Bucket", { bucket, ...more });
const enabled = { versioningConfiguration: { status: "Enabled" } };

describe("versioning", () => {
  test("keeps what was overwritten", async () => {
    await bucketNamed("versioned");
    await account.create("BucketVersioning", { bucket: "versioned", ...enabled });
    const { VersionId } = await s3().send(new PutObjectCommand({ Bucket: "versioned", Key: "k", Body: "first" }));
    await s3().send(new PutObjectCommand({ Bucket: "versioned", Key: "k", Body: "second" }));
    const first = await s3().send(new GetObjectCommand({ Bucket: "versioned", Key: "k", VersionId }));
    expect(await first.Body?.transformToString()).toBe("first");
    const { Versions } = await s3().send(new ListObjectVersionsCommand({ Bucket: "versioned" }));
    expect(Versions).toHaveLength(2);
  });

  test("cannot go back to never having been", async () => {
    await bucketNamed("once-versioned");
    const versioning = await account.create("BucketVersioning", { bucket: "once-versioned", ...enabled });
    await expect(account.update(versioning, { versioningConfiguration: { status: "Disabled" } })).rejects.toThrow(
      /Suspended, never Disabled/,
    );
  });
});

describe("Object Lock", () => {
  test("needs versioning first", async () => {
    await bucketNamed("lock-too-early");
    const lock = { bucket: "lock-too-early", rule: { defaultRetention: { mode: "COMPLIANCE", days: 1 } } };
    await expect(account.create("BucketObjectLockConfiguration", lock)).rejects.toThrow(/InvalidBucketState.*BucketVersioning first/s);
  });

  test("stamps its default on new objects, and in compliance mode nobody deletes them or shortens it", async () => {
    const bucket = await bucketNamed("compliance", { objectLockEnabled: true, forceDestroy: true });
    await account.create("BucketObjectLockConfiguration", {
      bucket: "compliance",
      rule: { defaultRetention: { mode: "COMPLIANCE", days: 3 } },
    });
    const at = { Bucket: "compliance", Key: "evidence" };
    const { VersionId } = await s3().send(new PutObjectCommand({ ...at, Body: "proof" }));
    const { Retention } = await s3().send(new GetObjectRetentionCommand({ ...at, VersionId }));
    expect(Retention?.Mode).toBe("COMPLIANCE");
    const days = ((Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(2.99);
    expect(days).toBeLessThanOrEqual(3);

    const refused = { $metadata: { httpStatusCode: 403 } };
    await expect(s3().send(new DeleteObjectCommand({ ...at, VersionId, BypassGovernanceRetention: true }))).rejects.toMatchObject(refused);
    const sooner = { Mode: "COMPLIANCE", RetainUntilDate: new Date(Date.now() + 60_000) } as const;
    await expect(
      s3().send(new PutObjectRetentionCommand({ ...at, VersionId, Retention: sooner, BypassGovernanceRetention: true })),
    ).rejects.toMatchObject(refused);
    await expect(account.delete(bucket)).rejects.toThrow(/StatusCode: 403/);
    const got = await s3().send(new GetObjectCommand(at));
    expect(await got.Body?.transformToString()).toBe("proof");
  });

  test("keeps a longer retention that the writer asked for", async () => {
    await bucketNamed("asked-for", { objectLockEnabled: true });
    await account.create("BucketObjectLockConfiguration", {
      bucket: "asked-for",
      rule: { defaultRetention: { mode: "GOVERNANCE", days: 1 } },
    });
    const ObjectLockRetainUntilDate = new Date(Math.floor(Date.now() / 1000) * 1000 + 7 * 86_400_000);
    const at = { Bucket: "asked-for", Key: "k" };
    await s3().send(new PutObjectCommand({ ...at, Body: "v", ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate }));
    const { Retention } = await s3().send(new GetObjectRetentionCommand(at));
    expect(Retention).toEqual({ Mode: "COMPLIANCE", RetainUntilDate: ObjectLockRetainUntilDate });
  });

  test("is refused with both days and years, or neither", async () => {
    const both = { bucket: "any", rule: { defaultRetention: { mode: "COMPLIANCE", days: 1, years: 1 } } };
    await expect(account.create("BucketObjectLockConfiguration", both)).rejects.toThrow(/exactly one of `days` and `years`/);
  });
});

describe("encryption", () => {
  test("with a KMS key shows on every object, and a key that is off or gone makes them unreadable", async () => {
    await bucketNamed("encrypted");
    const key = await account.create("Key", { deletionWindowInDays: 7 });
    await account.create("BucketServerSideEncryptionConfiguration", {
      bucket: "encrypted",
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.state.arn as string },
          bucketKeyEnabled: true,
        },
      ],
    });
    const { ServerSideEncryptionConfiguration } = await s3().send(new GetBucketEncryptionCommand({ Bucket: "encrypted" }));
    expect(ServerSideEncryptionConfiguration?.Rules?.[0]).toMatchObject({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key.state.arn },
      BucketKeyEnabled: true,
    });
    const at = { Bucket: "encrypted", Key: "k" };
    const put = () => s3().send(new PutObjectCommand({ ...at, Body: "secret", Metadata: { mine: "1" } }));
    const get = () => s3().send(new GetObjectCommand(at));
    expect(await put()).toMatchObject({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: key.state.arn });
    expect(await get()).toMatchObject({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: key.state.arn, Metadata: { mine: "1" } });

    const disabled = await account.update(key, { isEnabled: false });
    await expect(get()).rejects.toMatchObject({ name: "KMS.DisabledException" });
    await expect(put()).rejects.toMatchObject({ name: "KMS.DisabledException" });
    await account.update(disabled, { isEnabled: true });
    expect(await (await get()).Body?.transformToString()).toBe("secret");
    await account.delete(key);
    await expect(get()).rejects.toMatchObject({ name: "KMS.KMSInvalidStateException" });
  });

  test("can be set through the API too", async () => {
    await bucketNamed("by-api");
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID: "alias/nobody" } };
    await s3().send(new PutBucketEncryptionCommand({ Bucket: "by-api", ServerSideEncryptionConfiguration: { Rules: [rule] } }));
    await expect(s3().send(new PutObjectCommand({ Bucket: "by-api", Key: "k", Body: "v" }))).rejects.toMatchObject({
      name: "KMS.NotFoundException",
    });
  });
});

describe("the public access block", () => {
  const policyOf = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const forEveryone = (bucket: string) =>
    policyOf({ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` });

  test("is on from the start, and refuses a public policy until it is lifted", async () => {
    await bucketNamed("blocked");
    const { PublicAccessBlockConfiguration } = await s3().send(new GetPublicAccessBlockCommand({ Bucket: "blocked" }));
    expect(PublicAccessBlockConfiguration?.BlockPublicPolicy).toBe(true);
    const policy = { bucket: "blocked", policy: forEveryone("blocked") };
    await expect(account.create("BucketPolicy", policy)).rejects.toThrow(/BlockPublicPolicy/);
    await account.create("BucketPublicAccessBlock", { bucket: "blocked", blockPublicPolicy: false });
    await account.create("BucketPolicy", policy);
    expect((await s3().send(new GetBucketPolicyCommand({ Bucket: "blocked" }))).Policy).toBe(policy.policy);
  });

  test("lets a policy through that denies, or is not for everyone", async () => {
    await bucketNamed("careful");
    const deny = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::careful", "arn:aws:s3:::careful/*"] };
    await account.create("BucketPolicy", { bucket: "careful", policy: policyOf(deny) });
    const elsewhere = { ...deny, Resource: "arn:aws:s3:::another/*" };
    await expect(account.create("BucketPolicy", { bucket: "careful", policy: policyOf(elsewhere) })).rejects.toThrow(
      /MalformedPolicy.*another/,
    );
  });
});

test("ACLs are refused, for the owner is enforced", async () => {
  await bucketNamed("no-acls");
  const controls = (objectOwnership: string) => account.create("BucketOwnershipControls", { bucket: "no-acls", rule: { objectOwnership } });
  await expect(controls("ObjectWriter")).rejects.toThrow(/"ObjectWriter" brings ACLs back/);
  await controls("BucketOwnerEnforced");
  const put = new PutObjectCommand({ Bucket: "no-acls", Key: "k", Body: "v", ACL: "public-read" });
  await expect(s3().send(put)).rejects.toMatchObject({ name: "AccessControlListNotSupported" });
});

test("lifecycle rules are answered as they were given", async () => {
  await bucketNamed("ages");
  await account.create("BucketLifecycleConfiguration", {
    bucket: "ages",
    rules: [
      {
        id: "old",
        status: "Enabled",
        filter: { and: { prefix: "logs/", tags: { kind: "log" } } },
        expiration: { days: 30 },
        transitions: [{ days: 7, storageClass: "GLACIER" }],
        noncurrentVersionExpiration: { noncurrentDays: 3 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      },
    ],
  });
  const { Rules } = await s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket: "ages" }));
  expect(Rules).toEqual([
    {
      ID: "old",
      Status: "Enabled",
      Filter: { And: { Prefix: "logs/", Tags: [{ Key: "kind", Value: "log" }] } },
      Expiration: { Days: 30 },
      Transitions: [{ Days: 7, StorageClass: "GLACIER" }],
      NoncurrentVersionExpiration: { NoncurrentDays: 3 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
  ]);
});

test("a setting must be sought where its bucket is", async () => {
  await bucketNamed("in-ohio", { region: "us-east-2" });
  await expect(account.create("BucketVersioning", { bucket: "in-ohio", ...enabled })).rejects.toThrow(
    /PermanentRedirect.*us-east-2.*eu-central-1/,
  );
  await account.create("BucketVersioning", { bucket: "in-ohio", region: "us-east-2", ...enabled });
  await expect(account.create("BucketVersioning", { bucket: "nowhere", ...enabled })).rejects.toThrow(/NoSuchBucket.*"nowhere"/);
});

test("a setting that was removed behind the program's back is seen as gone", async () => {
  await bucketNamed("drifts");
  const block = await account.create("BucketPublicAccessBlock", { bucket: "drifts" });
  const read = () => account.definition("BucketPublicAccessBlock").read?.(account.context(), block);
  expect(await read()).toEqual({});
  await s3().send(new DeletePublicAccessBlockCommand({ Bucket: "drifts" }));
  expect(await read()).toBeUndefined();
});
