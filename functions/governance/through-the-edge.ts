// Who calls a service of the region: its edge, and nobody else.
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../shared/problem.ts";
import { bearer, type EdgeScope, verifyEdgeToken } from "../shared/tokens.ts";

export interface EdgeTrust {
  readonly region: string;
  /** Own https origin. */
  readonly audience: string;
  /** SPKI PEM. */
  readonly edgePublicKey: string;
}

/** A service of the brand that has proven who it is, and what it may do with this request. */
export interface CallingService {
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

export type Variables = { scope: EdgeScope; service?: CallingService };

/** A token that was found valid is not judged again for so long, by a clock that nobody sets. All that an edge sends within one second carries the same: Ed25519 adds nothing of its own. */
const believedMs = 1000;

/** Lets pass what carries a valid edge token in `X-Edge-Authorization`. */
export function throughTheEdge({ region, audience, edgePublicKey }: EdgeTrust) {
  const believed = new Map<EdgeScope, { readonly token: string; readonly until: number }>();

  async function scopeOf(token: string): Promise<EdgeScope | undefined> {
    for (const [scope, last] of believed) if (last.token === token && performance.now() < last.until) return scope;
    const scope = await verifyEdgeToken(edgePublicKey, token, region, audience).catch(() => undefined);
    if (scope) believed.set(scope, { token, until: performance.now() + believedMs });
    return scope;
  }

  return createMiddleware<{ Variables: Variables }>(async (c, next) => {
    const token = bearer(c.req.header("x-edge-authorization"));
    const scope = token && (await scopeOf(token));
    if (!scope)
      throw new ProblemError({
        status: 401,
        kind: "not-through-the-edge",
        title: "Not through the edge",
        detail: "This service answers only what its region's edge has signed within the last minute. Use the region's own address.",
      });
    c.set("scope", scope);
    await next();
  });
}
