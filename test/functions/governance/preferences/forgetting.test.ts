// Whoever was erased stays erased, also where the database is restored to a moment before.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { erase, forgetAgain } from "../../../../functions/governance/preferences/forgetting.ts";
import { type Parts, World } from "../audit/world.ts";

describe("a subject that was erased", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await world.reset();
    for (const id of ["eu_ada", "eu_bob", "eu_eve"])
      await world.database.query("INSERT INTO preferences.subject (id, reference, key) VALUES ($1, $2, 'key')", [id, randomUUID()]);
    vi.spyOn(console, "log").mockImplementation(() => {});
    return () => void vi.restoreAllMocks();
  });

  const forgetting = { announceAfter: 0 };
  const erased = (id: string) => world.database.transaction((transaction) => erase(transaction, id, forgetting));
  const subjects = async () =>
    (await world.postgres.admin<{ id: string }>("SELECT id FROM preferences.subject ORDER BY id")).map(({ id }) => id);
  /** As the service begins. */
  const instance = () => world.instance({ onLost: (transaction, lost) => forgetAgain(transaction, lost, forgetting) });
  const published = async ({ sequencer, bucket }: Parts) => {
    await sequencer.turn();
    await bucket.turn();
  };
  /** A database with everybody, of a log that knows of one erasure and of what was said before and after. */
  const restored = async () => {
    await world.say(1);
    await published(instance());
    const restore = await world.restorePoint();
    await world.say(1);
    expect(await erased("eu_bob")).toBe(true);
    await world.say(1);
    await published(instance());
    await restore();
    expect(await subjects()).toEqual(["eu_ada", "eu_bob", "eu_eve"]);
  };
  /** The log goes on, and everything that it stands on agrees. */
  const goesOn = async (size: number) => {
    await world.say(1);
    await published(instance());
    expect(world.opened(world.bucket.checkpoints.at(-1) as string).size).toBe(size);
    expect(await world.check.findings()).toEqual([]);
  };

  test("is an entry of the log, and unknown from then on", async () => {
    expect(await erased("eu_bob")).toBe(true);
    expect(await erased("eu_bob")).toBe(false);
    await published(instance());
    expect(await subjects()).toEqual(["eu_ada", "eu_eve"]);
    await goesOn(2);
  });

  test("waits for no signature, however long KMS takes for it", async () => {
    await world.say(1);
    const asked = Promise.withResolvers<void>();
    const signed = Promise.withResolvers<void>();
    const { sequencer } = world.instance({
      signer: async () => ({
        ...world.signer,
        sign: async (message) => {
          asked.resolve();
          await signed.promise;
          return world.signer.sign(message);
        },
      }),
    });
    const turn = sequencer.turn();
    await asked.promise;
    const erasures = Promise.all(["eu_bob", "eu_eve"].map(erased)).finally(signed.resolve);
    expect(await erasures).toEqual([true, true]);
    await turn;
    await goesOn(4);
  });

  test("is one entry of the log, however often it comes back", async () => {
    const [bob] = await world.postgres.admin<object>("SELECT id, reference, key FROM preferences.subject WHERE id = 'eu_bob'");
    for (const _ of [1, 2, 3]) {
      expect(await erased("eu_bob")).toBe(true);
      await published(instance());
      await world.postgres.admin(
        "INSERT INTO preferences.subject (id, reference, key) VALUES ($1, $2, $3)",
        "brand",
        Object.values(bob as object),
      );
      // Also where it is an entry that was taken back.
      await world.tamper(
        "INSERT INTO preferences.log_lost (event) SELECT event FROM preferences.log_erasure; DELETE FROM preferences.log_erasure",
      );
    }
    await goesOn(2);
  });

  test("is erased again in a restored database, with nobody else, and the edge hears of it", async () => {
    await restored();
    await published(instance());
    expect(await subjects()).toEqual(["eu_ada", "eu_eve"]);
    expect(await world.postgres.admin("SELECT subject, record ->> 'erased' AS erased FROM preferences.consent_outbox")).toEqual([
      { subject: "eu_bob", erased: "true" },
    ]);
    await goesOn(5);
  });

  test("takes those that were merged into it along, whether the restored database knows of the merge or not", async () => {
    const [eve] = await world.postgres.admin<object>("SELECT reference, id, key FROM preferences.subject WHERE id = 'eu_eve'");
    await world.say(1);
    await published(instance());
    const restoreBefore = await world.restorePoint();
    const merge = async () => {
      await world.postgres.admin("DELETE FROM preferences.subject WHERE id = 'eu_eve'");
      const values = [...Object.values(eve as object), "eu_bob"];
      await world.postgres.admin(
        "INSERT INTO preferences.merged_subject (reference, id, key, subject) VALUES ($1, $2, $3, $4)",
        "brand",
        values,
      );
    };
    await merge();
    await erased("eu_bob");
    await published(instance());
    await restoreBefore();
    await published(instance());
    expect(await subjects()).toEqual(["eu_ada"]);

    await restoreBefore();
    await merge();
    await world.postgres.admin("UPDATE preferences.merged_subject SET subject = 'eu_ada'");
    await published(instance());
    expect(await world.postgres.admin("SELECT FROM preferences.merged_subject")).toEqual([]);
    await goesOn(4);
  });

  test("may be erased there by somebody else first, and is one entry of the log all the same", async () => {
    await restored();
    expect(await erased("eu_bob")).toBe(true);
    await goesOn(5);
    expect(await subjects()).toEqual(["eu_ada", "eu_eve"]);
  });

  test("may be erased there in the very moment", async () => {
    await restored();
    await Promise.all([published(instance()), erased("eu_bob"), published(instance())]);
    await goesOn(5);
    expect(await subjects()).toEqual(["eu_ada", "eu_eve"]);
  });

  test("waits with its erasure while the log is being taken back", async () => {
    await restored();
    let done = false;
    let erasing: Promise<unknown> = Promise.resolve();
    const { sequencer } = world.instance({
      onLost: async (transaction, lost) => {
        erasing = erased("eu_bob").then(() => {
          done = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(done).toBe(false);
        await forgetAgain(transaction, lost, forgetting);
      },
    });
    await sequencer.turn();
    await erasing;
    expect(await subjects()).toEqual(["eu_ada", "eu_eve"]);
    await goesOn(5);
  });
});
