// The log's stores against the sandbox's S3 and Cloud Storage, with the policies and the retention that the region stack gives them.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { BucketStore } from "../../../../functions/governance/audit/bucket-store.ts";
import { readEntries, rootAt } from "../../../../functions/governance/audit/log.ts";
import { same } from "../../../../functions/governance/audit/merkle.ts";
import { Publisher } from "../../../../functions/governance/audit/publisher.ts";
import { Sequencer } from "../../../../functions/governance/audit/sequencer.ts";
import { CheckpointMoved, type LogStore } from "../../../../functions/governance/audit/stores.ts";
import { VaultStore } from "../../../../functions/governance/audit/vault-store.ts";
import { Front } from "../front.ts";
import { MetadataServer } from "../metadata-server.ts";
import { Outside, vaultBucket } from "./outside.ts";
import { World } from "./world.ts";

describe("a log is published to", () => {
  let outside: Outside;
  let metadata: MetadataServer;
  let bucket: BucketStore;
  let vault: VaultStore;
  beforeAll(async () => {
    outside = await Outside.start();
    metadata = await MetadataServer.start(outside.accessToken, async (audience) => outside.identityToken(audience));
    const { environment } = outside;
    bucket = new BucketStore(environment.LOG_BUCKET as string, environment.STORAGE_ORIGIN as string);
    vault = new VaultStore({
      bucket: vaultBucket,
      location: environment.VAULT_LOCATION as string,
      role: environment.VAULT_ROLE as string,
      audience: environment.VAULT_AUDIENCE as string,
      endpoints: { s3: environment.AWS_ENDPOINT_URL_S3, sts: environment.AWS_ENDPOINT_URL },
    });
  });
  afterAll(async () => {
    await metadata?.[Symbol.asyncDispose]();
    await outside?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    process.env.GCE_METADATA_HOST = metadata.host;
  });

  describe("the bucket", () => {
    test("each tile once, and read again as it was", async () => {
      await bucket.write("tile/0/000.p/3", Buffer.from("abc"));
      await bucket.write("tile/0/000.p/3", Buffer.from("never"));
      expect(Buffer.from((await bucket.read("tile/0/000.p/3")) as Uint8Array).toString()).toBe("abc");
      expect(await bucket.read("tile/0/001")).toBeUndefined();
    });

    test("each checkpoint in the place of the one before, and of no other", async () => {
      expect(await bucket.current()).toBeUndefined();
      const first = await bucket.writeCheckpoint("one", undefined);
      const second = await bucket.writeCheckpoint("two", first);
      expect(await bucket.current()).toEqual({ note: "two", generation: second });
      await expect(bucket.writeCheckpoint("late", first)).rejects.toThrow(CheckpointMoved);
      await expect(bucket.writeCheckpoint("again", undefined)).rejects.toThrow(CheckpointMoved);
      expect(await bucket.checkpoint()).toBe("two");
    });
  });

  describe("the vault", () => {
    test("each tile once, though it is written again", async () => {
      await vault.write("tile/0/000.p/3", Buffer.from("abc"));
      await vault.write("tile/0/000.p/3", Buffer.from("abc"));
      expect(String(await outside.inVault("consent-log/tile/0/000.p/3"))).toBe("abc");
      expect((await outside.versionsInVault())["consent-log/tile/0/000.p/3"]).toBe(1);
    });

    test("each checkpoint, and the vault keeps those before", async () => {
      await vault.writeCheckpoint("one");
      await vault.writeCheckpoint("two");
      expect(String(await outside.inVault("consent-log/checkpoint"))).toBe("two");
      expect((await outside.versionsInVault())["consent-log/checkpoint"]).toBe(2);
    });

    test("with credentials that are renewed in time, though the clock has jumped back by as much", async () => {
      const { environment } = outside;
      await using sts = await Front.before(environment.AWS_ENDPOINT_URL as string);
      const own = new VaultStore({
        bucket: vaultBucket,
        location: environment.VAULT_LOCATION as string,
        role: environment.VAULT_ROLE as string,
        audience: environment.VAULT_AUDIENCE as string,
        endpoints: { s3: environment.AWS_ENDPOINT_URL_S3, sts: sts.url },
      });
      const begun = performance.now();
      const passed = vi.spyOn(performance, "now");
      for (const [minutes, sessions] of [
        [0, 1],
        [54, 1],
        [56, 2],
      ] as const) {
        passed.mockReturnValue(begun + minutes * 60_000);
        await own.write(`session/${minutes}`, Buffer.from("abc"));
        expect(sts.asked).toHaveLength(sessions);
      }
      passed.mockRestore();
    });

    test("by nobody whose identity is another's", async () => {
      await using stranger = await MetadataServer.start("", async (audience) =>
        outside.google.iam.tokens.idToken({ email: "x@y.example", uniqueId: "999" }, `${audience}`),
      );
      process.env.GCE_METADATA_HOST = stranger.host;
      const { environment } = outside;
      const other = new VaultStore({
        bucket: vaultBucket,
        location: environment.VAULT_LOCATION as string,
        role: environment.VAULT_ROLE as string,
        // Not the one whose token is kept.
        audience: `${environment.VAULT_AUDIENCE}0`,
        endpoints: { s3: environment.AWS_ENDPOINT_URL_S3, sts: environment.AWS_ENDPOINT_URL },
      });
      await expect(other.write("x", Buffer.from("x"))).rejects.toThrow(/STS answered 403/);
    });
  });

  test("the vault, whole: the copy there is the log of its checkpoint", async () => {
    await using world = await World.start();
    await world.reset();
    const ofLog = { database: world.database, schema: "preferences", signer: async () => world.signer };
    const sequencer = new Sequencer({ ...ofLog, published: world.bucket });
    await world.say(600);
    await sequencer.turn();
    await new Publisher({ ...ofLog, store: as(metadata.host, vault), sequencer, everySeconds: 0 }).turn();
    const { size, root } = world.opened(String(await outside.inVault("consent-log/checkpoint")));
    expect(size).toBe(600);
    const copy = { read: (path: string) => outside.inVault(`consent-log/${path}`) };
    expect(same(await rootAt(copy, size), root)).toBe(true);
    expect(await readEntries(copy, { start: 0, end: 600 }, size)).toHaveLength(600);
  });
});

/** The store as whoever this metadata server speaks for: the database has an identity of its own in this process. */
function as(host: string, store: LogStore): LogStore {
  const speaking = async <T>(work: () => Promise<T>): Promise<T> => {
    const own = process.env.GCE_METADATA_HOST;
    process.env.GCE_METADATA_HOST = host;
    return work().finally(() => {
      process.env.GCE_METADATA_HOST = own;
    });
  };
  return {
    name: store.name,
    write: (path, bytes) => speaking(() => store.write(path, bytes)),
    writeCheckpoint: (note, generation) => speaking(() => store.writeCheckpoint(note, generation)),
  };
}
