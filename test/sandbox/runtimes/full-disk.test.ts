// No room: what cannot be kept is refused, what was acknowledged is there, and with room again everything goes on. On a disk of its own that is
// full, where the machine lets us mount one; and on any Linux under a limit of how large a file may be.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Store } from "../../../sandbox/engine/store.ts";
import { MessageLog } from "../../../sandbox/runtimes/message-log/message-log.ts";
import { PostgresServer } from "../../../sandbox/runtimes/postgres/server.ts";
import { FileLimit, fileLimits } from "../../file-limit.ts";
import { SmallDisk, smallDisks } from "../../small-disk.ts";
import { until } from "../../until.ts";
import { Account } from "../aws/fixture.ts";
import { StorageProject } from "../gcs/fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** A folder in which there is soon no room. */
interface Room extends Disposable {
  readonly folder: string;
  /** Takes all the room but this. */
  fill(kilobytesLeft: number): void;
  /** Gives it back. */
  free(): void;
}

const ways: [string, boolean, (megabytes: number) => Room][] = [
  ["on a disk that is full", smallDisks, (megabytes) => new SmallDisk(megabytes)],
  ["where files may grow no further", fileLimits, () => new FileLimit()],
];

/** Each larger than the one before: sooner or later one has no room, wherever the others went. */
const body = (number: number) => `${number} `.repeat(20_000 * (number + 1));

