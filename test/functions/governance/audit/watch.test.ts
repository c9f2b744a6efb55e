// A monitor against a log that answers over HTTP, and may lie.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openCheckpoint, signCheckpoint } from "../../../../functions/governance/audit/checkpoint.ts";
import { leafOf } from "../../../../functions/governance/audit/leaf.ts";
import { append, headOf, proveConsistency } from "../../../../functions/governance/audit/log.ts";
import { MemoryTiles } from "../../../../functions/governance/audit/memory-tiles.ts";
import { verifierKey } from "../../../../functions/governance/audit/signed-note.ts";
import { emptyEdge } from "../../../../functions/governance/audit/tiles.ts";
import { Watcher, type WatcherOptions } from "../../../../functions/governance/audit/watch.ts";
import { logSigner, monitorSigner } from "./keys.ts";
import { World } from "./world.ts";

const name = "us.brand.example/v1/log";

/** A log in memory, as another region shows it. */
class Other {
  readonly signer = logSigner(name);
  tiles = new MemoryTiles();
  edge = emptyEdge;
  note = "";
  /** What it was asked for. */
  readonly asked: string[] = [];
  /** While it is false, it answers 503. */
  alive = true;
  /** Shown in the place of the true proof. */
  proof: string[] | undefined;
  /** Shown in the place of the true key. */
  shownKey = verifierKey(this.signer.key);

  /** Appends entries, each of one byte's repetition. */
  async grow(...bytes: number[]): Promise<void> {
    this.edge = await append(
      this.tiles,
      this.edge,
      bytes.map((byte) => leafOf(Buffer.alloc(32, byte))),
    );
    this.note = await signCheckpoint(headOf(this.edge), this.signer.key, this.signer.sign);
  }

  /** Begins anew, as if what it had shown had never been. */
  async forget(...bytes: number[]): Promise<void> {
    [this.tiles, this.edge] = [new MemoryTiles(), emptyEdge];
    await this.grow(...bytes);
  }

  async answer(path: string): Promise<string | undefined> {
    this.asked.push(path);
    if (!this.alive) return undefined;
    if (path === "/key") return JSON.stringify({ verifierKey: this.shownKey });
    if (path === "/checkpoint") return this.note;
    const [, from, to] = /^\/consistency\?from=(\d+)&to=(\d+)$/.exec(path) ?? [];
    const hashes = await proveConsistency(this.tiles, Number(from), Number(to));
    return JSON.stringify({ hashes: this.proof ?? hashes.map((hash) => Buffer.from(hash).toString("base64url")) });
  }
}

