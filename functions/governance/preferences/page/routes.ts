// The preference page over HTTP: reading, choosing, receipts, notices, its two files. Mounted at the path that `addresses.page` names.
import { type Context, Hono } from "hono";
import { isRestricting, type Purpose, purposes } from "../../../shared/consent.ts";
import { type DecisionTable, decide, ruleFor } from "../../../shared/decision-table.ts";
import { type Language, languageFor } from "../../../shared/languages.ts";
import type { ProblemError } from "../../../shared/problem.ts";
import { limitedBody } from "../../every-service.ts";
import { contradicted } from "../gpc.ts";
import { carryOut } from "./carry-out.ts";
import type { DeskDocument, PreferenceDesk, Wishes } from "./desk.ts";
import { readForm } from "./form.ts";
import { guarded } from "./guarded.ts";
import type { Addresses, Frame, Outcome, PageModel, PurposeOnPage } from "./model.ts";
import { noticesOf } from "./notice-text.ts";
import { preferencePage, strangerPage, troublePage } from "./page.ts";
import { formToken, isSameOrigin } from "./same-origin.ts";
import { forget, type Person, personOf, renewed, type SessionKeys, welcome } from "./session.ts";
import { type Vendor, vendorsOf } from "./vendors.ts";

export interface PageOptions extends SessionKeys {
  readonly desk: PreferenceDesk;
  readonly jurisdiction: string;
  readonly table: DecisionTable;
  readonly vendors: readonly Vendor[];
  readonly brand: string;
  readonly addresses: Addresses;
  /** What the service makes of an error. It also logs what nobody expected. */
  readonly problemOf: (error: Error) => ProblemError;
  /** Origin under which the person sees the page, from a request that came through the edge; undefined where the edge does not say. */
  readonly ownOrigin: (headers: Headers) => string | undefined;
}

type Variables = { language: Language };
type Request = Context<{ Variables: Variables }>;

/** Many times what the page's forms are. */
const largestForm = 16 * 1024;
const forGood = "public, max-age=31536000, immutable";

