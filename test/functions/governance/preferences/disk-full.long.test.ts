// No room: for the database's tables, and for its write-ahead log. On a disk of its own, where the machine lets us mount one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { logLock } from "../../../../functions/governance/audit/sequencer.ts";
import { SmallDisk, smallDisks } from "../../../small-disk.ts";
import { newKeyPair } from "../../keys.ts";
import { contradictionsIn } from "../agreement.ts";
import { Outside } from "../audit/outside.ts";
import { Auditor } from "../evidence.ts";
import type { Disks } from "../postgres.ts";
import { startRegion } from "../region.ts";
import { expectRefusal, WriteStorm } from "../write-storm.ts";

const patience = { timeout: 60_000, interval: 100 };

/** Two instances whose database is on this disk, whose edge cannot be reached, and whose log goes to stores that have room. */
async function begin(disks: Disks) {
  await using resources = new AsyncDisposableStack();
  const outside = resources.use(await Outside.start());
  const auditor = new Auditor();
  const region = resources.use(
    await startRegion({ disks, accessToken: outside.accessToken, identityToken: async (audience) => outside.identityToken(audience) }),
  );
  const environment = { ...outside.environment, ...auditor.environment, SUBJECTS_URL: "http://127.0.0.1:9" };
  const keys = { edgeKey: newKeyPair(), tokenKey: newKeyPair() };
  const instances = [await region.serve(environment, keys), await region.serve(environment, keys)] as const;
  const kept = resources.move();
  return { auditor, region, instances, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "wal-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

describe.runIf(smallDisks)("a database whose disk is full", () => {
  test("takes all of a change or nothing, goes on answering, and goes on writing once there is room", { timeout: 240_000 }, async () => {
    using disk = new SmallDisk(96);
    using elsewhere = temporaryFolder();
    await using all = await begin({ data: join(disk.folder, "data"), wal: join(elsewhere.path, "wal") });
    const { auditor, region, instances } = all;
    const storm = await WriteStorm.begin(() => instances);
    const reader = await instances[0].person();
    await vi.waitFor(() => expect(storm.least).toBeGreaterThan(5), patience);

    // What the log has to do waits until there is no room for it either.
    await using sequencer = await region.postgres.connect();
    await sequencer.client.query("SELECT pg_advisory_lock($1)", [logLock]);
    const before = storm.least;
    await vi.waitFor(() => expect(storm.least).toBeGreaterThan(before + 3), patience);
    disk.fill(0);
    await vi.waitFor(() => expect(storm.refused).toBeGreaterThan(20), patience);
    await sequencer.client.query("SELECT pg_advisory_unlock($1)", [logLock]);
    await vi.waitFor(
      () => expect(instances.map(({ output }) => output).join()).toMatch(/The log could not go on.*No space left on device/),
      patience,
    );
    for (const service of instances) {
      const person = await reader.renewed(service);
      expect((await person.read()).status).toBe(200);
      const check = await service.request(`/v1/check?subject=${person.subject}&purpose=analytics`, { scope: "edge" });
      expect(check.status).toBe(200);
    }
    expect(await contradictionsIn(region.postgres)).toEqual([]);

    disk.free();
    const full = storm.least;
    await vi.waitFor(() => expect(storm.least).toBeGreaterThan(full + 5), patience);
    await storm.end();
    expect([...storm.answers.keys()].sort()).toEqual([200, 503]);
    // Nobody was started anew.
    expect(storm.cut).toBe(0);
    await storm.expectIn(await auditor.everything(region, instances[1]), region.postgres);
    expect(await contradictionsIn(region.postgres)).toEqual([]);
  });

  test("of the write-ahead log ends, loses nothing that it acknowledged, and is asked again once it is back", {
    timeout: 240_000,
  }, async () => {
    using disk = new SmallDisk(128);
    await using all = await begin({ wal: join(disk.folder, "wal") });
    const { auditor, region, instances } = all;
    const storm = await WriteStorm.begin(() => instances);
    const reader = await instances[0].person();
    await vi.waitFor(() => expect(storm.least).toBeGreaterThan(5), patience);
    disk.fill(0);
    // It recovers by itself, and has no room again, until it cannot even recover.
    await vi.waitFor(() => expect(storm.refused).toBeGreaterThan(20), patience);
    const answer = await reader.read();
    if (answer.status !== 200) expectRefusal(answer, await answer.text());

    disk.free();
    const full = storm.least;
    await vi.waitFor(async () => {
      // As the platform does, where it has ended.
      if (!region.postgres.running) await region.postgres.start();
      expect(storm.least).toBeGreaterThan(full + 5);
    }, patience);
    await storm.end();
    expect([...storm.answers.keys()].sort()).toEqual([200, 503]);
    expect(storm.cut).toBe(0);
    await storm.expectIn(await auditor.everything(region, instances[1]), region.postgres);
    expect(await contradictionsIn(region.postgres)).toEqual([]);
  });
});
