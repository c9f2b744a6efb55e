import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { migrationLock } from "../../../../functions/governance/migrator.ts";
import { migrations } from "../../../../functions/governance/preferences/migrations.ts";
import { migrationUser, type Region, serviceUser, startRegion } from "../region.ts";
import { runJob } from "../service.ts";

describe("the migration job", () => {
  let region: Region;
  beforeAll(async () => {
    region = await startRegion({ migrated: false });
  });
  afterAll(() => region?.[Symbol.asyncDispose]());
  const job = (environment: Record<string, string> = {}) => runJob(region.image, { ...region.migrationEnvironment, ...environment });

  test("names everything that its environment lacks", async () => {
    const { code, output } = await runJob(region.image, { DATABASE_NAME: "brand" });
    expect(code).toBe(1);
    for (const name of ["DATABASE_SOCKET", "DATABASE_USER", "SERVICE_USERS"]) expect(output).toContain(`- ${name}:`);
  });

  test("does everything once, though it runs twice at once", async () => {
    await using turn = await region.postgres.connect();
    await turn.client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    const started = Promise.all([job(), job()]);
    const waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    await vi.waitFor(async () => expect(await region.postgres.admin(waiting)).toHaveLength(2), { timeout: 15_000, interval: 50 });
    await turn.client.query("SELECT pg_advisory_unlock($1)", [migrationLock]);
    const runs = await started;
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const said = runs.map(({ output }) => (JSON.parse(output.trim()) as { applied: number[] }).applied);
    expect(said.toSorted((a, b) => a.length - b.length)).toEqual([[], migrations.map(({ version }) => version)]);
    expect((await job()).output).toContain("The database is up to date.");
  });

  test("refuses a user that does not exist", async () => {
    const { code, output } = await job({ SERVICE_USERS: `${serviceUser.user},ghost@brand-eu.iam` });
    expect(code).toBe(1);
    expect(output).toContain("ghost@brand-eu.iam");
    expect(output).toContain("does not exist");
  });

  test.each([
    ["cloudsqlsuperuser"],
    [`"${migrationUser.user}"`],
    ["through_another"],
  ])("refuses a service user that is a member of %s", async (role) => {
    if (role === "through_another") {
      await region.postgres.admin("CREATE ROLE through_another");
      await region.postgres.admin("GRANT cloudsqlsuperuser TO through_another");
    }
    await region.postgres.admin(`ALTER ROLE "${serviceUser.user}" INHERIT`);
    await region.postgres.admin(`DO $$ BEGIN GRANT ${role} TO "${serviceUser.user}"; END $$`);
    try {
      const { code, output } = await job();
      expect(code).toBe(1);
      expect(output).toContain("can act as an administrator");
    } finally {
      await region.postgres.admin(`DO $$ BEGIN REVOKE ${role} FROM "${serviceUser.user}"; END $$`);
    }
    expect((await job()).code).toBe(0);
  });

  test("notices that a released step was edited", async () => {
    await region.postgres.admin("UPDATE preferences.migration SET digest = 'other' WHERE version = 1");
    const { code, output } = await job();
    expect(code).toBe(1);
    expect(output).toContain("Migration 1 was edited after it had been applied");
    await region.postgres.admin("DROP SCHEMA preferences CASCADE");
    expect((await job()).code).toBe(0);
  });

  describe("leaves a ledger that", () => {
    const subject = "eu_00000000000000000000000000";
    beforeAll(async () => {
      await region.postgres.run(
        serviceUser,
        `INSERT INTO preferences.subject (id, reference, key) VALUES ('${subject}', gen_random_uuid(), 'x')`,
      );
      await region.postgres.run(
        serviceUser,
        `INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment)
         VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'sealed', sha256('x'))`,
      );
    });
    const statements = [
      "UPDATE preferences.consent_ledger SET sealed = 'other'",
      "DELETE FROM preferences.consent_ledger",
      "TRUNCATE preferences.consent_ledger CASCADE",
    ];
    const whole = async () =>
      expect(await region.postgres.admin("SELECT epoch::int FROM preferences.consent_ledger WHERE sealed = 'sealed'")).toEqual([
        { epoch: 1 },
      ]);

    test.each(statements)("its service cannot change: %s", async (sql) => {
      await expect(region.postgres.run(serviceUser, sql)).rejects.toThrow("permission denied");
      await whole();
    });

    test.each(statements)("even its owner cannot change: %s", async (sql) => {
      await expect(region.postgres.run(migrationUser, sql)).rejects.toThrow("append-only");
      await whole();
    });

    test.each(statements)("not even the server's administrator changes by switching triggers off: %s", async (sql) => {
      await expect(region.postgres.admin(`SET session_replication_role = replica; ${sql}`)).rejects.toThrow("append-only");
      await whole();
    });

    test("its service cannot free from its guard", async () => {
      await expect(region.postgres.run(serviceUser, "ALTER TABLE preferences.consent_ledger DISABLE TRIGGER append_only")).rejects.toThrow(
        "must be owner",
      );
      await expect(region.postgres.run(serviceUser, "DROP TABLE preferences.consent_ledger")).rejects.toThrow("must be owner");
    });

    test("its owner alone can free from its guard", async () => {
      const free =
        "BEGIN; ALTER TABLE preferences.consent_ledger DISABLE TRIGGER append_only; DELETE FROM preferences.consent_ledger; ROLLBACK";
      await region.postgres.run(migrationUser, free);
      await region.postgres.user("somebody@brand-eu.iam", "token-of-somebody", ["cloudsqlsuperuser"]);
      await expect(region.postgres.run({ user: "somebody@brand-eu.iam", password: "token-of-somebody" }, free)).rejects.toThrow(
        /must be owner|permission denied/,
      );
      await whole();
    });

    test("its service cannot fill with another past", async () => {
      await expect(region.postgres.run(serviceUser, "UPDATE preferences.subject SET reference = gen_random_uuid()")).rejects.toThrow(
        "permission denied",
      );
      await expect(region.postgres.run(serviceUser, "UPDATE preferences.keyring SET wrapped = 'x'")).rejects.toThrow("permission denied");
      await expect(region.postgres.run(serviceUser, "UPDATE preferences.consent_outbox SET record = '{}'")).rejects.toThrow(
        "permission denied",
      );
      for (const other of ["key = 'x'", "reference = gen_random_uuid()", "id = 'x'"])
        await expect(region.postgres.run(serviceUser, `UPDATE preferences.merged_subject SET ${other}`)).rejects.toThrow(
          "permission denied",
        );
      await expect(region.postgres.run(serviceUser, "CREATE TABLE preferences.mine ()")).rejects.toThrow("permission denied");
    });
  });
});