/** Temporary folders that are made meanwhile are on this disk. */
function onDisk<T>(disk: Room, make: () => T): T {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = disk.folder;
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** Writes until it is refused, once. @returns what was acknowledged, and how it was refused */
async function untilRefused(
  write: (number: number) => Promise<unknown>,
  from: number,
): Promise<{ acknowledged: number[]; refusal: unknown }> {
  const acknowledged: number[] = [];
  for (let number = from; ; number++) {
    try {
      await write(number);
      acknowledged.push(number);
    } catch (refusal) {
      return { acknowledged, refusal };
    }
    if (acknowledged.length > 5000) throw new Error("the disk is never full");
  }
}

describe.each(ways.filter(([, possible]) => possible))("%s", (_way, _possible, roomOf) => {
  test("PostgreSQL refuses the commit, keeps every row that it acknowledged, and comes back by itself", async () => {
    using disk = roomOf(160);
    const server = new PostgresServer({
      name: "full",
      dataDir: join(disk.folder, "data"),
      socketDir: join(tmpdir(), `pg-full-${process.pid}`),
      logFile: join(disk.folder, "log"),
      pidDir: join(disk.folder, "pids"),
      admin: "admin",
      settings: {},
    });
    onTestFinished(() => rmSync(join(tmpdir(), `pg-full-${process.pid}`), { recursive: true, force: true }));
    await server.start();
    try {
      await server.query(["CREATE TABLE row (number int PRIMARY KEY, filler text NOT NULL)"]);
      const write = (number: number) =>
        server.query([`INSERT INTO row SELECT ${number}, string_agg(md5(random()::text), '') FROM generate_series(1, 8000)`]);
      await write(0);
      disk.fill(2048);
      const { acknowledged, refusal } = await untilRefused(write, 1);
      expect(String(refusal)).toMatch(/No space left on device|File too large|Connection terminated|ECONNREFUSED|ENOENT|recovery/);
      disk.free();
      await until(async () => (await write(1_000_000).catch(() => undefined)) !== undefined, "PostgreSQL to write again", 60_000);
      const [found] = await server.query(["SELECT number FROM row"]);
      expect(found?.rows.map(({ number }) => number)).toEqual(expect.arrayContaining([0, ...acknowledged, 1_000_000]));
    } finally {
      await server.stop();
    }
  });

  test("the object server refuses the object with a server's error, keeps every object that it acknowledged, and takes others again", async () => {
    using disk = roomOf(24);
    const account = onDisk(disk, () => new Account("eu-central-1"));
    await account.start();
    const client = account.client("eu-central-1", account.aws.deployer);
    try {
      await account.create("s3/bucket:Bucket", { bucket: "full" });
      const write = (number: number) => client.send(new PutObjectCommand({ Bucket: "full", Key: `object-${number}`, Body: body(number) }));
      await write(0);
      disk.fill(1024);
      const { acknowledged, refusal } = await untilRefused(write, 1);
      expect(acknowledged.length).toBeGreaterThan(2);
      expect((refusal as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode).toBeGreaterThanOrEqual(500);
      disk.free();
      const refused = acknowledged.length + 1;
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "full" }));
      expect(Contents.map(({ Key }) => Key).sort()).toEqual([0, ...acknowledged].map((number) => `object-${number}`).sort());
      await write(refused);
      for (const number of [0, ...acknowledged, refused]) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: "full", Key: `object-${number}` }));
        expect(await Body?.transformToString()).toBe(body(number));
      }
    } finally {
      client.destroy();
      await account.purge();
    }
  });

  test("Cloud Storage refuses the object with a server's error, keeps every object that it acknowledged, and takes others again", async () => {
    using disk = roomOf(16);
    const project = onDisk(disk, () => new StorageProject("brand-full"));
    await project.start();
    try {
      await project.create("storage/bucket:Bucket", { name: "full", location: "europe-west3", uniformBucketLevelAccess: true });
      const write = (number: number) => project.put("full", `object-${number}`, body(number));
      await write(0);
      disk.fill(1024);
      const { acknowledged, refusal } = await untilRefused(write, 1);
      expect(acknowledged.length).toBeGreaterThan(2);
      expect(String(refusal)).toMatch(/Error: 5\d\d /);
      disk.free();
      const refused = acknowledged.length + 1;
      expect((await project.object("full", `object-${refused}`)).status).toBe(404);
      await write(refused);
      for (const number of [0, ...acknowledged, refused]) expect(await project.read("full", `object-${number}`)).toBe(body(number));
    } finally {
      await project.stop();
      project.purge();
    }
  });

  test("a queue refuses the message, keeps every message that it acknowledged, and takes others again", async () => {
    using disk = roomOf(8);
    const log = new MessageLog(join(disk.folder, "queue.sqlite"));
    try {
      const write = (number: number) => log.append("full", [{ id: String(number), body: Buffer.alloc(20_000, number) }]);
      await write(0);
      disk.fill(512);
      const { acknowledged, refusal } = await untilRefused(write, 1);
      expect(acknowledged.length).toBeGreaterThan(2);
      expect(String(refusal)).toMatch(/disk is full|disk I\/O/);
      disk.free();
      await write(acknowledged.length + 1);
      const ids = log.lease("full", 10_000, 60_000).map(({ id }) => Number(id));
      expect(ids).toEqual([0, ...acknowledged, acknowledged.length + 1]);
    } finally {
      log.close();
    }
  });

  test("the cloud's own book refuses the resource, keeps every resource that it acknowledged, and takes others again", async () => {
    using disk = roomOf(8);
    const file = join(disk.folder, "store.sqlite");
    const store = new Store(file);
    let kept: number[] = [];
    try {
      const write = async (number: number) =>
        store.put({ token: "full", id: String(number), urn: `urn:${number}`, inputs: { filler: "a".repeat(20_000) }, state: {} });
      await write(0);
      disk.fill(512);
      const { acknowledged, refusal } = await untilRefused(write, 1);
      expect(acknowledged.length).toBeGreaterThan(2);
      expect(String(refusal)).toMatch(/disk is full|disk I\/O/);
      expect(store.get("full", String(acknowledged.length + 1))).toBeUndefined();
      disk.free();
      await write(acknowledged.length + 1);
      kept = [0, ...acknowledged, acknowledged.length + 1];
    } finally {
      store.close();
    }
    const again = new Store(file);
    try {
      expect(again.list("full").map(({ id }) => Number(id))).toEqual(kept);
    } finally {
      again.close();
    }
  });
});
