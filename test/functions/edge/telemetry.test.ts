// A request's span on its two ways: from the site through a queue and the telemetry Worker to the collector of each cloud.
import { jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publicKey } from "../../../functions/shared/keys.ts";
import { type Path, paths } from "../../../functions/shared/telemetry/emitter.ts";
import { type OtlpSpan, type OtlpTraces, valuesOf } from "../../../functions/shared/telemetry/otlp.ts";
import { allowedAttributes } from "../../../functions/shared/telemetry/schema.ts";
import { until } from "../../until.ts";
import { collectorOrigins, type Edge, startEdge } from "./workers.ts";

const hostOf = (path: Path) => new URL(collectorOrigins[path]).hostname;

/** What a collector got: attributes of span and resource together. */
interface Arrived extends OtlpSpan {
  readonly values: Readonly<Record<string, string | number>>;
}

/** Collectors that answer as told, and remember what they stored. */
class Collectors {
  readonly stored: Record<Path, Arrived[]> = { gcp: [], aws: [] };
  readonly requests: Record<Path, Request[]> = { gcp: [], aws: [] };
  readonly answers: Partial<Record<Path, (spans: readonly Arrived[]) => number>> = {};

  constructor(edge: Edge) {
    for (const path of paths)
      edge.outside[hostOf(path)] = async (request) => {
        this.requests[path].push(request.clone());
        const spans = spansOf((await request.json()) as OtlpTraces);
        const status = this.answers[path]?.(spans) ?? 200;
        if (status === 200) this.stored[path].push(...spans);
        return new Response("{}", { status });
      };
  }
}

const spansOf = ({ resourceSpans }: OtlpTraces): Arrived[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, values: { ...valuesOf(resource.attributes), ...valuesOf(span.attributes) } })),
    ),
  );

let edge: Edge;
let collectors: Collectors;

