// The file backend of the embedded account after a crash: locks of the dead, a state that was cut off.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PersonError } from "../../cli/errors.ts";
import { clearLocks, mendState } from "../../cli/pulumi/backend.ts";
import { isOrphaned, runPulumi } from "../../cli/pulumi/run.ts";

let backend: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), "backend-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  rmSync(backend, { recursive: true });
});

/** A process that lives until it is ended. @param words on its command line */
function live(...words: string[]): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "--", ...words]);
  children.push(child);
  return child as ChildProcess & { readonly pid: number };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

describe("locks", () => {
  const folder = () => join(backend, ".pulumi", "locks", "organization", "bailiwick", "eu");
  function lock(pid: number): string {
    const file = join(folder(), `${pid}.json`);
    mkdirSync(folder(), { recursive: true });
    writeFileSync(file, JSON.stringify({ pid, username: "ada", hostname: "desk", timestamp: "2026-11-22T03:00:00Z" }));
    return file;
  }
  const nobody = () => false;

  it("a stack that nobody holds is free, and nothing is said", async () => {
    expect(await clearLocks("eu", nobody, backend)).toEqual([]);
  });

  it("of a process that is gone are released, and that is said", async () => {
    const child = live("pulumi");
    await end(child);
    const file = lock(child.pid);
    expect(await clearLocks("eu", nobody, backend)).toEqual([`released the lock on "eu" of process ${child.pid}, which is gone`]);
    expect(existsSync(file)).toBe(false);
  });

  it.runIf(existsSync("/proc/self/cmdline"))("of a number that another program has now are released too", async () => {
    lock(live("something-else").pid);
    expect(await clearLocks("eu", nobody, backend)).toHaveLength(1);
    expect(readdirSync(folder())).toEqual([]);
  });

  it("of a living pulumi are kept, and the error says who holds the stack since when", async () => {
    const child = live("pulumi");
    const file = lock(child.pid);
    const attempt = clearLocks("eu", nobody, backend);
    await expect(attempt).rejects.toThrow(PersonError);
    await expect(attempt).rejects.toThrow(`Stack "eu" is being changed by ada@desk, process ${child.pid}, since 2026-11-22T03:00:00Z.`);
    expect(existsSync(file)).toBe(true);
  });

  it("of a living pulumi of another user, who lets nobody signal it, are kept too", async () => {
    const child = live("pulumi");
    const file = lock(child.pid);
    // As the system answers those who may not; whoever runs the tests may be one who may.
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    try {
      await expect(clearLocks("eu", nobody, backend)).rejects.toThrow('Stack "eu" is being changed by ada@desk');
    } finally {
      kill.mockRestore();
    }
    expect(existsSync(file)).toBe(true);
  });

  it("of a pulumi whose command line was ended are waited for until it has saved its state", async () => {
    const child = live("pulumi");
    const file = lock(child.pid);
    let asked = 0;
    const attempt = clearLocks(
      "eu",
      (pid) => {
        // It is seen at work at least twice before it lets go, as pulumi does: the lock first, then itself.
        if (++asked === 3) rmSync(file);
        return pid === child.pid;
      },
      backend,
    );
    expect(await attempt).toEqual([`waited for process ${child.pid}, whose command line was ended, to leave "eu" in order`]);
    expect(asked).toBe(3);
  });

  it("have their attributes beside them, which are no locks and go with them", async () => {
    const file = lock(999_999_999);
    writeFileSync(`${file}.attrs`, JSON.stringify({ "user.content_type": "text/plain" }));
    expect(await clearLocks("eu", nobody, backend)).toHaveLength(1);
    expect(readdirSync(folder())).toEqual([]);
    writeFileSync(join(folder(), "left.json.attrs"), "{}");
    expect(await clearLocks("eu", nobody, backend)).toEqual([]);
  });

  it("that are being written this very moment are left alone", async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), "half.json"), '{"pid": 12');
    expect(await clearLocks("eu", nobody, backend)).toEqual([]);
    expect(readdirSync(folder())).toEqual(["half.json"]);
  });
});

