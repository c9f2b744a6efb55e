// One-click unsubscribe (RFC 8058): the link of a letter stops one purpose for one subject. No cookie, no sign-in, no redirect: the token in the
// link says all. Reading the link never stops anything, for mail clients and scanners follow links by themselves.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type Purpose, purposes, refusing, stateAt } from "../../shared/consent.ts";
import { languageFor } from "../../shared/languages.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import { issueUnsubscribeToken, verifyUnsubscribeToken } from "../../shared/tokens.ts";
import type { Variables } from "../through-the-edge.ts";
import { authorize, type Keys } from "./authentication.ts";
import { guarded } from "./page/guarded.ts";
import type { Addresses } from "./page/model.ts";
import { oneClick, type UnsubscribeStep, unsubscribePage } from "./page/unsubscribe-page.ts";
import { json, problems, subjectId } from "./routes.ts";
import type { PreferencesStore, Said } from "./store.ts";

export interface UnsubscribeParts {
  readonly keys: Keys & { readonly subjectTokenPrivateKey: string };
  readonly store: PreferencesStore;
  readonly brand: string;
  readonly addresses: Addresses;
  /** Brings what was said to the edge. */
  readonly enforcement: (subject: SubjectId) => Promise<unknown>;
}

const path = "/v1/unsubscribe/{token}";
const token = z.object({
  token: z.string().max(2000).openapi({ description: "From the link of a letter", example: "eyJhbGciOiJFZERTQSJ9.e30.c2ln" }),
});
const page = (description: string) => ({ description, content: { "text/html": { schema: z.string() } } });
// As either of the two content types (RFC 8058 section 3.2).
const form = { schema: z.object({ [oneClick.field]: z.literal(oneClick.value) }), example: { [oneClick.field]: oneClick.value } };

const ask = createRoute({
  method: "get",
  path,
  summary: "A page with one button; it stops nothing by itself",
  security: [],
  request: { params: token },
  responses: { ...problems, 200: page("The page"), 404: page("The link is not valid") },
});

const stop = createRoute({
  method: "post",
  path,
  summary: "Stop what the link names: one click, RFC 8058",
  security: [],
  request: {
    params: token,
    body: { required: true, content: { "multipart/form-data": form, "application/x-www-form-urlencoded": form } },
  },
  responses: { ...problems, 200: page("It is stopped, now or already before"), 404: page("The link is not valid") },
});

const links = createRoute({
  method: "get",
  path: "/v1/subjects/{sid}/unsubscribe-links",
  summary: "What a letter to a subject must carry, so that one click stops its purpose",
  request: {
    params: z.object({ sid: subjectId }),
    query: z.object({ purpose: z.enum(purposes).openapi({ example: "email-marketing" }) }),
    headers: z.object({
      "x-edge-origin": z
        .url()
        .openapi({ description: "The region's public address; the edge says it.", example: "https://eu.brand.example" }),
    }),
  },
  responses: {
    200: json(
      z
        .object({ "List-Unsubscribe": z.string(), "List-Unsubscribe-Post": z.literal(`${oneClick.field}=${oneClick.value}`) })
        .openapi("UnsubscribeHeaders", {
          description: "Header fields of the letter. RFC 8058 section 3.1 asks that its DKIM signature cover both.",
        }),
      "The header fields",
    ),
    ...problems,
  },
});

const said: Said = { method: "one-click", surface: "list-unsubscribe", source: "edge", actor: "subject", gpc: false };

export function addUnsubscribeRoutes(app: OpenAPIHono<{ Variables: Variables }>, parts: UnsubscribeParts): void {
  const { keys, store, brand, addresses, enforcement } = parts;
  app.use("/v1/unsubscribe/*", guarded);

  app.openapi(ask, async (c) => {
    const wish = await wishOf(c.req.valid("param").token);
    return c.html(shown(c.req, wish ? { step: "ask", purpose: wish.purpose } : { step: "unknown" }), wish ? 200 : 404);
  });

  app.openapi(stop, async (c) => {
    const wish = await wishOf(c.req.valid("param").token);
    if (!wish) return c.html(shown(c.req, { step: "unknown" }), 404);
    await refuse(wish.subject, wish.purpose);
    return c.html(shown(c.req, { step: "done", purpose: wish.purpose }), 200);
  });

  app.openapi(links, async (c) => {
    const { sid } = c.req.valid("param");
    if (c.get("scope") === "person") await authorize(c, sid, "preferences:read", keys);
    const { purpose } = c.req.valid("query");
    const letter = await issueUnsubscribeToken(keys.subjectTokenPrivateKey, { subject: sid, purpose }, keys.region);
    const url = new URL(path.replace("{token}", letter), c.req.valid("header")["x-edge-origin"]);
    return c.json({ "List-Unsubscribe": `<${url}>`, "List-Unsubscribe-Post": `${oneClick.field}=${oneClick.value}` as const }, 200);
  });

  const wishOf = (letter: string) => verifyUnsubscribeToken(keys.subjectTokenPublicKey, letter, keys.region).catch(() => undefined);

  /** Whatever holds, it is refused afterwards. A subject that is not there any more gets no letters, and that is what was asked for. */
  async function refuse(subject: SubjectId, purpose: Purpose): Promise<void> {
    const holding = await store.holding(subject);
    const no = holding && refusing(stateAt(holding.record, purpose, holding.at));
    if (no === undefined) return;
    await store.change({ subject, purposes: { [purpose]: no }, said });
    await enforcement(subject);
  }

  function shown(request: { query(name: string): string | undefined; header(name: string): string | undefined }, what: UnsubscribeStep) {
    const language = languageFor(request.query("lang"), request.header("accept-language"));
    return unsubscribePage({ language, brand, addresses: { ...addresses, page: "" }, gpc: undefined }, what, addresses.page);
  }
}
