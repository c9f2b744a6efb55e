// What every service of the governance plane answers alike.
import type { Handler } from "hono";
import { createMiddleware } from "hono/factory";

/** Says which version answers, and that no answer is to be kept but one that says otherwise itself. */
export const identified = (version: string) =>
  createMiddleware(async (c, next) => {
    await next();
    c.header("Server-Version", version);
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });

/**
 * Ready once the database was there; afterwards its absence is answered per request and is no reason to restart.
 * @param ping throws while the database is not there
 */
export function health(ping: () => Promise<void>): Handler {
  let started = false;
  return async (c) => {
    if (!started) await ping();
    started = true;
    return c.json({ status: "ok" });
  };
}