export async function preferencePageRoutes(options: PageOptions): Promise<Hono<{ Variables: Variables }>> {
  const { desk, addresses, brand } = options;
  const notices = await noticesOf(options);
  const opposed = contradicted(options);
  const app = new Hono<{ Variables: Variables }>();
  app.use(guarded);
  app.use(async (c, next) => {
    c.set("language", languageFor(c.req.query("lang"), c.req.header("accept-language")));
    await next();
  });

  app.get("/", async (c) => {
    const person = await personOf(c.req.raw.headers, options);
    if (!person) return stranger(c, 401);
    if (gpcOf(c)) await desk.heedSignal(person.subject);
    const document = await desk.document(person.subject);
    return c.html(await page(c, await renewed(c, person, options), document, {}));
  });

  app.post(
    "/",
    limitedBody(largestForm, (c) => c.html(troublePage(frame(c)), 413)),
    async (c) => {
      const person = await personOf(c.req.raw.headers, options);
      const fields = new URLSearchParams(await c.req.text());
      if (!person) return fields.has("begin") ? begin(c) : stranger(c, 401);
      if (gpcOf(c)) await desk.heedSignal(person.subject);
      const before = await desk.document(person.subject);
      const form = readForm(fields, before, gpcOf(c) ? conflictsIn(before) : []);
      const sender = {
        headers: c.req.raw.headers,
        subjectToken: person.token,
        token: form.token,
        ownOrigin: options.ownOrigin(c.req.raw.headers),
      };
      if (!isSameOrigin(sender)) return c.html(await page(c, person, before, { outcome: foreign }), 403);
      const known = await renewed(c, person, options);
      const { wishes, kept, signalled, etag, confirmation } = form;
      const change = {
        wishes,
        ifMatch: etag,
        notice: notices.reference(form.notice),
        servedAt: form.served,
        collectedAt: new Date().toISOString(),
        gpc: gpcOf(c),
        confirmation,
      };
      const { outcome, refused } = await carryOut(desk, person.subject, change, before.purposes);
      // What holds is read again: the answer to a form that was sent twice must not show the past.
      const after = await desk.document(person.subject);
      return c.html(
        await page(c, known, after, { outcome: { ...outcome, signalled }, unsaved: { ...kept, ...refused } }),
        statusOf[outcome.kind],
      );
    },
  );

  app.get("/receipts/:id", async (c) => {
    const person = await personOf(c.req.raw.headers, options);
    if (!person) return stranger(c, 401);
    const id = c.req.param("id");
    const receipt = await desk.receipt(person.subject, id);
    if (!receipt) return c.notFound();
    return c.body(receipt.text, 200, {
      "content-type": receipt.mediaType,
      "content-disposition": `attachment; filename="receipt-${id.replace(/[^\w-]/g, "")}.json"`,
    });
  });

  app.get("/notices/:digest", (c) => {
    const notice = notices.get(c.req.param("digest"));
    if (!notice) return c.notFound();
    return c.text(notice.text, 200, { "content-language": notice.language, "cache-control": forGood });
  });

  for (const { path, text, mediaType } of [addresses.style, addresses.script])
    app.get(path.slice(addresses.page.length), (c) => c.body(text, 200, { "content-type": mediaType, "cache-control": forGood }));

  // A person reads a page, whatever happens.
  app.onError((error, c) => {
    const { status, kind, headers } = options.problemOf(error).problem;
    // A token may outlive its subject.
    if (kind === "unknown-subject") return stranger(c, 401);
    return c.html(troublePage(frame(c)), status as 503, headers);
  });
  return app;

  function frame(c: Request): Frame {
    return { language: c.get("language"), brand, addresses, gpc: gpcOf(c) ? { off: opposed, despite: [] } : undefined };
  }

  /** The purposes to which the browser's signal says no, and the person has not said yes all the same. */
  function conflictsIn({ purposes: held }: DeskDocument): Purpose[] {
    return opposed.filter((purpose) => !held[purpose].despiteSignal);
  }

  /** No identifier before the person asks for one: a subject is made by this button and by nothing else. */
  async function begin(c: Request) {
    if (!isSameOrigin({ headers: c.req.raw.headers, ownOrigin: options.ownOrigin(c.req.raw.headers) })) return stranger(c, 403);
    await welcome(c, await desk.begin(), options);
    return c.redirect(`${addresses.page}?lang=${c.get("language")}`, 303);
  }

  function stranger(c: Request, status: 401 | 403) {
    if (status === 401) forget(c);
    // So that browsers which know no `Sec-Fetch-Site` name the origin of the form: nobody is known yet to whom it could be tied.
    c.header("referrer-policy", "same-origin");
    return c.html(strangerPage(frame(c), status === 403), status);
  }

  async function page(c: Request, person: Person, document: DeskDocument, said: Pick<PageModel, "outcome"> & { unsaved?: Wishes }) {
    const gpc = gpcOf(c);
    const cursor = c.req.query("cursor");
    const off = conflictsIn(document);
    return preferencePage({
      ...frame(c),
      ...(gpc ? { gpc: { off, despite: opposed.filter((purpose) => !off.includes(purpose)) } } : {}),
      purposes: purposes.map((purpose) => onPage(purpose, document, gpc, said.unsaved ?? {})),
      readOnly: document.readOnly,
      notice: notices.in(c.get("language")).reference,
      form: { etag: document.etag, token: formToken(person.token), served: new Date().toISOString() },
      history: await desk.history(person.subject, cursor),
      earlier: cursor !== undefined,
      outcome: said.outcome,
    });
  }

  function onPage(purpose: Purpose, { purposes: held }: DeskDocument, gpc: boolean, unsaved: Wishes): PurposeOnPage {
    const { state, validUntil, chosen, despiteSignal } = held[purpose];
    const { jurisdiction, table, vendors } = options;
    const signalled = gpc && !despiteSignal;
    const wish = unsaved[purpose];
    return {
      purpose,
      state,
      validUntil,
      chosen,
      rule: ruleFor(table, jurisdiction, purpose),
      decision: decide(table, { jurisdiction, purpose, state, gpc: signalled }),
      conflict: signalled && opposed.includes(purpose),
      vendors: vendorsOf(vendors, purpose),
      unsaved: wish && { choice: wish.state && (isRestricting(wish.state) ? "refuse" : "allow"), chosen: wish.chosen },
    };
  }
}

const foreign: Outcome = { kind: "foreign", saved: [], unsaved: [] };
const statusOf = { saved: 200, nothing: 200, confirm: 200, stale: 412, "read-only": 403, foreign: 403 } as const;

const gpcOf = (c: Request): boolean => c.req.header("sec-gpc") === "1";
