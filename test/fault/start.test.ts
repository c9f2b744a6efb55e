// The sandbox is started once, whoever starts it, whenever, and however the last one ended.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startTime } from "../../sandbox/runtimes/process.ts";
import { isAlive } from "../alive.ts";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.built();
  return () => platform[Symbol.asyncDispose]();
});
afterEach(() => platform.succeed("down", "--purge"));

const sandboxFile = () => join(platform.dir, ".sandbox", "sandbox.json");
const log = () => join(platform.dir, ".sandbox", "logs", "sandbox.log");

test("two commands at once start one sandbox, and both go on with it", async () => {
  const both = await Promise.all([platform.bailiwick(["preview", "global"]), platform.bailiwick(["preview", "global"])]);
  for (const { code, stderr } of both) expect(code, stderr).toBe(0);
  expect(readFileSync(log(), "utf8").match(/ready on port/g)).toHaveLength(1);
});

test("a sandbox that was killed while it started stands in nobody's way", async () => {
  const first = platform.start(join(platform.dir, "bailiwick"), ["preview", "global"]);
  await until(() => existsSync(log()), "the start to begin");
  // Its children have the state folder in their arguments; the sandbox itself is the one that Node runs.
  first.child.kill("SIGKILL");
  await first.ended;
  const { code, stderr } = await platform.bailiwick(["preview", "global"]);
  expect(code, stderr).toBe(0);
});

test("down waits for a sandbox that is starting, and ends it", async () => {
  const first = platform.start(join(platform.dir, "bailiwick"), ["preview", "global"]);
  await until(() => existsSync(join(platform.dir, ".sandbox", "sandbox.lock")), "the start to begin");
  expect(existsSync(sandboxFile())).toBe(false);
  await platform.succeed("down");
  await first.ended;
  const text = readFileSync(log(), "utf8");
  const starts = text.match(/ready on port/g)?.length ?? 0;
  expect(text.match(/stopped$/gm) ?? []).toHaveLength(starts);
  expect(existsSync(sandboxFile())).toBe(false);
});

test("down after a killed sandbox ends what it left behind", async () => {
  await platform.succeed("preview", "global");
  const { pid } = JSON.parse(readFileSync(sandboxFile(), "utf8")) as { pid: number };
  // A child that slipped through: recorded as the sandbox records its own.
  const orphan = platform.start("sleep", ["600"]).child;
  const pids = join(platform.dir, ".sandbox", "pids");
  mkdirSync(pids, { recursive: true });
  const started = startTime(orphan.pid as number);
  writeFileSync(join(pids, `${orphan.pid}.json`), JSON.stringify({ name: "orphan", pid: orphan.pid, started }));
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid), "the sandbox to be gone");
  await platform.succeed("down");
  expect(isAlive(orphan.pid as number)).toBe(false);
});

test("down --purge removes no folder that holds something else", async () => {
  const own = join(platform.dir, "own");
  mkdirSync(own);
  writeFileSync(join(own, "letter.txt"), "dear");
  const { code, stderr } = await platform.bailiwick(["down", "--purge"], { BAILIWICK_STATE: own });
  expect(code).toBe(1);
  expect(stderr).toContain(`${own} holds no embedded account, so it is not removed.`);
  expect(readFileSync(join(own, "letter.txt"), "utf8")).toBe("dear");
});
