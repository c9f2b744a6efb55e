// Whether a form was sent by the page itself. Another site can make a browser send one, with its cookie; it must change nothing.
import { createHash, timingSafeEqual } from "node:crypto";

/** Ties a form to the token it was made for. Another site knows neither; the hash does not tell the token. */
export const formToken = (subjectToken: string): string =>
  createHash("sha256").update(`preference form\0${subjectToken}`).digest("base64url");

export interface Sender {
  readonly headers: { get(name: string): string | null };
  /** Undefined where nobody is known yet: then nothing can tie a form to the page. */
  readonly subjectToken?: string | undefined;
  /** As the form carried it. */
  readonly token?: string | undefined;
  /** Origin under which the person sees the page, where it is known. */
  readonly ownOrigin: string | undefined;
}

/**
 * The browser's own word decides where there is one: `Sec-Fetch-Site` (w3.org/TR/fetch-metadata), else `Origin`. Browsers without the first
 * send `Origin: null` from a page that gives no referrer (Fetch, "append a request Origin header"); then the form must carry its token.
 */
export function isSameOrigin({ headers, subjectToken, token = "", ownOrigin }: Sender): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  if (origin !== null && origin !== "null") return origin === ownOrigin;
  if (subjectToken === undefined) return false;
  const expected = Buffer.from(formToken(subjectToken));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
