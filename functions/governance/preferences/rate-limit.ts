// How much one client may ask of an instance, said in the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-07). The edge counts besides.
import { createHash } from "node:crypto";
import { rateLimiter } from "hono-rate-limiter";
import { ProblemError } from "../../shared/problem.ts";
import { subjectTokenOf } from "../../shared/tokens.ts";
import type { Variables } from "../through-the-edge.ts";

const windowMs = 60_000;
/** Of a person: no hand is so fast. Of a service: a hundred a second. */
const limits = { person: 120, service: 6000 } as const;

/** Counts by service, or by the person's token: a forged one has a count of its own, and takes nothing from anybody. */
export function limited() {
  return rateLimiter<{ Variables: Variables }>({
    windowMs,
    limit: (c) => (c.get("service") ? limits.service : limits.person),
    standardHeaders: "draft-7",
    keyGenerator: (c) =>
      c.get("service")?.name ??
      createHash("sha256")
        .update(subjectTokenOf(c.req.raw.headers) ?? "")
        .digest("base64url"),
    // Who has no token yet is counted by address, at the edge.
    skip: (c) => c.get("service") === undefined && subjectTokenOf(c.req.raw.headers) === undefined,
    handler: () => {
      throw new ProblemError({
        status: 429,
        kind: "too-many-requests",
        title: "Too many requests",
        detail: `A person may ask ${limits.person} times a minute, a service ${limits.service} times. Wait as long as Retry-After says.`,
        headers: { "retry-after": String(windowMs / 1000) },
      });
    },
  });
}