describe("a region that watches another's log", () => {
  let world: World;
  let other: Other;
  let url: string;
  const server = createServer(async (request, response) => {
    const answer = await other.answer(request.url ?? "");
    response.writeHead(answer === undefined ? 503 : 200).end(answer);
  });
  beforeAll(async () => {
    world = await World.start();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await world?.[Symbol.asyncDispose]();
  });

  let said: { readonly mock: { readonly calls: unknown[][] } };
  const monitor = monitorSigner();
  beforeEach(async () => {
    await world.reset();
    other = new Other();
    await other.grow(1, 2, 3);
    said = vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => vi.restoreAllMocks());

  const watcher = (options: Partial<WatcherOptions> = {}) =>
    new Watcher({ database: world.database, schema: "preferences", name, url, key: undefined, cosigner: async () => monitor, ...options });
  const alarms = () =>
    said.mock.calls
      .map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
      .filter(({ alarm }) => alarm === "transparency-log");
  const later = (seconds: number) =>
    world.postgres.admin(`UPDATE preferences.log_watch SET grew_at = grew_at - interval '${seconds} seconds'`);

  test("takes its word once, follows it by proofs alone, and vouches for what it saw", async () => {
    const watching = watcher();
    await watching.turn();
    await other.grow(4, 5);
    await watching.turn();
    expect(alarms()).toEqual([]);
    const cosigned = (await world.log.watched()) as string;
    expect(openCheckpoint(cosigned, other.signer.key, [monitor.key])).toMatchObject({
      checkpoint: { size: 5 },
      cosignatures: [{ monitor: monitor.key.name }],
    });
    // Nothing but these: no entry ever leaves the other region.
    expect([...new Set(other.asked)]).toEqual(["/key", "/checkpoint", "/consistency?from=3&to=5"]);
  });

  test("goes on after a restart from what it saw, and from the key that it saw first", async () => {
    await watcher().turn();
    await other.grow(4);
    await watcher().turn();
    expect(other.asked.filter((path) => path === "/key")).toHaveLength(1);
    expect(alarms()).toEqual([]);
  });

  test("alarms on one size with two roots, and shows both notes", async () => {
    await watcher().turn();
    const before = other.note;
    await other.forget(1, 2, 9);
    await watcher().turn();
    expect(alarms()).toMatchObject([
      {
        severity: "ERROR",
        message: "A transparency log contradicts itself.",
        verdict: "split view",
        evidence: { before, after: other.note },
      },
    ]);
    // What it saw first stays what it holds the log to.
    await watcher().turn();
    expect(alarms()).toHaveLength(2);
  });

  test("alarms on a larger tree that does not begin as the one it saw, after asking once more", async () => {
    await watcher().turn();
    await other.forget(1, 9, 3, 4, 5);
    await watcher().turn();
    expect(alarms()).toMatchObject([{ verdict: "split view", because: "no valid consistency proof" }]);
    expect(other.asked.filter((path) => path.startsWith("/consistency"))).toHaveLength(2);
  });

  test("alarms on a rollback", async () => {
    await watcher().turn();
    await other.forget(1, 2);
    await watcher().turn();
    expect(alarms()).toMatchObject([{ verdict: "rollback", log: name }]);
  });

  test("alarms on a checkpoint by another key, whatever key is shown with it", async () => {
    await watcher().turn();
    const impostor = logSigner(name);
    other.note = await signCheckpoint(headOf(other.edge), impostor.key, impostor.sign);
    other.shownKey = verifierKey(impostor.key);
    await watcher().turn();
    expect(alarms()).toMatchObject([{ verdict: "no checkpoint of this log" }]);
  });

  test("believes no key that is shown where it was given one", async () => {
    await watcher({ key: logSigner(name).key }).turn();
    expect(alarms()).toMatchObject([{ verdict: "no checkpoint of this log" }]);
    expect(await world.log.watched()).toBeUndefined();
  });

  test("alarms on silence: no answer, or the same one again, for longer than was agreed", async () => {
    await watcher().turn();
    await later(2600);
    await watcher().turn();
    expect(alarms()).toEqual([]);
    await later(200);
    await watcher().turn();
    other.alive = false;
    await watcher().turn();
    expect(alarms()).toMatchObject([
      { message: "A transparency log is silent.", log: name },
      { message: "A transparency log is silent.", log: name },
    ]);
    other.alive = true;
    await other.grow(4);
    await watcher().turn();
    expect(alarms()).toHaveLength(2);
  });

  test("believes the database's clock, and not its own, on silence and on when it vouched", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7_200_000 });
    const watching = watcher();
    await watching.turn().finally(() => vi.useRealTimers());
    const { cosignatures } = openCheckpoint((await world.log.watched()) as string, other.signer.key, [monitor.key]);
    expect(Math.abs((cosignatures[0]?.time as number) - Date.now() / 1000)).toBeLessThan(60);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7_200_000 });
    await watching.turn().finally(() => vi.useRealTimers());
    expect(alarms()).toEqual([]);
  });

  test("says of a log that it never saw that it never saw it, once an hour, and alarms nobody", async () => {
    other.alive = false;
    const watching = watcher();
    await watching.turn();
    await watching.turn();
    expect(alarms()).toEqual([]);
    expect(said.mock.calls.flat().join()).toMatch(/^[^}]*"A log that should be watched was never seen\."[^}]*}$/);
  });
});
