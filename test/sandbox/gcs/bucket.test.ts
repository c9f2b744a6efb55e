import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountOwner } from "../../../sandbox/clouds/gcp/iam.ts";
import { resource, StorageProject } from "./fixture.ts";

const project = new StorageProject("shop");
beforeAll(async () => {
  await project.start();
  for (const api of ["cloudkms", "iam"]) await project.create("Service", { service: `${api}.googleapis.com` });
});
afterAll(async () => {
  await project.stop();
  project.purge();
});

const bucket = (name: string, more = {}) =>
  project.create("storage/bucket:Bucket", { name, location: "europe-west3", softDeletePolicy: { retentionDurationSeconds: 0 }, ...more });

describe("a bucket", () => {
  test("has the outputs of the real provider, its location in upper case", async () => {
    const made = await project.create("storage/bucket:Bucket", { name: "outputs", location: "europe-west3", labels: { a: "b" } });
    expect(made.state).toMatchObject({
      location: "EUROPE-WEST3",
      url: "gs://outputs",
      selfLink: "https://www.googleapis.com/storage/v1/b/outputs",
      storageClass: "STANDARD",
      project: "shop",
      publicAccessPrevention: "inherited",
      softDeletePolicy: { retentionDurationSeconds: 604800 },
      pulumiLabels: { a: "b" },
    });
    const shown = await project.send("/storage/v1/b/outputs");
    expect(await shown.json()).toMatchObject({ location: "EUROPE-WEST3", locationType: "region", labels: { a: "b" } });
    expect(await (await project.send("/storage/v1/b?project=shop")).json()).toMatchObject({ items: [{ name: "outputs" }] });
  });

  test("has a name that is taken for all", async () => {
    await bucket("taken");
    await expect(bucket("taken", { project: "another" })).rejects.toThrow(/409: The requested bucket name is not available/);
  });

  test("refuses everything wrong with its inputs at once", async () => {
    const wrong = { storageClass: "HOT", softDeletePolicy: { retentionDurationSeconds: 60 }, autoclass: { enabled: true } };
    await expect(bucket("UPPER", wrong)).rejects.toThrow(
      /autoclass: is not offered[\s\S]*name: "UPPER"[\s\S]*"HOT" is not one of STANDARD[\s\S]*60 is neither 0/,
    );
  });

  test("is deleted when empty, or by force with every version", async () => {
    const careful = await bucket("careful", { versioning: { enabled: true } });
    await project.put("careful", "a", "1");
    await project.put("careful", "a", "2");
    await expect(project.delete(careful)).rejects.toThrow(/409: The bucket you tried to delete is not empty/);
    await project.delete(await project.update(careful, { forceDestroy: true }));
    expect((await project.send("/storage/v1/b/careful")).status).toBe(404);
  });

  test("is changed in place, and can be imported", async () => {
    const made = await bucket("changing");
    const changed = await project.update(made, { versioning: { enabled: true }, labels: { team: "a" } });
    expect(changed.state.effectiveLabels).toMatchObject({ team: "a" });
    expect(await (await project.send("/storage/v1/b/changing")).json()).toMatchObject({
      versioning: { enabled: true },
      metageneration: "2",
    });
    const found = await project.definition("storage/bucket:Bucket").import?.(project.context(), "shop/changing");
    expect(found?.inputs).toMatchObject({ name: "changing", location: "EUROPE-WEST3", versioning: { enabled: true } });
  });
});

describe("a locked retention policy", () => {
  test("is never shortened, unlocked or removed, and can grow", async () => {
    const policy = (retentionPeriod: string, isLocked: boolean) => ({ retentionPolicy: { retentionPeriod, isLocked } });
    const made = await bucket("vault", policy("3600", false));
    const shorter = await project.update(made, policy("1800", false));
    const locked = await project.update(shorter, policy("1800", true));
    await expect(project.update(locked, policy("900", true))).rejects.toThrow(/403: Cannot reduce retention duration of a locked/);
    await expect(project.update(locked, policy("1800", false))).rejects.toThrow(/403: Cannot unlock/);
    await expect(project.update(locked, { retentionPolicy: null })).rejects.toThrow(/403: Cannot remove/);
    await project.update(locked, policy("7200", true));
  });

  test("keeps objects and their bucket from everyone, forceDestroy included", async () => {
    const made = await bucket("evidence", { forceDestroy: true, retentionPolicy: { retentionPeriod: "3600", isLocked: true } });
    const { retentionExpirationTime } = await project.put("evidence", "proof", "1");
    const hour = Date.parse(retentionExpirationTime ?? "") - Date.now();
    expect(hour).toBeGreaterThan(3_590_000);
    expect(hour).toBeLessThanOrEqual(3_600_000);
    await expect(project.put("evidence", "proof", "2")).rejects.toThrow(/403 retentionPolicyNotMet/);
    await expect(resource(await project.object("evidence", "proof", "DELETE"))).rejects.toThrow(
      /403 retentionPolicyNotMet.*cannot be deleted or overwritten until/,
    );
    await expect(project.delete(made)).rejects.toThrow(/retention policy/);
    expect(await project.read("evidence", "proof")).toBe("1");
  });

  test("is locked through the API too, by whoever knows its metageneration", async () => {
    await bucket("by-api", { retentionPolicy: { retentionPeriod: "60" } });
    const lock = (metageneration: number) =>
      project.send(`/storage/v1/b/by-api/lockRetentionPolicy?ifMetagenerationMatch=${metageneration}`, { method: "POST" });
    expect((await lock(7)).status).toBe(412);
    expect(await (await lock(1)).json()).toMatchObject({ retentionPolicy: { isLocked: true, retentionPeriod: "60" } });
  });
});

