// What every service of the governance plane answers alike.
import type { Handler } from "hono";
import { createMiddleware } from "hono/factory";

/**
 * Says which version answers, and that no answer is to be kept but one that says otherwise itself. What has a strong validator must not be encoded
 * anew on its way (RFC 9110 section 7.7): an edge that compresses it makes the ETag weak (developers.cloudflare.com/cache/reference/etag-headers),
 * and with that no `If-Match` would ever be true.
 */
export const identified = (version: string) =>
  createMiddleware(async (c, next) => {
    await next();
    c.header("Server-Version", version);
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", c.res.headers.has("ETag") ? "no-store, no-transform" : "no-store");
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
