// The preference page over HTTP: reading, choosing, receipts, notices, its two files. Mounted at the path that `addresses.page` names.
import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { isRestricting, type Purpose, purposes } from "../../../shared/consent.ts";
import { type DecisionTable, decide, ruleFor } from "../../../shared/decision-table.ts";
import { ProblemError } from "../../../shared/problem.ts";
import type { SubjectId } from "../../../shared/subject-id.ts";
import { subjectTokenOf, verifySubjectToken } from "../../../shared/tokens.ts";
import type { DeskDocument, PreferenceDesk, Wishes } from "./desk.ts";
import { type Form, readForm } from "./form.ts";
import { type Language, languageFor } from "./languages.ts";
import type { Addresses, Outcome, PageModel, PurposeOnPage } from "./model.ts";
import { noticesOf } from "./notice-text.ts";
import type { Notices } from "./notices.ts";
import { preferencePage, strangerPage, troublePage } from "./page.ts";
import { formToken, isSameOrigin } from "./same-origin.ts";
import { type Vendor, vendorsOf } from "./vendors.ts";

export interface PageOptions {
  readonly desk: PreferenceDesk;
  readonly region: string;
  readonly jurisdiction: string;
  /** SPKI PEM. */
  readonly subjectTokenPublicKey: string;
  readonly table: DecisionTable;
  /** Purposes that Global Privacy Control opts out of. */
  readonly sharing: readonly Purpose[];
  readonly vendors: readonly Vendor[];
  readonly brand: string;
  readonly addresses: Addresses;
  /** Origin under which the person sees the page, from a request that came through the edge; undefined where the edge does not say. */
  readonly ownOrigin: (headers: Headers) => string | undefined;
}

interface Person {
  readonly subject: SubjectId;
  readonly token: string;
}
type Variables = { language: Language };
type Request = Context<{ Variables: Variables }>;

const forGood = "public, max-age=31536000, immutable";
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

