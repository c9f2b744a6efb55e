import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { MetadataServer } from "../metadata-server.ts";
import { type Region, startRegion } from "../region.ts";
import { runJob, Service } from "../service.ts";

const patience = { timeout: 15_000, interval: 50 };

describe("the preferences service", () => {
  let region: Region;
  beforeAll(async () => {
    region = await startRegion();
  });
  afterAll(() => region?.[Symbol.asyncDispose]());

  test("names everything that its environment lacks, and shows no value", async () => {
    const started = Service.start(region.image, { EDGE_PUBLIC_KEY: "not-a-key", AUDIENCE: "nowhere" });
    await expect(started).rejects.toThrow(/DATABASE_SOCKET[\s\S]*DATABASE_NAME[\s\S]*DATABASE_USER[\s\S]*EDGE_PUBLIC_KEY[\s\S]*AUDIENCE/);
    await expect(started).rejects.not.toThrow("not-a-key");
  });

  test("is ready only once the database was there, and stays so when it goes", async () => {
    await region.postgres.stop("SIGKILL");
    const service = await region.serve();
    const health = async () => (await service.request("/health", { scope: "none" })).status;
    expect(await health()).toBe(503);
    await region.postgres.start();
    await vi.waitFor(async () => expect(await health()).toBe(200), patience);
    await region.postgres.stop("SIGKILL");
    expect(await health()).toBe(200);
    await region.postgres.start();
  });

  test("logs in with the token of the moment", async () => {
    const user = "rotating@brand-eu.iam";
    await region.postgres.user(user, "first-token");
    await runJob(region.image, { ...region.migrationEnvironment, SERVICE_USERS: user });
    region.kms.tokens.add("first-token");
    await using metadata = await MetadataServer.start("first-token", async () => "");
    const service = await region.serve({ DATABASE_USER: user, GCE_METADATA_HOST: metadata.host });
    const person = await service.person();
    await region.postgres.admin(`ALTER ROLE "${user}" PASSWORD 'next-token'`);
    await region.postgres.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
    await vi.waitFor(async () => expect((await person.read()).status).toBe(503), patience);
    metadata.accessToken = "next-token";
    await vi.waitFor(async () => expect((await person.read()).status).toBe(200), patience);
  });

  test("answers what is under way before it ends", async () => {
    const service = await region.serve();
    const person = await service.person();
    await using other = await region.postgres.connect();
    await other.client.query(`BEGIN; SELECT FROM preferences.subject WHERE id = '${person.subject}' FOR UPDATE`);
    const waiting = person.say({ analytics: "denied" });
    await vi.waitFor(
      async () => expect(await region.postgres.admin("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).toHaveLength(1),
      patience,
    );
    const ended = once(service.child, "exit");
    service.child.kill("SIGTERM");
    await vi.waitFor(() => expect(service.output).toContain("Asked to end"), patience);
    await other.client.query("COMMIT");
    expect((await waiting).status).toBe(200);
    const answered = performance.now();
    expect(await ended).toEqual([0, null]);
    // The client keeps its connection for reuse: nobody waits for it.
    expect(performance.now() - answered).toBeLessThan(2000);
  });
});
