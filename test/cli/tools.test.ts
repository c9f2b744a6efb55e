// Where the tools come from, on machines that have nothing but what each test puts there.
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../cli/paths.ts";
import { pins, type Tool, type ToolName } from "../../cli/tools.ts";

let machine: string;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), "tools-"));
});
afterEach(() => rmSync(machine, { recursive: true }));

const pinned = pins.pulumi.version;
const cache = () => join(machine, "cache");
const inCache = (name: ToolName) => join(cache(), `${name}-${pins[name].version}`, name);
const onPath = () => join(machine, "bin", "pulumi");
const installed = (version: string) => join(machine, "home", ".pulumi", "versions", version, "bin", "pulumi");

function program(path: string, script: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}
const pulumi = (path: string, version: string) => program(path, `echo v${version}`);

/** Notes what it is asked to build, and writes a program that calls itself by a version. */
function go(version: string, built: string = pinned): void {
  program(
    join(machine, "bin", "go"),
    `if [ "$1" = version ]; then echo "go version go${version} linux/amd64"; exit; fi
echo "$PWD $CGO_ENABLED $*" >> ${join(machine, "built")}
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho v${built}\\n' > "$2"
/bin/chmod +x "$2"`,
  );
}
const builds = () => (existsSync(join(machine, "built")) ? readFileSync(join(machine, "built"), "utf8").trimEnd().split("\n") : []);

interface Answer {
  readonly tool?: Tool;
  /** What a person would read. */
  readonly refused?: { readonly message: string; readonly advice: string };
  readonly said: readonly string[];
}

/** In a process of its own, which sees that machine only. */
function ask(name: ToolName = "pulumi"): Promise<Answer> {
  const script = `
    const { provideTool } = await import(${JSON.stringify(pathToFileURL(join(root, "cli/tools.ts")).href)});
    const said = [];
    const answer = await provideTool(${JSON.stringify(name)}, (line) => said.push(line)).then(
      (tool) => ({ tool }),
      ({ name, message, advice }) => { if (name !== "PersonError") throw new Error(message); return { refused: { message, advice } }; },
    );
    console.log(JSON.stringify({ ...answer, said }));`;
  const env = { PATH: join(machine, "bin"), HOME: join(machine, "home"), BAILIWICK_CACHE: cache() };
  return new Promise((resolve, reject) =>
    execFile(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], { env }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as Answer),
    ),
  );
}

describe("Pulumi", () => {
  it("on PATH comes first, if it is new enough", async () => {
    pulumi(onPath(), "3.255.0");
    pulumi(installed("3.300.0"), "3.300.0");
    go("1.26.0");
    expect((await ask()).tool).toEqual({ name: "pulumi", path: onPath(), version: "3.255.0", from: "PATH" });
    expect(builds()).toEqual([]);
  });

  it("that is too old on PATH gives way to the newest that is installed", async () => {
    pulumi(onPath(), "3.254.9");
    for (const version of ["3.99.0", "3.256.0", "3.1000.1"]) pulumi(installed(version), version);
    go("1.26.0");
    expect((await ask()).tool).toMatchObject({ path: installed("3.1000.1"), version: "3.1000.1" });
    expect(builds()).toEqual([]);
  });

  it("is built where all that are there are too old, or do not say what they are", async () => {
    program(onPath(), "exit 1");
    pulumi(installed("3.99.0"), "3.99.0");
    go("1.26.3");
    const { tool, said } = await ask();
    expect(tool).toEqual({ name: "pulumi", path: inCache("pulumi"), version: pinned, from: "cache" });
    expect(said[0]).toMatch(new RegExp(`^building pulumi ${pinned} from its Go module, once; about \\d+ min`));
  });

  it("in the cache, once built, is taken before all others: it is the version that was tested", async () => {
    go("1.26.0");
    await ask();
    pulumi(onPath(), "3.300.0");
    expect((await ask()).tool).toMatchObject({ path: inCache("pulumi"), version: pinned });
    expect(builds()).toHaveLength(1);
  });
});

describe("a build", () => {
  it("is of the pinned module, without C and without changing it", async () => {
    go("1.26.0");
    await ask();
    const [line] = builds() as [string];
    expect(line.startsWith(`${join(root, "tools", "pulumi")} 0 build -trimpath `)).toBe(true);
    expect(line).toContain(" -mod=readonly ");
    expect(line.endsWith(` ${pins.pulumi.package}`)).toBe(true);
  });

  it("that calls itself by another version is not taken, and leaves nothing in the cache", async () => {
    go("1.26.0", "0.0.1");
    const { refused } = await ask("crane");
    expect(refused?.message).toBe(`The crane just built calls itself 0.0.1, not ${pins.crane.version}.`);
    expect(refused?.advice).toContain("tools/crane/go.mod");
    expect(readdirSync(cache())).toEqual([]);
  });

  it("that fails shows the compiler's words, and leaves nothing in the cache", async () => {
    program(join(machine, "bin", "go"), `[ "$1" = version ] && echo go1.26.0 && exit; echo "no such module" >&2; exit 3`);
    const { refused } = await ask("crane");
    expect(refused?.message).toMatch(/ended with 3:\nno such module/);
    expect(readdirSync(cache())).toEqual([]);
  });

  it.each(["1.25.9", "1.3"])("is not tried with Go %s, which is too old: that is said, with what to install", async (version) => {
    go(version);
    const { refused } = await ask();
    expect(refused).toEqual({
      message: `pulumi ${pinned} is not installed and cannot be built: Go ${version} is too old.`,
      advice: "Install Pulumi >= 3.255 (pulumi.com/docs/install) or Go >= 1.26.",
    });
    expect(builds()).toEqual([]);
  });

  it("needs a Go: where there is none, that is said", async () => {
    expect((await ask("versitygw")).refused).toEqual({
      message: `versitygw ${pins.versitygw.version} is not installed and cannot be built: Go is not on PATH.`,
      advice: "Install Go >= 1.26.",
    });
  });
});
