import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type SpawnOptions, type Supervised, spawnSupervised, startTime, sweep, type Tie } from "../../../sandbox/runtimes/process.ts";

let folder: string;
const children: Supervised[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "process-"));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop(0)));
  rmSync(folder, { recursive: true, force: true });
});

function start(script: string, options: Partial<SpawnOptions> = {}): Supervised {
  const child = spawnSupervised({
    name: "child",
    command: process.execPath,
    args: ["-e", script],
    env: {},
    logFile: join(folder, "child.log"),
    pidDir: join(folder, "pids"),
    ...options,
  });
  children.push(child);
  return child;
}

const lives = (pid: number) => startTime(pid) !== undefined;
const gone = (pid: number) => vi.waitFor(() => expect(lives(pid)).toBe(false), { timeout: 5000, interval: 10 });
const says = (child: Supervised, text: string) => vi.waitFor(() => expect(child.tail(9)).toContain(text), { timeout: 5000, interval: 10 });

const stayAlive = "setInterval(() => {}, 1e6);";
const ties: Tie[] = process.platform === "linux" ? ["kernel", "pipe"] : ["pipe"];

describe.each(ties)("a child tied by the %s", (tie) => {
  test("gets its environment whole and nothing of ours", async () => {
    const child = start("console.log(process.env.GIVEN, process.env.HOME)", { env: { GIVEN: "yes" }, tie });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.tail(1)).toBe("yes undefined");
  });

  test("reports its exit code and leaves no pid file", async () => {
    const child = start("process.exit(7)", { tie });
    expect((await child.exited).code).toBe(7);
    expect(readdirSync(join(folder, "pids"))).toEqual([]);
    expect(child.kill("SIGTERM")).toBe(false);
  });

  test("may end in peace when stopped", async () => {
    const child = start(`process.on("SIGTERM", () => { console.log("drained"); process.exit(0); }); console.log("ready"); ${stayAlive}`, {
      tie,
    });
    await says(child, "ready");
    await child.stop(10_000);
    expect(child.tail(1)).toBe("drained");
    expect((await child.exited).code).toBe(0);
  });

  test("is ended when it does not heed the request", async () => {
    const child = start(`process.on("SIGTERM", () => {}); console.log("pid", process.pid); ${stayAlive}`, { tie });
    await says(child, "pid");
    const pid = Number(child.tail(1).split(" ")[1]);
    await child.stop(20);
    await gone(pid);
  });

  test("dies with its supervisor, even when that is killed with -9", async () => {
    const module = new URL("../../../sandbox/runtimes/process.ts", import.meta.url).href;
    const script = join(folder, "supervisor.ts");
    writeFileSync(
      script,
      `import { spawnSupervised } from ${JSON.stringify(module)};
       spawnSupervised({ name: "orphan", command: process.execPath, args: ["-e", "console.log(process.pid); ${stayAlive}"], env: {},
         logFile: ${JSON.stringify(join(folder, "orphan.log"))}, pidDir: ${JSON.stringify(join(folder, "pids"))}, tie: "${tie}" });
       ${stayAlive}`,
    );
    const supervisor = spawn(process.execPath, [script], { stdio: "ignore" });
    const pid = await vi.waitFor(
      () => {
        const text = readFileSync(join(folder, "orphan.log"), "utf8");
        expect(text).toMatch(/^\d+\n/);
        return Number(text);
      },
      { timeout: 10_000, interval: 20 },
    );
    expect(lives(pid)).toBe(true);
    supervisor.kill("SIGKILL");
    await once(supervisor, "exit");
    await gone(pid);
  });
});

test("memory is that of a living process", async () => {
  const child = start(stayAlive);
  await vi.waitFor(() => expect(child.memory()).toBeGreaterThan(10_000_000), { timeout: 5000 });
  await child.stop(0);
  expect(child.memory()).toBeUndefined();
});

test("a log's tail does not show what an earlier process wrote", async () => {
  await start("console.log('first')").exited;
  const second = start("console.log('second')");
  await second.exited;
  expect(second.tail(10)).toBe("second");
});

test.runIf(process.platform === "linux" && process.getuid?.() === 0)("in a user namespace root appears as an ordinary user", async () => {
  const child = start("console.log(process.getuid())", { userNamespace: true });
  await child.exited;
  expect(child.tail(1)).toBe("1000");
});

test.each(ties)("a command that does not exist is named in the log (%s)", async (tie) => {
  const child = start("", { command: "/no/such/program", tie });
  expect((await child.exited).code).toBe(127);
  expect(child.tail(5)).toContain("/no/such/program");
});

test("a working directory that does not exist is named in the error", () => {
  expect(() => start("", { cwd: "/no/such/folder" })).toThrow("/no/such/folder");
});

describe("sweep", () => {
  test("ends what a supervisor left behind", async () => {
    const child = start(stayAlive);
    expect(await sweep(join(folder, "pids"))).toEqual(["child"]);
    expect(lives(child.pid)).toBe(false);
    expect(await sweep(join(folder, "pids"))).toEqual([]);
  });

  test("leaves alone a process that merely got the recorded pid", async () => {
    const child = start(stayAlive);
    const file = join(folder, "pids", `${child.pid}.json`);
    writeFileSync(file, JSON.stringify({ name: "older", pid: child.pid, started: "another boot 1" }));
    expect(await sweep(join(folder, "pids"))).toEqual([]);
    expect(lives(child.pid)).toBe(true);
    expect(readdirSync(join(folder, "pids"))).toEqual([]);
  });

  test("survives a pid file that was cut off", async () => {
    await start("").exited;
    writeFileSync(join(folder, "pids", "1.json"), '{"name":');
    expect(await sweep(join(folder, "pids"))).toEqual([]);
  });
});
