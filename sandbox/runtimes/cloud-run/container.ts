// How a container's own entrypoint is started as a process: whose paths are the image's and whose are the mounts'.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { UnpackedImage } from "./image.ts";

/** What a deployment may say in place of the image's own words. */
export interface ContainerSpec {
  /** In place of Entrypoint and Cmd both. */
  readonly commands?: readonly string[];
  /** In place of Cmd. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
}

/** A path that the container sees, and the folder that stands for it. */
export interface Mount {
  readonly path: string;
  readonly folder: string;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * @param env all but what the image itself sets; wins over that
 * @throws Error when the image has no entrypoint, or names a program that is neither in it nor Node.js
 */
export function launchOf(
  image: UnpackedImage,
  spec: ContainerSpec,
  env: Readonly<Record<string, string>>,
  mounts: readonly Mount[],
): Launch {
  const { config, rootDir } = image;
  const words = spec.commands?.length
    ? [...spec.commands, ...(spec.args ?? [])]
    : [...(config.Entrypoint ?? []), ...(spec.args?.length ? spec.args : (config.Cmd ?? []))];
  const [program, ...args] = words;
  if (!program) throw new Error("the image has no Entrypoint and no Cmd, and the container names no command");

  const inside = (path: string) => (path.startsWith("/") && path !== "/" && existsSync(join(rootDir, path)) ? join(rootDir, path) : path);
  const real = (text: string) => mounted(text, mounts) ?? inside(text);
  const ofImage = Object.fromEntries(
    (config.Env ?? []).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  return {
    command: programOf(program, inside(program), rootDir, ofImage.PATH),
    args: args.map(real),
    cwd: existsSync(join(rootDir, spec.workingDir ?? config.WorkingDir ?? "/"))
      ? join(rootDir, spec.workingDir ?? config.WorkingDir ?? "/")
      : rootDir,
    env: Object.fromEntries(Object.entries({ ...ofImage, ...env }).map(([name, value]) => [name, name === "PATH" ? value : real(value)])),
  };
}

function mounted(text: string, mounts: readonly Mount[]): string | undefined {
  const found = mounts
    .filter(({ path }) => text === path || text.startsWith(`${path}/`))
    .sort((a, b) => b.path.length - a.path.length)
    .at(0);
  return found && found.folder + text.slice(found.path.length);
}

// Only the application's layer is unpacked, so the base image's Node.js is not there: the one that runs this stands for it.
function programOf(name: string, path: string, rootDir: string, searchPath = "/usr/local/bin:/usr/bin:/bin"): string {
  if (path !== name) return path;
  if (basename(name) === "node") return process.execPath;
  const found = name.includes("/")
    ? undefined
    : searchPath
        .split(":")
        .map((folder) => join(rootDir, folder, name))
        .find((file) => existsSync(file));
  if (found) return found;
  throw new Error(`"${name}" is not in the image's own layers; programs of its base image cannot be run here, except Node.js`);
}
