// The person's tool as a person meets it: what it says when the command line, or the machine, is not as it should be.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolNames } from "../../cli/tools.ts";
import { Platform } from "../platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.built();
});
afterAll(() => platform[Symbol.asyncDispose]());

const bailiwick = (...args: string[]) => platform.bailiwick(args);

describe("a wrong command line ends with 64 and says what is allowed", () => {
  it.each([
    [["deploy"], "unknown command 'deploy'"],
    [["up", "--fast"], "unknown option '--fast'"],
    [["up", "nowhere"], 'There is no stack "nowhere". There are: global, apac, eu, us.'],
    [["preview", "eu", "mars"], 'There is no stack "mars".'],
    [["up", "--port", "0"], "a port is a number from 1 to 65535"],
    [["release", "eu"], "missing required argument 'artifact'"],
    [["release", "eu", "home", "--back"], "Allowed: site, preferences of a region."],
    [["release", "global", "site", "--back"], "Allowed: site, preferences of a region."],
    [["release", "eu", "site"], "Say one of --newest <percent> and --back."],
    [["release", "eu", "site", "--newest", "10", "--back"], "Say one of --newest <percent> and --back."],
    [["release", "eu", "site", "--newest", "101"], "a percentage is a number from 0.01 to 100, with at most two decimals"],
    [["release", "eu", "site", "--newest", "0.015"], "a percentage is a number from 0.01 to 100, with at most two decimals"],
    [["release", "eu", "preferences", "--newest", "12.5"], "Cloud Run splits traffic in whole percents, not 12.5."],
    [["logs"], "There are no logs: nothing has run yet."],
  ])("%j", async (args, says) => {
    const { code, stdout, stderr } = await bailiwick(...args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("what needs a running sandbox", () => {
  it.each([[["status"]], [["env", "eu"]]])("ends with 69 without one, and says how to start it: %j", async (args) => {
    const { code, stderr } = await bailiwick(...args);
    expect(code).toBe(69);
    expect(stderr).toContain("The sandbox does not run.");
    expect(stderr).toContain("what to do: Start it and deploy: ./bailiwick up.");
  });

  it("is not needed to stop: there is nothing to do", async () => {
    expect((await bailiwick("down")).stdout).toContain("Nothing was running.");
    expect(JSON.parse((await bailiwick("down", "--json")).stdout)).toEqual({ stopped: false, purged: false });
  });

  it("finds its port taken, and says which and how to choose another", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(platform.port, "127.0.0.1", resolve));
    try {
      const { code, stderr } = await bailiwick("up", "global");
      expect(code).toBe(69);
      expect(stderr).toContain(`Port ${platform.port} is in use by another program.`);
      expect(stderr).toContain("--port");
      const doctor = await bailiwick("doctor");
      expect(doctor.code).toBe(69);
      expect(doctor.stdout).toMatch(new RegExp(`port ${platform.port} +taken`));
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

describe("a BAILIWICK_PORT that is no port", () => {
  it.each(["abc", "", "0", "70000", "8e3", "84.5"])("is a wrong command line for up, and told as it was set: %j", async (port) => {
    const { code, stdout, stderr } = await platform.bailiwick(["up", "global"], { BAILIWICK_PORT: port });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain(`BAILIWICK_PORT is "${port}": a port is a number from 1 to 65535.`);
  });

  it("is a line of doctor's, beside all others", async () => {
    const { code, stdout } = await platform.bailiwick(["doctor"], { BAILIWICK_PORT: "abc" });
    expect(code).toBe(69);
    expect(stdout).toMatch(/^port abc +not a port +set BAILIWICK_PORT: a port is a number from 1 to 65535$/m);
    expect(stdout).toMatch(/^node +\d/m);
  });
});

describe("help", () => {
  it("names every command and the exit codes", async () => {
    const { code, stdout } = await bailiwick("--help");
    expect(code).toBe(0);
    for (const command of [
      "up",
      "preview",
      "release",
      "status",
      "logs",
      "query",
      "down",
      "env",
      "doctor",
      "build",
      "publish",
      "bench",
      "chaos",
      "drill",
      "graph",
      "telemetry",
      "test",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b.+\\S`, "m"));
    expect(stdout).toContain("Exit codes: 0 done, 1 failed, 2 refused by a policy, 64 wrong command line");
  });

  it("is there for each command that help names, with --json", async () => {
    const named = (help: string) =>
      [...(help.split("Commands:")[1] ?? "").matchAll(/^ {2}([a-z]+)/gm)]
        .map(([, name]) => name as string)
        .filter((name) => name !== "help");
    const helpOf = async (...command: string[]): Promise<[command: string, help: string][]> => {
      const { code, stdout: help } = await bailiwick(...command, "--help");
      expect(code, command.join(" ")).toBe(0);
      const below = await Promise.all(named(help).map((name) => helpOf(...command, name)));
      return below.length > 0 ? below.flat() : [[command.join(" "), help]];
    };
    const helps = await helpOf();
    expect(helps.length).toBeGreaterThanOrEqual(12);
    for (const [command, help] of helps) {
      expect(help).toContain(`Usage: bailiwick ${command}`);
      expect(help, command).toMatch(/^ {2}--json +\S/m);
    }
  });
});

it("doctor lists what is needed, where it is and what to do, for people and for programs", async () => {
  const { code, stdout } = await bailiwick("doctor", "--json");
  const checks = JSON.parse(stdout) as { what: string; found: string; from: string; advice: string; needed: boolean }[];
  expect(checks.map(({ what }) => what)).toEqual(["node", "go", ...toolNames, `port ${platform.port}`]);
  expect(checks.at(-1)).toMatchObject({ found: "free", advice: "" });
  expect(checks[0]).toMatchObject({ found: expect.stringMatching(/^\d+\.\d+\.\d+$/), needed: true });
  expect(code).toBe(checks.some(({ needed, advice }) => needed && advice !== "") ? 69 : 0);
  const lines = (await bailiwick("doctor")).stdout.split("\n");
  expect(lines[0]).toMatch(/^what +found +from +what to do$/);
  // No colours where no terminal is.
  expect(lines.join("")).not.toContain("\u001b");
});

describe("for programs", () => {
  it("logs gives the last lines of each", async () => {
    const dir = join(platform.dir, ".sandbox", "logs");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "sandbox.log"), "one\ntwo\nthree\n");
    writeFileSync(join(dir, "sql-eu.log"), "ready\n");
    const { code, stdout } = await bailiwick("logs", "--lines", "2", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      { name: "sandbox.log", lines: ["two", "three"] },
      { name: "sql-eu.log", lines: ["ready"] },
    ]);
    expect((await bailiwick("logs", "sql", "--lines", "2")).stdout).toBe("== sql-eu.log\nready\n");
    rmSync(join(platform.dir, ".sandbox"), { recursive: true });
  });

  it.each([
    ["all that pass", "a table without rows", { passed: 1, failed: 0, skipped: 3 }, 0],
    ["none that was chosen", "no such test", { passed: 0, failed: 0, skipped: 4 }, 64],
  ])("test counts %s, and gives stdout to nothing else", async (_what, sentence, counts, exitCode) => {
    const { code, stdout, stderr } = await bailiwick("test", "unit", "test/cli/terminal.test.ts", "--json", "-t", sentence);
    expect({ code, stdout: stdout && JSON.parse(stdout) }, stderr).toEqual({ code: exitCode, stdout: counts });
    expect(stderr).toContain("test/cli/terminal.test.ts");
  });
});

it("the tool runs from any folder and through a link to it", async () => {
  const link = join(platform.dir, "..", "home", "bw");
  symlinkSync(join(platform.dir, "bailiwick"), link);
  const { code, stdout } = await platform.start("bash", ["-c", 'cd / && "$0" --help', link]).ended;
  expect({ code, named: stdout.includes("Usage: bailiwick") }).toEqual({ code: 0, named: true });
});

it("a damaged artifact manifest is named with what to do, without a stack", async () => {
  await platform.succeed("build");
  const file = join(platform.dir, ".bailiwick", "manifest.json");
  writeFileSync(file, '{"version": 1, "artif');
  const { code, stderr } = await bailiwick("build");
  expect(code).toBe(1);
  expect(stderr).toContain(`The artifact manifest ${file} is damaged`);
  expect(stderr).toContain("and build again");
  expect(stderr).not.toMatch(/^\s+at /m);
});
