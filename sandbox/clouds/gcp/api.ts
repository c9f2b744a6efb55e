// How every Google HTTP API speaks: JSON in, JSON out, errors as google.rpc.Status (cloud.google.com/apis/design/errors).

const codes = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  INTERNAL: 500,
} as const;

export type Status = keyof typeof codes;

/** An error that an API answers with. */
export class ApiError extends Error {
  readonly status: Status;
  constructor(status: Status, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

export function answer(body: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(body, null, 2)}\n`, { status, headers: { "content-type": "application/json; charset=UTF-8" } });
}

/** Answers what `work` returns, or the error it throws. */
export async function answering(work: () => Promise<unknown> | unknown): Promise<Response> {
  try {
    return answer(await work());
  } catch (error) {
    const { status, message } =
      error instanceof ApiError ? error : new ApiError("INTERNAL", error instanceof Error ? error.message : String(error));
    return answer({ error: { code: codes[status], message, status } }, codes[status]);
  }
}

/** The request's JSON body; an empty one counts as `{}`. */
export async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
  try {
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new ApiError("INVALID_ARGUMENT", "Invalid JSON payload received. Unable to parse the body.");
  }
}

export function bearerOf(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}
