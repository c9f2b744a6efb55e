// What every service of the governance plane answers alike.
import type { Context, Handler, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";

/**
 * Says which version answers, and that no answer is to be kept but one that says otherwise itself. What has a strong validator must not be encoded
 * anew on its way (RFC 9110 section 7.7): an edge that compresses it makes the ETag weak (developers.cloudflare.com/cache/reference/etag-headers),
 * and with that no `If-Match` would ever be true.
 */
export const identified = (version: string) =>
  createMiddleware(async (c, next) => {
    await next();
    // Into the answer that is there: what Hono sets on one that is done, it sets on a copy, whose body then goes through two streams.
    const { headers } = c.res;
    headers.set("Server-Version", version);
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", headers.has("ETag") ? "no-store, no-transform" : "no-store");
  });

/** Refuses a larger body. One whose length is said is not counted again: the server reads no more than that (RFC 9112 section 6.3). */
export function limitedBody(maxSize: number, onError: (c: Context) => Response | Promise<Response>): MiddlewareHandler {
  const counted = bodyLimit({ maxSize, onError });
  return async (c, next) => {
    const length = c.req.header("content-length");
    const without = length === undefined && ["GET", "HEAD"].includes(c.req.method);
    if (c.req.header("transfer-encoding") !== undefined || (length === undefined && !without)) return counted(c, next);
    return Number(length ?? 0) <= maxSize ? next() : onError(c);
  };
}

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
