import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Region, startRegion } from "../region.ts";

describe("the preferences service deletes", () => {
  const subject = "eu_00000000000000000000000000";
  let region: Region;
  beforeAll(async () => {
    region = await startRegion();
    const admin = (sql: string) => region.postgres.admin(sql);
    await admin(`INSERT INTO preferences.subject (id, reference, key) VALUES ('${subject}', gen_random_uuid(), 'x')`);
    // More than one batch of each that is over, one row of each that is not.
    await admin(`INSERT INTO preferences.idempotency (subject, key, digest, answer, recorded_at)
      SELECT '${subject}', 'old-' || n, 'x', '{}'::json, now() - interval '25 hours' FROM generate_series(1, 2500) n
      UNION ALL SELECT '${subject}', 'young', 'x', '{}'::json, now() - interval '23 hours'`);
    await admin(`INSERT INTO preferences.consent_outbox (subject, epoch, record, recorded_at, due_at, delivered_at)
      SELECT '${subject}', n, '{}'::jsonb, now() - interval '30 hours', now(), now() - interval '25 hours' FROM generate_series(1, 2500) n
      UNION ALL SELECT '${subject}', 2501, '{}'::jsonb, now() - interval '30 hours', now(), now() - interval '23 hours'
      UNION ALL SELECT '${subject}', 2502, '{}'::jsonb, now() - interval '30 hours', now(), NULL::timestamptz`);
    await admin(`INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment, recorded_at)
      VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'sealed', sha256('x'), now() - interval '10 years')`);
    await region.serve();
  });
  afterAll(() => region?.[Symbol.asyncDispose]());
  const soon = (rows: () => Promise<unknown>, expected: unknown) =>
    vi.waitFor(async () => expect(await rows()).toEqual(expected), { timeout: 15_000, interval: 50 });

  test("first answers after a day, and no younger one", () =>
    soon(() => region.postgres.admin("SELECT key FROM preferences.idempotency"), [{ key: "young" }]));

  test("outbox rows a day after their delivery, and none that was not delivered", () =>
    soon(
      () => region.postgres.admin("SELECT epoch::int FROM preferences.consent_outbox ORDER BY epoch"),
      [{ epoch: 2501 }, { epoch: 2502 }],
    ));

  test("nothing of the ledger", async () => expect(await region.postgres.admin("SELECT FROM preferences.consent_ledger")).toHaveLength(1));
});
