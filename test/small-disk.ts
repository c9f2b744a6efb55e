// A disk of its own that is soon full: a file system in memory, where the machine lets us mount one (root on Linux).
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mount = (folder: string, megabytes: number) => ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", folder];

export class SmallDisk implements Disposable {
  readonly folder: string;

  /** @throws Error where mounting is not allowed: ask `smallDisks` first */
  constructor(megabytes: number) {
    this.folder = mkdtempSync(join(tmpdir(), "disk-"));
    execFileSync("mount", mount(this.folder, megabytes));
  }

  /** Takes all the room but this. */
  fill(kilobytesLeft: number): void {
    const { bavail, bsize } = statfsSync(this.folder);
    try {
      writeFileSync(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - kilobytesLeft * 1024)));
    } catch (error) {
      // Somebody has taken some of it meanwhile: then it is full.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  /** Gives the room back. */
  free(): void {
    rmSync(this.#filler);
  }

  [Symbol.dispose](): void {
    // Whoever was killed lets go of its files a moment later: lazily.
    execFileSync("umount", ["--lazy", this.folder]);
    rmdirSync(this.folder);
  }

  get #filler(): string {
    return join(this.folder, "filler");
  }
}

/** Whether this machine lets us have one. */
export const smallDisks: boolean = (() => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  try {
    if (spawnSync("mount", mount(folder, 1)).status !== 0) return false;
    return spawnSync("umount", [folder]).status === 0;
  } finally {
    rmdirSync(folder);
  }
})();
