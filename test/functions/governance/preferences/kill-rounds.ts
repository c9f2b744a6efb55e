// Two instances, with the sequencer in each, and their database under writes, killed again and again. What remains is judged by verify.mjs alone.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { leafOf } from "../../../../functions/governance/audit/leaf.ts";
import { newKeyPair } from "../../keys.ts";
import { contradictionsIn } from "../agreement.ts";
import { Outside } from "../audit/outside.ts";
import { mth } from "../audit/tree.ts";
import { Auditor, patience, publishNow } from "../evidence.ts";
import { type Region, serviceUser, startRegion } from "../region.ts";
import type { Service } from "../service.ts";
import { WriteStorm } from "../write-storm.ts";

/** What is killed: an instance; the whole of PostgreSQL, which somebody must start again; one of its processes, after which it recovers by itself. */
const victims = ["first instance", "second instance", "database", "connection"] as const;
const seed = 20_261_122;
/** @param times how often each of them is killed, in an order and at moments that the seed gives */
export function killRounds(times: number): void {
  const auditor = new Auditor();
  const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair() };
  let outside: Outside;
  let region: Region;
  let instances: [Service, Service];
  beforeAll(async () => {
    outside = await Outside.start();
    region = await startRegion({ accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) });
    instances = [await serve(), await serve()];
  });
  afterAll(async () => {
    await region?.[Symbol.asyncDispose]();
    await outside?.[Symbol.asyncDispose]();
  });

  /** Its edge cannot be reached, so that what it must hear is kept. */
  const serve = () => region.serve({ ...outside.environment, ...auditor.environment, SUBJECTS_URL: "http://127.0.0.1:9" }, keys);

  async function kill(victim: (typeof victims)[number]): Promise<void> {
    if (victim === "database") {
      await region.postgres.stop("SIGKILL");
      await region.postgres.start();
    } else if (victim === "connection") {
      const [row] = await region.postgres.admin<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE usename = '${serviceUser.user}' ORDER BY state = 'active' DESC, query_start DESC LIMIT 1`,
      );
      process.kill((row as { pid: number }).pid, "SIGKILL");
    } else {
      const i = victim === "first instance" ? 0 : 1;
      await instances[i].stop("SIGKILL");
      instances[i] = await serve();
    }
  }

  /** What the log shows of itself now. */
  async function shownCheckpoint(): Promise<string> {
    const answer = await instances[0].request("/v1/log/checkpoint");
    expect(answer.status).toBe(200);
    return answer.text();
  }

  test("killed under writes, lose nothing that was acknowledged, take nothing twice, and never show two trees", {
    timeout: 300_000,
  }, async () => {
    const storm = await WriteStorm.begin(() => instances);
    const shown = new Set<string>();
    for (const { victim, afterMs } of roundsOf(times)) {
      const before = storm.least;
      // Killed under writes, not after them.
      await vi.waitFor(() => expect(storm.least).toBeGreaterThan(before + 1), { timeout: 30_000, interval: 20 });
      const checkpoint = await vi.waitFor(async () => {
        await publishNow(region);
        const note = await shownCheckpoint();
        expect(shown).not.toContain(note);
        return note;
      }, patience);
      shown.add(checkpoint);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill(victim);
    }
    await storm.end();
    expect([...storm.answers.keys()].sort()).toEqual([200, 503]);
    expect(storm.cut).toBeGreaterThan(0);

    const proven = await auditor.everything(region, instances[1]);
    await storm.expectIn(proven, region.postgres);
    expect(await contradictionsIn(region.postgres)).toEqual([]);
    // Every checkpoint that was ever shown is of the beginning of this very log.
    const commitments = await region.postgres.admin<{ commitment: Buffer }>("SELECT commitment FROM preferences.log_entry ORDER BY index");
    const leaves = commitments.map(({ commitment }) => leafOf(commitment));
    for (const note of shown) {
      const [, size, root] = note.split("\n");
      expect(mth(leaves.slice(0, Number(size))).toString("base64")).toBe(root);
    }
  });
}

function roundsOf(times: number): { victim: (typeof victims)[number]; afterMs: number }[] {
  const all = Array.from({ length: times * victims.length }, (_, i) => victims[i % victims.length] as (typeof victims)[number]);
  const [order = []] = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), { seed, numRuns: 1 });
  const waits = fc.sample(fc.integer({ min: 0, max: 300 }), { seed, numRuns: all.length });
  return order.map((victim, i) => ({ victim, afterMs: waits[i] as number }));
}
