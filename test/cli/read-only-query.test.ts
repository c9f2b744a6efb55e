// `./bailiwick query` reads: whatever the statement, by the account that owns the tables, nothing is changed.
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readOnlyQuery } from "../../cli/read-only-query.ts";
import { Postgres } from "../functions/governance/postgres.ts";

const owner = { user: "owner", password: "secret" };
let postgres: Postgres;

beforeAll(async () => {
  postgres = await Postgres.create();
  await postgres.user(owner.user, owner.password);
  await postgres.admin("CREATE SCHEMA ledger AUTHORIZATION owner");
});
afterAll(() => postgres[Symbol.asyncDispose]());

beforeEach(async () => {
  await postgres.run(owner, "DROP TABLE IF EXISTS ledger.entry");
  await postgres.run(owner, "CREATE TABLE ledger.entry AS SELECT generate_series(1, 3) AS id");
});

async function query(sql: string) {
  const client = new pg.Client({ host: postgres.socket, database: "brand", ...owner });
  await client.connect();
  try {
    return await readOnlyQuery(client, sql);
  } finally {
    await client.end();
  }
}
const entries = async () => (await postgres.run<{ count: number }>(owner, "SELECT count(*)::int FROM ledger.entry"))[0]?.count;

it("a statement gives its columns and rows", async () => {
  const { fields, rows } = await query("SELECT id, id * 2 AS twice FROM ledger.entry ORDER BY id DESC LIMIT 1;");
  expect(fields.map(({ name }) => name)).toEqual(["id", "twice"]);
  expect(rows).toEqual([{ id: 3, twice: 6 }]);
});

describe("nothing is changed by", () => {
  const several = "cannot insert multiple commands into a prepared statement";
  const readOnly = "in a read-only transaction";
  it.each([
    ["a change", "DELETE FROM ledger.entry", readOnly],
    ["one that reads its own change", "WITH gone AS (DELETE FROM ledger.entry RETURNING id) SELECT * FROM gone", readOnly],
    ["one that is explained", "EXPLAIN ANALYZE DELETE FROM ledger.entry", readOnly],
    ["a change of the table itself", "DROP TABLE ledger.entry", readOnly],
    ["a transaction of its own", "BEGIN READ WRITE; DELETE FROM ledger.entry; COMMIT", several],
    ["one after the end of ours", "COMMIT; DELETE FROM ledger.entry", several],
    ["a setting before it", "SET transaction_read_only = off; DELETE FROM ledger.entry", several],
    [
      "a block that takes the protection off",
      "DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM ledger.entry; END $$",
      "must be set before any query",
    ],
    ["a block that ends our transaction", "DO $$ BEGIN COMMIT; DELETE FROM ledger.entry; END $$", "invalid transaction termination"],
  ])("%s", async (_what, sql, refusal) => {
    await expect(query(sql)).rejects.toThrow(refusal);
    expect(await entries()).toBe(3);
  });

  it("a statement that ends the transaction, for there is no second one", async () => {
    await query("COMMIT");
    expect(await entries()).toBe(3);
  });
});
