// The brand's own site, in small: what the edge stands in front of. A deployment replaces it by the address of its real site.
import { html } from "./page.ts";

export default {
  fetch(request): Response {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    const home = pathname === "/";
    return new Response(request.method === "HEAD" ? null : html(home), {
      status: home ? 200 : 404,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "public, max-age=60",
        "content-security-policy":
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-content-type-options": "nosniff",
      },
    });
  },
} satisfies ExportedHandler;
