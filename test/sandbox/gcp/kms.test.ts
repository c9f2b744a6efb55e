import { verify } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
let ring: string;
beforeAll(async () => {
  world = await World.start("cloudkms");
  ring = (await world.create("kms/keyRing:KeyRing", "ring", { name: "ring", location: region })).id;
});
afterAll(() => world.end());

const api = "https://cloudkms.googleapis.com/v1";
const signingKey = (name: string, algorithm = "EC_SIGN_ED25519") =>
  world.create("kms/cryptoKey:CryptoKey", name, { name, keyRing: ring, purpose: "ASYMMETRIC_SIGN", versionTemplate: { algorithm } });
const grant = (cryptoKeyId: string, role: string, member: string) =>
  world.create("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", `${cryptoKeyId} ${role} ${member}`, { cryptoKeyId, role, member });

describe("a signing key", () => {
  test.each([
    ["EC_SIGN_ED25519", null],
    ["EC_SIGN_P256_SHA256", "sha256"],
    ["RSA_SIGN_PKCS1_2048_SHA256", "sha256"],
  ])("signs with %s what its public key verifies", async (algorithm, digest) => {
    const key = await signingKey(`sign-${algorithm.toLowerCase()}`, algorithm);
    const { publicKeys } = await world.invoke("kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion", { cryptoKey: key.id });
    const [{ pem }] = publicKeys as [{ pem: string }];
    const data = Buffer.from("a decision table");
    const { status, body } = await world.call(world.cloud.owner, "POST", `${api}/${key.id}/cryptoKeyVersions/1:asymmetricSign`, {
      data: data.toString("base64"),
    });
    expect(status).toBe(200);
    expect(verify(digest, data, pem, Buffer.from(String(body.signature), "base64"))).toBe(true);
    const published = await world.call(world.cloud.owner, "GET", `${api}/${key.id}/cryptoKeyVersions/1/publicKey`);
    expect(published.body).toMatchObject({ pem, algorithm });
  });

  test("is used only by who is granted it, and only as long", async () => {
    const key = await signingKey("guarded");
    const { member } = await world.account("signer");
    const sign = () => world.call(member, "POST", `${api}/${key.id}/cryptoKeyVersions/1:asymmetricSign`, { data: "YQ==" });
    expect((await sign()).body).toMatchObject({ error: { status: "PERMISSION_DENIED" } });
    const binding = await grant(key.id, "roles/cloudkms.signer", member);
    expect((await sign()).status).toBe(200);
    await binding.remove();
    expect((await sign()).status).toBe(403);
  });

  test("needs an algorithm that signs", async () => {
    await expect(
      world.create("kms/cryptoKey:CryptoKey", "none", {
        name: "none",
        keyRing: ring,
        purpose: "ASYMMETRIC_SIGN",
        versionTemplate: { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" },
      }),
    ).rejects.toThrow(/RSA_DECRYPT_OAEP_2048_SHA256.*EC_SIGN_ED25519/);
  });
});

describe("an encryption key", () => {
  test("decrypts what it encrypted, with the same additional data only", async () => {
    const key = await world.create("kms/cryptoKey:CryptoKey", "data", { name: "data", keyRing: ring });
    const secret = { plaintext: "c2VjcmV0", additionalAuthenticatedData: "cm93" };
    const { body } = await world.call(world.cloud.owner, "POST", `${api}/${key.id}:encrypt`, secret);
    expect(Buffer.from(String(body.ciphertext), "base64").includes("secret")).toBe(false);
    const decrypt = (additionalAuthenticatedData: string) =>
      world.call(world.cloud.owner, "POST", `${api}/${key.id}:decrypt`, { ciphertext: body.ciphertext, additionalAuthenticatedData });
    expect((await decrypt("cm93")).body).toMatchObject({ plaintext: "c2VjcmV0" });
    expect(await decrypt("b3RoZXI=")).toMatchObject({ status: 400 });
  });

  test("is lost for ever with what it encrypted, and so is its name", async () => {
    const key = await world.create("kms/cryptoKey:CryptoKey", "lost", { name: "lost", keyRing: ring });
    const { body } = await world.call(world.cloud.owner, "POST", `${api}/${key.id}:encrypt`, { plaintext: "YQ==" });
    await key.remove();
    expect(await world.call(world.cloud.owner, "POST", `${api}/${key.id}:decrypt`, { ciphertext: body.ciphertext })).toMatchObject({
      status: 400,
    });
    await expect(world.create("kms/cryptoKey:CryptoKey", "lost", { name: "lost", keyRing: ring })).rejects.toThrow("already exists");
  });
});

describe("a key version that is switched off", () => {
  const setState = (version: string, state: string) =>
    world.call(world.cloud.owner, "PATCH", `${api}/${version}?updateMask=state`, { state });
  const encrypt = (key: string) => world.call(world.cloud.owner, "POST", `${api}/${key}:encrypt`, { plaintext: "YQ==" });
  const decrypt = (key: string, ciphertext: unknown) => world.call(world.cloud.owner, "POST", `${api}/${key}:decrypt`, { ciphertext });

  test("neither encrypts nor decrypts, and does both again when it is enabled", async () => {
    const { id } = await world.create("kms/cryptoKey:CryptoKey", "off", { name: "off", keyRing: ring });
    const version = `${id}/cryptoKeyVersions/1`;
    const { ciphertext } = (await encrypt(id)).body;
    expect((await setState(version, "DISABLED")).body).toMatchObject({ state: "DISABLED" });
    const message = `${version} is not enabled, current state is: DISABLED.`;
    expect(await encrypt(id)).toMatchObject({ status: 400, body: { error: { status: "FAILED_PRECONDITION", message } } });
    expect(await decrypt(id, ciphertext)).toMatchObject({ status: 400, body: { error: { message } } });
    await setState(version, "ENABLED");
    expect((await decrypt(id, ciphertext)).body).toMatchObject({ plaintext: "YQ==" });
  });

  test("does not sign", async () => {
    const { id } = await signingKey("silent");
    const version = `${id}/cryptoKeyVersions/1`;
    await setState(version, "DISABLED");
    expect((await world.call(world.cloud.owner, "POST", `${api}/${version}:asymmetricSign`, { data: "YQ==" })).body).toMatchObject({
      error: { status: "FAILED_PRECONDITION" },
    });
  });

  test("can be restored until its destruction, and then is disabled", async () => {
    const { id } = await world.create("kms/cryptoKey:CryptoKey", "doomed", { name: "doomed", keyRing: ring });
    const version = `${id}/cryptoKeyVersions/1`;
    const doomed = (await world.call(world.cloud.owner, "POST", `${api}/${version}:destroy`)).body;
    expect(doomed.state).toBe("DESTROY_SCHEDULED");
    expect(Date.parse(String(doomed.destroyTime))).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    expect((await setState(version, "ENABLED")).status).toBe(400);
    expect((await world.call(world.cloud.owner, "POST", `${api}/${version}:restore`)).body).toMatchObject({ state: "DISABLED" });
    await setState(version, "ENABLED");
    expect((await encrypt(id)).status).toBe(200);
  });

  test("leaves what a later version encrypted alone", async () => {
    const { id } = await world.create("kms/cryptoKey:CryptoKey", "rotated", { name: "rotated", keyRing: ring });
    const old = (await encrypt(id)).body;
    await world.call(world.cloud.owner, "POST", `${api}/${id}/cryptoKeyVersions`, {});
    expect((await encrypt(id)).body.name).toMatch(/1$/);
    await world.call(world.cloud.owner, "POST", `${api}/${id}:updatePrimaryVersion`, { cryptoKeyVersionId: "2" });
    const young = (await encrypt(id)).body;
    await setState(`${id}/cryptoKeyVersions/1`, "DISABLED");
    expect((await decrypt(id, old.ciphertext)).status).toBe(400);
    expect((await decrypt(id, young.ciphertext)).status).toBe(200);
  });

  test("is switched by who administers the key, not by who uses it", async () => {
    const { id } = await world.create("kms/cryptoKey:CryptoKey", "theirs", { name: "theirs", keyRing: ring });
    const { member } = await world.account("user-of-keys");
    await grant(id, "roles/cloudkms.cryptoKeyEncrypterDecrypter", member);
    const disable = () => world.call(member, "PATCH", `${api}/${id}/cryptoKeyVersions/1?updateMask=state`, { state: "DISABLED" });
    expect((await disable()).status).toBe(403);
    await grant(id, "roles/cloudkms.admin", member);
    expect((await disable()).status).toBe(200);
  });
});

describe("a store whose key is switched off", () => {
  let key: string;
  let version: string;
  const setState = (state: string) => world.call(world.cloud.owner, "PATCH", `${api}/${version}?updateMask=state`, { state });
  beforeAll(async () => {
    for (const name of ["sqladmin", "secretmanager", "storage"])
      await world.create("projects/service:Service", name, { service: `${name}.googleapis.com` });
    key = (await world.create("kms/cryptoKey:CryptoKey", "stores", { name: "stores", keyRing: ring })).id;
    version = `${key}/cryptoKeyVersions/1`;
    const role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    for (const name of ["sqladmin", "secretmanager"]) {
      const agent = await world.create("projects/serviceIdentity:ServiceIdentity", name, { service: `${name}.googleapis.com` });
      await grant(key, role, String(agent.state.member));
    }
    const { emailAddress } = await world.invoke("storage/getProjectServiceAccount:getProjectServiceAccount", { project });
    await grant(key, role, `serviceAccount:${emailAddress}`);
  });

  test("Secret Manager gives no payload", async () => {
    const secret = await world.create("secretmanager/secret:Secret", "s", {
      secretId: "s",
      replication: { userManaged: { replicas: [{ location: region, customerManagedEncryption: { kmsKeyName: key } }] } },
    });
    await world.create("secretmanager/secretVersion:SecretVersion", "s", { secret: secret.id, secretData: "hidden" });
    const access = () => world.call(world.cloud.owner, "GET", `https://secretmanager.googleapis.com/v1/${secret.id}/versions/1:access`);
    expect((await access()).status).toBe(200);
    await setState("DISABLED");
    expect((await access()).body).toMatchObject({
      error: { status: "FAILED_PRECONDITION", message: expect.stringContaining(`${version} is not enabled, current state is: DISABLED`) },
    });
    await setState("ENABLED");
    expect((await access()).status).toBe(200);
  });

  test("Cloud Storage neither writes nor reads", async () => {
    await world.create("storage/bucket:Bucket", "keyed", {
      name: "keyed-bucket",
      location: region.toUpperCase(),
      uniformBucketLevelAccess: true,
      encryption: { defaultKmsKeyName: key },
    });
    const storage = "https://storage.googleapis.com";
    const put = () => world.call(world.cloud.owner, "POST", `${storage}/upload/storage/v1/b/keyed-bucket/o?uploadType=media&name=o`, "v");
    const get = () =>
      world.fetch(`${storage}/storage/v1/b/keyed-bucket/o/o?alt=media`, {
        headers: { authorization: `Bearer ${world.cloud.issueToken(world.cloud.owner)}` },
      });
    expect(await put()).toMatchObject({ status: 200, body: { kmsKeyName: version } });
    await setState("DISABLED");
    expect(await put()).toMatchObject({ status: 400, body: { error: { errors: [{ reason: "cloudKmsDisabledKey" }] } } });
    expect((await get()).status).toBe(400);
    await setState("ENABLED");
    expect((await get()).status).toBe(200);
  });

  test("Cloud SQL ends its connections and takes no new one", async () => {
    const instance = await world.create("sql/databaseInstance:DatabaseInstance", "keyed", {
      name: "keyed",
      region,
      databaseVersion: "POSTGRES_18",
      deletionProtection: false,
      encryptionKeyName: key,
      settings: { tier: "db-custom-1-3840", edition: "ENTERPRISE" },
    });
    await world.create("sql/user:User", "app", { name: "app", instance: "keyed", password: "secret" });
    const host = await world.cloud.openDatabase(String(instance.state.connectionName), world.cloud.owner);
    const connect = async () => {
      const client = new pg.Client({ host, user: "app", password: "secret", database: "postgres" });
      client.on("error", () => {});
      await client.connect();
      return client;
    };
    const before = await connect();
    const ended = new Promise((resolve) => before.once("end", resolve));
    await setState("DISABLED");
    await ended;
    await expect(connect()).rejects.toThrow(`${version} is not enabled, current state is: DISABLED`);
    expect(world.cloud.parts().find(({ name }) => name === `${project}/keyed`)).toMatchObject({ state: "failed" });
    await setState("ENABLED");
    const after = await connect();
    expect((await after.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await after.end();
  });
});

test("a key ring's name is never free again", async () => {
  const gone = await world.create("kms/keyRing:KeyRing", "gone", { name: "gone", location: region });
  await gone.remove();
  await expect(world.create("kms/keyRing:KeyRing", "gone", { name: "gone", location: region })).rejects.toThrow(
    `KeyRing projects/${project}/locations/${region}/keyRings/gone already exists`,
  );
});

test("the API knows nobody without a valid token", async () => {
  expect((await world.fetch(`${api}/${ring}/cryptoKeys/x:encrypt`, { method: "POST" })).status).toBe(401);
});

test("keys survive a restart", async () => {
  const key = await world.create("kms/cryptoKey:CryptoKey", "kept", { name: "kept", keyRing: ring });
  const { body } = await world.call(world.cloud.owner, "POST", `${api}/${key.id}:encrypt`, { plaintext: "YQ==" });
  await world.stop();
  await world.start();
  expect((await world.call(world.cloud.owner, "POST", `${api}/${key.id}:decrypt`, { ciphertext: body.ciphertext })).body).toMatchObject({
    plaintext: "YQ==",
  });
});
