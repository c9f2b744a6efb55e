import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: World;
let secret: Deployed;
beforeAll(async () => {
  world = await World.start("secretmanager", "cloudkms");
  secret = await create("main");
});
afterAll(() => world.end());

const inRegion = (more: Properties = {}): Properties => ({ userManaged: { replicas: [{ location: region, ...more }] } });
const create = (secretId: string, replication = inRegion(), more: Properties = {}) =>
  world.create("secretmanager/secret:Secret", secretId, { secretId, replication, ...more });
const version = (secretData: string, more: Properties = {}, of = secret) =>
  world.create("secretmanager/secretVersion:SecretVersion", `${of.id} ${secretData}`, { secret: of.id, secretData, ...more });
const access = (member: string, name: string) => world.call(member, "GET", `https://secretmanager.googleapis.com/v1/${name}:access`);

describe("a version", () => {
  test("is read by number and by latest, through the project's id or number", async () => {
    const first = await version("first");
    const second = await version("c2Vjb25k", { isSecretDataBase64: true });
    expect(Number(second.state.version)).toBe(Number(first.state.version) + 1);
    const read = async (name: string) => {
      const { body } = await access(world.cloud.owner, name);
      return Buffer.from((body.payload as { data: string }).data, "base64").toString();
    };
    expect(await read(String(first.state.name))).toBe("first");
    expect(await read(`${secret.id}/versions/latest`)).toBe("second");
    expect(String(first.state.name)).toMatch(/^projects\/\d{12}\/secrets\/main\/versions\/\d+$/);
  });

  test("is given to whoever holds the role, as long as it is held", async () => {
    const { member } = await world.account("reader");
    const one = await version("guarded");
    expect((await access(member, one.id)).body).toMatchObject({ error: { status: "PERMISSION_DENIED" } });
    const binding = await world.create("secretmanager/secretIamMember:SecretIamMember", "reader", {
      secretId: "main",
      role: "roles/secretmanager.secretAccessor",
      member,
    });
    expect(binding.id).toBe(`projects/${project}/secrets/main/roles/secretmanager.secretAccessor/${member}`);
    expect((await access(member, one.id)).status).toBe(200);
    await binding.remove();
    expect((await access(member, one.id)).status).toBe(403);
  });

  test("that is disabled is not given to anybody", async () => {
    const one = await version("off");
    await one.update({ ...one.inputs, enabled: false });
    expect((await access(world.cloud.owner, one.id)).body).toMatchObject({ error: { status: "FAILED_PRECONDITION" } });
  });

  test("that is gone leaves its number unused", async () => {
    const one = await version("short-lived");
    await one.remove();
    expect((await access(world.cloud.owner, one.id)).status).toBe(404);
    expect(Number((await version("after")).state.version)).toBe(Number(one.state.version) + 1);
  });

  test("keeps its payload out of every log and error", async () => {
    await version("never to be seen");
    await access("user:stranger@example.com", `${secret.id}/versions/latest`);
    expect(JSON.stringify(world.logged)).not.toContain("never to be seen");
  });
});

describe("a secret", () => {
  test("is a conflict when it exists", async () => {
    await expect(world.create("secretmanager/secret:Secret", "another", { secretId: "main", replication: inRegion() })).rejects.toThrow(
      "409",
    );
  });

  test("must be told where its replicas are, in one way", async () => {
    await expect(create("nowhere", {})).rejects.toThrow("exactly one of auto and userManaged");
  });

  test("can be protected from deletion", async () => {
    const guarded = await create("guarded", inRegion(), { deletionProtection: true });
    await expect(guarded.remove()).rejects.toThrow("deletionProtection");
  });

  test("is encrypted with our key once its agent may use it", async () => {
    const ring = await world.create("kms/keyRing:KeyRing", "ring", { name: "ring", location: region });
    const key = await world.create("kms/cryptoKey:CryptoKey", "key", { name: "key", keyRing: ring.id });
    const keyed = inRegion({ customerManagedEncryption: { kmsKeyName: key.id } });
    await expect(create("keyed", keyed)).rejects.toThrow("lacks permission to use the KMS key");
    const agent = await world.create("projects/serviceIdentity:ServiceIdentity", "agent", { service: "secretmanager.googleapis.com" });
    const role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    await world.create("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "agent", {
      cryptoKeyId: key.id,
      role,
      member: agent.state.member ?? "",
    });
    expect((await create("keyed", keyed)).id).toBe(`projects/${project}/secrets/keyed`);
  });
});
