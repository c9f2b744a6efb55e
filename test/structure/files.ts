// The files of the repository: what a clone has, and what is about to be committed to it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

function listed(): string[] {
  // Deleted files are still listed until the deletion is committed.
  if (existsSync(join(root, ".git")))
    return execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
      .split("\0")
      .filter((path) => path !== "" && existsSync(join(root, path)));
  // An unpacked archive, or a copy without its history.
  const notCommitted = /^(node_modules|\.sandbox|\.bailiwick)(\/|$)/;
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !notCommitted.test(path));
}

/** Paths from the root, with forward slashes. */
export const files: readonly string[] = listed().sort();

export const below = (folder: string, ...endings: string[]) =>
  files.filter((path) => path.startsWith(`${folder}/`) && (endings.length === 0 || endings.some((ending) => path.endsWith(ending))));

export const read = (path: string) => readFileSync(join(root, path), "utf8");

/** `path:line: text`, for every line of these files that the pattern is found in. */
export function found(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 160)}`] : [])),
  );
}
