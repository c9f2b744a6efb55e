// As whom PostgreSQL runs: it refuses root.
import { spawnSync } from "node:child_process";
import { chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { SpawnOptions } from "../process.ts";

export type Identity = Pick<SpawnOptions, "uid" | "gid" | "userNamespace">;

const nobody = 65_534;
let found: Identity | undefined;

/**
 * Ourselves, unless we are root: then root seen as an ordinary user from inside a user namespace (no file changes hands, and a
 * folder that only root may enter is no obstacle), or, where namespaces are forbidden as in many containers, the user `nobody`.
 */
export function ordinaryUser(): Identity {
  if (process.getuid?.() !== 0) return {};
  found ??=
    spawnSync("unshare", ["--user", "--map-user=1000", "--map-group=1000", "--", "true"]).status === 0
      ? { userNamespace: true }
      : { uid: nobody, gid: nobody };
  return found;
}

/** Gives a folder and all that is in it to whom the identity names; nothing to do for the others. */
export function handOver(folder: string, { uid, gid }: Identity): void {
  if (uid === undefined || gid === undefined) return;
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) chownSync(join(folder, entry), uid, gid);
}
