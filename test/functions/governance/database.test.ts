import { mkdtempSync, rmSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Database, DatabaseUnavailable } from "../../../functions/governance/database.ts";
import type { Postgres } from "./postgres.ts";
import { serviceDatabase } from "./service-database.ts";

describe("a transaction", () => {
  const user = "service@brand-eu.iam";
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let database: Database;
  const kept = async () => (await database.query<{ n: number }>("SELECT n FROM t ORDER BY n")).map(({ n }) => n);
  const insert = "INSERT INTO t VALUES ($1::int)";

  beforeAll(async () => {
    ({ postgres, database } = await serviceDatabase(resources, user, 1));
    await postgres.admin("CREATE TABLE t (n int PRIMARY KEY)");
    await postgres.admin("GRANT ALL ON t TO PUBLIC");
  });
  beforeEach(async () => void (await postgres.admin("TRUNCATE t")));
  afterAll(() => resources.disposeAsync());

  test("commits what was asked and what was only sent, in that order", async () => {
    const seen = await database.transaction(async (transaction) => {
      transaction.send(insert, [1]);
      const { rows } = await transaction.query<{ n: number }>("SELECT n FROM t");
      transaction.send(insert, [2]);
      return rows;
    });
    expect(seen).toEqual([{ n: 1 }]);
    expect(await kept()).toEqual([1, 2]);
  });

  test("travels twice, whatever is asked at once and sent at last", async () => {
    const writes = vi.spyOn(Socket.prototype as unknown as { _writev(): void }, "_writev");
    const journeys = async (work: () => Promise<unknown>) => {
      writes.mockClear();
      await work();
      return writes.mock.calls.length;
    };
    await kept();
    const made = await journeys(() =>
      database.transaction(async (transaction) => {
        await Promise.all([transaction.query("SELECT 1"), transaction.query("SELECT n FROM t")]);
        for (const n of [1, 2, 3]) transaction.send(insert, [n]);
      }),
    );
    writes.mockRestore();
    expect(made).toBe(2);
    expect(await kept()).toEqual([1, 2, 3]);
  });

  test("keeps nothing where a statement fails that was only sent, and says why", async () => {
    const work = database.transaction(async (transaction) => {
      transaction.send(insert, [1]);
      transaction.send(insert, [1]);
      transaction.send(insert, [2]);
    });
    await expect(work).rejects.toMatchObject({ code: "23505" });
    expect(await kept()).toEqual([]);
  });

  test("says why where a statement has failed that was only sent, and the work asked for more", async () => {
    const work = database.transaction(async (transaction) => {
      transaction.send(insert, [1]);
      transaction.send(insert, [1]);
      await transaction.query("SELECT 1");
    });
    await expect(work).rejects.toMatchObject({ code: "23505" });
    expect(await kept()).toEqual([]);
  });

  test("says why where statements were asked at once, whoever hears of it first", async () => {
    // postgresql.org/docs/current/errcodes-appendix.html
    const noRoom = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$";
    const heardLate = async (answered: Promise<unknown>) => Promise.all([Promise.all([answered])]);
    const work = database.transaction((transaction) => Promise.all([heardLate(transaction.query(noRoom)), transaction.query("SELECT 1")]));
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    await expect(work).rejects.toThrow("no space left");
  });

  test("keeps nothing where the work throws, whatever was sent before", async () => {
    const work = database.transaction(async (transaction) => {
      transaction.send(insert, [1]);
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(await kept()).toEqual([]);
  });

  test("is no success where the work did not mind that a statement failed", async () => {
    const work = database.transaction(async (transaction) => {
      await transaction.query("SELECT 1 / 0").catch(() => {});
      transaction.send(insert, [1]);
    });
    await expect(work).rejects.toThrow();
    const unnoticed = database.transaction((transaction) => transaction.query("SELECT 1 / 0").then(undefined, () => "fine"));
    await expect(unnoticed).rejects.toThrow("The transaction was rolled back");
    expect(await kept()).toEqual([]);
  });

  test("outlives a server that goes away in the moment in which it lets somebody in", async () => {
    const message = (type: string, ...parts: readonly Buffer[]) => {
      const body = Buffer.concat(parts);
      const head = Buffer.from(`${type}0000`);
      head.writeInt32BE(body.length + 4, 1);
      return Buffer.concat([head, body]);
    };
    const welcome = [message("R", Buffer.alloc(4)), message("Z", Buffer.from("I"))];
    const farewell = message("E", Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0"));
    // In one packet, as a busy reader finds them.
    const server = createServer((client) => client.once("data", () => client.end(Buffer.concat([...welcome, farewell]))));
    const folder = mkdtempSync("/tmp/bw-pg-");
    await new Promise<void>((resolve) => server.listen(join(folder, ".s.PGSQL.5432"), resolve));
    const leaving = new Database({ socket: folder, name: "brand", user, connections: 1 });
    await expect(leaving.transaction((transaction) => transaction.query("SELECT 1"))).rejects.toBeInstanceOf(DatabaseUnavailable);
    await leaving.close();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("leaves its connection to the next one, however it ended", async () => {
    await expect(database.transaction(async (transaction) => transaction.send("SELECT 1 / 0"))).rejects.toThrow("division by zero");
    await database.transaction(async (transaction) => transaction.send(insert, [3]));
    expect(await kept()).toEqual([3]);
  });

  test("says that the database is away where it is killed before the commit, and harms nobody else", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const work = database.transaction(async (transaction) => {
      await transaction.query("SELECT 1");
      await postgres.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
      transaction.send(insert, [4]);
      transaction.send(insert, [5]);
    });
    await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await kept()).toEqual([]);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("that waits for another which waits for it is told that it may be tried again, and the other goes on", async () => {
    await using both = new AsyncDisposableStack();
    const two = both.adopt(new Database({ socket: postgres.socket, name: "brand", user, connections: 2 }), (each) => each.close());
    const { promise: met, resolve } = Promise.withResolvers<void>();
    let holding = 0;
    const crossing = (first: number, second: number) =>
      two.transaction(async (transaction) => {
        await transaction.query("SELECT pg_advisory_xact_lock($1)", [first]);
        if (++holding === 2) resolve();
        await met;
        await transaction.query("SELECT pg_advisory_xact_lock($1)", [second]);
      });
    const outcomes = await Promise.allSettled([crossing(1, 2), crossing(2, 1)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [refused] = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused?.reason).toBeInstanceOf(DatabaseUnavailable);
  });
});
