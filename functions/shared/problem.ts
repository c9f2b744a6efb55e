// Errors as every part of ours answers them: problem details, RFC 9457.

export interface Problem {
  readonly status: number;
  /** A word for machines; the `type` is `urn:bailiwick:problem:<kind>`. */
  readonly kind: string;
  readonly title: string;
  /** What happened, the bad value, what is allowed, what to do next. */
  readonly detail: string;
  /** Further members of the document. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown where a request cannot be served; the edge of the application turns it into its response. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

export function problemResponse({ status, kind, title, detail, extensions, headers }: Problem): Response {
  return new Response(JSON.stringify({ type: `urn:bailiwick:problem:${kind}`, title, status, detail, ...extensions }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
