// The preferences service as an HTTP application: routes bound to the store, errors turned into problems.
import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { within } from "../../shared/budget.ts";
import { erasedRecord } from "../../shared/consent.ts";
import { decide, factsOf } from "../../shared/decision-table.ts";
import { ProblemError, problemResponse } from "../../shared/problem.ts";
import { newSubjectId, type SubjectId } from "../../shared/subject-id.ts";
import { issueSubjectToken } from "../../shared/tokens.ts";
import { type Database, DatabaseUnavailable } from "../database.ts";
import { health, identified, limitedBody } from "../every-service.ts";
import { KmsUnavailable } from "../kms.ts";
import { log, reasonOf } from "../log.ts";
import { requestSpans } from "../telemetry/requests.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { throughTheEdge, type Variables } from "../through-the-edge.ts";
import { authorize, byThePerson, type Keys, requireOwnSubject, type Speaker } from "./authentication.ts";
import { checkClock } from "./clock.ts";
import { addCollectedRoutes } from "./collected-routes.ts";
import { etagOf, isKnown } from "./document.ts";
import type { EvidenceExports } from "./evidence-exports.ts";
import { addExportRoutes } from "./export-routes.ts";
import { shownEvent } from "./ledger/ledger.ts";
import type { SubjectKeys } from "./ledger/subject-keys.ts";
import { addLogRoutes, type LogParts } from "./log-routes.ts";
import { keepNotices } from "./notice-archive.ts";
import { addNoticeRoutes } from "./notice-routes.ts";
import type { Outbox } from "./outbox.ts";
import { addressesAt } from "./page/assets.ts";
import { brand, theme } from "./page/brand.ts";
import { noticesOf } from "./page/notice-text.ts";
import { preferencePageRoutes } from "./page/routes.ts";
import { vendors } from "./page/vendors.ts";
import { pageDesk } from "./page-desk.ts";
import { limited } from "./rate-limit.ts";
import * as routes from "./routes.ts";
import { type ServiceClients, throughAService } from "./service-clients.ts";
import { type Policy, type PreferencesStore, type Said, unknownSubject } from "./store.ts";
import { addSubjectRoutes } from "./subject-routes.ts";
import { addUnsubscribeRoutes } from "./unsubscribe.ts";

/** Where the preference page lives. */
const pagePath = "/preferences";
/** How long a person waits for the edge's word before the answer says "pending". */
const enforcementBudgetMs = 500;
const largestBody = 16 * 1024;

export interface Parts {
  readonly keys: Keys & { readonly subjectTokenPrivateKey: string };
  readonly jurisdiction: string;
  readonly policy: Policy;
  readonly store: PreferencesStore;
  readonly database: Pick<Database, "query">;
  /** Absent where the edge keeps no state: then what is written is enforced. */
  readonly outbox: Outbox | undefined;
  readonly tracer: Tracer;
  readonly audit: LogParts & { readonly exports: EvidenceExports };
  readonly subjectKeys: () => Promise<SubjectKeys>;
  readonly clients: ServiceClients;
  /** For the Server-Version header. */
  readonly version: string;
}

