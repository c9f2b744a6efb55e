import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Account } from "./fixture.ts";

const account = new Account("eu-central-1");
beforeAll(() => account.start());
afterAll(() => account.purge());

const body = (text: string) => ({ Body: text });

describe("a bucket", () => {
  test("has the outputs of the real provider", async () => {
    const bucket = await account.create("Bucket", { bucket: "outputs-of-a-bucket", tags: { a: "b" } });
    expect(bucket.id).toBe("outputs-of-a-bucket");
    expect(bucket.state).toMatchObject({
      arn: "arn:aws:s3:::outputs-of-a-bucket",
      region: "eu-central-1",
      bucketRegion: "eu-central-1",
      bucketDomainName: "outputs-of-a-bucket.s3.amazonaws.com",
      bucketRegionalDomainName: "outputs-of-a-bucket.s3.eu-central-1.amazonaws.com",
      hostedZoneId: "Z21DNDUVLTQW6Q",
      tagsAll: { a: "b" },
    });
  });

  test("keeps objects behind the S3 protocol", async () => {
    await account.create("Bucket", { bucket: "keeps-objects" });
    const s3 = account.client("eu-central-1");
    await s3.send(new PutObjectCommand({ Bucket: "keeps-objects", Key: "a/b c+ü.txt", ...body("hello") }));
    const got = await s3.send(new GetObjectCommand({ Bucket: "keeps-objects", Key: "a/b c+ü.txt" }));
    expect(await got.Body?.transformToString()).toBe("hello");
    expect(got.ServerSideEncryption).toBe("AES256");
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: "keeps-objects", Prefix: "a/" }));
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(["a/b c+ü.txt"]);
  });

  test("takes a large object in parts", async () => {
    await account.create("Bucket", { bucket: "large-objects" });
    const s3 = account.client("eu-central-1");
    const at = { Bucket: "large-objects", Key: "parts" };
    const part = Buffer.alloc(5 * 1024 * 1024, "x");
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    const parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: part }));
      parts.push({ ETag, PartNumber });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: parts } }));
    const got = await s3.send(new GetObjectCommand(at));
    expect((await got.Body?.transformToByteArray())?.length).toBe(2 * part.length);
  });

  test("is reached by its host name, with a stream whose checksum trails", async () => {
    await account.create("Bucket", { bucket: "by-host-name" });
    const s3 = account.internetClient("eu-central-1");
    const at = { Bucket: "by-host-name", Key: "stream" };
    await s3.send(new PutObjectCommand({ ...at, Body: Readable.from([Buffer.alloc(100_000, "x")]), ContentLength: 100_000 }));
    const back = await s3.send(new GetObjectCommand({ ...at, Range: "bytes=99996-" }));
    expect(await back.Body?.transformToString()).toBe("xxxx");
    expect(back.ContentRange).toBe("bytes 99996-99999/100000");
  });

  test("is found through its own region only", async () => {
    await account.create("Bucket", { bucket: "in-virginia", region: "us-east-1" });
    await expect(account.client("eu-central-1").send(new ListObjectsV2Command({ Bucket: "in-virginia" }))).rejects.toMatchObject({
      name: "PermanentRedirect",
      $metadata: { httpStatusCode: 301 },
    });
    const head = await account.client("us-east-1").send(new HeadBucketCommand({ Bucket: "in-virginia" }));
    expect(head.BucketRegion).toBe("us-east-1");
  });

  test("has a name that no other bucket of any region has", async () => {
    await account.create("Bucket", { bucket: "only-once" });
    await expect(account.create("Bucket", { bucket: "only-once", region: "us-east-1" })).rejects.toThrow(
      /BucketAlreadyOwnedByYou.*eu-central-1/,
    );
  });

  test("of which a kill left something behind is made once more", async () => {
    await account.create("Bucket", { bucket: "heard-of" });
    const folder = (name: string) => join(account.ground.dataDir, "s3", "objects", name);
    execFileSync("cp", ["-a", folder("heard-of"), folder("left-whole")]);
    mkdirSync(folder("left-in-part"));
    for (const bucket of ["left-whole", "left-in-part"]) {
      await account.create("Bucket", { bucket });
      await account.client("eu-central-1").send(new HeadBucketCommand({ Bucket: bucket }));
    }
  });

  test("refuses a name that S3 refuses, and settings that have moved out of it", async () => {
    await expect(account.create("Bucket", { bucket: "Upper_Case" })).rejects.toThrow(/bucket: "Upper_Case" is no bucket name/);
    await expect(account.create("Bucket", { bucket: "fine", acl: "public-read" })).rejects.toThrow(/acl: .*aws\.s3\.BucketAcl/);
  });

  test("is deleted when empty, or by force", async () => {
    const s3 = account.client("eu-central-1");
    const careful = await account.create("Bucket", { bucket: "not-by-force" });
    await s3.send(new PutObjectCommand({ Bucket: "not-by-force", Key: "k", ...body("v") }));
    await expect(account.delete(careful)).rejects.toThrow(/BucketNotEmpty/);
    await s3.send(new DeleteObjectCommand({ Bucket: "not-by-force", Key: "k" }));
    await account.delete(careful);

    const force = await account.create("Bucket", { bucket: "by-force", forceDestroy: true });
    await account.create("BucketVersioning", { bucket: "by-force", versioningConfiguration: { status: "Enabled" } });
    for (const text of ["1", "2"]) await s3.send(new PutObjectCommand({ Bucket: "by-force", Key: "k", ...body(text) }));
    await s3.send(new DeleteObjectCommand({ Bucket: "by-force", Key: "k" }));
    await account.delete(force);
    await expect(s3.send(new HeadBucketCommand({ Bucket: "by-force" }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  test("can be imported with its region", async () => {
    await account.create("Bucket", { bucket: "to-import", region: "us-west-2" });
    const found = await account.definition("Bucket").import?.(account.context(), "to-import@us-west-2");
    expect(found?.inputs).toMatchObject({ bucket: "to-import", region: "us-west-2", objectLockEnabled: false });
  });
});

describe("a caller", () => {
  const request = (init?: RequestInit) =>
    account.ground.internet.fetch(new Request("https://callers.s3.eu-central-1.amazonaws.com/k", init));
  beforeAll(() => account.create("Bucket", { bucket: "callers" }));

  test("who is anonymous is refused", async () => {
    const answer = await request();
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("<Code>AccessDenied</Code>");
  });

  test("with foreign keys, a wrong secret, no session token or an expired one is refused", async () => {
    const { AccessKeyId, SecretAccessKey, Token } = account.aws.issueCredentials(account.aws.deployer);
    const as = (accessKeyId: string, secretAccessKey: string, sessionToken?: string) =>
      new S3Client({
        region: "eu-central-1",
        endpoint: account.aws.s3Endpoint,
        maxAttempts: 1,
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
      }).send(new ListObjectsV2Command({ Bucket: "callers" }));
    await expect(as("AKIAIOSFODNN7EXAMPLE", SecretAccessKey)).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
    await expect(as(AccessKeyId, "wrong", Token)).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
    await expect(as(AccessKeyId, SecretAccessKey)).rejects.toMatchObject({ name: "InvalidToken" });
    const expired = account.aws.issueCredentials(account.aws.deployer, -1);
    await expect(as(expired.AccessKeyId, expired.SecretAccessKey, expired.Token)).rejects.toMatchObject({ name: "ExpiredToken" });
    await expect(as(AccessKeyId, SecretAccessKey, Token)).resolves.toMatchObject({ KeyCount: 0 });
  });
});

test("a restart keeps buckets, objects and credentials, also after kill -9", async () => {
  const restarted = new Account("eu-central-1");
  await restarted.start();
  try {
    await restarted.create("Bucket", { bucket: "outlives" });
    const issued = restarted.aws.issueCredentials(restarted.aws.deployer);
    const client = () =>
      new S3Client({
        region: "eu-central-1",
        endpoint: restarted.aws.s3Endpoint,
        credentials: { accessKeyId: issued.AccessKeyId, secretAccessKey: issued.SecretAccessKey, sessionToken: issued.Token },
      });
    await client().send(new PutObjectCommand({ Bucket: "outlives", Key: "k", ...body("kept") }));
    const read = async () => (await client().send(new GetObjectCommand({ Bucket: "outlives", Key: "k" }))).Body?.transformToString();

    const pid = restarted.aws.parts()[0]?.pid as number;
    const written: string[] = [];
    let writing = true;
    const writes = (async () => {
      for (let round = 0; writing; round++) {
        const Key = `under-fire-${round}`;
        const put = client().send(new PutObjectCommand({ Bucket: "outlives", Key, Body: Key }));
        if (await put.then(() => true).catch(() => false)) written.push(Key);
      }
    })();
    await expect.poll(() => written.length).toBeGreaterThan(3);
    process.kill(pid, "SIGKILL");
    const before = written.length;
    await expect.poll(() => restarted.aws.parts()[0]?.pid, { timeout: 10_000 }).not.toBe(pid);
    await expect.poll(() => written.length, { timeout: 10_000 }).toBeGreaterThan(before + 1);
    writing = false;
    await writes;
    for (const Key of written) {
      const got = await client().send(new GetObjectCommand({ Bucket: "outlives", Key }));
      expect(await got.Body?.transformToString()).toBe(Key);
    }
    expect(await read()).toBe("kept");

    await restarted.stop();
    await restarted.start();
    expect(await read()).toBe("kept");
  } finally {
    await restarted.purge();
  }
});
