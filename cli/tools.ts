// The tools that do not come from npm: where each is found, and how it is built where it is missing.
// Versions are pinned here and in tools/<name>/go.mod; binaries stand in the cache, one folder a version.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { PersonError } from "./errors.ts";
import { cacheDir, root } from "./paths.ts";

const run = promisify(execFile);

interface Pin {
  readonly version: string;
  /** "." where the program itself is ours and stands in tools/<name>. */
  readonly package: string;
  readonly ldflags: string;
  readonly tags?: string;
  /** Arguments that print the version. */
  readonly ask: readonly string[];
  readonly says: RegExp;
  /** Roughly, on two cores, for the progress line. */
  readonly minutes: number;
  /** Nothing but the tests asks for it. */
  readonly onlyTests?: true;
}

/** Held against the modules under `tools/` by a test. */
export const pins = {
  pulumi: {
    version: "3.259.0",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
    tags: "osusergo,grpcnotrace",
    ask: ["version"],
    says: /^v(\d+\.\d+\.\d+)/,
    minutes: 8,
  },
  versitygw: {
    version: "1.8.0",
    package: "github.com/versity/versitygw/cmd/versitygw",
    ldflags: "-s -w -X main.Version=v1.8.0",
    ask: ["--version"],
    says: /v(\d+\.\d+\.\d+)/,
    minutes: 3,
  },
  crane: {
    version: "0.22.1",
    package: "github.com/google/go-containerregistry/cmd/crane",
    ldflags: "-s -w -X github.com/google/go-containerregistry/cmd/crane/cmd.Version=v0.22.1",
    ask: ["version"],
    says: /v?(\d+\.\d+\.\d+)/,
    minutes: 1,
  },
  actionlint: {
    version: "1.7.12",
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    ldflags: "-s -w -X github.com/rhysd/actionlint.version=1.7.12",
    ask: ["-version"],
    says: /^v?(\d+\.\d+\.\d+)/,
    minutes: 1,
    onlyTests: true,
  },
  collector: {
    version: "0.159.0",
    package: ".",
    ldflags: "-s -w -X main.version=0.159.0",
    ask: ["--version"],
    says: /version v?(\d+\.\d+\.\d+)/,
    minutes: 5,
  },
} as const satisfies Record<string, Pin>;

export type ToolName = keyof typeof pins;
export const toolNames = Object.keys(pins) as ToolName[];
export const isOnlyForTests = (name: ToolName): boolean => (pins[name] as Pin).onlyTests === true;

export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  readonly version: string;
  /** In words: "PATH", "~/.pulumi/versions", "cache". */
  readonly from: string;
}

/** The oldest Pulumi that has what the attached engine needs (`PULUMI_OPTION_*` for config file and policy pack). */
const oldestPulumi = "3.255";
/** What the modules under `tools/` ask for. */
export const oldestGo = "1.26";

async function version(path: string, pin: Pin): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(path, [...pin.ask], {
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      timeout: 20_000,
    });
    return pin.says.exec(stdout + stderr)?.[1];
  } catch {
    return undefined;
  }
}

const executable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Below zero when the first version is the older one: numbers count as numbers. */
const compareVersions = new Intl.Collator("en", { numeric: true }).compare;

/** Where a person's own Pulumi may stand: on PATH, or where its installer keeps versions. */
async function installedPulumi(): Promise<Tool | undefined> {
  const places = (process.env.PATH ?? "").split(delimiter).map((dir) => ({ path: join(dir, "pulumi"), from: "PATH" }));
  const versions = join(homedir(), ".pulumi", "versions");
  for (const name of (await readdir(versions).catch(() => [])).sort(compareVersions).reverse())
    places.push({ path: join(versions, name, "bin", "pulumi"), from: versions });
  for (const { path, from } of places) {
    if (!(await executable(path))) continue;
    const found = await version(path, pins.pulumi);
    if (found && compareVersions(found, oldestPulumi) >= 0) return { name: "pulumi", path, version: found, from };
  }
  return undefined;
}