describe("access", () => {
  test("follows bindings on the bucket: remove one, and exactly that call fails", async () => {
    await bucket("guarded");
    await project.put("guarded", "a", "1");
    const account = await project.create("Account", { accountId: "reader-account" });
    const reader = `serviceAccount:${account.state.email}`;
    const get = () => project.send("/storage/v1/b/guarded/o/a?alt=media", {}, reader);
    expect((await get()).status).toBe(403);
    const binding = await project.create("BucketIAMMember", { bucket: "guarded", role: "roles/storage.objectViewer", member: reader });
    expect(binding.id).toBe(`b/guarded/roles/storage.objectViewer/${reader}`);
    expect(await (await get()).text()).toBe("1");
    const put = await project.send("/upload/storage/v1/b/guarded/o?uploadType=media&name=b", { method: "POST", body: "2" }, reader);
    await expect(resource(put)).rejects.toThrow(/403 forbidden: reader-account@.* does not have storage.objects.create access/);
    await project.delete(binding);
    expect((await get()).status).toBe(403);
  });

  test("to create is not to replace", async () => {
    await bucket("write-once");
    const account = await project.create("Account", { accountId: "writer-account" });
    const writer = `serviceAccount:${account.state.email}`;
    await project.create("BucketIAMMember", { bucket: "write-once", role: "roles/storage.objectCreator", member: writer });
    const put = () => project.send("/upload/storage/v1/b/write-once/o?uploadType=media&name=a", { method: "POST", body: "1" }, writer);
    expect((await put()).status).toBe(200);
    await expect(resource(await put())).rejects.toThrow(/403 forbidden: .*storage.objects.delete/);
  });

  test("is for nobody without a valid token, unless the bucket is public", async () => {
    await bucket("public-bucket");
    await project.put("public-bucket", "a", "1");
    const get = (headers = {}) =>
      project.ground.internet.fetch(new Request("https://storage.googleapis.com/storage/v1/b/public-bucket/o/a?alt=media", { headers }));
    expect((await get()).status).toBe(401);
    expect((await get({ authorization: "Bearer forged" })).status).toBe(401);
    await project.create("BucketIAMMember", { bucket: "public-bucket", role: "roles/storage.objectViewer", member: "allUsers" });
    expect(await (await get()).text()).toBe("1");
  });

  test("cannot be public where that is prevented", async () => {
    await bucket("never-public", { publicAccessPrevention: "enforced" });
    const everyone = { bucket: "never-public", role: "roles/storage.objectViewer", member: "allUsers" };
    await expect(project.create("BucketIAMMember", everyone)).rejects.toThrow(
      /412: The member bindings allUsers.*public access prevention/,
    );
  });
});

test("a bucket with its own key needs the grant first, and without it nothing is read or written", async () => {
  const ring = await project.create("KeyRing", { name: "ring", location: "europe-west3" });
  const key = await project.create("CryptoKey", { name: "key", keyRing: ring.id });
  const encryption = { defaultKmsKeyName: key.id };
  await expect(bucket("encrypted", { encryption })).rejects.toThrow(
    /403: Permission denied on Cloud KMS key.*grant service-\d+@gs-project-accounts/,
  );
  const agent = (await project.storage.functions[0]?.call(project.context(), {})) as { member: string; emailAddress: string };
  expect(agent.emailAddress).toMatch(/^service-\d+@gs-project-accounts\.iam\.gserviceaccount\.com$/);
  const grant = { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member: agent.member };
  const granted = await project.create("CryptoKeyIAMMember", grant);
  await bucket("encrypted", { encryption });
  await expect(bucket("elsewhere", { encryption, location: "us-east4" })).rejects.toThrow(
    /"EUROPE-WEST3" does not match the bucket's location "US-EAST4"/,
  );
  await project.put("encrypted", "a", "secret");
  await project.delete(granted);
  await expect(project.put("encrypted", "b", "secret")).rejects.toThrow(/403 forbidden: Permission denied on Cloud KMS key/);
  await expect(resource(await project.object("encrypted", "a", "GET", "alt=media"))).rejects.toThrow(
    /403 forbidden: Permission denied on Cloud KMS key/,
  );
  await project.create("CryptoKeyIAMMember", grant);
  expect(await project.read("encrypted", "a")).toBe("secret");
});

test("a bucket is reached at the loopback address as well", async () => {
  await bucket("at-loopback");
  await project.put("at-loopback", "a", "1");
  const headers = { authorization: `Bearer ${project.iam.tokens.accessToken(accountOwner)}` };
  const answer = await fetch(`${project.storage.endpoint}/storage/v1/b/at-loopback/o/a?alt=media`, { headers });
  expect(await answer.text()).toBe("1");
});
