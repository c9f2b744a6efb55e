import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Database, DatabaseUnavailable } from "../../../functions/governance/database.ts";
import { GroupCommit, MustWait } from "../../../functions/governance/group-commit.ts";
import type { Postgres } from "./postgres.ts";
import { serviceDatabase } from "./service-database.ts";

describe("group commit", () => {
  const user = "service@brand-eu.iam";
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let database: Database;
  const kept = async () => (await database.query<{ n: number }>("SELECT n FROM t ORDER BY n")).map(({ n }) => n);

  /** Writes numbers, refuses negative ones; says in which transaction. @param ms how long one is under way: as long as others need to come */
  const numbers = (ms = 20) =>
    new GroupCommit<number, string>(database, {
      keyOf: String,
      work: async (transaction, items) => {
        const { rows } = await transaction.query<{ id: string }>("SELECT pg_current_xact_id()::text AS id");
        await delay(ms);
        const allowed = items.filter((n) => n >= 0);
        if (allowed.length > 0) transaction.send("INSERT INTO t SELECT unnest($1::int[])", [allowed]);
        return items.map((n) =>
          n >= 0
            ? { status: "fulfilled", value: rows[0]?.id as string }
            : { status: "rejected", reason: new RangeError(`${n} is not allowed`) },
        );
      },
    });

  beforeAll(async () => {
    ({ postgres, database } = await serviceDatabase(resources, user, 3));
    await postgres.admin("CREATE TABLE t (n int PRIMARY KEY CHECK (n <> 7))");
    await postgres.admin("GRANT ALL ON t TO PUBLIC");
  });
  beforeEach(async () => void (await postgres.admin("TRUNCATE t")));
  afterAll(() => resources.disposeAsync());

  test("writes in a few transactions what many want at once", async () => {
    const commit = numbers();
    const transactions = await Promise.all(Array.from({ length: 20 }, (_, n) => commit.do(n + 10)));
    expect(await kept()).toHaveLength(20);
    // Two that found nobody under way, and one for all who came meanwhile.
    expect(new Set(transactions).size).toBe(3);
  });

  test("refuses one and writes the others of its transaction", async () => {
    const commit = numbers();
    const results = await Promise.allSettled([1, 2, -3, 4].map((n) => commit.do(n)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(await kept()).toEqual([1, 2, 4]);
  });

  test("writes the others where one cannot be written", async () => {
    const commit = numbers();
    const results = await Promise.allSettled([1, 2, 5, 7, 9].map((n) => commit.do(n)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(results[3]).toMatchObject({ reason: { code: "23514" } });
    expect(await kept()).toEqual([1, 2, 5, 9]);
  });

  test("refuses whoever would wait too long for its turn behind others that wait", async () => {
    const [begun, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const patienceMs = 200;
    const tried: number[] = [];
    const commit = new GroupCommit<number, string>(database, {
      keyOf: String,
      patienceMs,
      work: async (transaction, items, wait) => {
        await transaction.query("SELECT");
        if (!wait) return items.map(() => ({ status: "rejected", reason: new MustWait() }));
        tried.push(...items);
        begun.resolve();
        await free.promise;
        return items.map(() => ({ status: "fulfilled", value: "made" }));
      },
    });
    const first = commit.do(1);
    await begun.promise;
    const others = Promise.allSettled([2, 3].map((n) => commit.do(n)));
    await delay(2 * patienceMs);
    free.resolve();
    expect(await first).toBe("made");
    for (const each of await others) expect(each).toMatchObject({ status: "rejected", reason: expect.any(DatabaseUnavailable) });
    expect(tried).toEqual([1]);
    expect(await commit.do(4)).toBe("made");
  });

  test("tells all that it cannot be known, where the database goes away", async () => {
    const commit = numbers(500);
    const results = Promise.allSettled([1, 2].map((n) => commit.do(n)));
    await delay(100);
    await postgres.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
    for (const each of await results) expect(each).toMatchObject({ status: "rejected", reason: expect.any(DatabaseUnavailable) });
    expect(await kept()).toEqual([]);
  });
});
