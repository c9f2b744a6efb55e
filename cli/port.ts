// The gateway's port, where a person says it: by `--port` or by `BAILIWICK_PORT`.
import { exitCodes, PersonError } from "./errors.ts";

export const portsAllowed = "a port is a number from 1 to 65535";

/** Undefined when the text is no port. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** What `BAILIWICK_PORT` says; undefined where it is not set. @throws PersonError when it says no port */
export function portOfEnvironment(): number | undefined {
  const text = process.env.BAILIWICK_PORT;
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port !== undefined) return port;
  throw new PersonError(`BAILIWICK_PORT is "${text}": ${portsAllowed}.`, "Set it to one, or leave it out.", exitCodes.usage);
}
