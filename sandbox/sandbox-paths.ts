import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Unix sockets have short paths only, so they stand in the temporary folder, under a name that belongs to the state folder. */
export const socketDirOf = (stateDir: string) => join(tmpdir(), `sbx-${createHash("sha256").update(stateDir).digest("hex").slice(0, 10)}`);

/**
 * The sandbox process's own TMPDIR. Miniflare removes its folder there without waiting, so it may outlive the process: here it goes
 * with the sockets.
 */
export const temporaryDirOf = (socketDir: string) => join(socketDir, "tmp");
