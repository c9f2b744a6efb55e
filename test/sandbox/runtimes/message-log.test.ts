// The durable queues behind Cloudflare Queues and Pub/Sub.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MessageLog } from "../../../sandbox/runtimes/message-log/message-log.ts";
import { until } from "../../until.ts";

let folder: string;
let log: MessageLog;
const file = () => join(folder, "log", "messages.db");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "message-log-"));
  log = new MessageLog(file());
});
afterEach(() => {
  log.close();
  rmSync(folder, { recursive: true, force: true });
});

const text = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString();
const append = (queue: string, ...bodies: string[]) =>
  log.append(
    queue,
    bodies.map((body) => ({ body: Buffer.from(body) })),
  );

test("what was acknowledged survives a kill, ten times", { timeout: 120_000 }, async () => {
  log.close();
  const acknowledged = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "message-log-writer.ts"), file(), String(round * 1_000_000)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    await until(() => said.split("\n").length > 50, "acknowledged messages");
    child.kill("SIGKILL");
    await once(child, "close");
    // A last line that was cut off acknowledges nothing.
    for (const number of said.split("\n").slice(0, -1)) acknowledged.add(number);
  }
  log = new MessageLog(file());
  const kept = new Set(log.lease("q", 10_000_000, 60_000).map(text));
  expect([...acknowledged].filter((number) => !kept.has(number))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(400);
});

test("a message is read by one reader until its lease runs out, and then again", async () => {
  await append("q", "a");
  const [first] = log.lease("q", 10, 0);
  expect(first).toMatchObject({ attempts: 1 });
  const [second] = log.lease("q", 10, 60_000);
  expect(second).toMatchObject({ id: first?.id, attempts: 2 });
  expect(log.lease("q", 10, 60_000)).toEqual([]);
  expect(log.acknowledge("q", [first?.lease ?? ""])).toBe(0);
  expect(log.depth("q")).toMatchObject({ messages: 1, leased: 1, bytes: 1 });
  expect(log.acknowledge("q", [second?.lease ?? ""])).toBe(1);
  expect(log.depth("q")).toEqual({ messages: 0, leased: 0, bytes: 0 });
});

test("what becomes readable between two questions is seen by one of them", async () => {
  const looked = Date.now();
  await log.append("q", [{ body: Buffer.from("late"), delayMs: 5 }]);
  expect(log.lease("q", 10, 60_000, looked)).toEqual([]);
  expect(log.ready("q", 10, looked).count).toBe(0);
  await until(() => log.ready("q", 10, Date.now()).count === 1, "its time");
  expect(log.nextMs("q", looked)).toBeGreaterThanOrEqual(looked + 5);
});

test("what a reader never got is no attempt of it", async () => {
  await append("q", "a");
  const [read] = log.lease("q", 1, 60_000);
  log.release("q", read?.lease ?? "", 0, false);
  expect(log.lease("q", 1, 60_000)[0]?.attempts).toBe(1);
  log.reclaim("q");
  expect(log.lease("q", 1, 60_000)[0]?.attempts).toBe(1);
});

test("messages of one ordering key are read one at a time, in their order; others go past", async () => {
  const message = (body: string, orderingKey: string) => ({ body: Buffer.from(body), orderingKey });
  await log.append("q", [message("1", "k"), message("2", "k"), message("other", "l")]);
  const first = log.lease("q", 10, 60_000);
  expect(first.map(text)).toEqual(["1", "other"]);
  expect(log.lease("q", 10, 60_000)).toEqual([]);
  log.acknowledge("q", [first[0]?.lease ?? ""]);
  expect(log.lease("q", 10, 60_000).map(text)).toEqual(["2"]);
});

test("moved to another queue, a message is new there under its own id", async () => {
  await append("q", "a");
  const [read] = log.lease("q", 1, 60_000);
  log.move("q", read?.lease ?? "", "dead");
  expect(log.depth("q").messages).toBe(0);
  expect(log.lease("dead", 1, 60_000)).toMatchObject([{ id: read?.id, attempts: 1, sentMs: read?.sentMs }]);
});

test("what is older than the retention is gone", async () => {
  await append("q", "old");
  await until(() => log.expire("q", 1) === 1, "the message to expire");
  expect(log.depth("q").messages).toBe(0);
});
