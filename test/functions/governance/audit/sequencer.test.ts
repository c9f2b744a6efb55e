import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { leafOf } from "../../../../functions/governance/audit/leaf.ts";
import { leafHash, verifyInclusion } from "../../../../functions/governance/audit/merkle.ts";
import { logSigner } from "./keys.ts";
import { World } from "./world.ts";

describe("the log of a database", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => world.reset());

  const heads = async () => world.postgres.admin<{ size: string; checkpoint: string }>("SELECT size, checkpoint FROM preferences.log_head");

  test("takes every event of the ledger, in its order, once", async () => {
    const { sequencer } = world.instance();
    const said = [...(await world.say(3)), ...(await world.say(2))];
    await sequencer.turn();
    await sequencer.turn();
    expect(await world.order()).toEqual(said);
    const [head] = await heads();
    expect(world.opened(head?.checkpoint as string).size).toBe(5);
  });

  test("takes what an earlier release wrote that knew nothing of it, before the migration and beside it", async () => {
    await world.reset(3);
    const insert = `INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment)
      VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'x', sha256(gen_random_uuid()::text::bytea)) RETURNING id`;
    const asBefore = async () => (await world.postgres.admin<{ id: string }>(insert))[0]?.id as string;
    const said = [await asBefore(), await asBefore()];
    await world.migrate();
    said.push(await asBefore());
    await world.instance().sequencer.turn();
    expect(await world.order()).toEqual(said);
  });

  test("proves each entry in the published checkpoint, whatever the size", async () => {
    const { sequencer, bucket } = world.instance();
    for (const count of [1, 254, 1, 1, 600]) {
      const said = await world.say(count);
      await sequencer.turn();
      await bucket.turn();
      const head = await world.log.head();
      if (!head) throw new Error("nothing is published");
      const indices = await world.log.indices(said);
      for (const event of [said[0], said.at(-1)] as string[]) {
        const index = indices.get(event) as number;
        const [row] = await world.postgres.admin<{ commitment: Buffer }>(
          `SELECT commitment FROM preferences.consent_ledger WHERE id = '${event}'`,
        );
        const leaf = leafHash(leafOf(row?.commitment as Buffer));
        const { size, root } = world.opened(head.checkpoint);
        expect(verifyInclusion({ index, size, root, leaf, proof: await world.log.inclusion(index, size) })).toBe(true);
      }
    }
  });

  test("is kept by one of several instances at a time, and nothing is lost or there twice", async () => {
    const instances = Array.from({ length: 3 }, () => world.instance());
    let writing = true;
    // A log of nothing would begin with a heartbeat.
    const said = await world.say(7);
    const writer = (async () => {
      for (let round = 0; round < 40; round++) said.push(...(await world.say(7)));
      writing = false;
    })();
    const at = instances.map(async ({ sequencer, bucket }) => {
      do {
        await sequencer.turn();
        await bucket.turn();
      } while (writing);
    });
    await Promise.all([writer, ...at]);
    await world.instance().sequencer.turn();
    expect((await world.order()).sort()).toEqual(said.sort());
    expect(await world.check.findings()).toEqual([]);
    const sizes = world.bucket.checkpoints.map((note) => world.opened(note).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });

  test("waits while the key cannot be asked, and signs once it can", async () => {
    const signer = vi.fn(async () => {
      throw new Error("no key");
    });
    await world.say(1);
    await expect(world.instance({ signer }).sequencer.turn()).rejects.toThrow("no key");
    await world.instance().sequencer.turn();
    expect(await heads()).toHaveLength(1);
  });

  test("says that it is alive where nobody says anything, and not more often than that", async () => {
    const { sequencer } = world.instance();
    await sequencer.turn();
    await sequencer.turn();
    expect(await heads()).toMatchObject([{ size: "1" }]);
    await world.tamper("UPDATE preferences.log_head SET signed_at = now() - interval '16 minutes'");
    await sequencer.turn();
    expect(await heads()).toMatchObject([{ size: "2" }]);
    expect(await world.check.findings()).toEqual([]);
  });

  test("is seen alive by the database's clock, whatever an instance's own says, and though that of the database has jumped back", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const { sequencer } = world.instance();
    await sequencer.turn().finally(() => vi.useRealTimers());
    await sequencer.turn();
    expect(
      await world.postgres.admin("SELECT FROM preferences.log_heartbeat WHERE at BETWEEN now() - interval '1 minute' AND now()"),
    ).toHaveLength(1);
    await world.tamper("UPDATE preferences.log_head SET signed_at = now() + interval '1 hour'");
    await sequencer.turn();
    expect(await heads()).toMatchObject([{ size: "2" }]);
    expect(await world.check.findings()).toEqual([]);
  });

  test("lets nobody shorten it, change it or make a tile smaller, not the tables' owner either", async () => {
    await world.say(3);
    await world.instance().sequencer.turn();
    for (const sql of [
      "DELETE FROM preferences.log_entry",
      "UPDATE preferences.log_entry SET index = index + 10",
      "TRUNCATE preferences.log_entry",
      "DELETE FROM preferences.log_tile",
      "UPDATE preferences.log_tile SET bytes = set_byte(bytes, 0, 1), width = width + 1",
      "UPDATE preferences.log_tile SET width = width - 1",
      "DELETE FROM preferences.log_heartbeat",
      "DELETE FROM preferences.log_erasure",
    ])
      await expect(world.postgres.run({ user: "migrations", password: "m" }, sql), sql).rejects.toThrow(/is refused/);
  });

  describe("restored to an earlier moment", () => {
    test("takes back what it had published, at its places, before anything new gets one", async () => {
      const before = world.instance();
      await world.say(300);
      await before.sequencer.turn();
      await before.bucket.turn();
      await world.say(2);
      const restore = await world.restorePoint();
      await before.sequencer.turn();
      await world.say(5);
      await before.sequencer.turn();
      await before.bucket.turn();
      const order = await world.order();
      const last = world.opened(world.bucket.checkpoints.at(-1) as string);
      await restore();

      const alarms = vi.spyOn(console, "log").mockImplementation(() => {});
      await world.say(1);
      const after = world.instance();
      await after.sequencer.turn();
      await after.bucket.turn();
      expect(alarms.mock.calls.flat().join()).toContain("The database has forgotten what the log had published.");
      alarms.mockRestore();
      const now = world.opened(world.bucket.checkpoints.at(-1) as string);
      expect(now.size).toBe(last.size + 1);
      // What waited then has its place of then; five events are lost, and their places are not.
      expect((await world.order()).slice(0, 302)).toEqual(order.slice(0, 302));
      expect(await world.postgres.admin("SELECT FROM preferences.log_lost")).toHaveLength(5);
      expect(await world.check.findings()).toEqual([]);
    });

    test("is noticed by an instance that lives on, too", async () => {
      const { sequencer, bucket } = world.instance();
      await world.say(2);
      await sequencer.turn();
      await bucket.turn();
      const restore = await world.restorePoint();
      await world.say(4);
      await sequencer.turn();
      await bucket.turn();
      await restore();
      vi.spyOn(console, "log").mockImplementation(() => {});
      await world.say(1);
      await sequencer.turn();
      await bucket.turn();
      vi.restoreAllMocks();
      expect(world.bucket.checkpoints.map((note) => world.opened(note).size)).toEqual([2, 6, 7]);
    });

    test("gives nothing a place where that happens between two of its steps", async () => {
      const { sequencer, bucket } = world.instance();
      await world.say(2);
      await sequencer.turn();
      await bucket.turn();
      const restore = await world.restorePoint();
      await world.say(4);
      await sequencer.turn();
      await bucket.turn();
      expect(await sequencer.agree()).toBe(true);
      vi.spyOn(console, "log").mockImplementation(() => {});
      await restore();
      await world.say(1);
      expect(await sequencer.settle()).toBe(0);
      await sequencer.turn();
      await bucket.turn();
      vi.restoreAllMocks();
      expect(world.bucket.checkpoints.map((note) => world.opened(note).size)).toEqual([2, 6, 7]);
    });

    test("signs nothing while it cannot be known what was published", async () => {
      world.bucket.available = false;
      await world.say(1);
      await expect(world.instance().sequencer.turn()).rejects.toThrow("the store is down");
      expect(await heads()).toEqual([]);
      expect(await world.order()).toEqual([]);
    });

    test("never goes on from what another key has signed in its place", async () => {
      const said = vi.spyOn(console, "log").mockImplementation(() => {});
      const impostor = logSigner(world.signer.key.name);
      world.bucket.checkpoints.push(await signCheckpoint({ size: 1, root: new Uint8Array(32) }, impostor.key, impostor.sign));
      await expect(world.instance().sequencer.turn()).rejects.toThrow("is not signed by the key");
      expect(said.mock.calls.flat().join()).toContain('"alarm":"transparency-log"');
      vi.restoreAllMocks();
      expect(await heads()).toEqual([]);
    });

    test("never goes on from another tree than was published", async () => {
      const { sequencer, bucket } = world.instance();
      await world.say(3);
      await sequencer.turn();
      await bucket.turn();
      await world.tamper("UPDATE preferences.log_tile SET bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1) WHERE path LIKE 'tile/0/%'");
      vi.spyOn(console, "log").mockImplementation(() => {});
      await expect(world.instance().sequencer.turn()).rejects.toThrow("another tree of size 3 than was published");
      vi.restoreAllMocks();
    });
  });
});
