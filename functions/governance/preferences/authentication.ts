// Whose preferences: a person may touch its own subject only.
import { decodeJwt } from "jose";
import { LRUCache } from "lru-cache";
import { ProblemError } from "../../shared/problem.ts";
import type { ServiceScope } from "../../shared/service-token.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { subjectTokenOf, verifySubjectToken } from "../../shared/tokens.ts";
import type { CallingService, EdgeTrust } from "../through-the-edge.ts";
import { requireScope } from "./service-clients.ts";

export interface Keys extends EdgeTrust {
  /** SPKI PEM. */
  readonly subjectTokenPublicKey: string;
}

/** A token that was found valid is not judged again for so long, by a clock that nobody sets: whoever reads its preferences changes them next. */
const believedMs = 60_000;
/** So many people at once. */
const believedAtOnce = 10_000;

/** Whose tokens are, by the keys that judged them. */
const believed = new WeakMap<Keys, LRUCache<string, SubjectId>>();

/** Whose token the request carries. Throws unless it carries a valid one. */
export async function ownSubject(headers: Headers, keys: Keys): Promise<SubjectId> {
  const token = subjectTokenOf(headers);
  if (token === undefined) throw unauthenticated("The request carries no subject token.");
  const known = believed.get(keys) ?? new LRUCache({ max: believedAtOnce, perf: { now: () => performance.now() }, ttlResolution: 0 });
  believed.set(keys, known);
  const before = known.get(token);
  if (before !== undefined) return before;
  const subject = await judged(token, keys);
  known.set(token, subject, { ttl: Math.max(1, Math.min(believedMs, endOf(token) - Date.now())) });
  return subject;
}

const endOf = (token: string): number => (decodeJwt(token).exp ?? 0) * 1000;

function judged(token: string, keys: Keys): Promise<SubjectId> {
  return verifySubjectToken(keys.subjectTokenPublicKey, token, keys.region).catch(() => {
    throw unauthenticated("The subject token is not valid here, or no longer.");
  });
}

/** Throws unless the request carries a token of this very subject. The answer does not tell whether the subject exists. */
export async function requireOwnSubject(headers: Headers, subject: SubjectId, keys: Keys): Promise<void> {
  if ((await ownSubject(headers, keys)) !== subject)
    throw new ProblemError({
      status: 403,
      kind: "not-your-subject",
      title: "Not yours",
      detail: "The token is of another subject than the request. Each person sees and changes only their own.",
    });
}

/** Whose word it is, as an event names it: the person's own through the edge, or a service's. */
export interface Speaker {
  readonly actor: string;
  readonly source: string;
}

export const byThePerson: Speaker = { actor: "subject", source: "edge" };

/** Throws unless the request carries a token of this very subject, or of a service that may do this for any. @returns whose word it is */
export async function authorize(
  c: { readonly req: { readonly raw: Request }; get(name: "service"): CallingService | undefined },
  subject: SubjectId,
  scope: ServiceScope,
  keys: Keys,
): Promise<Speaker> {
  const service = c.get("service");
  if (!service) {
    await requireOwnSubject(c.req.raw.headers, subject, keys);
    return byThePerson;
  }
  requireScope(service, scope);
  return { actor: service.name, source: service.name };
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
