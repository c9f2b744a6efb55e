// A subject as a whole: everything that is held of it, its end, and who it is known as elsewhere.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { purposes } from "../../shared/consent.ts";
import { ProblemError } from "../../shared/problem.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Database } from "../database.ts";
import type { Variables } from "../through-the-edge.ts";
import { authorize, type Keys } from "./authentication.ts";
import { identityHash, identityKinds } from "./ledger/identity.ts";
import { shownEvent } from "./ledger/ledger.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import type { Vendor } from "./page/vendors.ts";
import { vendorsOf } from "./page/vendors.ts";
import { json, problems, subjectId } from "./routes.ts";
import { requireScope } from "./service-clients.ts";
import type { PreferencesStore } from "./store.ts";

export interface SubjectParts {
  readonly keys: Keys;
  readonly subjectKeys: () => Promise<SubjectKeys>;
  readonly store: PreferencesStore;
  readonly database: Pick<Database, "query">;
  readonly vendors: readonly Vendor[];
  /** Brings what was said to the edge. */
  readonly enforcement: (subject: SubjectId) => Promise<"applied" | "pending">;
  readonly issue: (subject: SubjectId) => Promise<{ readonly token: string; readonly expiresAt: string }>;
}

/** Events that are opened at once. */
const page = 1000;
const params = z.object({ sid: subjectId });

const erase = createRoute({
  method: "delete",
  path: "/v1/subjects/{sid}",
  summary: "Erase a subject: GDPR Art. 17",
  description:
    "Destroys the key under which everything it said is sealed. The log keeps its commitments, of which nobody can tell any more what they were of. What was said as subjects that were merged into it goes with it. One that was merged itself is erased alone: the one that stays keeps what it has taken over. Also for one that was erased already, or never was.",
  request: { params },
  responses: {
    200: json(
      z
        .object({
          subject: subjectId,
          erased: z.literal(true),
          enforcement: z.enum(["applied", "pending"]).openapi({ description: "Whether the edge refuses everything of it already." }),
        })
        .openapi("Erased"),
      "There is nothing of it any more",
    ),
    ...problems,
  },
});

const everything = createRoute({
  method: "get",
  path: "/v1/subjects/{sid}/export",
  summary: "Everything that is held of a subject, for the person itself: GDPR Art. 15 and 20",
  request: { params },
  responses: {
    200: json(
      z
        .object({
          subject: subjectId,
          jurisdiction: z.string(),
          exportedAt: z.iso.datetime(),
          preferences: z.object({}).loose().openapi({ description: "What holds now, as GET .../preferences says it." }),
          events: z.array(z.object({}).loose()).openapi({ description: "Everything it has said, in order." }),
          notices: z.array(z.object({}).loose()).openapi({ description: "The words of the notices that the events name." }),
          identities: z
            .array(z.object({ kind: z.enum(identityKinds), linkedAt: z.iso.datetime() }))
            .openapi({ description: "Of what kind it is known as elsewhere; the values are not kept." }),
          recipients: z
            .array(
              z.object({
                purpose: z.enum(purposes),
                recipients: z.array(z.object({ name: z.string(), role: z.string(), country: z.string() })),
              }),
            )
            .openapi({ description: "Who receives data for which purpose (Art. 15(1)(c))." }),
        })
        .openapi("SubjectExport"),
      "A file to keep, or to take elsewhere",
    ),
    ...problems,
  },
});

