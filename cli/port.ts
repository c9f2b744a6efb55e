// The gateway's port: where a person says it, by `--port` or by `BAILIWICK_PORT`, and one for a platform that nobody asks for by name.
import { createServer } from "node:net";
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

/**
 * A port that stays a platform's own while its sandbox is down: none that systems give out by themselves, which begin at 32768 on Linux
 * (net.ipv4.ip_local_port_range) and at 49152 elsewhere (RFC 6335 section 6).
 */
export async function freePort(): Promise<number> {
  const [first, last] = [20_000, 32_767];
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
