// POST /v1/consent-events: what a person said somewhere else (in a shop, in an app, on the telephone), reported by the service that collected it.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { purposes, recordedStates } from "../../shared/consent.ts";
import type { SubjectId } from "../../shared/subject-id.ts";
import type { Variables } from "../through-the-edge.ts";
import { authorize, type Keys, type Speaker } from "./authentication.ts";
import { etagOf } from "./document.ts";
import type { Law } from "./gpc.ts";
import { checkStrings } from "./judged-string.ts";
import { consentEvent } from "./ledger/consent-event.ts";
import { chosenPatches, chosenSchema } from "./preferences-under.ts";
import { confirmation, confirmationRequired, idempotencyKey, ifMatch, json, optionalHeader, problems, subjectId } from "./routes.ts";
import type { PreferencesStore } from "./store.ts";

export interface CollectedParts {
  readonly keys: Keys;
  readonly law: Law;
  readonly store: PreferencesStore;
  readonly indices: (events: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly enforcement: (subject: SubjectId) => Promise<"applied" | "pending">;
  /** Records what Global Privacy Control asks for. @param surface where it was sent @param who has sent it here */
  readonly heedSignal: (subject: SubjectId, surface: string, who: Speaker) => Promise<void>;
}

const { notice, servedAt, collectedAt, surface, gpp, tcf } = consentEvent.shape;
const collected = z
  .strictObject({
    subject: subjectId,
    purpose: z.enum(purposes),
    state: z.enum(recordedStates).optional(),
    preferences: chosenSchema.refine((chosen) => Object.keys(chosen).length > 0, "must choose something").optional(),
    notice,
    servedAt,
    collectedAt,
    surface: surface.min(1).openapi({ description: "Where it was said: an app's name, a shop", example: "shop-app" }),
    gpc: z.boolean().default(false).openapi({ description: "Whether Global Privacy Control was sent there" }),
    despiteSignal: z.boolean().default(false),
    confirmation,
    gpp: gpp.openapi({
      description: "IAB GPP string. A grant that one of its US sections or its TCF section contradicts is refused with 422.",
    }),
    tcf: tcf.openapi({
      description: "IAB TC string. A grant that it does not bear out is refused with 422; with a refusal any string is kept as it came.",
    }),
  })
  .refine(({ state, preferences }) => state !== undefined || preferences !== undefined, "must say a state, preferences, or both")
  .refine(
    ({ purpose, preferences }) => preferences === undefined || chosenPatches.safeParse({ [purpose]: preferences }).success,
    "preferences must be what there is to choose under the purpose",
  )
  .openapi("CollectedEvent", {
    example: {
      subject: "eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE",
      purpose: "analytics",
      state: "granted",
      surface: "shop-app",
      collectedAt: "2026-03-01T09:30:00Z",
    },
  });

const report = createRoute({
  method: "post",
  path: "/v1/consent-events",
  summary: "Record what a person said elsewhere",
  description:
    "For services with the scope `consent-events:write`, and for a person's own token. What permits needs `If-Match` as in PATCH: the ETag of what held when the person said it, so that a late report never undoes a refusal. What the person has opted out of is allowed again in two steps here as well: report it when the person asks, and with the `confirmation` of the answer when the person has confirmed.",
  request: {
    headers: z.object({
      "if-match": ifMatch,
      "idempotency-key": idempotencyKey("shop-app-2026-000417"),
      "sec-gpc": optionalHeader("1: Global Privacy Control, as `gpc` says it of a browser elsewhere", "1"),
    }),
    body: { required: true, content: { "application/json": { schema: collected } } },
  },
  responses: {
    201: json(
      z
        .object({
          id: z.uuid(),
          receipt: z.string().openapi({ description: "Address of the receipt" }),
          proof: z.string().openapi({ description: "Address of the proof of its place in the log" }),
          logIndex: z.int().optional().openapi({ description: "Its place in the log, once it has one: see `proof`" }),
          enforcement: z.enum(["applied", "pending"]),
          consentEpoch: z.int(),
        })
        .openapi("Recorded"),
      "Recorded, with the ETag of what then holds",
    ),
    ...problems,
    409: confirmationRequired,
  },
});

export function addCollectedRoutes(app: OpenAPIHono<{ Variables: Variables }>, parts: CollectedParts): void {
  const { keys, law, store, indices, enforcement, heedSignal } = parts;

  app.openapi(report, async (c) => {
    const { subject, purpose, state, preferences, despiteSignal, confirmation, ...circumstances } = c.req.valid("json");
    const who = await authorize(c, subject, "consent-events:write", keys);
    const { "if-match": ifMatch, "idempotency-key": idempotencyKey, "sec-gpc": signal } = c.req.valid("header");
    const gpc = circumstances.gpc || signal === "1";
    if (gpc) await heedSignal(subject, circumstances.surface, who);
    const { tcf, gpp } = circumstances;
    checkStrings({ purpose, state, tcf, gpp, despiteSignal }, law);
    const { event: id, ...document } = await store.change({
      subject,
      purposes: state === undefined ? {} : { [purpose]: state },
      preferences: preferences === undefined ? {} : { [purpose]: preferences },
      despiteSignal: despiteSignal ? [purpose] : [],
      confirmation,
      said: { ...circumstances, ...who, method: "api", gpc },
      ifMatch,
      idempotencyKey,
      about: purpose,
    });
    if (id === undefined) throw new Error("an answer of a report names no event");
    const logIndex = (await indices([id])).get(id);
    const address = `/v1/consent-events/${id}`;
    return c.json(
      {
        ...{ id, receipt: `${address}/receipt`, proof: `${address}/proof` },
        ...(logIndex === undefined ? {} : { logIndex }),
        enforcement: await enforcement(subject),
        consentEpoch: document.consentEpoch,
      },
      201,
      { location: `${address}/receipt`, etag: etagOf(document) },
    );
  });
}
