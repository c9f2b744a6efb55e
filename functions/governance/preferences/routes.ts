// The preferences API: paths, schemas, answers. The schemas validate and are what the OpenAPI document is made from.
import { createRoute, z } from "@hono/zod-openapi";
import { consentStates, purposes, recordedStates } from "../../shared/consent.ts";
import { isSubjectId, type SubjectId, subjectIdPattern } from "../../shared/subject-id.ts";
import { consentEvent } from "./ledger/consent-event.ts";
import { chosenPatches, chosenSchema } from "./preferences-under.ts";

export const subjectId = z
  .custom<SubjectId>(isSubjectId, "must be a subject id: <region>_<26 characters>")
  .openapi({ type: "string", pattern: subjectIdPattern.source, example: "eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE" });
const instant = z.iso.datetime();

const problem = z
  .object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .loose()
  .openapi("Problem", { description: "RFC 9457 problem details" });

const preferences = z
  .object({
    subject: subjectId,
    jurisdiction: z.string(),
    consentEpoch: z.int().openapi({ description: "Grows with every change; an edge decision on an older epoch is invalid." }),
    purposes: z.record(z.enum(purposes), z.enum(consentStates)),
    validUntil: z.partialRecord(z.enum(purposes), instant),
    preferences: z
      .partialRecord(z.enum(purposes), chosenSchema)
      .openapi({ description: "What is chosen under a purpose; what is not there sets no limit." }),
    despiteSignal: z.array(z.enum(purposes)).openapi({ description: "Granted although the browser sends Global Privacy Control." }),
  })
  .openapi("Preferences");

const changed = preferences
  .extend({
    enforcement: z
      .enum(["applied", "pending"])
      .openapi({ description: "`pending`: written, and enforced at the edge within 60 s of the moment when the edge can be reached." }),
    policyRevision: z.string(),
  })
  .openapi("ChangedPreferences");

/** The second step of what the problem `confirmation-required` asks to confirm. */
export const confirmation = z.string().max(2000).optional().openapi({
  description:
    "From the problem `confirmation-required`, sent again with the same change once the person has confirmed it separately (11 CCR 7028(a)).",
});

const states = recordedStates.map((state) => `"${state}"`).join(", ");
export const preferencesPatch = z
  .strictObject({
    purposes: z
      .strictObject(
        Object.fromEntries(
          purposes.map((purpose) => [
            purpose,
            z.enum(recordedStates, `must be one of ${states}; what was said cannot be removed, only "withdrawn"`).optional(),
          ]),
        ) as Record<(typeof purposes)[number], z.ZodOptional<z.ZodEnum<{ granted: "granted"; denied: "denied"; withdrawn: "withdrawn" }>>>,
      )
      .optional(),
    preferences: chosenPatches.optional().openapi({
      description:
        "What to choose under a purpose; `null` takes an answer back. Of `tier` (`full`, `essentials`, `none`) and of `frequency` (`each`, `weekly`, `monthly`) one is chosen, and any that comes later is less. To choose more than holds needs `If-Match`, as granting does.",
    }),
    despiteSignal: z.array(z.enum(purposes)).optional().openapi({
      description:
        "What the person grants here although it was told, by the `notice`, that its Global Privacy Control opts out of it (11 CCR 7025(c)(3)).",
    }),
    confirmation,
    notice: consentEvent.shape.notice.openapi({ description: "The notice the person was shown, by the hash of its text." }),
    servedAt: consentEvent.shape.servedAt,
    collectedAt: consentEvent.shape.collectedAt,
  })
  .openapi("PreferencesPatch", {
    description: "JSON merge patch, RFC 7396",
    example: {
      purposes: { personalisation: "granted", "email-marketing": "granted", advertising: "denied" },
      preferences: { "email-marketing": { tier: ["essentials"], channels: ["email", "post"], frequency: ["weekly"] } },
      collectedAt: "2026-03-01T09:30:00Z",
    },
  });

const token = z.object({ subject: subjectId, token: z.string(), expiresAt: instant }).openapi("SubjectToken");

