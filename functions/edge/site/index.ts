// The region's own address: pages of the brand's site, personalised where consent allows, and the way to the preferences service.
import { Hono } from "hono";
import { routePath } from "hono/route";
import { problemResponse } from "../../shared/problem.ts";
import { type Observed, observe, serverSpan } from "../../shared/telemetry/server-span.ts";
import { traceparent } from "../../shared/telemetry/trace-context.ts";
import type { Environment } from "./environment.ts";
import { experiences } from "./experience.ts";
import { toGovernance } from "./governance.ts";
import { gpcSupport } from "./gpc-support.ts";
import { page } from "./page.ts";
import { personalPage } from "./personal-page.ts";
import { emit } from "./telemetry.ts";

const app = new Hono<{ Bindings: Environment; Variables: { observed: Observed; decided: Readonly<Record<string, unknown>> } }>();

app.use(async (c, next) => {
  const observed = observe(c.req.raw.headers);
  c.set("observed", observed);
  await next();
  // So that whoever asks can name the trace (w3.org/TR/trace-context-2, "Traceresponse").
  c.header("Traceresponse", traceparent(observed.context));
  const span = serverSpan(observed, c.req.method, routePath(c), c.res.status, c.get("decided"));
  c.executionCtx.waitUntil(emit(span, c.env));
  // Says which version answered, so that a gradual rollout can be watched from outside.
  c.header("Edge-Version", c.env.VERSION.tag || c.env.VERSION.id);
});

app.get("/v1/experience/:slot", async (c) => {
  const experienceOf = await experiences(c.req.raw, c.env);
  const { slot, variation, reason, policyRevision, consentEpoch } = await experienceOf(c.req.param("slot"));
  c.set("decided", { "bailiwick.decision.reason": reason, "bailiwick.variation": variation, "bailiwick.policy.revision": policyRevision });
  return c.json({ slot, variation, reason, policyRevision, consentEpoch }, 200, {
    "cache-control": "private, no-store",
    vary: "Authorization, Cookie, Sec-GPC",
  });
});

app.on(["GET", "POST"], ["/preferences", "/preferences/*", "/v1/unsubscribe/:token"], (c) =>
  personalPage(c.req.raw, c.env, traceparent(c.get("observed").context)),
);

app.all("/v1/*", (c) => toGovernance(c.req.raw, c.env, traceparent(c.get("observed").context)));

app.get("/.well-known/gpc.json", (c) => c.json(gpcSupport, 200, { "cache-control": "public, max-age=86400" }));

app.get("*", (c) => page(c.req.raw, c.env));

app.notFound((c) =>
  problemResponse({
    status: 405,
    kind: "method-not-allowed",
    title: "Only for reading",
    detail: `${c.req.method} is not allowed on pages. Allowed: GET, HEAD.`,
    headers: { allow: "GET, HEAD" },
  }),
);

app.onError((error) => {
  console.error(error);
  return problemResponse({ status: 500, kind: "internal", title: "Our mistake", detail: "The request was not served. Send it again." });
});

export default app;
