// A page of the brand's site, with its slots rewritten for this request.
import type { Environment } from "./environment.ts";
import { type Experience, experiences } from "./experience.ts";

/** All that the origin learns of a visitor: what it needs to answer, nothing that identifies. */
const forwarded = ["accept", "accept-language", "user-agent", "if-none-match", "range"];

/** What a browser loads into a page, by its own word (https://fetch.spec.whatwg.org/#destination-table): none of it has slots. */
const parts = new Set(["audio", "font", "image", "manifest", "script", "style", "track", "video"]);

/** Fetches the page while consent is decided, and puts both together. Answers 502 only when the brand's own site does not answer. */
export async function page(request: Request, env: Environment): Promise<Response> {
  const deciding = parts.has(request.headers.get("sec-fetch-dest") ?? "") ? undefined : experiences(request, env);
  const origin = await fetchOrigin(request, env);
  const whole = origin.status !== 206 && origin.headers.get("content-type")?.startsWith("text/html");
  if (!deciding || !whole) return withHeaders(origin, (headers) => headers.delete("set-cookie"));

  const experienceOf = await deciding;
  // Slots do not nest: the parts that follow a slot's opening tag are its own.
  let current: Experience | undefined;
  const rewritten = new HTMLRewriter()
    .on("[data-slot]", {
      async element(element) {
        const slot = element.getAttribute("data-slot") as string;
        current = await experienceOf(slot);
        element.setAttribute("data-variation", current.variation);
        element.setAttribute("data-reason", current.reason);
      },
    })
    .on("[data-slot] [data-part]", {
      element(element) {
        const content = current?.content;
        const part = element.getAttribute("data-part");
        if (part === "title" && content?.title) element.setInnerContent(content.title);
        if (part === "text" && content?.text) element.setInnerContent(content.text);
        if (part === "action" && content?.action) element.setAttribute("href", content.action.href).setInnerContent(content.action.label);
      },
    })
    .transform(origin);

  return withHeaders(rewritten, (headers) => {
    // A cookie would be an identifier that no purpose covers yet.
    headers.delete("set-cookie");
    // The origin's validators are of the page before it was rewritten.
    headers.delete("etag");
    headers.delete("last-modified");
    headers.set("cache-control", "private, no-store");
    headers.append("vary", "Authorization, Cookie, Sec-GPC");
  });
}

async function fetchOrigin(request: Request, env: Environment): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const url = new URL(env.ORIGIN);
  url.pathname = pathname;
  url.search = search;
  const headers = new Headers();
  for (const name of forwarded) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  try {
    return await fetch(url, { method: request.method, headers, redirect: "manual", signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    console.error(`The origin does not answer. ${(error as Error).message}`);
    return new Response("The site is being looked after. Please try again in a moment.\n", {
      status: 502,
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", "retry-after": "5" },
    });
  }
}

function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  const changed = new Response(response.body, response);
  change(changed.headers);
  return changed;
}
