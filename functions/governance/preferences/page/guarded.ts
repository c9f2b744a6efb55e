// What every page for a person is sent with.
import { createMiddleware } from "hono/factory";

const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** No frame, nothing from elsewhere, no word to elsewhere about where the person was; kept by nobody unless the answer says so. */
export const guarded = createMiddleware(async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("content-security-policy", contentSecurityPolicy);
  if (!headers.has("referrer-policy")) headers.set("referrer-policy", "no-referrer");
  headers.set("x-content-type-options", "nosniff");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("cache-control")) headers.set("cache-control", "private, no-store");
  headers.set("vary", "Accept-Language, Cookie, Sec-GPC");
});
