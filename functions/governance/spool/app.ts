// The spool as an HTTP application: takes a message for a path from the region's edge, and says 202 once it is safe.
import { Hono } from "hono";
import { ProblemError, problemResponse } from "../../shared/problem.ts";
import { paths } from "../../shared/telemetry/emitter.ts";
import { DatabaseUnavailable } from "../database.ts";
import { health, identified, limitedBody } from "../every-service.ts";
import { log, reasonOf } from "../log.ts";
import type { TelemetryOutbox } from "../telemetry/outbox.ts";
import { type EdgeTrust, throughTheEdge, type Variables } from "../through-the-edge.ts";
import { traces } from "./message.ts";

/** Bytes: some hundred spans. */
const largestBody = 256 * 1024;

export interface Parts {
  readonly trust: EdgeTrust;
  readonly outbox: TelemetryOutbox;
  /** For the Server-Version header. */
  readonly version: string;
}

export function createApp({ trust, outbox, version }: Parts): Hono<{ Variables: Variables }> {
  const app = new Hono<{ Variables: Variables }>();

  app.use(identified(version));
  app.get(
    "/health",
    health(() => outbox.ping()),
  );

  app.post("/v1/telemetry/:path", throughTheEdge(trust), limitedBody(largestBody, tooLarge), async (c) => {
    if (c.get("scope") !== "edge") throw forPeople;
    const path = paths.find((each) => each === c.req.param("path"));
    if (!path) throw notFound(c.req.method, c.req.path);
    const message = traces.safeParse(await c.req.json().catch(() => undefined));
    if (!message.success) throw malformed(message.error.issues);
    // What came together is kept one by one: an old span of bulk may have to go, and what stands beside it stays.
    await outbox.put(message.data.resourceSpans.map((one) => ({ path, message: { resourceSpans: [one] } })));
    return c.body(null, 202);
  });

  app.notFound((c) => problemResponse(notFound(c.req.method, c.req.path).problem));
  app.onError((error) => problemResponse(problemOf(error).problem));
  return app;
}

function problemOf(error: Error): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof DatabaseUnavailable) {
    log("WARNING", "Telemetry was not taken.", { reason: error.message });
    return new ProblemError({
      status: 503,
      kind: "database-unavailable",
      title: "Try again in a moment",
      detail: "The database cannot be reached, so nothing can be kept. What is sent twice counts once.",
      headers: { "retry-after": "1" },
    });
  }
  log("ERROR", "Telemetry was not taken.", { reason: reasonOf(error) });
  return new ProblemError({
    status: 500,
    kind: "internal",
    title: "Our mistake",
    detail: "The message was not kept. It can be sent again.",
  });
}

const forPeople = new ProblemError({
  status: 403,
  kind: "not-for-people",
  title: "Not for people",
  detail: "Only the region's edge itself tells what happened there; this request came on a person's behalf.",
});

const notFound = (method: string, path: string) =>
  new ProblemError({
    status: 404,
    kind: "not-found",
    title: "Nothing lives here",
    detail: `There is no ${method} ${path}. POST /v1/telemetry/{path} is allowed, with a path of ${paths.join(", ")}.`,
  });

function malformed(issues: readonly { path: PropertyKey[]; message: string }[]): ProblemError {
  const errors = issues.slice(0, 10).map(({ path, message }) => ({ at: path.join("."), message }));
  return new ProblemError({
    status: 400,
    kind: "malformed-telemetry",
    title: "Not telemetry",
    detail: `The body is no OTLP trace in JSON. ${errors.map(({ at, message }) => (at ? `${at}: ${message}` : message)).join("; ")}`,
    extensions: { errors },
  });
}

function tooLarge(): never {
  throw new ProblemError({ status: 413, kind: "too-large", title: "Too much", detail: `The body is larger than ${largestBody} bytes.` });
}
