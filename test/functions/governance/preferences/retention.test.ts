import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Region, startRegion } from "../region.ts";
import type { Service } from "../service.ts";

describe("the preferences service deletes", () => {
  const subject = "eu_00000000000000000000000000";
  const many = "eu_00000000000000000000000001";
  const resources = new AsyncDisposableStack();
  let region: Region;
  let service: Service;
  beforeAll(async () => {
    region = resources.use(await startRegion());
    const admin = (sql: string) => region.postgres.admin(sql);
    await admin(`INSERT INTO preferences.subject (id, reference, key) VALUES ('${subject}', gen_random_uuid(), 'x')`);
    // More than one batch of each that is over, one row of each that is not.
    await admin(`INSERT INTO preferences.idempotency (subject, key, digest, answer, recorded_at)
      SELECT '${subject}', 'old-' || n, 'x', '{}'::json, now() - interval '25 hours' FROM generate_series(1, 2500) n
      UNION ALL SELECT '${subject}', 'young', 'x', '{}'::json, now() - interval '23 hours'`);
    // Of a subject with many: so many that reading them all is not the least work.
    await admin(`INSERT INTO preferences.subject (id, reference, key) VALUES ('${many}', gen_random_uuid(), 'x')`);
    await admin(`INSERT INTO preferences.idempotency (subject, key, digest, answer)
      SELECT '${many}', 'k' || n, 'x', json_build_object('said', repeat('x', 200)) FROM generate_series(1, 50000) n`);
    await admin(`INSERT INTO preferences.consent_outbox (subject, epoch, record, due_at, delivered_at)
      SELECT '${many}', n, jsonb_build_object('said', repeat('x', 200)), now(), now() FROM generate_series(1, 50000) n`);
    await admin("ANALYZE preferences.idempotency, preferences.consent_outbox");
    await admin("SELECT pg_stat_reset()");
    await admin(`INSERT INTO preferences.consent_outbox (subject, epoch, record, recorded_at, due_at, delivered_at)
      SELECT '${subject}', n, '{}'::jsonb, now() - interval '30 hours', now(), now() - interval '25 hours' FROM generate_series(1, 2500) n
      UNION ALL SELECT '${subject}', 2501, '{}'::jsonb, now() - interval '30 hours', now(), now() - interval '23 hours'
      UNION ALL SELECT '${subject}', 2502, '{}'::jsonb, now() - interval '30 hours', now(), NULL::timestamptz`);
    await admin(`INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment, recorded_at)
      VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'sealed', sha256('x'), now() - interval '10 years')`);
    const { client } = resources.use(await region.postgres.connect());
    await client.query("BEGIN");
    await client.query("SELECT FROM preferences.idempotency WHERE key = 'old-1' FOR UPDATE");
    service = await region.serve();
  });
  afterAll(() => resources.disposeAsync());
  const soon = (rows: () => Promise<unknown>, expected: unknown) =>
    vi.waitFor(async () => expect(await rows()).toEqual(expected), { timeout: 15_000, interval: 50 });

  test("first answers after a day, and no younger one", () =>
    soon(
      () => region.postgres.admin(`SELECT key FROM preferences.idempotency WHERE subject = '${subject}' AND key <> 'old-1'`),
      [{ key: "young" }],
    ));

  test("not what somebody else is at, and waits for nobody", async () => {
    expect(await region.postgres.admin("SELECT key FROM preferences.idempotency WHERE key = 'old-1'")).toHaveLength(1);
  });

  test("outbox rows a day after their delivery, and none that was not delivered", () =>
    soon(
      () => region.postgres.admin(`SELECT epoch::int FROM preferences.consent_outbox WHERE subject = '${subject}' ORDER BY epoch`),
      [{ epoch: 2501 }, { epoch: 2502 }],
    ));

  test("without reading all that is kept", () =>
    soon(async () => {
      // A connection says what it has done when it does something else.
      await service.person();
      return region.postgres.admin(
        "SELECT relname, n_tup_del > 2000 AS deleted, seq_scan::int FROM pg_stat_user_tables WHERE relname IN ('idempotency', 'consent_outbox') ORDER BY 1",
      );
    }, [
      { relname: "consent_outbox", deleted: true, seq_scan: 0 },
      { relname: "idempotency", deleted: true, seq_scan: 0 },
    ]));

  test("nothing of the ledger", async () => expect(await region.postgres.admin("SELECT FROM preferences.consent_ledger")).toHaveLength(1));
});
