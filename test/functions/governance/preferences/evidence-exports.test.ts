import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { logErasure } from "../../../../functions/governance/audit/erasure.ts";
import { EvidenceExports, type Wanted } from "../../../../functions/governance/preferences/evidence-exports.ts";
import type { ProblemError } from "../../../../functions/shared/problem.ts";
import { World } from "../audit/world.ts";

describe("evidence of a period", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => world.reset());

  const exports = (options: { readonly mostEvents?: number; readonly patienceMs?: number }) =>
    new EvidenceExports({
      database: world.database,
      // Nobody's key is there: each event is a commitment.
      keys: async () => ({}) as never,
      log: world.log,
      signer: async () => world.signer,
      publisher: "eu.brand.example",
      ...options,
    });
  const indicesOf = async (wanted: Wanted, options: { readonly mostEvents?: number; readonly patienceMs?: number } = { mostEvents: 3 }) => {
    const indices: number[] = [];
    for await (const entry of Readable.from(await exports(options).tar(wanted)).pipe(extract())) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (entry.header.name !== "events.jsonl") continue;
      for (const line of String(Buffer.concat(chunks)).trim().split("\n")) indices.push((JSON.parse(line) as { index: number }).index);
    }
    return indices;
  };

  test("of more events than a bundle has is refused with the moment up to which a first one reaches, and is whole in parts", async () => {
    const { sequencer, bucket } = world.instance();
    // The first entry is a heartbeat.
    await sequencer.turn();
    for (let i = 0; i < 7; i++) {
      await world.say(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await sequencer.turn();
    await bucket.turn();
    const end = new Date().toISOString();
    const found: number[] = [];
    let [from, to] = ["2020-01-01T00:00:00.000Z", end];
    let refusals = 0;
    while (from !== end) {
      try {
        found.push(...(await indicesOf({ kind: "period", from, to })));
        [from, to] = [to, end];
      } catch (error) {
        const { status, extensions } = (error as ProblemError).problem;
        expect(status).toBe(422);
        to = extensions?.to as string;
        refusals++;
      }
    }
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(refusals).toBe(2);
  });

  const say =
    "INSERT INTO preferences.consent_ledger (id, reference, epoch, sealed, commitment) VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'sealed', sha256('said'))";
  const published = async () => {
    const { sequencer, bucket } = world.instance();
    await sequencer.turn();
    await bucket.turn();
  };
  const until = (to: string): Wanted => ({ kind: "period", from: "2020-01-01T00:00:00.000Z", to });
  /** A millisecond of the database's clock that is over, and before which all was said that was said before. */
  const now = async () => {
    const [row] = await world.database.query<{ at: Date }>("SELECT clock_timestamp() + interval '1 ms' AS at, pg_sleep(0.003)");
    return (row as { at: Date }).at.toISOString();
  };

  test("is not handed out while anybody may still write something of it, and has it afterwards", async () => {
    await published();
    await using writer = await world.postgres.connect();
    await writer.client.query("BEGIN");
    await writer.client.query(say);
    const to = await now();
    const refused = await indicesOf(until(to), { patienceMs: 100 }).catch((error: ProblemError) => error.problem);
    expect(refused).toMatchObject({ status: 503, kind: "still-being-written", headers: { "retry-after": "5" } });
    const waiting = indicesOf(until(to), { patienceMs: 10_000 }).catch((error: ProblemError) => error.problem);
    await writer.client.query("COMMIT");
    expect(await waiting).toMatchObject({ status: 409, kind: "not-yet-in-the-log" });
    await published();
    expect(await indicesOf(until(to))).toEqual([0, 1]);
  });

  test("waits also for a transaction that has begun and written nothing yet", async () => {
    await published();
    const to = await world.database.transaction(async (transaction) => {
      await transaction.query("SELECT");
      const to = await now();
      expect(await indicesOf(until(to), { patienceMs: 100 }).catch((error: ProblemError) => error.problem)).toMatchObject({ status: 503 });
      await transaction.query(say);
      return to;
    });
    await published();
    expect(await indicesOf(until(to))).toEqual([0, 1]);
  });

  test("does not wait for what began after it was over", async () => {
    await published();
    const to = await now();
    await world.database.transaction(async (transaction) => {
      await transaction.query(say);
      expect(await indicesOf(until(to), { patienceMs: 100 })).toEqual([0]);
    });
  });

  test("has the erasures too, so that nothing is missing in the order of the log", async () => {
    await world.say(1);
    await published();
    await world.database.transaction(async (transaction) => logErasure(transaction, "preferences", randomUUID()));
    const to = await now();
    expect(await indicesOf(until(to)).catch((error: ProblemError) => error.problem)).toMatchObject({ kind: "not-yet-in-the-log" });
    await world.say(1);
    await published();
    expect(await indicesOf(until(to))).toEqual([0, 1]);
    expect(await indicesOf(until(await now()))).toEqual([0, 1, 2]);
  });

  test("is not handed out where a monitor saw another log, signed by the same key", async () => {
    await world.say(2);
    await published();
    const { key, sign } = world.signer;
    const seen = (size: number) => signCheckpoint({ size, root: Buffer.alloc(32) }, key, sign);
    const asked = async (watched: string) =>
      exports({})
        .tar(until(await now()), watched)
        .catch((error: ProblemError) => error.problem);
    expect(await asked(await seen(1))).toMatchObject({ status: 409, kind: "another-log-was-seen" });
    expect(await asked(await seen(2))).toMatchObject({ status: 409, kind: "another-log-was-seen" });
    expect(await asked(await seen(3))).toMatchObject({ status: 409, kind: "not-yet-in-the-log", headers: { "retry-after": "15" } });
  });
});
