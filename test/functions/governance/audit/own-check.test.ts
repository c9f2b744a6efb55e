import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { logErasure } from "../../../../functions/governance/audit/erasure.ts";
import { World } from "./world.ts";

describe("the own region's check names", () => {
  let world: World;
  let said: string[];
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await world.reset();
    // The first entry is a heartbeat.
    const { sequencer } = world.instance();
    await sequencer.turn();
    said = await world.say(299);
    await sequencer.turn();
    // The last one is an erasure.
    await world.database.transaction(async (transaction) => logErasure(transaction, "preferences", randomUUID()));
    await sequencer.turn();
    expect(await world.check.findings()).toEqual([]);
  });

  const flip = (table: string, column: string, where: string, byte = 5) =>
    world.tamper(
      `UPDATE preferences.${table} SET ${column} = set_byte(${column}, ${byte}, get_byte(${column}, ${byte}) # 1) WHERE ${where}`,
    );

  test.each([
    [
      "a bit of an entry's commitment",
      () => flip("log_entry", "commitment", "index = 7"),
      ["log index 7 (event", "the ledger has another commitment than log_entry"],
    ],
    [
      "a bit of an event's commitment",
      () => flip("consent_ledger", "commitment", `id = '${said[6]}'`),
      ["log index 7 (event", "the ledger has another commitment than log_entry"],
    ],
    [
      "a bit of a bundle of entries",
      () => flip("log_tile", "bytes", "path = 'tile/entries/000'", 120),
      ["log index 1 (event", "tile/entries/000"],
    ],
    ["a bit of a tile of hashes", () => flip("log_tile", "bytes", "path = 'tile/0/000'", 33), ["log index 1 (event", "tile/0/000 differ"]],
    ["a bit of a partial tile", () => flip("log_tile", "bytes", "path = 'tile/0/001'", 33), ["log index 257 (event", "tile/0/001"]],
    [
      "a bit of an upper tile",
      () => flip("log_tile", "bytes", "path = 'tile/1/000'"),
      ["tile/0/000 does not have the hash that tile/1/000.p/1 says"],
    ],
    [
      "the time of a heartbeat",
      () => world.tamper("UPDATE preferences.log_heartbeat SET at = at + interval '1 ms'"),
      ["log index 0", "log_heartbeat says another time"],
    ],
    [
      "whose erasure it was",
      () => world.tamper("UPDATE preferences.log_erasure SET reference = gen_random_uuid()"),
      ["log index 300", "log_erasure says another subject"],
    ],
    [
      "an erasure that was dropped",
      () => world.tamper("DELETE FROM preferences.log_erasure"),
      ["log index 300", "is not in the ledger any more"],
    ],
    [
      "an entry that was dropped",
      () => world.tamper("DELETE FROM preferences.log_entry WHERE index = 9"),
      ["log index 9 is missing in log_entry", "is not in the log, and does not wait for it"],
    ],
    [
      "an event that was dropped",
      () => world.tamper(`DELETE FROM preferences.consent_ledger WHERE id = '${said[19]}'`),
      ["log index 20 (event", "its event is not in the ledger any more"],
    ],
    [
      "two entries that were reordered",
      () =>
        world.tamper(
          "UPDATE preferences.log_entry SET index = -1 WHERE index = 3; UPDATE preferences.log_entry SET index = 3 WHERE index = 4; UPDATE preferences.log_entry SET index = 4 WHERE index = -1",
        ),
      ["log index 3 (event", "log index 4 (event", "entries were reordered"],
    ],
    ["an event that was slipped in past the log", () => slipIn(), ["is not in the log, and does not wait for it"]],
    [
      "a tile that was cut off",
      () => world.tamper("UPDATE preferences.log_tile SET bytes = substr(bytes, 1, 40) WHERE path = 'tile/0/001'"),
      ["tile/0/001"],
    ],
    [
      "a head that was signed for another size",
      () => world.tamper("UPDATE preferences.log_head SET size = size - 1"),
      ["log_head says size 300, and its checkpoint 301"],
    ],
  ])("%s", async (_, tamper, words) => {
    await tamper();
    const findings = (await world.check.findings()).join("\n");
    for (const word of words) expect(findings).toContain(word);
  });

  async function slipIn(): Promise<void> {
    await world.tamper(
      "INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment) VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'x', sha256('x'))",
    );
  }

  test("and goes through a log in turns, from its end to its beginning again", async () => {
    const { check } = world;
    await world.tamper(`DELETE FROM preferences.consent_ledger WHERE id = '${said[19]}'`);
    expect(await check.findings()).toHaveLength(1);
    expect(await check.findings()).toHaveLength(1);
  });

  test("and goes through a ledger of any length in parts, each of one turn", async () => {
    await slipIn();
    const check = world.checking({ eventsOfTurn: 100 });
    const found: number[] = [];
    for (let turn = 0; turn < 8; turn++) found.push((await check.findings()).length);
    // 300 events: three turns of 100 each, and one that begins again.
    expect(found).toEqual([0, 0, 1, 0, 0, 0, 1, 0]);
  });
});
