// Pages that the preferences service serves: the preference page, and the way out of a letter. Where no page comes back a person still reads one.
import { type Language, languageFor } from "../../shared/languages.ts";
import type { Environment } from "./environment.ts";
import { toGovernance } from "./governance.ts";
import { troublePage } from "./trouble-page.ts";

/** What the service answers, but for what no person should have to read: a problem document, or what stands between says. */
export async function personalPage(request: Request, env: Environment, traceparent: string): Promise<Response> {
  const response = await toGovernance(request, env, traceparent);
  const { status, headers } = response;
  const isPage = headers.get("content-type")?.startsWith("text/html");
  if (isPage || (status !== 429 && status < 500)) return response;
  await response.body?.cancel();
  const retryAfter = headers.get("retry-after");
  return new Response(request.method === "HEAD" ? null : troublePage(languageOf(request), status === 429), {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
    },
  });
}

function languageOf(request: Request): Language {
  const chosen = new URL(request.url).searchParams.get("lang") ?? undefined;
  return languageFor(chosen, request.headers.get("accept-language") ?? undefined);
}
