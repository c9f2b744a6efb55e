// Somebody who has a bundle, the one file that verifies, and Node: nothing of this repository.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { File } from "../../../../../functions/governance/audit/tiles.ts";

export const verifier = join(import.meta.dirname, "../../../../../functions/governance/audit/evidence/verify.mjs");

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Lays the files into the folder `bundle`, and others beside it, of an otherwise empty folder, and runs the verifier there as a process of its own. */
export function asStranger(files: readonly File[], beside: readonly File[], ...args: readonly string[]): Answer {
  const home = mkdtempSync(join(tmpdir(), "stranger-"));
  try {
    copyFileSync(verifier, join(home, "verify.mjs"));
    for (const { path, bytes } of [...files.map((file) => ({ ...file, path: join("bundle", file.path) })), ...beside]) {
      const target = join(home, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, bytes);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, ["verify.mjs", ...args], {
      cwd: home,
      env: {},
      encoding: "utf8",
      timeout: 20_000,
    });
    return { code: status, out: stdout, err: stderr };
  } finally {
    rmSync(home, { recursive: true });
  }
}
