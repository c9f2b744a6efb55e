// `./bailiwick` on machines of every kind: a folder that has nothing but what each test puts there is all that it finds on PATH.
import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../cli/paths.ts";
import { until } from "../until.ts";

/** Every developer's machine has these. */
const always = ["bash", "cat", "cmp", "cp", "dirname", "ln", "mkdir", "mktemp", "mv", "readlink", "rm", "rmdir", "sleep"];
const pinned = /^node_version=(.+)$/m.exec(readFileSync(join(root, "bailiwick"), "utf8"))?.[1] as string;

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "launcher-")));
  for (const dir of ["bin", "home", "tmp", "tree/cli"]) mkdirSync(at(dir), { recursive: true });
  for (const name of always) symlinkSync(["/bin", "/usr/bin"].map((dir) => join(dir, name)).find(existsSync) as string, at("bin", name));
  copyFileSync(join(root, "bailiwick"), at("tree", "bailiwick"));
  writeFileSync(at("tree", "package-lock.json"), '{"lock": 1}');
  writeFileSync(
    at("tree", "cli", "main.ts"),
    "console.log(JSON.stringify({ node: process.argv0, path: process.env.PATH, args: process.argv.slice(2) }));",
  );
});
afterEach(async () => {
  writeFileSync(at("go"), "");
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function program(name: string, script: string): void {
  writeFileSync(at("bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(at("bin", name), 0o755);
}
const newNode = () => symlinkSync(process.execPath, at("bin", "node"));
const oldNode = () => program("node", "echo 20");

/** Notes what it is asked for, and does it. @param ci what it does for `npm ci` before the packages are there */
function npm(ci = ""): void {
  program(
    "npm",
    `echo "$*" >> ${at("asked")}
case $1 in
  install) mkdir -p "$3/node_modules/node/bin" && ln -s ${process.execPath} "$3/node_modules/node/bin/node" ;;
  ci) ${ci}
    rm -rf node_modules && mkdir node_modules ;;
esac`,
  );
}
/** An `npm ci` that lasts until the test lets it go on, or is over. */
const waits = () => `while [ -d ${folder} ] && ! [ -e ${at("go")} ]; do sleep 0.05; done`;
const letGo = () => writeFileSync(at("go"), "");
const asked = (what: string) =>
  existsSync(at("asked"))
    ? readFileSync(at("asked"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith(what))
    : [];

function start(command = at("tree", "bailiwick"), args = ["status", "--json"]) {
  const env = { PATH: at("bin"), HOME: at("home"), TMPDIR: at("tmp") };
  const child = spawn(command, args, { cwd: at("home"), env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = new Promise<{ code: number | string | null; stdout: string; stderr: string }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code: code ?? signal, ...said })),
  );
  return { child, said, ended };
}
const run = () => start().ended;
const lockFile = () => at("tree", ".bailiwick", "installing");
const cachedNode = () => at("home", ".cache", "bailiwick", `node-${pinned}`, "node_modules", "node", "bin", "node");

describe("Node", () => {
  it("on PATH is taken if it is new enough, and gets the words of the command line", async () => {
    newNode();
    npm();
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ node: at("bin", "node"), args: ["status", "--json"] });
    expect(asked("install")).toEqual([]);
  });

  it.each([
    ["too old", oldNode],
    ["missing", () => {}],
  ])("that is %s is provided in the pinned version, once, and stands before all others on PATH", async (_what, machine) => {
    machine();
    npm();
    const { code, stdout, stderr } = await run();
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ node: cachedNode(), path: `${join(cachedNode(), "..")}:${at("bin")}` });
    expect(asked("install")).toEqual([expect.stringMatching(new RegExp(` node@${pinned.replaceAll(".", "\\.")}$`))]);
    expect(stderr).toContain(`Node >= 24 is not on PATH: installing Node ${pinned} into the cache, once ...`);
    expect((await run()).code).toBe(0);
    expect(asked("install")).toHaveLength(1);
    expect(readdirSync(at("home", ".cache", "bailiwick")).filter((name) => !/^(node-[\d.]+|compile-cache)$/.test(name))).toEqual([]);
  });

  it("is not to be had without npm: that is said, with what to install", async () => {
    oldNode();
    const { code, stderr } = await run();
    expect(code).toBe(69);
    expect(stderr).toBe(
      "bailiwick: neither Node >= 24 nor npm is on PATH\nbailiwick: what to do: install Node 24, or any Node >= 20 with npm\n",
    );
  });

  it("that npm gives without a binary for this machine is not taken", async () => {
    oldNode();
    program("npm", "exit 0");
    const { code, stderr } = await run();
    expect(code).toBe(69);
    expect(stderr).toContain(`npm installed node@${pinned} without a binary for this machine`);
    expect(existsSync(cachedNode())).toBe(false);
  });
});

