import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const iamFlag = { name: "cloudsql.iam_authentication", value: "on" };
const settings = (more: Properties = {}): Properties => ({
  tier: "db-custom-1-3840",
  edition: "ENTERPRISE",
  databaseFlags: [iamFlag],
  ...more,
});
const instanceInputs = (name: string, more: Properties = {}): Properties => ({
  name,
  region,
  databaseVersion: "POSTGRES_18",
  deletionProtection: false,
  settings: settings(),
  ...more,
});

let world: World;
let instance: Deployed;
let connectionName: string;
let service: Awaited<ReturnType<World["account"]>>;
beforeAll(async () => {
  world = await World.start("sqladmin", "compute", "servicenetworking", "cloudkms");
  instance = await world.create("sql/databaseInstance:DatabaseInstance", "main", instanceInputs("main"));
  connectionName = String(instance.state.connectionName);
  await world.create("sql/database:Database", "orders", { name: "orders", instance: "main" });
  service = await world.account("orders-service");
  await iamUser(service.email);
  await world.grant(service.member, "roles/cloudsql.client");
  await world.grant(service.member, "roles/cloudsql.instanceUser");
});
afterAll(() => world.end());

const userOf = (email: string) => email.replace(".gserviceaccount.com", "");
const iamUser = (email: string, databaseRoles?: string[]) =>
  world.create("sql/user:User", email, {
    name: userOf(email),
    instance: "main",
    type: "CLOUD_IAM_SERVICE_ACCOUNT",
    ...(databaseRoles ? { databaseRoles } : {}),
  });

async function connect(mountedBy: string, user: string, password: string, database = "orders"): Promise<pg.Client> {
  const client = new pg.Client({ host: await world.cloud.openDatabase(connectionName, mountedBy), user, password, database });
  client.on("error", () => {});
  await client.connect();
  return client;
}
const asService = (database?: string) => connect(service.member, userOf(service.email), world.cloud.issueToken(service.member), database);

