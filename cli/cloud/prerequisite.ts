// What a real deployment needs before the first `pulumi up`, and how each is looked at: by reading only, nothing is changed.

export interface Prerequisite {
  readonly area: "Pulumi" | "Cloudflare" | "Google Cloud" | "AWS" | "artifacts";
  readonly what: string;
  /** `unknown`: it could not be asked, or asking does not settle it. */
  readonly verdict: "there" | "missing" | "unknown";
  /** What was found, or why it could not be asked. */
  readonly found: string;
  /** The command or page that provides it. */
  readonly provide: string;
}

/** An answer of an API: status 0 when there was none, and then why. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly reason?: string;
}

/** Asks an API by GET, or by POST where reading needs a body. */
export type Ask = (url: string, body?: unknown) => Promise<Answer>;

/** @param token absent: nothing is asked, and `without` says what is missing */
export function asker(token: string | undefined, without: string): Ask {
  return async (url, body) => {
    if (token === undefined) return { status: 0, body: undefined, reason: without };
    try {
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(15_000),
      });
      return { status: response.status, body: await response.json().catch(() => undefined) };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      return { status: 0, body: undefined, reason: `${new URL(url).host} does not answer: ${cause?.message ?? message}` };
    }
  };
}

/** Why an answer settles nothing, in words. */
export const unsettled = ({ status, reason }: Answer): string =>
  reason ?? (status === 401 || status === 403 ? `the token may not read it (${status})` : `the API answered ${status}`);
