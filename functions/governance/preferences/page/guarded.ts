// What every page for a person is sent with.
import { createMiddleware } from "hono/factory";

const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** No frame, nothing from elsewhere, no word to elsewhere about where the person was; kept by nobody unless the answer says so. */
export const guarded = createMiddleware(async (c, next) => {
  await next();
  c.header("content-security-policy", contentSecurityPolicy);
  if (!c.res.headers.has("referrer-policy")) c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("cross-origin-resource-policy", "same-origin");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "private, no-store");
  c.header("vary", "Accept-Language, Cookie, Sec-GPC");
});