export async function createApp(parts: Parts): Promise<OpenAPIHono<{ Variables: Variables }>> {
  const { keys, jurisdiction, policy, store, database, subjectKeys, clients, outbox, tracer, audit, version } = parts;
  const notices = await noticesOf({ jurisdiction, table: policy.table, vendors });
  const addresses = addressesAt(pagePath, theme);
  const app = new OpenAPIHono<{ Variables: Variables }>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.error.issues);
    },
  });

  app.use(identified(version));
  app.get(
    "/health",
    health(async () => {
      await store.ping();
      await checkClock(database);
      await keepNotices(database, notices);
    }),
  );

  app.use("/v1/*", requestSpans(tracer), throughTheEdge(keys), throughAService(clients, keys.region), limited());
  app.use("/v1/*", limitedBody(largestBody, tooLarge));

  app.openapi(routes.createSubject, async (c) => {
    const subject = newSubjectId(keys.region);
    await store.create(subject);
    return c.json(await tokenFor(subject), 201);
  });

  app.openapi(routes.renewToken, async (c) => {
    const { sid } = c.req.valid("param");
    await requireOwnSubject(c.req.raw.headers, sid, keys);
    // The edge forgets that it must refuse an erased subject once no token of it can live any more.
    if (!(await store.holding(sid))) throw unknownSubject();
    return c.json(await tokenFor(sid), 201);
  });

  app.openapi(routes.getPreferences, async (c) => {
    const { sid } = c.req.valid("param");
    const who = await authorize(c, sid, "preferences:read", keys);
    if (c.req.valid("header")["sec-gpc"] === "1") await heedSignal(sid, "api", who);
    const document = await store.document(sid);
    const etag = etagOf(document);
    const known = c.req.valid("header")["if-none-match"];
    if (known !== undefined && isKnown(known, etag)) return c.body(null, 304, { etag });
    return c.json(document, 200, { etag });
  });

  app.openapi(routes.patchPreferences, async (c) => {
    const { sid } = c.req.valid("param");
    const who = await authorize(c, sid, "preferences:write", keys);
    const { "if-match": ifMatch, "idempotency-key": idempotencyKey, "sec-gpc": gpc } = c.req.valid("header");
    const { purposes, preferences, despiteSignal, confirmation, ...shown } = routes.preferencesPatch.parse(c.req.valid("json"));
    if (gpc === "1") await heedSignal(sid, "api", who);
    const said: Said = { ...shown, method: "api", surface: "api", ...who, gpc: gpc === "1" };
    const document = await store.change({
      subject: sid,
      purposes,
      preferences,
      despiteSignal,
      confirmation,
      said,
      ifMatch,
      idempotencyKey,
    });
    return c.json({ ...document, enforcement: await enforcement(sid), policyRevision: policy.revision }, 200, { etag: etagOf(document) });
  });

  app.openapi(routes.consentEvents, async (c) => {
    const { sid } = c.req.valid("param");
    await authorize(c, sid, "preferences:read", keys);
    const { cursor, limit } = c.req.valid("query");
    const entries = await store.history(sid, cursor, limit);
    const places = await audit.log.indices(entries.map(({ event }) => event.id));
    const events = entries.map((entry) => {
      const event = shownEvent(entry);
      const logIndex = places.get(event.id);
      return { ...event, ...(logIndex === undefined ? {} : { logIndex }) };
    });
    const last = entries.at(-1)?.position;
    return c.json({ events, ...(entries.length === limit && last !== undefined ? { next: last } : {}) }, 200);
  });

  app.openapi(routes.checkPurpose, async (c) => {
    const { subject, purpose } = c.req.valid("query");
    // What the edge asks of its own accord it asks with what the person's browser sent.
    const who = c.get("scope") === "person" ? await authorize(c, subject, "check", keys) : byThePerson;
    const gpc = c.req.valid("header")["sec-gpc"] === "1";
    if (gpc) await heedSignal(subject, "check", who);
    // Whom we do not know was erased, or never was: it has permitted nothing, whatever the law allows by default.
    const { record, at } = (await store.holding(subject)) ?? { record: erasedRecord, at: new Date() };
    const decision = decide(policy.table, factsOf(record, purpose, { jurisdiction, gpc }, at));
    return c.json({ subject, purpose, ...decision, policyRevision: policy.revision, epoch: record.epoch }, 200);
  });

  addLogRoutes(app, audit, store, keys);
  addExportRoutes(app, audit.exports, keys);
  addCollectedRoutes(app, {
    keys,
    law: { table: policy.table, jurisdiction },
    store,
    indices: (events) => audit.log.indices(events),
    enforcement,
    heedSignal,
  });
  addSubjectRoutes(app, { keys, subjectKeys, store, database, vendors, enforcement, issue: tokenFor });

  app.use(`${pagePath}/*`, requestSpans(tracer), throughTheEdge(keys));
  const page = await preferencePageRoutes({
    ...keys,
    jurisdiction,
    table: policy.table,
    vendors,
    brand,
    addresses,
    desk: pageDesk({ store, region: keys.region, publisher: audit.publisher, enforcement, heedSignal }),
    issue: async (subject) => (await tokenFor(subject)).token,
    problemOf,
    ownOrigin: (headers) => headers.get("x-edge-origin") ?? undefined,
  });
  app.route(pagePath, page);
  addNoticeRoutes(app, database);
  addUnsubscribeRoutes(app, { keys, store, brand, addresses, enforcement });

  for (const [name, scheme] of Object.entries(routes.credentials)) app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  const security = Object.keys(routes.credentials).map((name) => ({ [name]: [] }));
  app.doc31("/v1/openapi.json", { openapi: "3.1.0", info: { title: "Preferences", version: "1" }, security });

  app.notFound((c) =>
    problemResponse({
      status: 404,
      kind: "not-found",
      title: "Nothing lives here",
      detail: `There is no ${c.req.method} ${c.req.path}. See /v1/openapi.json.`,
    }),
  );
  app.onError((error) => problemResponse(problemOf(error).problem));
  return app;

  async function tokenFor(subject: SubjectId) {
    return { subject, ...(await issueSubjectToken(keys.subjectTokenPrivateKey, subject, keys.region)) };
  }

  /** The signal of a subject that is known counts for the subject, not for the browser alone. */
  async function heedSignal(subject: SubjectId, surface: string, who: Speaker): Promise<void> {
    if (await store.heedSignal(subject, { surface, ...who })) await enforcement(subject);
  }

  async function enforcement(subject: SubjectId): Promise<"applied" | "pending"> {
    if (!outbox) return "applied";
    const delivered = await within(enforcementBudgetMs, outbox.deliverNow(subject)).catch(() => false);
    return delivered ? "applied" : "pending";
  }
}

function problemOf(error: Error): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof DatabaseUnavailable) {
    log("WARNING", "A request was refused.", { reason: error.message });
    return new ProblemError({
      status: 503,
      kind: "database-unavailable",
      title: "Try again in a moment",
      detail: "The database cannot be reached, or has no room. Send the same request again; with an Idempotency-Key nothing happens twice.",
      headers: { "retry-after": "1" },
    });
  }
  if (error instanceof KmsUnavailable) {
    log("WARNING", "A request was refused.", { reason: error.message });
    return new ProblemError({
      status: 503,
      kind: "keys-unavailable",
      title: "Try again in a moment",
      detail: "The key that protects what people say cannot be opened. Nothing was written; send the same request again.",
      headers: { "retry-after": "1" },
    });
  }
  if (error instanceof HTTPException && error.status < 500)
    return new ProblemError({ status: error.status, kind: "bad-request", title: "The request cannot be read", detail: error.message });
  log("ERROR", "A request failed.", { reason: reasonOf(error), stack: error.stack });
  return new ProblemError({
    status: 500,
    kind: "internal",
    title: "Our mistake",
    detail: "The request was not carried out. It can be sent again.",
  });
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): ProblemError {
  const errors = issues.map(({ path, message }) => ({ at: path.join("."), message }));
  return new ProblemError({
    status: 422,
    kind: "invalid-request",
    title: "The request is not valid",
    detail: errors.map(({ at, message }) => (at ? `${at}: ${message}` : message)).join("; "),
    extensions: { errors },
  });
}

function tooLarge(): never {
  throw new ProblemError({ status: 413, kind: "too-large", title: "Too much", detail: `The body is larger than ${largestBody} bytes.` });
}
