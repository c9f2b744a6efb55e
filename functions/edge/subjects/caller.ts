// Who may write: the one service account, by an ID token that Google signed for it.
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { ProblemError } from "../../shared/problem.ts";
import { bearer } from "../../shared/tokens.ts";

// https://accounts.google.com/.well-known/openid-configuration
const issuer = "https://accounts.google.com";
const googleKeys = createRemoteJWKSet(new URL("https://www.googleapis.com/oauth2/v3/certs"), { timeoutDuration: 3000 });

/** Throws a problem unless the request carries a valid token of `caller` (an e-mail) for `audience` (our own origin). */
export async function authenticate(request: Request, audience: string, caller: string): Promise<void> {
  const token = bearer(request.headers.get("authorization"));
  if (token === undefined) throw unauthenticated("The request carries no bearer token.");
  const { payload } = await jwtVerify(token, googleKeys, { algorithms: ["RS256"], issuer, audience, clockTolerance: 5 }).catch(
    (error: unknown) => {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== "ERR_JOSE_GENERIC")
        throw unauthenticated(`The ID token is not valid: ${error.message}.`);
      throw new ProblemError({
        status: 503,
        kind: "keys-unavailable",
        title: "Cannot verify now",
        detail: "Google's public keys could not be fetched. Send the same request again.",
        headers: { "retry-after": "1" },
      });
    },
  );
  if (payload.email !== caller || payload.email_verified !== true)
    throw new ProblemError({
      status: 403,
      kind: "not-the-caller",
      title: "Not allowed",
      detail: "Only the preferences service of this region may write consent.",
    });
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError({
    status: 401,
    kind: "unauthenticated",
    title: "Who is calling?",
    detail: `${detail} Send a Google ID token of the service account whose audience is this origin.`,
    headers: { "www-authenticate": "Bearer" },
  });
}