describe("an instance", () => {
  test("is PostgreSQL 18 with the outputs of the real provider", async () => {
    expect(instance.state).toMatchObject({ connectionName: `${project}:${region}:main`, deletionProtection: false });
    const client = await asService();
    const { rows } = await client.query("SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync");
    await client.end();
    expect(rows[0]).toMatchObject({ version: expect.stringMatching(/^18\./), fsync: "on" });
  });

  test.each<[string, Properties, RegExp]>([
    [
      "a custom tier without an edition, which means ENTERPRISE_PLUS",
      { settings: { tier: "db-custom-1-3840" } },
      /Invalid Tier \(db-custom-1-3840\) for \(ENTERPRISE_PLUS\) Edition/,
    ],
    ["REGIONAL without backups", { settings: settings({ availabilityType: "REGIONAL" }) }, /REGIONAL requires backupConfiguration.enabled/],
    [
      "no way to reach it",
      { settings: settings({ ipConfiguration: { ipv4Enabled: false } }) },
      /At least one of Public IP, Private IP or PSC/,
    ],
    ["a version that does not run here", { databaseVersion: "POSTGRES_15" }, /POSTGRES_15.*POSTGRES_18/],
    [
      "a network without a services connection",
      { settings: settings({ ipConfiguration: { ipv4Enabled: false, privateNetwork: `projects/${project}/global/networks/none` } }) },
      /at least 1 private services connection/,
    ],
  ])("is refused with %s", async (_what, more, message) => {
    await expect(world.create("sql/databaseInstance:DatabaseInstance", "bad", instanceInputs("bad", more))).rejects.toThrow(message);
  });

  test("takes a key of ours only once its agent exists and may use the key", async () => {
    const ring = await world.create("kms/keyRing:KeyRing", "ring", { name: "ring", location: region });
    const key = await world.create("kms/cryptoKey:CryptoKey", "db", { name: "db", keyRing: ring.id });
    const create = () =>
      world.create("sql/databaseInstance:DatabaseInstance", "keyed", instanceInputs("keyed", { encryptionKeyName: key.id }));
    await expect(create()).rejects.toThrow("Per-product, per-project service account not found");
    const agent = await world.create("projects/serviceIdentity:ServiceIdentity", "sql", { service: "sqladmin.googleapis.com" });
    await expect(create()).rejects.toThrow("has no permission to use the KMS key");
    const role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    await world.create("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "sql", { cryptoKeyId: key.id, role, member: agent.state.member ?? "" });
    const keyed = await create();
    expect(keyed.state.encryptionKeyName).toBe(key.id);
    await keyed.remove();
  });

  test("is kept by either of its two protections, and its name for a week", async () => {
    const inputs = instanceInputs("guarded", { deletionProtection: true, settings: settings({ deletionProtectionEnabled: true }) });
    let guarded = await world.create("sql/databaseInstance:DatabaseInstance", "guarded", inputs);
    await expect(guarded.remove()).rejects.toThrow("deletionProtection");
    guarded = await guarded.update({ ...inputs, deletionProtection: false });
    await expect(guarded.remove()).rejects.toThrow("The instance is protected");
    guarded = await guarded.update(instanceInputs("guarded"));
    await guarded.remove();
    await expect(world.create("sql/databaseInstance:DatabaseInstance", "guarded", inputs)).rejects.toThrow(
      "one week from the deletion date",
    );
  });

  test("restarts with a changed flag", async () => {
    const changed = await instance.update(
      instanceInputs("main", { settings: settings({ databaseFlags: [iamFlag, { name: "log_min_duration_statement", value: "250" }] }) }),
    );
    instance = changed;
    const client = await asService();
    expect((await client.query("SHOW log_min_duration_statement")).rows[0]).toEqual({ log_min_duration_statement: "250ms" });
    await client.end();
  });
});

describe("an IAM user", () => {
  test("has no privileges until somebody grants them", async () => {
    const client = await asService();
    await expect(client.query("CREATE TABLE mine (id int)")).rejects.toMatchObject({ code: "42501" });
    await client.end();
  });

  test("with cloudsqlsuperuser may create and grant, but is no superuser", async () => {
    const migrator = await world.account("orders-migrator");
    await iamUser(migrator.email, ["cloudsqlsuperuser"]);
    await world.grant(migrator.member, "roles/cloudsql.client");
    await world.grant(migrator.member, "roles/cloudsql.instanceUser");
    const admin = await connect(migrator.member, userOf(migrator.email), world.cloud.issueToken(migrator.member));
    await admin.query(`CREATE TABLE ledger (entry text); GRANT INSERT, SELECT ON ledger TO "${userOf(service.email)}"`);
    await expect(admin.query("COPY ledger TO PROGRAM 'cat'")).rejects.toMatchObject({ code: "42501" });
    await admin.end();
    const client = await asService();
    await client.query("INSERT INTO ledger VALUES ('first')");
    await expect(client.query("DELETE FROM ledger")).rejects.toMatchObject({ code: "42501" });
    await client.end();
  });

  test("is not let in with the token of another account", async () => {
    const other = await world.account("somebody-else");
    await world.grant(other.member, "roles/cloudsql.instanceUser");
    await expect(connect(service.member, userOf(service.email), world.cloud.issueToken(other.member))).rejects.toMatchObject({
      code: "28P01",
    });
    await expect(connect(service.member, userOf(service.email), "ya29.forged.token")).rejects.toMatchObject({ code: "28P01" });
  });

  test.each([
    ["roles/cloudsql.instanceUser", "28P01"],
    ["roles/cloudsql.client", "28000"],
  ])("is let in as long as it holds %s", async (role, code) => {
    const account = await world.account(`reader-${code.toLowerCase()}`);
    await iamUser(account.email);
    const bindings = await Promise.all(
      ["roles/cloudsql.client", "roles/cloudsql.instanceUser"].map((one) => world.grant(account.member, one)),
    );
    const enter = () => connect(account.member, userOf(account.email), world.cloud.issueToken(account.member));
    await (await enter()).end();
    await bindings.find(({ state }) => state.role === role)?.remove();
    await expect(enter()).rejects.toMatchObject({ code });
  });

  test("must be named without the end of its e-mail address", async () => {
    await expect(
      world.create("sql/user:User", "full", { name: service.email, instance: "main", type: "CLOUD_IAM_SERVICE_ACCOUNT" }),
    ).rejects.toThrow('leave out ".gserviceaccount.com"');
  });

  test("needs the instance's flag", async () => {
    const plain = await world.create(
      "sql/databaseInstance:DatabaseInstance",
      "plain",
      instanceInputs("plain", { settings: settings({ databaseFlags: [] }) }),
    );
    await expect(
      world.create("sql/user:User", "plain", { name: userOf(service.email), instance: "plain", type: "CLOUD_IAM_SERVICE_ACCOUNT" }),
    ).rejects.toThrow("cloudsql.iam_authentication");
    await plain.remove();
  });
});

test("a built-in user logs in with its password only", async () => {
  await world.create("sql/user:User", "app", { name: "app", instance: "main", password: "correct horse" });
  const client = await connect(world.cloud.owner, "app", "correct horse");
  expect((await client.query("SELECT current_user AS me")).rows[0]).toEqual({ me: "app" });
  await client.end();
  await expect(connect(world.cloud.owner, "app", "wrong")).rejects.toMatchObject({
    code: "28P01",
    message: 'password authentication failed for user "app"',
  });
});

test("a user that owns something cannot be deleted", async () => {
  const owner = await world.create("sql/user:User", "owner", { name: "owner", instance: "main", password: "p" });
  const client = await connect(world.cloud.owner, "owner", "p");
  await client.query("CREATE TABLE owned (id int)");
  await client.end();
  await expect(owner.remove()).rejects.toThrow("cannot be dropped because some objects depend on it");
});

describe("committed data", () => {
  const write = async (database: string, text: string) => {
    const client = await connect(world.cloud.owner, "keeper", "p", database);
    await client.query(`CREATE TABLE IF NOT EXISTS kept (text text)`);
    await client.query("INSERT INTO kept VALUES ($1)", [text]);
    await client.end();
  };
  const read = async () => {
    const client = await connect(world.cloud.owner, "keeper", "p");
    const { rows } = await client.query("SELECT text FROM kept ORDER BY text");
    await client.end();
    return rows.map(({ text }) => text);
  };
  beforeAll(() => world.create("sql/user:User", "keeper", { name: "keeper", instance: "main", password: "p" }));

  test("survives kill -9 of the server, which comes back by itself", async () => {
    await write("orders", "before the kill");
    const part = world.cloud.parts().find(({ kind }) => kind === "Cloud SQL");
    process.kill(part?.pid as number, "SIGKILL");
    await vi.waitFor(() => expect(world.cloud.parts().find(({ kind }) => kind === "Cloud SQL")?.pid).not.toBe(part?.pid), {
      timeout: 10_000,
      interval: 5,
    });
    expect(await vi.waitFor(read, { timeout: 10_000, interval: 20 })).toContain("before the kill");
  });

  test("survives a stop and start of the cloud", async () => {
    await write("orders", "before the stop");
    await world.stop();
    await world.start();
    expect(await read()).toEqual(expect.arrayContaining(["before the kill", "before the stop"]));
  });
});
