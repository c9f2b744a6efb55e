// The door of a Cloud Run service: who may come in, and the pages that Google shows to the others.
import type { Properties } from "../../engine/definition.ts";
import type { Iam } from "./iam.ts";

/** An answer for a caller that may not invoke the service (cloud.google.com/run/docs/authenticating/overview). */
export function refusalOf(iam: Iam, id: string, state: Properties, request: Request): Response | undefined {
  if (isOpen(iam, id, state)) return undefined;
  const bearer = /^Bearer (.+)$/i.exec(
    request.headers.get("x-serverless-authorization") ?? request.headers.get("authorization") ?? "",
  )?.[1];
  if (bearer === undefined) return page(403, "Forbidden", "Your client does not have permission to get URL from this server.");
  const audiences = [...(state.urls as string[]), ...((state.customAudiences ?? []) as string[])];
  const claims = iam.tokens.verifyIdToken(bearer, audiences);
  if (!claims || !iam.account(claims.email)) {
    return page(401, "Unauthorized", "The access token could not be verified.", { "www-authenticate": 'Bearer error="invalid_token"' });
  }
  if (iam.allows(`serviceAccount:${claims.email}`, "run.routes.invoke", id)) return undefined;
  return page(403, "Forbidden", "The access token is valid, but its account may not invoke this service.");
}

/** Whether it may be invoked without an identity. */
export function isOpen(iam: Iam, id: string, state: Properties): boolean {
  return state.invokerIamDisabled === true || iam.allows("allUsers", "run.routes.invoke", id);
}

/** The token that was checked goes on without its signature, so that the service cannot use it elsewhere. */
export function unsigned(request: Request): Record<string, string> {
  const name = request.headers.has("x-serverless-authorization") ? "x-serverless-authorization" : "authorization";
  const value = request.headers.get(name);
  return value?.startsWith("Bearer ey") ? { [name]: value.replace(/[^.]*$/, "SIGNATURE_REMOVED_BY_GOOGLE") } : {};
}

export const nothingHere = () => page(404, "Not Found", "The requested URL was not found on this server.");

export function page(status: number, title: string, text: string, headers: Record<string, string> = {}): Response {
  const html = `<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>${status} ${title}</title>\n</head>\n<body>\n<h1>Error: ${title}</h1>\n<h2>${text}</h2>\n</body></html>\n`;
  return new Response(html, { status, headers: { "content-type": "text/html; charset=UTF-8", ...headers } });
}
