// Notices over the API: what a person was shown, in exactly the bytes that the events name by their hash.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { languages } from "../../shared/languages.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { Database } from "../database.ts";
import type { Variables } from "../through-the-edge.ts";
import { isKnown } from "./document.ts";
import { findNotice } from "./notice-archive.ts";
import { noticeVersion } from "./page/notice-text.ts";
import { problems } from "./routes.ts";

const notice = createRoute({
  method: "get",
  path: "/v1/notices/{id}/versions/{n}",
  summary: "A notice as it was shown; SHA-256 of the answer's bytes is what events name it by",
  security: [],
  request: {
    params: z.object({
      id: z.string().max(100).openapi({ example: "preferences-eu" }),
      n: z.coerce.number().int().min(1).max(1_000_000).openapi({ example: noticeVersion }),
    }),
    query: z.object({ lang: z.enum(languages).default("en").openapi({ example: "de" }) }),
    headers: z.object({
      "if-none-match": z
        .string()
        .optional()
        .openapi({ example: `"sha256:${"0".repeat(64)}"` }),
    }),
  },
  responses: {
    200: {
      description: "Canonical JSON (RFC 8785), with its hash as `ETag` and `Repr-Digest`",
      content: {
        "application/json": {
          schema: z.object({ id: z.string(), version: z.int(), language: z.enum(languages), text: z.string() }).openapi("Notice"),
        },
      },
    },
    304: { description: "Unchanged" },
    ...problems,
  },
});

export function addNoticeRoutes(app: OpenAPIHono<{ Variables: Variables }>, database: Pick<Database, "query">): void {
  app.openapi(notice, async (c) => {
    const { id, n } = c.req.valid("param");
    const { lang } = c.req.valid("query");
    const found = await findNotice(database, id, n, lang);
    if (!found)
      throw new ProblemError({
        status: 404,
        kind: "unknown-notice",
        title: "No such notice",
        detail: `No notice "${id}", version ${n}, in "${lang}" was ever shown here. Events name id, version and language of theirs.`,
      });
    const etag = `"${found.digest}"`;
    const headers = {
      etag,
      // RFC 9530: over the bytes of the representation, so that nobody on the way may encode them otherwise.
      "repr-digest": `sha-256=:${Buffer.from(found.digest.slice("sha256:".length), "hex").toString("base64")}:`,
      "cache-control": "public, max-age=31536000, immutable, no-transform",
      "content-language": lang,
      "content-type": "application/json",
    };
    const known = c.req.valid("header")["if-none-match"];
    if (known !== undefined && isKnown(known, etag)) return c.body(null, 304, headers);
    // The very bytes, not what would be made of an object.
    return c.body(found.document, 200, headers) as never;
  });
}