const check = z
  .object({ subject: subjectId, purpose: z.string(), allow: z.boolean(), reason: z.string(), policyRevision: z.string(), epoch: z.int() })
  .openapi("Check");

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
/** What a request may show, any of them, where an operation says nothing else. What the edge shows of itself is its own. */
export const credentials = {
  subject: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A person's own token, from POST /v1/subjects" },
  cookie: { type: "apiKey", in: "cookie", name: "subject_token", description: "The same token, as the preference page keeps it" },
  service: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "Signed by a service that the stack's configuration names" },
} as const;
/** How every operation may refuse. */
const refusals = {
  400: "The body cannot be read: it is no JSON, or no form, though its type says so",
  401: "No valid token of the edge, or of a subject where one is needed",
  403: "Not of one's own subject, or nothing can be permitted yet; `resend` has what is taken all the same",
  404: "Not there, or not there for the caller",
  409: "It contradicts what the browser's signal says, or takes a second step",
  412: "`If-Match` is stale; `resend` has what is taken all the same",
  413: "The body is too large",
  415: "The body is of another type than the operation takes",
  422: "The request is not valid: `errors` says where",
  428: "`If-Match` is missing",
  429: "Too many requests: `Retry-After` says when to go on",
  503: "Nothing was done: try again, `Retry-After` says when",
} as const;
export const problems = Object.fromEntries(
  Object.entries(refusals).map(([status, description]) => [
    status,
    { description, content: { "application/problem+json": { schema: problem } } },
  ]),
);
/** A refusal of what a person has opted out of and wants again, and of what contradicts the browser's signal. */
export const confirmationRequired = {
  description:
    "`confirmation-required`: the person has opted out of this, and has to confirm that it wants it again; `signal-conflict`: its browser says no. Nothing was changed.",
  content: {
    "application/problem+json": {
      schema: problem,
      examples: {
        "confirmation-required": {
          summary: "The first step of two (11 CCR 7028(a)): ask the person to confirm, then send the same with the confirmation",
          value: {
            type: "urn:bailiwick:problem:confirmation-required",
            title: "Please confirm",
            status: 409,
            detail:
              'The person has opted out of advertising. To allow it again takes two steps (11 CCR 7028(a)). Ask the person to confirm; then send the same again with "confirmation". Nothing was changed.',
            purposes: ["advertising"],
            confirmation: "eyJhbGciOiJFZERTQSIsInR5cCI6Im9wdC1pbi1jb25maXJtYXRpb24rand0In0.e30.c2ln",
            expiresAt: "2026-03-01T09:40:00.000Z",
          },
        },
      },
    },
  },
} as const;
const sid = z.object({ sid: subjectId });
export const optionalHeader = (description: string, example: string) => z.string().optional().openapi({ description, example });
export const ifMatch = optionalHeader("ETag the decision rests on, or *", "*");
export const idempotencyKey = (example: string) =>
  z.string().min(1).max(200).optional().openapi({ description: "Chosen by the client, new for every new request", example });

export const createSubject = createRoute({
  method: "post",
  path: "/v1/subjects",
  summary: "Make a new anonymous subject, because a person asked for preferences",
  security: [],
  responses: { 201: json(token, "The subject and its first token"), ...problems },
});

export const renewToken = createRoute({
  method: "post",
  path: "/v1/subjects/{sid}/tokens",
  summary: "Renew a subject token before it ends",
  request: { params: sid },
  responses: { 201: json(token, "A new token"), ...problems },
});

export const getPreferences = createRoute({
  method: "get",
  path: "/v1/subjects/{sid}/preferences",
  summary: "What holds for a subject now",
  request: {
    params: sid,
    headers: z.object({
      "if-none-match": optionalHeader("ETag known to the client", '"eZ0hUV2o0m1xk3b9Qd7RsA"'),
      "sec-gpc": optionalHeader("1: Global Privacy Control, recorded as an opt-out of what it opts out of", "1"),
    }),
  },
  responses: { 200: json(preferences, "With its ETag"), 304: { description: "Unchanged" }, ...problems },
});

export const patchPreferences = createRoute({
  method: "patch",
  path: "/v1/subjects/{sid}/preferences",
  summary: "Grant, deny or withdraw",
  description:
    "Granting needs `If-Match`: the ETag of the preferences as seen, or `*` for whatever holds (RFC 9110 section 13.1.1). What only restricts is accepted with a stale `If-Match` or none. With an `Idempotency-Key`, the same body within 24 hours gets the first answer again, and `enforcement` as it is by then. Where data is shared until a person opts out, whoever has opted out and wants it again confirms that in a second step: the first one is answered with 409 and a `confirmation`.",
  request: {
    params: sid,
    headers: z.object({
      "if-match": ifMatch,
      "sec-gpc": optionalHeader("1: Global Privacy Control", "1"),
      "idempotency-key": idempotencyKey("8f14e45f-ceea-467f-9a0b-2f3d1c7a6b51"),
    }),
    body: {
      required: true,
      content: { "application/merge-patch+json": { schema: preferencesPatch }, "application/json": { schema: preferencesPatch } },
    },
  },
  responses: { 200: json(changed, "What then holds, with its ETag"), ...problems, 409: confirmationRequired },
});

const largestPage = 100;
export const consentEvents = createRoute({
  method: "get",
  path: "/v1/subjects/{sid}/consent-events",
  summary: "Everything a subject has said, in order, as the ledger holds it",
  request: {
    params: sid,
    query: z.object({
      cursor: z.coerce.number().int().min(0).default(0).openapi({ type: "integer", description: "`next` of the page before", example: 0 }),
      limit: z.coerce.number().int().min(1).max(largestPage).default(largestPage).openapi({ example: 50 }),
    }),
  },
  responses: {
    200: json(
      z
        .object({
          events: z.array(
            consentEvent.omit({ subject: true }).extend({
              logIndex: z.int().optional().openapi({ description: "Its place in the transparency log, once it is published there." }),
            }),
          ),
          next: z.int().optional().openapi({ description: "The cursor of what follows; absent on the last page." }),
        })
        .openapi("ConsentEvents"),
      "A page of events",
    ),
    ...problems,
  },
});

export const checkPurpose = createRoute({
  method: "get",
  path: "/v1/check",
  summary: "May this subject's data be used for this purpose?",
  request: {
    query: z.object({ subject: subjectId, purpose: z.string().openapi({ example: "personalisation" }) }),
    headers: z.object({ "sec-gpc": optionalHeader("1: Global Privacy Control", "1") }),
  },
  responses: { 200: json(check, "The decision"), ...problems },
});