describe("packages", () => {
  beforeEach(newNode);

  it("are installed where they are missing and when the lock file has changed, else not", async () => {
    npm();
    expect((await run()).code).toBe(0);
    expect(asked("ci")).toHaveLength(1);
    expect((await run()).stderr).toBe("");
    expect(asked("ci")).toHaveLength(1);
    appendFileSync(at("tree", "package-lock.json"), "\n");
    expect((await run()).code).toBe(0);
    expect(asked("ci")).toHaveLength(2);
  });

  it("that npm cannot install: its words are shown, and the next run tries again", async () => {
    npm("echo 'no such registry' >&2; exit 1");
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(/failed after \d+ s\nno such registry\nbailiwick: npm ci failed\nbailiwick: what to do: /);
    expect(existsSync(lockFile())).toBe(false);
    expect(readdirSync(at("tmp"))).toEqual([]);
    npm();
    expect((await run()).code).toBe(0);
  });

  it("are never installed through a link: what it leads to is somebody else's", async () => {
    npm();
    mkdirSync(at("others"));
    writeFileSync(at("others", "package"), "");
    symlinkSync(at("others"), at("tree", "node_modules"));
    const { code, stderr } = await run();
    expect(code).toBe(69);
    expect(stderr).toContain(`remove the link ${at("tree", "node_modules")}`);
    expect(asked("ci")).toEqual([]);
    expect(readdirSync(at("others"))).toEqual(["package"]);
  });

  it("are told of in two plain lines where no terminal is", async () => {
    npm();
    const what = "bailiwick: installing packages, 0.8 GB (npm ci)";
    expect((await run()).stderr.replace(/\d+ s/, "N s")).toBe(`${what} ...\n${what}: done in N s\n`);
  });

  it.runIf(process.platform === "linux" && existsSync("/usr/bin/script"))(
    "are told of with the seconds they take on a terminal",
    async () => {
      npm(waits());
      const { said, ended } = start("/usr/bin/script", ["-qec", at("tree", "bailiwick"), "/dev/null"]);
      const what = "bailiwick: installing packages, 0.8 GB (npm ci)";
      await until(() => said.stdout.includes(`\r${what} ... 1 s`), "the first second to be counted");
      letGo();
      const { code, stdout } = await ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/\(npm ci\): done in \d+ s\r\n/);
      expect(stdout).not.toContain("\u001b");
    },
  );
});

describe("two first runs at once", () => {
  beforeEach(newNode);

  it("install once: the second says for whom it waits, and goes on when that one is done", async () => {
    npm(waits());
    const first = start();
    await until(() => asked("ci").length === 1, "the first to install");
    const second = start();
    await until(() => second.said.stderr.includes(`process ${first.child.pid} is installing: waiting for it`), "the second to wait");
    letGo();
    expect([(await first.ended).code, (await second.ended).code]).toEqual([0, 0]);
    expect(asked("ci")).toHaveLength(1);
    expect(readdirSync(at("tree", ".bailiwick"))).toEqual([]);
  });

  it("of which the first was killed: the others see that it is gone, and one installs", async () => {
    npm(waits());
    const first = start();
    await until(() => asked("ci").length === 1, "the first to install");
    first.child.kill("SIGKILL");
    letGo();
    await first.ended;
    const others = await Promise.all([run(), run(), run()]);
    expect(others.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(asked("ci")).toHaveLength(2);
    expect(readdirSync(at("tree", ".bailiwick"))).toEqual([]);
  });

  it("of which the first is interrupted: it lets go of the lock", async () => {
    npm(waits());
    const first = start();
    await until(() => asked("ci").length === 1, "the first to install");
    expect(existsSync(join(lockFile(), ".."))).toBe(true);
    // As a terminal does it: to all that run in it.
    process.kill(-(first.child.pid as number), "SIGINT");
    expect([130, "SIGINT"]).toContain((await first.ended).code);
    expect(readdirSync(at("tree", ".bailiwick"))).toEqual([]);
  });
});
