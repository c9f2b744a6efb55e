// Requests of people to the preferences service: passed on, signed as having come through the region's edge.
import { problemResponse } from "../../shared/problem.ts";
import { issueEdgeToken, verifyUnsubscribeToken } from "../../shared/tokens.ts";
import type { Environment } from "./environment.ts";

const forwarded = [
  "accept",
  "accept-language",
  "authorization",
  "content-type",
  "if-match",
  "if-none-match",
  "idempotency-key",
  "origin",
  "sec-fetch-site",
  "sec-gpc",
];

/** Answers what the service answers; 429, 503 or 504 as a problem document when it is not asked or does not answer. */
export async function toGovernance(request: Request, env: Environment, traceparent: string): Promise<Response> {
  if (!(await withinLimit(request, env)))
    return problemResponse({
      status: 429,
      kind: "too-many-requests",
      title: "Too many requests",
      detail: "There were too many requests for this subject or from this address. Wait ten seconds.",
      headers: { "retry-after": "10" },
    });
  const { pathname, search } = new URL(request.url);
  const target = new URL(env.GOVERNANCE_URL);
  const origin = target.origin;
  target.pathname = pathname;
  target.search = search;
  try {
    return await fetch(target, {
      method: request.method,
      headers: await headersFor(request, env, origin, traceparent),
      body: request.body,
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    console.error(`The preferences service does not answer. ${(error as Error).message}`);
    return problemResponse({
      status: late ? 504 : 503,
      kind: "service-unavailable",
      title: "Preferences cannot be reached",
      detail: "The preferences service does not answer. Send the same request again; with an Idempotency-Key nothing happens twice.",
      headers: { "retry-after": "2" },
    });
  }
}

async function headersFor(request: Request, env: Environment, audience: string, traceparent: string): Promise<Headers> {
  const headers = new Headers();
  for (const name of forwarded) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  headers.set("traceparent", traceparent);
  // Under which address people see us: whether a form came from there is for the service to judge.
  headers.set("x-edge-origin", new URL(request.url).origin);
  // Of the brand's cookies only ours goes on.
  const cookie = /(?:^|;\s*)(subject_token=[^;\s]+)/.exec(request.headers.get("cookie") ?? "")?.[1];
  if (cookie !== undefined) headers.set("cookie", cookie);
  headers.set("x-edge-authorization", `Bearer ${await issueEdgeToken(env.EDGE_KEY, env.REGION, audience, "person")}`);
  return headers;
}

/** Whom the link of a letter names: a mail provider presses the links of all its people from a few addresses. */
async function subjectOfLetter(pathname: string, env: Environment): Promise<string | undefined> {
  const letter = /^\/v1\/unsubscribe\/([^/]+)$/.exec(pathname)?.[1];
  if (letter === undefined) return undefined;
  return verifyUnsubscribeToken(env.SUBJECT_TOKEN_KEY, letter, env.REGION).then(
    ({ subject }) => subject,
    () => undefined,
  );
}

/** Counted by subject where the path names one, else by address. The counters are the location's own and are kept for a minute at most. */
async function withinLimit(request: Request, env: Environment): Promise<boolean> {
  const { pathname } = new URL(request.url);
  const subject = /^\/v1\/subjects\/([^/]+)/.exec(pathname)?.[1] ?? (await subjectOfLetter(pathname, env));
  const key = subject ?? request.headers.get("cf-connecting-ip") ?? "unknown";
  try {
    return (await env.LIMIT.limit({ key })).success;
  } catch {
    // Nobody is kept from withdrawing because a counter is out of order.
    return true;
  }
}
