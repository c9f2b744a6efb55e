// Who speaks: every request came through the region's edge and says on whose behalf; a person may touch its own subject only.
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { bearer, type EdgeScope, subjectTokenOf, verifyEdgeToken, verifySubjectToken } from "../../shared/tokens.ts";

export interface Keys {
  readonly region: string;
  /** Own https origin. */
  readonly audience: string;
  /** SPKI PEM. */
  readonly edgePublicKey: string;
  /** SPKI PEM. */
  readonly subjectTokenPublicKey: string;
}

export type Variables = { scope: EdgeScope };

/** Lets pass what carries a valid edge token in `X-Edge-Authorization`. */
export function throughTheEdge(keys: Keys) {
  return createMiddleware<{ Variables: Variables }>(async (c, next) => {
    const token = bearer(c.req.header("x-edge-authorization"));
    const scope = token && (await verifyEdgeToken(keys.edgePublicKey, token, keys.region, keys.audience).catch(() => undefined));
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

/** Throws unless the request carries a token of this very subject. The answer does not tell whether the subject exists. */
export async function requireOwnSubject(headers: Headers, subject: SubjectId, keys: Keys): Promise<void> {
  const token = subjectTokenOf(headers);
  if (token === undefined) throw unauthenticated("The request carries no subject token.");
  const own = await verifySubjectToken(keys.subjectTokenPublicKey, token, keys.region).catch(() => {
    throw unauthenticated("The subject token is not valid here, or no longer.");
  });
  if (own !== subject)
    throw new ProblemError({
      status: 403,
      kind: "not-your-subject",
      title: "Not yours",
      detail: "The token is of another subject than the request. Each person sees and changes only their own.",
    });
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError({
    status: 401,
    kind: "unauthenticated",
    title: "Whose preferences?",
    detail: `${detail} Send the token from POST /v1/subjects as "Authorization: Bearer ..." or as the cookie subject_token.`,
    headers: { "www-authenticate": "Bearer" },
  });
}