const link = createRoute({
  method: "put",
  path: "/v1/subjects/{sid}/identities/{kind}",
  summary: "Say who a subject is known as elsewhere, because it has signed in",
  security: [{ service: [] }],
  description:
    "For services with the scope `identities:write`. The value is kept as a keyed hash only. If it belongs to another subject already, both are one person: that one takes over whatever permits less, this one ends, and the answer's token is for the one that stays. What this one has said is kept for evidence until the one that stays is erased, and shown to nobody as its own. A subject that is known as another customer is refused with 409: two people use one browser, and neither may end the other's subject.",
  request: {
    params: params.extend({ kind: z.enum(identityKinds).openapi({ example: "email" }) }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z
            .strictObject({ value: z.string().min(1).max(320).openapi({ example: "ada@brand.example" }) })
            .openapi("Identity", { example: { value: "ada@brand.example" } }),
        },
      },
    },
  },
  responses: {
    200: json(
      z.object({ subject: subjectId, merged: z.boolean(), token: z.string(), expiresAt: z.iso.datetime() }).openapi("LinkedSubject"),
      "The subject that stands for the person from now on",
    ),
    ...problems,
  },
});

export function addSubjectRoutes(app: OpenAPIHono<{ Variables: Variables }>, parts: SubjectParts): void {
  const { keys, subjectKeys, store, database, vendors, enforcement, issue } = parts;

  app.openapi(erase, async (c) => {
    const { sid } = c.req.valid("param");
    await authorize(c, sid, "erase", keys);
    await store.erase(sid);
    return c.json({ subject: sid, erased: true as const, enforcement: await enforcement(sid) }, 200);
  });

  app.openapi(everything, async (c) => {
    const { sid } = c.req.valid("param");
    await authorize(c, sid, "export", keys);
    const preferences = await store.document(sid);
    const events = await eventsOf(sid);
    const named = [...new Set(events.flatMap(({ notice }) => (notice ? [notice.sha256] : [])))];
    const notices = await database.query<{ document: string }>("SELECT document FROM preferences.notice WHERE digest = ANY ($1::text[])", [
      named,
    ]);
    const identities = await database.query<{ kind: (typeof identityKinds)[number]; linked_at: Date }>(
      "SELECT kind, linked_at FROM preferences.identity WHERE subject = $1 ORDER BY linked_at",
      [sid],
    );
    const body = {
      subject: sid,
      jurisdiction: preferences.jurisdiction,
      exportedAt: new Date().toISOString(),
      preferences: { ...preferences },
      events,
      notices: notices.map(({ document }) => JSON.parse(document) as Record<string, unknown>),
      identities: identities.map(({ kind, linked_at }) => ({ kind, linkedAt: linked_at.toISOString() })),
      recipients: purposes.map((purpose) => ({
        purpose,
        recipients: vendorsOf(vendors, purpose).map(({ name, role, country }) => ({ name, role, country })),
      })),
    };
    return c.json(body, 200, { "content-disposition": `attachment; filename="${sid}.json"`, "cache-control": "no-store" });
  });

  app.openapi(link, async (c) => {
    const { sid, kind } = c.req.valid("param");
    const service = c.get("service");
    if (!service)
      throw new ProblemError({
        status: 403,
        kind: "for-services",
        title: "Not for people",
        detail: "Who somebody is, a service says that has signed them in, with a token of its own and the scope identities:write.",
      });
    requireScope(service, "identities:write");
    const subject = await store.link(sid, { kind, hash: await hashOf(kind, c.req.valid("json").value) });
    const merged = subject !== sid;
    // Of both something changed: one refuses more, the other everything.
    if (merged) await Promise.all([enforcement(sid), enforcement(subject)]);
    return c.json({ subject, merged, ...(await issue(subject)) }, 200);
  });

  async function hashOf(kind: (typeof identityKinds)[number], value: string): Promise<Buffer> {
    try {
      return identityHash((await subjectKeys()).identityKey, kind, value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ProblemError({ status: 422, kind: "invalid-request", title: "The request is not valid", detail: error.message });
    }
  }

  async function eventsOf(sid: SubjectId) {
    const events = [];
    for (let after = 0; ; ) {
      const entries = await store.history(sid, after, page);
      events.push(...entries.map(shownEvent));
      const last = entries.at(-1);
      if (entries.length < page || !last) return events;
      after = last.position;
    }
  }
}
