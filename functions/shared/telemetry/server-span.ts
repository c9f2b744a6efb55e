// The span of one request that a server of ours has answered.
import type { Span } from "./emitter.ts";
import { childOf, parseTraceparent, type TraceContext } from "./trace-context.ts";

/** A request under way. */
export interface Observed {
  readonly context: TraceContext;
  readonly parentSpanId: string | undefined;
  readonly startMs: number;
}

export function observe(headers: Headers): Observed {
  const parent = parseTraceparent(headers.get("traceparent"));
  return { context: childOf(parent), parentSpanId: parent?.spanId, startMs: Date.now() };
}

/** Methods that ask for no change (RFC 9110 section 9.2.1). */
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/** The request's span. `route` is the pattern that matched, never the path. A change that was made is of the class `audit`. */
export function serverSpan(
  observed: Observed,
  method: string,
  route: string,
  status: number,
  attributes: Readonly<Record<string, unknown>> = {},
): Span {
  // Parameters of a route as OpenAPI writes them.
  const template = route.replaceAll(/:(\w+)/g, (_, name: string) => `{${name.toLowerCase()}}`);
  return {
    ...observed,
    name: `${method} ${template}`,
    kind: "server",
    endMs: Date.now(),
    attributes: {
      ...attributes,
      "http.request.method": method,
      "http.route": template,
      "http.response.status_code": status,
      ...(!safe.has(method) && status < 400 ? { "bailiwick.class": "audit" } : {}),
    },
    failed: status >= 500,
  };
}
