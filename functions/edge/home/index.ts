// `api.<domain>`: knows no subject, reads no body, keeps nothing. Sends every request to the home that the subject id names.
import { problemResponse } from "../../shared/problem.ts";
import { regionOfSubject } from "../../shared/subject-id.ts";

interface Environment {
  /** JSON: region to host name, `{"eu":"eu.brand.example"}`. */
  readonly HOMES: string;
}

export default {
  fetch(request, env): Response {
    const homes = JSON.parse(env.HOMES) as Record<string, string>;
    const { pathname, search } = new URL(request.url);
    const subject = /^\/v1\/subjects\/([^/]+)(?:\/|$)/.exec(pathname)?.[1];
    if (subject === undefined)
      return problemResponse({
        status: 404,
        kind: "no-home",
        title: "Nothing lives here",
        detail: `"${pathname}" names no subject. This address only sends /v1/subjects/{sid}/... to the subject's home; use a region's own address for the rest.`,
        extensions: { homes: Object.values(homes) },
      });
    const region = regionOfSubject(subject);
    const home = region !== undefined && Object.hasOwn(homes, region) ? homes[region] : undefined;
    if (home === undefined)
      return problemResponse({
        status: 404,
        kind: "unknown-region",
        title: "No such home",
        detail: `The subject id in "${pathname}" does not begin with a region that exists here. Allowed: ${Object.keys(homes)
          .map((name) => `${name}_...`)
          .join(", ")}.`,
      });
    // 308 keeps method and body. Not cacheable: a home may get another host name.
    return new Response(null, { status: 308, headers: { location: `https://${home}${pathname}${search}`, "cache-control": "no-store" } });
  },
} satisfies ExportedHandler<Environment>;
