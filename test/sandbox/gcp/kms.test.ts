import { verify } from "node:crypto";
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
