// Object storage and registries of both clouds under the real Pulumi engine, for a program that knows nothing of where it runs.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "../../../sandbox/sandbox.ts";
import { attachedTo, Stack } from "../engine/pulumi.ts";
import { versitygw } from "./fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "storage-"));
let sandbox: Sandbox;
let stack: Stack;

beforeAll(async () => {
  sandbox = await Sandbox.start({
    stateDir: join(folder, "sandbox"),
    socketDir: join(folder, "s"),
    port: 0,
    tools: { versitygw },
    log: () => {},
  });
  const project = join(folder, "project");
  for (const name of ["project", "home", "state"]) mkdirSync(join(folder, name));
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(project, "Pulumi.yaml"), "name: foreign\nruntime: nodejs\nmain: index.ts\n");
  stack = new Stack(project, attachedTo(sandbox.ports, folder));
  stack.write("");
  await stack.run("stack", "init", "storage");
  for (const [key, value] of Object.entries({ "aws:region": "eu-central-1", "gcp:project": "shop", "gcp:region": "europe-west3" })) {
    await stack.run("config", "set", key, value);
  }
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const program = (tag: string) => `
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketObjectLockConfiguration } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import { Key } from "@pulumi/aws/kms/key.js";
import { Alias } from "@pulumi/aws/kms/alias.js";
import { Repository } from "@pulumi/aws/ecr/repository.js";
import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { Service } from "@pulumi/gcp/projects/service.js";
import { Bucket as GcsBucket } from "@pulumi/gcp/storage/bucket.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import { getProjectServiceAccountOutput } from "@pulumi/gcp/storage/getProjectServiceAccount.js";
import { Repository as Artifacts } from "@pulumi/gcp/artifactregistry/repository.js";
import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";

const key = new Key("key", { deletionWindowInDays: 7, enableKeyRotation: true });
new Alias("alias", { name: "alias/vault", targetKeyId: key.keyId });
const vault = new Bucket("vault", { objectLockEnabled: true, tags: { tag: "${tag}" } });
const bucket = vault.bucket;
const versioning = new BucketVersioning("versioning", { bucket, versioningConfiguration: { status: "Enabled" } });
new BucketObjectLockConfiguration("lock", { bucket, rule: { defaultRetention: { mode: "COMPLIANCE", days: 1 } } }, { dependsOn: versioning });
new BucketServerSideEncryptionConfiguration("encryption", {
  bucket,
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn }, bucketKeyEnabled: true }],
});
new BucketPublicAccessBlock("block", { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true });
new BucketOwnershipControls("ownership", { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } });
new BucketLifecycleConfiguration("lifecycle", { bucket, rules: [{ id: "old", status: "Enabled", filter: {}, noncurrentVersionExpiration: { noncurrentDays: 3 } }] }, { dependsOn: versioning });
new BucketPolicy("policy", { bucket, policy: vault.arn.apply((arn) => JSON.stringify({ Version: "2012-10-17", Statement: [
  { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [arn, arn + "/*"], Condition: { Bool: { "aws:SecureTransport": "false" } } } ] })) });
for (const region of ["eu-central-1", "us-east-1"]) {
  const images = new Repository("images-" + region, { name: "images", region, imageTagMutability: "IMMUTABLE" });
  new LifecyclePolicy("images-policy-" + region, { repository: images.name, region, policy: JSON.stringify({ rules: [] }) });
}
const api = new Service("registry-api", { service: "artifactregistry.googleapis.com" });
const artifacts = new Artifacts("artifacts", { repositoryId: "artifacts", location: "europe-west3", format: "DOCKER", dockerConfig: { immutableTags: true } }, { dependsOn: api });
new RepositoryIamMember("artifacts-reader", { repository: artifacts.name, location: artifacts.location, role: "roles/artifactregistry.reader", member: "user:a@b.example" });
const archive = new GcsBucket("archive", { location: "europe-west3", uniformBucketLevelAccess: true, publicAccessPrevention: "enforced", versioning: { enabled: true },
  retentionPolicy: { retentionPeriod: "60" }, labels: { tag: "${tag}" },
  lifecycleRules: [{ action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 3, withState: "ARCHIVED" } }] });
new BucketIAMMember("archive-writer", { bucket: archive.name, role: "roles/storage.objectCreator", member: "user:a@b.example" });

export const account = getCallerIdentityOutput().accountId;
export const agent = getProjectServiceAccountOutput().emailAddress;
export const vaultName = vault.bucket;
export const arn = vault.arn;
export const archiveUrl = archive.url;
export const location = archive.location;
`;

test("a program makes, keeps, changes, refreshes and unmakes it all", { timeout: 120_000 }, async () => {
  stack.write(program("a"));
  const up = await stack.up();
  expect(up).toMatchObject({ code: 0 });
  const outputs = (await stack.outputs()) as Record<string, string>;
  expect(outputs).toMatchObject({
    account: expect.stringMatching(/^\d{12}$/),
    agent: expect.stringMatching(/^service-\d+@gs-project-accounts\.iam\.gserviceaccount\.com$/),
    vaultName: expect.stringMatching(/^vault-[0-9a-f]{7}$/),
    arn: `arn:aws:s3:::${outputs.vaultName}`,
    archiveUrl: expect.stringMatching(/^gs:\/\/archive-[0-9a-f]{7}$/),
    location: "EUROPE-WEST3",
  });

  for (const command of [
    ["preview", "--diff", "--expect-no-changes"],
    ["refresh", "--yes", "--expect-no-changes"],
    ["preview", "--diff", "--expect-no-changes"],
  ]) {
    const { code, output } = await stack.run(...command);
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  }

  stack.write(program("b"));
  expect(await stack.up()).toMatchObject({ code: 0, output: expect.stringMatching(/2 updated\n\s+\d+ unchanged/) });

  const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
  expect(destroyed).toMatchObject({ code: 0 });
});
