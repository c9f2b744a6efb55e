import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { readEntries, rootAt } from "../../../../functions/governance/audit/log.ts";
import { same } from "../../../../functions/governance/audit/merkle.ts";
import { Publisher } from "../../../../functions/governance/audit/publisher.ts";
import { World } from "./world.ts";

describe("the publication of a log", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => world.reset());
  afterEach(() => vi.restoreAllMocks());

  const grow = async (count: number) => {
    await world.say(count);
    await world.instance().sequencer.turn();
  };

  test("brings a store, step by step, to what the log has, whatever lies between", async () => {
    const { vault } = world.instance();
    for (const count of [1, 255, 300, 1, 700]) {
      await grow(count);
      await vault.turn();
      const { size, root } = world.opened(world.vault.checkpoints.at(-1) as string);
      expect(same(await rootAt(world.vault, size), root)).toBe(true);
      expect(await readEntries(world.vault, { start: 0, end: size }, size)).toHaveLength(size);
    }
  });

  test("writes nothing where there is nothing new, and not more often than was agreed", async () => {
    await grow(5);
    const publisher = new Publisher({
      database: world.database,
      schema: "preferences",
      store: world.vault,
      signer: async () => world.signer,
      sequencer: { doubt: () => {} },
    });
    await publisher.turn();
    const first = world.vault.writes;
    // Two partial tiles and the checkpoint.
    expect(first).toBe(3);
    await publisher.turn();
    await grow(5);
    await publisher.turn();
    expect(world.vault.writes).toBe(first);
    await world.tamper("UPDATE preferences.log_publication SET published_at = now() - interval '61 seconds'");
    await publisher.turn();
    expect(world.vault.checkpoints).toHaveLength(2);
  });

  test("waits for no moment that only a clock which has jumped back since can have set", async () => {
    await grow(5);
    const { vault } = world.instance();
    await vault.turn();
    for (const column of ["published_at", "leased_until"]) {
      await grow(1);
      await world.tamper(`UPDATE preferences.log_publication SET ${column} = now() + interval '1 hour'`);
      await vault.turn();
    }
    expect(world.vault.checkpoints.map((note) => world.opened(note).size)).toEqual([5, 6, 7]);
  });

  test("of a store that is down waits and says for how long, while the other goes on", async () => {
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    world.vault.available = false;
    await grow(3);
    const { bucket, vault } = world.instance();
    await vault.turn();
    await bucket.turn();
    expect((await world.log.head())?.size).toBe(3);
    expect(said.mock.calls.flat().join()).toMatch(/"The log was not published to the vault; it will be tried again\.".*"waitingMs":\d/);
    world.vault.available = true;
    await vault.turn();
    expect(world.vault.checkpoints).toEqual([]);
    await world.tamper("UPDATE preferences.log_publication SET leased_until = now()");
    await vault.turn();
    expect(world.vault.checkpoints).toHaveLength(1);
    expect(await world.postgres.admin("SELECT FROM preferences.log_publication WHERE failing_since IS NOT NULL")).toEqual([]);
  });

  test("killed after the checkpoint was written, and before that was written down, goes on", async () => {
    const { bucket } = world.instance();
    await grow(3);
    await bucket.turn();
    const before = (
      await world.postgres.admin("SELECT size, root, checkpoint, generation FROM preferences.log_publication WHERE store = 'bucket'")
    )[0];
    await grow(2);
    await bucket.turn();
    await world.postgres.admin(
      "UPDATE preferences.log_publication SET size = $1, root = $2, checkpoint = $3, generation = $4 WHERE store = 'bucket'",
      "brand",
      Object.values(before as object),
    );
    await world.instance().bucket.turn();
    expect((await world.log.head())?.size).toBe(5);
    await grow(1);
    await world.instance().bucket.turn();
    expect(world.bucket.checkpoints.map((note) => world.opened(note).size)).toEqual([3, 5, 6]);
  });

  test("never goes over what another has published there", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    await grow(3);
    world.bucket.checkpoints.push(`${"x".repeat(10)}\n`);
    const { sequencer, bucket } = world.instance();
    const doubt = vi.spyOn(sequencer, "doubt");
    await bucket.turn();
    expect(world.bucket.checkpoints).toHaveLength(1);
    expect(await world.log.head()).toBeUndefined();
    // Which then compares, and alarms.
    expect(doubt).toHaveBeenCalled();
  });

  test("is what is shown: nothing before it is out, and only indices that are", async () => {
    const said = await world.say(2);
    const { sequencer, bucket } = world.instance();
    await sequencer.turn();
    expect(await world.log.head()).toBeUndefined();
    expect((await world.log.indices(said)).size).toBe(0);
    await bucket.turn();
    expect([...(await world.log.indices(said)).values()]).toEqual([0, 1]);
  });
});
