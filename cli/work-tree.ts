// A copy of the work tree, for what must not touch it: measurements and tests.
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./paths.ts";

/** Packages are linked; state, builds and history are the copy's own. */
const notCopied = new Set(["node_modules", ".git", ".sandbox", ".bailiwick"]);

/** @param dir where the copy shall stand; its launcher finds the packages installed */
export function copyWorkTree(dir: string): void {
  cpSync(root, dir, { recursive: true, filter: (source) => !notCopied.has(relative(root, source)) });
  stampPackages(dir);
}

/** Gives a tree with the same lock file the packages of the work tree, as if they had been installed there. */
export function stampPackages(dir: string): void {
  linkPackages(dir);
  // The lock file that the packages were installed from: here it is the copy's.
  const stamp = join(dir, "node_modules", ".bailiwick-lock");
  rmSync(stamp, { force: true });
  copyFileSync(join(dir, "package-lock.json"), stamp);
}

/** Each package is linked on its own: whatever happens below `dir`, the packages of the work tree stay as they are. */
export function linkPackages(dir: string): void {
  const modules = join(dir, "node_modules");
  mkdirSync(modules);
  for (const name of readdirSync(join(root, "node_modules"))) symlinkSync(join(root, "node_modules", name), join(modules, name));
}