/** One folder a version; of a program of ours, one a state of its sources. */
function cacheFolder(name: ToolName): string {
  const pin: Pin = pins[name];
  const sources = pin.package === "." ? `-${sourceDigest(join(root, "tools", name)).slice(0, 12)}` : "";
  return join(cacheDir, `${name}-${pin.version}${sources}`);
}

function sourceDigest(folder: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort())
    if (/\.go$|(^|\/)go\.(mod|sum)$/.test(file)) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

const cached = (name: ToolName) => join(cacheFolder(name), name);

/** Finds a tool without making it. A cached binary was verified when it was built and is taken as it is. */
export async function findTool(name: ToolName): Promise<Tool | undefined> {
  const path = cached(name);
  if (await executable(path)) return { name, path, version: pins[name].version, from: "cache" };
  return name === "pulumi" ? installedPulumi() : undefined;
}

/** Finds a tool, or builds it from its published Go module. `progress` gets a line now and then. */
export async function provideTool(name: ToolName, progress: (line: string) => void): Promise<Tool> {
  return (await findTool(name)) ?? build(name, progress);
}

/** The Go on PATH, and whether it is new enough to build the tools. */
export async function findGo(): Promise<{ readonly version: string; readonly builds: boolean } | undefined> {
  const version = await run("go", ["version"]).then(
    ({ stdout }) => /go(\d+\.\d+(\.\d+)?)/.exec(stdout)?.[1],
    () => undefined,
  );
  return version === undefined ? undefined : { version, builds: compareVersions(version, oldestGo) >= 0 };
}

async function build(name: ToolName, progress: (line: string) => void): Promise<Tool> {
  const pin: Pin = pins[name];
  const go = await findGo();
  if (!go?.builds)
    throw new PersonError(
      `${name} ${pin.version} is not installed and cannot be built: ${go ? `Go ${go.version} is too old` : "Go is not on PATH"}.`,
      name === "pulumi"
        ? `Install Pulumi >= ${oldestPulumi} (pulumi.com/docs/install) or Go >= ${oldestGo}.`
        : `Install Go >= ${oldestGo}.`,
    );
  const final = cacheFolder(name);
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `${name}.`));
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  progress(`building ${name} ${pin.version} from its Go module, once; about ${pin.minutes} min on two cores ...`);
  const ticker = setInterval(() => progress(`building ${name} ${pin.version}: ${seconds()}`), 30_000);
  try {
    const binary = join(work, name);
    const args = ["build", "-trimpath", "-buildvcs=false", "-mod=readonly", ...(pin.tags ? ["-tags", pin.tags] : [])];
    await stream("go", [...args, "-ldflags", pin.ldflags, "-o", binary, pin.package], join(root, "tools", name));
    const found = await version(binary, pin);
    if (found !== pin.version)
      throw new PersonError(
        `The ${name} just built calls itself ${found ?? "nothing"}, not ${pin.version}.`,
        `Check tools/${name}/go.mod against cli/tools.ts.`,
      );
    await rm(final, { recursive: true, force: true });
    await rename(work, final);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  } finally {
    clearInterval(ticker);
  }
  progress(`built ${name} ${pin.version} in ${seconds()}`);
  return { name, path: join(final, name), version: pin.version, from: "cache" };
}

/** Runs a compiler; its words are shown only when it failed. */
function stream(command: string, args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, CGO_ENABLED: "0" }, stdio: ["ignore", "ignore", "pipe"] });
    let tail = "";
    child.stderr.on("data", (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-4000);
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0
        ? resolve()
        : reject(
            new PersonError(`"${command} ${args.slice(0, 1).join(" ")}" in ${cwd} ended with ${code}:\n${tail}`, "Read the words above."),
          ),
    );
  });
}
