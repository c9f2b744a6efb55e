// Where things stand. Everything that a command writes is below `stateDir` or `cacheDir`.
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The work tree. */
export const root = resolve(import.meta.dirname, "..");

/** The embedded account: resource state, data, logs. `BAILIWICK_STATE` sets another, so that two can run side by side. */
export const stateDir = resolve(process.env.BAILIWICK_STATE ?? join(root, ".sandbox"));

/** Tools and compiled code, keyed by version; can be deleted at any time. */
export const cacheDir = resolve(process.env.BAILIWICK_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "bailiwick"));

export const logDir = join(stateDir, "logs");
/** Names and ports of the running sandbox; only its owner may read it. */
export const sandboxFile = join(stateDir, "sandbox.json");