describe("a stack's state", () => {
  const whole = JSON.stringify({ version: 3, checkpoint: { stack: "organization/bailiwick/eu", latest: { resources: [] } } });
  const file = () => join(backend, ".pulumi", "stacks", "bailiwick", "eu.json");
  function write(state: string, backup?: string): void {
    mkdirSync(join(backend, ".pulumi", "stacks", "bailiwick"), { recursive: true });
    writeFileSync(file(), state);
    if (backup !== undefined) writeFileSync(`${file()}.bak`, backup);
  }

  it("that is whole, or not there yet, is left as it is", () => {
    expect(mendState("eu", backend)).toBeUndefined();
    write(whole, "{}");
    expect(mendState("eu", backend)).toBeUndefined();
    expect(readFileSync(file(), "utf8")).toBe(whole);
  });

  it.each([
    ["cut off", whole.slice(0, whole.length / 2)],
    ["empty", ""],
  ])("that is %s is replaced by its backup, kept beside it, and that is said", (_what, damaged) => {
    write(damaged, whole);
    expect(mendState("eu", backend)).toContain('the state of "eu" was cut off: its backup is in place');
    expect(readFileSync(file(), "utf8")).toBe(whole);
    expect(readFileSync(`${file()}.damaged`, "utf8")).toBe(damaged);
  });

  it("whose attributes an engine that was killed left empty is read without them", () => {
    write(whole, whole);
    for (const [name, text] of [
      [`${file()}.attrs`, ""],
      [`${file()}.bak.attrs`, '{"user.content_type":"application/json"}'],
    ] as const)
      writeFileSync(name, text);
    expect(mendState("eu", backend)).toBeUndefined();
    expect(readdirSync(join(file(), "..")).sort()).toEqual(["eu.json", "eu.json.bak", "eu.json.bak.attrs"]);
  });

  it.each([
    ["damaged too", "{"],
    ["missing", undefined],
  ])("whose backup is %s is an error that says what is left to do, and touches nothing", (_what, backup) => {
    write("{", backup);
    expect(() => mendState("eu", backend)).toThrow(PersonError);
    expect(() => mendState("eu", backend)).toThrow('The state of stack "eu" is damaged, and so is its backup');
    expect(readFileSync(file(), "utf8")).toBe("{");
  });
});

describe("a pulumi is orphaned", () => {
  const record = (commandLine: number, pulumi: number) => writeFileSync(join(backend, "eu.json"), JSON.stringify({ commandLine, pulumi }));

  it("when the command line that started it is gone", async () => {
    const commandLine = live();
    record(commandLine.pid, 4711);
    expect(isOrphaned("eu", 4711, backend)).toBe(false);
    await end(commandLine);
    expect(isOrphaned("eu", 4711, backend)).toBe(true);
  });

  it("and not when it is another, or nobody's record: a person's own pulumi is left alone", async () => {
    const commandLine = live();
    await end(commandLine);
    record(commandLine.pid, 4711);
    expect(isOrphaned("eu", 4712, backend)).toBe(false);
    expect(isOrphaned("us", 4711, backend)).toBe(false);
  });
});

describe("the engine", () => {
  it("sees what it is given and what any program needs, and no credential of the person", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "the person's own");
    vi.stubEnv("PULUMI_ACCESS_TOKEN", "the person's own");
    const { code, stdout } = await runPulumi("/usr/bin/env", [], { cwd: backend, env: { PULUMI_HOME: "/somewhere" } });
    vi.unstubAllEnvs();
    expect(code).toBe(0);
    expect(stdout).toContain("PULUMI_HOME=/somewhere");
    expect(stdout).toMatch(/^PATH=/m);
    expect(stdout).not.toContain("the person's own");
  });

  it("gives its exit code and both its streams", async () => {
    const script = "console.log('out'); console.error('err'); process.exit(7)";
    const result = await runPulumi(process.execPath, ["-e", script], { cwd: backend, env: {} });
    expect(result).toMatchObject({ code: 7, stdout: "out\n" });
    expect(result.output).toContain("err\n");
  });
});