describe("where queues can be pinned", () => {
  beforeEach(async () => {
    edge = await startEdge();
    collectors = new Collectors(edge);
    edge.outside["www.brand.example"] = () => new Response("page", { headers: { "content-type": "text/html" } });
    edge.outside["preferences.brand.example"] = (request) => Response.json({ traceparent: request.headers.get("traceparent") });
  });
  afterEach(() => edge[Symbol.asyncDispose]());

  it("one server span of a request reaches both collectors", async () => {
    const response = await edge.site("/v1/experience/hero");
    const traceId = response.headers.get("traceresponse")?.split("-")[1];
    await until(() => paths.every((path) => collectors.stored[path].length === 1), "both spans");
    for (const path of paths)
      expect(collectors.stored[path][0]).toMatchObject({
        traceId,
        name: "GET /v1/experience/{slot}",
        kind: 2,
        values: {
          "service.name": "site",
          "bailiwick.region": "eu",
          "http.response.status_code": 200,
          "bailiwick.decision.reason": "no-token",
          "bailiwick.sequence": 1,
        },
      });
  });

  it("says nothing that the schema does not name, whatever a request carries", async () => {
    await edge.site("/a/page?email=ann@brand.example", { headers: { cookie: "subject_token=secret", "user-agent": "ann" } });
    await until(() => collectors.stored.gcp.length === 1, "the span");
    const [span] = collectors.stored.gcp;
    expect(JSON.stringify(span)).not.toMatch(/ann|secret|email|a\/page/);
    expect(Object.keys(span?.values ?? {}).filter((key) => !allowedAttributes.includes(key))).toEqual([]);
  });

  it("continues the caller's trace, and the service's call is its child", async () => {
    const caller = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    const response = await edge.site("/v1/subjects", {
      method: "POST",
      headers: { traceparent: `00-${caller.traceId}-${caller.spanId}-01` },
    });
    const passed = ((await response.json()) as { traceparent: string }).traceparent;
    await until(() => collectors.stored.aws.length === 1, "the span");
    const [span] = collectors.stored.aws;
    expect(span).toMatchObject({ traceId: caller.traceId, parentSpanId: caller.spanId });
    expect(passed).toBe(`00-${caller.traceId}-${span?.spanId}-01`);
  });

  it("an emitter numbers its spans on each path without a gap", async () => {
    for (let i = 0; i < 5; i++) await edge.site("/v1/experience/hero");
    await until(() => paths.every((path) => collectors.stored[path].length === 5), "all spans");
    for (const path of paths) {
      const spans = collectors.stored[path];
      expect(new Set(spans.map(({ values }) => values["service.instance.id"])).size).toBe(1);
      expect(spans.map(({ values }) => values["bailiwick.sequence"]).sort()).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it("more requests at the same time than a queue takes in one call lose nothing", async () => {
    const requests = 250;
    await Promise.all(Array.from({ length: requests }, () => edge.site("/v1/experience/hero")));
    await until(() => paths.every((path) => collectors.stored[path].length >= requests), "all spans");
    for (const path of paths) {
      const sequences = collectors.stored[path].map(({ values }) => Number(values["bailiwick.sequence"]));
      expect(sequences.toSorted((a, b) => a - b)).toEqual(Array.from({ length: requests }, (_, i) => i + 1));
    }
  });

  it("a collector is shown a token of a minute, of the edge, for itself alone", async () => {
    await edge.site("/v1/experience/hero");
    await until(() => collectors.requests.gcp.length === 1, "the request");
    const token = collectors.requests.gcp[0]?.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    const { payload } = await jwtVerify(token, await publicKey(edge.edgeKey.publicPem), {
      audience: collectorOrigins.gcp,
      issuer: "edge.eu",
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  });

  it("a path whose collector stands still holds up neither requests nor the other path, and is brought up afterwards", async () => {
    collectors.answers.aws = () => 503;
    expect((await edge.site("/v1/experience/hero")).status).toBe(200);
    await until(() => collectors.stored.gcp.length === 1 && collectors.requests.aws.length > 0, "one path");
    expect(collectors.stored.aws).toEqual([]);
    collectors.answers.aws = () => 200;
    await until(() => collectors.stored.aws.length === 1, "the other path");
  });

  it("a message that a collector refuses for good is put aside and holds up no other", async () => {
    collectors.answers.gcp = (spans) => (spans.some(({ name }) => name.startsWith("POST")) ? 400 : 200);
    await Promise.all([edge.site("/v1/subjects", { method: "POST" }), edge.site("/v1/experience/hero"), edge.site("/v1/experience/hero")]);
    await until(() => collectors.stored.gcp.length === 2 && collectors.stored.aws.length === 3, "what is good");
    expect(collectors.stored.gcp.map(({ name }) => name)).toEqual(Array(2).fill("GET /v1/experience/{slot}"));
  });
});

describe("where no queue can be pinned", () => {
  beforeEach(async () => {
    edge = await startEdge({ state: false, region: "apac", jurisdiction: "sg" });
  });
  afterEach(() => edge[Symbol.asyncDispose]());

  it("the span goes to the region's services, and what they do not take is counted and told with the next", async () => {
    const spooled: Record<string, Arrived[]> = { gcp: [], aws: [] };
    let up = false;
    let tries = 0;
    edge.outside.spool = async (request) => {
      const path = /^\/v1\/telemetry\/(\w+)$/.exec(new URL(request.url).pathname)?.[1] ?? "";
      tries++;
      if (!up) return new Response("", { status: 503 });
      spooled[path]?.push(...spansOf((await request.json()) as OtlpTraces));
      return new Response(null, { status: 202 });
    };
    await edge.site("/v1/experience/hero");
    await until(() => tries === 2, "both paths to be tried");
    up = true;
    // The refusal is known to the isolate only once it has read the answers.
    await until(async () => {
      await edge.site("/v1/experience/hero");
      return spooled.gcp?.at(-1)?.values["bailiwick.dropped.unavailable"] === 1;
    }, "a span that tells of the one that is missing");
    expect(spooled.gcp?.[0]?.values["bailiwick.sequence"]).toBe(2);
  });

  it("what comes while a call is under way shares the next one", async () => {
    const calls: Record<string, number[]> = { gcp: [], aws: [] };
    const first = Promise.withResolvers<void>();
    edge.outside.spool = async (request) => {
      const path = /^\/v1\/telemetry\/(\w+)$/.exec(new URL(request.url).pathname)?.[1] ?? "";
      calls[path]?.push(spansOf((await request.json()) as OtlpTraces).length);
      if (calls[path]?.length === 1) await first.promise;
      return new Response(null, { status: 202 });
    };
    const visit = () => edge.site("/v1/experience/hero");
    await visit();
    await until(() => calls.gcp?.length === 1 && calls.aws?.length === 1, "a call of each path");
    for (let i = 0; i < 20; i++) await visit();
    expect(calls).toEqual({ gcp: [1], aws: [1] });
    // Before that call has ended: after a while it is another request's turn.
    await until(async () => {
      await visit();
      return Object.values(calls).every((sizes) => sizes.length > 1);
    }, "the next call");
    for (const sizes of Object.values(calls)) expect(sizes[1]).toBeGreaterThan(20);
    first.resolve();
  });
});
