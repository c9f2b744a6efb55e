// The span of every request that a service answers, as a child of its caller's.
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { within } from "../../shared/budget.ts";
import { classOf } from "../../shared/telemetry/schema.ts";
import { observe, serverSpan } from "../../shared/telemetry/server-span.ts";
import type { Tracer } from "./tracer.ts";

/** How long the answer to a change may wait until its span is safe. */
const auditBudgetMs = 100;

export const requestSpans = (tracer: Tracer) =>
  createMiddleware(async (c, next) => {
    const observed = observe(c.req.raw.headers);
    await tracer.within(observed.context, next);
    const span = serverSpan(observed, c.req.method, routePath(c), c.res.status);
    tracer.record(span);
    if (classOf(span.attributes) === "audit") await within(auditBudgetMs, tracer.settled()).catch(() => {});
  });