export async function preferencePageRoutes(options: PageOptions): Promise<Hono<{ Variables: Variables }>> {
  const { desk, addresses, brand } = options;
  const notices = await noticesOf(options);
  const app = new Hono<{ Variables: Variables }>();
  app.use(guarded);
  app.use(async (c, next) => {
    c.set("language", languageFor(c.req.query("lang"), c.req.header("accept-language")));
    await next();
  });

  app.get("/", async (c) => {
    const person = await personOf(c);
    if (!person) return stranger(c);
    return c.html(await page(c, person, await desk.document(person.subject), {}));
  });

  app.post("/", async (c) => {
    const person = await personOf(c);
    if (!person) return stranger(c);
    const fields = new URLSearchParams(await c.req.text());
    const before = await desk.document(person.subject);
    const form = readForm(fields, before);
    const sender = {
      headers: c.req.raw.headers,
      subjectToken: person.token,
      token: form.token,
      ownOrigin: options.ownOrigin(c.req.raw.headers),
    };
    if (!isSameOrigin(sender)) return c.html(await page(c, person, before, { outcome: foreign }), 403);
    const { outcome, refused } = await carryOut(desk, person.subject, form, notices, gpcOf(c));
    // What holds is read again: the answer to a form that was sent twice must not show the past.
    const after = await desk.document(person.subject);
    return c.html(await page(c, person, after, { outcome, unsaved: { ...form.kept, ...refused } }), statusOf[outcome.kind]);
  });

  app.get("/receipts/:id", async (c) => {
    const person = await personOf(c);
    if (!person) return stranger(c);
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

  app.onError((error, c) => {
    if (!(error instanceof ProblemError)) throw error;
    const { status, headers } = error.problem;
    return c.html(troublePage({ language: c.get("language"), brand, addresses }), status as 503, headers);
  });
  return app;

  async function personOf(c: Request): Promise<Person | undefined> {
    const token = subjectTokenOf(c.req.raw.headers);
    if (token === undefined) return undefined;
    const subject = await verifySubjectToken(options.subjectTokenPublicKey, token, options.region).catch(() => undefined);
    return subject && { subject, token };
  }

  function stranger(c: Request) {
    return c.html(strangerPage({ language: c.get("language"), brand, addresses }), 401);
  }

  async function page(c: Request, person: Person, document: DeskDocument, said: Pick<PageModel, "outcome"> & { unsaved?: Wishes }) {
    const language = c.get("language");
    const gpc = gpcOf(c);
    const cursor = c.req.query("cursor");
    return preferencePage({
      language,
      brand,
      addresses,
      purposes: purposes.map((purpose) => onPage(purpose, document, gpc, said.unsaved ?? {})),
      gpc: gpc ? options.sharing : undefined,
      readOnly: document.readOnly,
      notice: notices.in(language).reference,
      form: { etag: document.etag, idempotencyKey: randomUUID(), token: formToken(person.token) },
      history: await desk.history(person.subject, cursor),
      earlier: cursor !== undefined,
      outcome: said.outcome,
    });
  }

  function onPage(purpose: Purpose, { purposes: held }: DeskDocument, gpc: boolean, unsaved: Wishes): PurposeOnPage {
    const { state, validUntil, chosen } = held[purpose];
    const { jurisdiction, table, vendors } = options;
    const wish = unsaved[purpose];
    return {
      purpose,
      state,
      validUntil,
      chosen,
      rule: ruleFor(table, jurisdiction, purpose),
      decision: decide(table, { jurisdiction, purpose, state, gpc }),
      vendors: vendorsOf(vendors, purpose),
      unsaved: wish && { choice: wish.state && (isRestricting(wish.state) ? "refuse" : "allow"), chosen: wish.chosen },
    };
  }
}

const foreign: Outcome = { kind: "foreign", saved: [], unsaved: [] };
const statusOf = { saved: 200, nothing: 200, stale: 412, "read-only": 403, foreign: 403 } as const;

const gpcOf = (c: Request): boolean => c.req.header("sec-gpc") === "1";

/** No frame, nothing from elsewhere, no word to elsewhere about where the person was; kept by nobody unless the answer says so. */
const guarded = createMiddleware(async (c, next) => {
  await next();
  c.header("content-security-policy", contentSecurityPolicy);
  c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("cross-origin-resource-policy", "same-origin");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "private, no-store");
  c.header("vary", "Accept-Language, Cookie, Sec-GPC");
});

/** Carries a form's wishes out, all or nothing; but where what permits is refused, what only restricts is taken nevertheless. */
async function carryOut(
  desk: PreferenceDesk,
  subject: SubjectId,
  { wishes, etag, idempotencyKey, notice }: Form,
  notices: Notices,
  gpc: boolean,
): Promise<{ readonly outcome: Outcome; readonly refused: Wishes }> {
  const namesOf = (some: Wishes) => Object.keys(some) as Purpose[];
  if (namesOf(wishes).length === 0) return { outcome: { kind: "nothing", saved: [], unsaved: [] }, refused: {} };
  const shown = notices.reference(notice);
  const send = (some: Wishes, key: string) =>
    desk.change(subject, { wishes: some, ifMatch: etag, idempotencyKey: key, notice: shown, gpc });
  const [restricting, other] = apart(wishes);
  try {
    // Whoever was told something else than we tell now has decided on something else.
    if (shown === undefined && namesOf(other).length > 0) throw new ProblemError(anotherNotice);
    const { enforcement } = await send(wishes, idempotencyKey);
    return { outcome: { kind: "saved", saved: namesOf(wishes), unsaved: [], enforcement }, refused: {} };
  } catch (error) {
    const kind = refusalOf(error);
    if (kind === undefined) throw error;
    const unsaved = namesOf(other).map((purpose) => ({ purpose, state: other[purpose]?.state }));
    if (namesOf(restricting).length === 0) return { outcome: { kind, saved: [], unsaved }, refused: other };
    const { enforcement } = await send(restricting, `${idempotencyKey}.restricting`);
    return { outcome: { kind, saved: namesOf(restricting), unsaved, enforcement }, refused: other };
  }
}

const anotherNotice = {
  status: 412,
  kind: "another-notice",
  title: "The notice has changed",
  detail: "The form was made with another notice than the one that is shown now. Read it before granting.",
};

/** Wishes that only restrict, and all others. */
function apart(wishes: Wishes): readonly [Wishes, Wishes] {
  const all = Object.entries(wishes) as [Purpose, Wishes[Purpose]][];
  const restricts = ([, wish]: (typeof all)[number]) => wish?.state !== undefined && isRestricting(wish.state);
  return [Object.fromEntries(all.filter(restricts)), Object.fromEntries(all.filter((each) => !restricts(each)))];
}

function refusalOf(error: unknown): "stale" | "read-only" | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  const { status, kind } = error.problem;
  if (status === 412 || status === 428) return "stale";
  return kind === "read-only" ? "read-only" : undefined;
}
