import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EvidenceExports, type Wanted } from "../../../../functions/governance/preferences/evidence-exports.ts";
import type { ProblemError } from "../../../../functions/shared/problem.ts";
import { World } from "../audit/world.ts";

describe("evidence of a period with more events than a bundle has", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => world.reset());

  const exports = () =>
    new EvidenceExports({
      database: world.database,
      // Nobody's key is there: each event is a commitment.
      keys: async () => ({}) as never,
      log: world.log,
      signer: async () => world.signer,
      publisher: "eu.brand.example",
      mostEvents: 3,
    });
  const indicesOf = async (wanted: Wanted) => {
    const indices: number[] = [];
    for await (const entry of Readable.from(await exports().tar(wanted)).pipe(extract())) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (entry.header.name !== "events.jsonl") continue;
      for (const line of String(Buffer.concat(chunks)).trim().split("\n")) indices.push((JSON.parse(line) as { index: number }).index);
    }
    return indices;
  };

  test("is refused with the moment up to which a first one reaches, and is whole in parts", async () => {
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
});
