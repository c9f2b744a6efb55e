import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../../../functions/governance/database.ts";
import { migrate } from "../../../../functions/governance/migrator.ts";
import { schema } from "../../../../functions/governance/spool/migrations.ts";
import { type Spooled, TelemetryOutbox } from "../../../../functions/governance/telemetry/outbox.ts";
import { Emitter, type Path } from "../../../../functions/shared/telemetry/emitter.ts";
import { serverSpan } from "../../../../functions/shared/telemetry/server-span.ts";
import { childOf } from "../../../../functions/shared/telemetry/trace-context.ts";
import type { Postgres } from "../postgres.ts";
import { serviceDatabase } from "../service-database.ts";

describe("the telemetry outbox", () => {
  const user = "spool@brand-eu.iam";
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let database: Database;
  const emitter = new Emitter({ service: "spool", version: "abc", region: "eu", jurisdiction: "eu" });
  const message = (path: Path = "gcp", method = "PATCH") =>
    emitter.message(path, [
      serverSpan({ context: childOf(undefined), parentSpanId: undefined, startMs: Date.now() }, method, "/v1/*", 200),
    ]);
  const instance = () => new TelemetryOutbox(database, schema.name, 1e9);
  const leasesEnd = () => postgres.admin("UPDATE spool.telemetry_outbox SET leased_until = now() - interval '1 second'");
  const waiting = () => postgres.admin<{ id: string }>("SELECT id FROM spool.telemetry_outbox ORDER BY id");
  const idsOf = (messages: readonly Spooled[]) => messages.map(({ id }) => id);

  beforeAll(async () => {
    ({ postgres, database } = await serviceDatabase(resources, user, 3));
    await using admin = await postgres.connect();
    await migrate(admin.client, schema, [user]);
  });
  beforeEach(async () => void (await postgres.admin("TRUNCATE spool.telemetry_outbox")));
  afterAll(() => resources.disposeAsync());

  test("gives what an instance has put there to this instance, as it is in the table, once", async () => {
    const own = instance();
    const messages = [message(), message("aws"), message()];
    await own.put(messages.map((each, i) => ({ path: i === 1 ? "aws" : "gcp", message: each })));
    const rows = await postgres.admin<{ id: string; path: Path; message: unknown }>("SELECT id, path, message FROM spool.telemetry_outbox");
    for (const path of ["gcp", "aws"] as const) {
      const { messages: due, more } = await own.due(path);
      expect(more).toBe(false);
      expect(due.map(({ id, message }) => ({ id, path, message }))).toEqual(rows.filter((row) => row.path === path));
    }
    expect((await own.due("gcp")).messages).toEqual([]);
    expect(await waiting()).toHaveLength(3);
  });

  test("gives it to nobody else meanwhile, and to anybody once its lease is over", async () => {
    await instance().put([{ path: "gcp", message: message() }]);
    const other = instance();
    expect((await other.due("gcp")).messages).toEqual([]);
    await leasesEnd();
    expect(idsOf((await other.due("gcp")).messages)).toEqual((await waiting()).map(({ id }) => id));
  });

  test("gives what could not be delivered to anybody at once, what was tried last at last", async () => {
    const [own, other] = [instance(), instance()];
    await own.put([
      { path: "gcp", message: message() },
      { path: "gcp", message: message() },
    ]);
    const [first = "", second = ""] = idsOf((await own.due("gcp")).messages);
    await own.release([second], "503");
    await own.release([first], "503");
    const inOrder = await postgres.admin<{ id: string }>("SELECT id FROM spool.telemetry_outbox ORDER BY leased_until");
    expect(inOrder.map(({ id }) => id)).toEqual([second, first]);
    expect(idsOf((await other.due("gcp")).messages).sort()).toEqual([first, second].sort());
  });

  test("gives to anybody what was leased by a clock that has jumped back since, and drops it where there is no room", async () => {
    await instance().put([{ path: "gcp", message: message("gcp", "GET") }]);
    const jumpsBack = () => postgres.admin("UPDATE spool.telemetry_outbox SET leased_until = now() + interval '1 hour'");
    await jumpsBack();
    expect((await instance().due("gcp")).messages).toHaveLength(1);
    await jumpsBack();
    expect(await new TelemetryOutbox(database, schema.name, 0).trim("gcp")).toBe(1);
  });

  test("keeps in memory what was not looked for in the table", async () => {
    const own = instance();
    await own.put([{ path: "gcp", message: message() }]);
    await postgres.admin("ALTER TABLE spool.telemetry_outbox RENAME TO elsewhere");
    await expect(own.due("gcp")).rejects.toThrow("does not exist");
    await postgres.admin("ALTER TABLE spool.elsewhere RENAME TO telemetry_outbox");
    expect((await own.due("gcp")).messages).toHaveLength(1);
  });

  test("has nothing more of what was stored", async () => {
    const own = instance();
    await own.put([{ path: "gcp", message: message() }]);
    await own.stored(idsOf((await own.due("gcp")).messages));
    expect(await waiting()).toEqual([]);
  });

  test("says that there is more than was given", async () => {
    await instance().put(Array.from({ length: 101 }, () => ({ path: "gcp", message: message() })));
    await leasesEnd();
    const other = instance();
    expect(await other.due("gcp")).toMatchObject({ more: true, messages: { length: 100 } });
    expect(await other.due("gcp")).toMatchObject({ more: false, messages: { length: 1 } });
  });
});
