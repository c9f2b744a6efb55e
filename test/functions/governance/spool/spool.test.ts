// The spool of a region whose edge may keep nothing: the service as it ships, a real PostgreSQL, and collectors that answer as told.
import { jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { publicKey } from "../../../../functions/shared/keys.ts";
import { Emitter, type Path, paths, type Span } from "../../../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../../../functions/shared/telemetry/otlp.ts";
import { serverSpan } from "../../../../functions/shared/telemetry/server-span.ts";
import { childOf } from "../../../../functions/shared/telemetry/trace-context.ts";
import { pathSums } from "../../../../functions/telemetry/path-sums.ts";
import { until } from "../../../until.ts";
import { Collectors } from "../collectors.ts";
import { type Region, serviceUser, startRegion } from "../region.ts";
import type { Service } from "../service.ts";

interface Backlog extends Record<string, unknown> {
  readonly path: Path;
  readonly spooled: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly bytes: number;
  readonly oldest_at: Date | null;
}

const newEmitter = () => new Emitter({ service: "site", version: "abc", region: "eu", jurisdiction: "eu" });
const begun = () => ({ context: childOf(undefined), parentSpanId: undefined, startMs: Date.now() });
const looked = (): Span => serverSpan(begun(), "GET", "/*", 200);
const changed = (): Span => serverSpan(begun(), "PATCH", "/v1/*", 200);

let region: Region;
let collectors: Collectors;
let spool: Service;
beforeAll(async () => {
  region = await startRegion({ service: "spool" });
});
afterAll(() => region?.[Symbol.asyncDispose]());
const open = async () => {
  await region.postgres.admin("TRUNCATE spool.telemetry_outbox, spool.telemetry_dropped");
  collectors = await Collectors.start();
};
const close = async () => {
  await spool?.stop("SIGKILL");
  await collectors[Symbol.asyncDispose]();
};

const start = async (environment: Record<string, string> = {}, keys?: Service) => {
  spool = await region.serve({ ...collectors.environment, ...environment }, keys);
};

const send = (path: string, message: unknown, init: Parameters<Service["request"]>[1] = {}, at = spool) =>
  at.request(`/v1/telemetry/${path}`, {
    scope: "edge",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof message === "string" ? message : JSON.stringify(message),
    ...init,
  });

/** Sends a message that must be taken. */
async function put(path: Path, message: OtlpTraces, at = spool): Promise<void> {
  const response = await send(path, message, {}, at);
  expect(response.status, await response.text()).toBe(202);
}

/** As whoever watches the region reads it. */
const backlog = async (path: Path) =>
  (await region.postgres.run<Backlog>(serviceUser, `SELECT * FROM spool.telemetry_backlog WHERE path = '${path}'`))[0] as Backlog;

const idsAt = (path: Path) => new Set(collectors.stored(path).map(({ spanId }) => spanId));

describe("what the edge sends", () => {
  beforeEach(async () => {
    await open();
    await start();
  });
  afterEach(close);

  test("reaches the collector of its path and no other, and then waits no more", async () => {
    const emitter = newEmitter();
    const span = looked();
    await put("gcp", emitter.message("gcp", [span]));
    await until(() => collectors.stored("gcp").length === 1, "the span");
    expect(collectors.stored("gcp")[0]).toMatchObject({ spanId: span.context.spanId, name: "GET /*", values: { "service.name": "site" } });
    await until(async () => (await backlog("gcp")).spooled === 0, "its row to go");
    expect(await backlog("gcp")).toEqual({ path: "gcp", spooled: 0, rejected: 0, dropped: 0, bytes: 0, oldest_at: null });
    expect(collectors.stored("aws")).toEqual([]);
  });

  test("is shown to a collector with a token of a minute, of the region's services, for itself alone", async () => {
    await put("aws", newEmitter().message("aws", [looked()]));
    await until(() => collectors.tokens.aws.length === 1, "the request");
    const { payload } = await jwtVerify(collectors.tokens.aws[0] as string, await publicKey(spool.telemetryKey.publicPem), {
      issuer: "services.eu",
      audience: collectors.origin("aws"),
      typ: "telemetry+jwt",
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  });

  test("waits while its collector stands still, and holds up no other path", async () => {
    collectors.answer = (path) => (path === "aws" ? 503 : 200);
    const emitter = newEmitter();
    for (const path of paths) await put(path, emitter.message(path, [looked()]));
    await until(() => collectors.stored("gcp").length === 1 && collectors.tokens.aws.length > 0, "one path");
    expect(await backlog("aws")).toMatchObject({ spooled: 1, rejected: 0, oldest_at: expect.any(Date) });
    collectors.answer = () => 200;
    await until(() => collectors.stored("aws").length === 1, "the other path");
  });

  test("is not held up by a collector that says nothing at all", async () => {
    collectors.answer = (path) => (path === "gcp" ? "silent" : 200);
    const emitter = newEmitter();
    for (const path of paths) await put(path, emitter.message(path, [looked()]));
    await until(() => collectors.tokens.gcp.length === 1 && collectors.stored("aws").length === 1, "the other path");
    await put("aws", emitter.message("aws", [looked()]));
    await until(() => collectors.stored("aws").length === 2, "what came after");
    expect((await backlog("gcp")).spooled).toBe(1);
  });

  test("is put aside when its collector refuses it for good, and holds up no other", async () => {
    collectors.answer = (_, spans) => (spans.some(({ name }) => name.startsWith("PATCH")) ? 400 : 200);
    const emitter = newEmitter();
    await Promise.all([looked(), changed(), looked()].map((span) => put("gcp", emitter.message("gcp", [span]))));
    await until(async () => collectors.stored("gcp").length === 2 && (await backlog("gcp")).rejected === 1, "what is good");
    expect(await backlog("gcp")).toMatchObject({ spooled: 0, rejected: 1 });
    expect(await region.postgres.admin("SELECT error FROM spool.telemetry_outbox")).toEqual([{ error: expect.stringContaining("400") }]);
  });

  test("is not kept beyond what telemetry may say", async () => {
    const message = newEmitter().message("gcp", [looked()]);
    const [{ resource, scopeSpans }] = message.resourceSpans as [OtlpTraces["resourceSpans"][number]];
    const attributes = [...resource.attributes, { key: "user.email", value: { stringValue: "ann@brand.example" } }];
    await put("gcp", { resourceSpans: [{ resource: { attributes }, scopeSpans }] });
    await until(() => collectors.stored("gcp").length === 1, "the span");
    expect(Object.keys(collectors.stored("gcp")[0]?.values ?? {})).toEqual(expect.arrayContaining(["service.name"]));
    expect(JSON.stringify(collectors.stored("gcp"))).not.toContain("ann@brand.example");
  });
});

describe("the door", () => {
  beforeAll(async () => {
    await open();
    await start();
  });
  afterAll(close);
  const message = () => newEmitter().message("gcp", [looked()]);

  test.each<[string, number, () => Promise<Response>]>([
    ["what the edge has not signed", 401, () => send("gcp", message(), { scope: "none" })],
    ["what the edge passes on for a person", 403, () => send("gcp", message(), { scope: "person" })],
    ["a path that is none", 404, () => send("azure", message())],
    ["what is no JSON", 400, () => send("gcp", "{")],
    ["what is no trace", 400, () => send("gcp", { resourceSpans: [] })],
    ["a span without a trace", 400, () => send("gcp", JSON.stringify(message()).replace(/"traceId":"[^"]+"/, '"traceId":"0"'))],
    ["a body that is too large", 413, () => send("gcp", " ".repeat(300_000))],
  ])("refuses %s", async (_, status, request) => {
    const response = await request();
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await region.postgres.admin("SELECT FROM spool.telemetry_outbox")).toEqual([]);
  });
});

describe("what was acknowledged", () => {
  beforeEach(open);
  afterEach(close);

  /** Sends spans on both paths until told to stop; what was acknowledged, by path. */
  function load(emitter: Emitter) {
    const acknowledged: Record<Path, string[]> = { gcp: [], aws: [] };
    let running = true;
    const senders = Array.from({ length: 4 }, async () => {
      while (running)
        for (const path of paths) {
          const span = looked();
          const response = await send(path, emitter.message(path, [span])).catch(() => undefined);
          if (response?.status === 202) acknowledged[path].push(span.context.spanId);
        }
    });
    const stop = async () => {
      running = false;
      await Promise.all(senders);
    };
    return { acknowledged, stop };
  }
  const allThere = (acknowledged: Record<Path, string[]>) =>
    paths.every((path) => {
      const there = idsAt(path);
      return acknowledged[path].every((id) => there.has(id));
    });

  test("is not lost when the spool is killed, again and again", async () => {
    const emitter = newEmitter();
    const all: Record<Path, string[]> = { gcp: [], aws: [] };
    // Some of what is killed was at a collector at that moment.
    for (let round = 0; round < 3; round++) {
      await start({}, round === 0 ? undefined : spool);
      const { acknowledged, stop } = load(emitter);
      await until(() => paths.every((path) => acknowledged[path].length >= 20), "some to be acknowledged");
      await spool.stop("SIGKILL");
      await stop();
      for (const path of paths) all[path].push(...acknowledged[path]);
    }
    await start({}, spool);
    await until(() => allThere(all), "all that was acknowledged", 60_000);
    await until(async () => (await backlog("gcp")).spooled + (await backlog("aws")).spooled === 0, "the outbox to be empty", 60_000);
  });

  test("is not lost when PostgreSQL is killed, and the spool goes on by itself", async () => {
    await start();
    const { acknowledged, stop } = load(newEmitter());
    await until(() => acknowledged.gcp.length >= 20, "some to be acknowledged");
    await region.postgres.stop("SIGKILL");
    await region.postgres.start();
    const before = acknowledged.gcp.length;
    await until(() => acknowledged.gcp.length >= before + 20, "more to be acknowledged");
    await stop();
    await until(() => allThere(acknowledged), "all that was acknowledged", 60_000);
  });
});

describe("the outbox", () => {
  beforeEach(open);
  afterEach(close);

  test("a full spool drops the oldest bulk and counts it, and audit never", async () => {
    collectors.answer = () => 503;
    await start({ TELEMETRY_LIMIT_BYTES: "20000" });
    const emitter = newEmitter();
    const [old, recent] = [40, 5].map((count) => Array.from({ length: count }, looked)) as [Span[], Span[]];
    const audits = Array.from({ length: 5 }, changed);
    for (const span of [...audits, ...old, ...recent]) await put("gcp", emitter.message("gcp", [span]));
    // Both at once are what one transaction made of it.
    await until(async () => {
      const { dropped, bytes } = await backlog("gcp");
      return dropped > 0 && bytes <= 20_000;
    }, "the spool to be bounded");
    collectors.answer = () => 200;
    await until(async () => (await backlog("gcp")).spooled === 0, "the rest to be delivered", 60_000);

    const there = idsAt("gcp");
    for (const { context } of [...audits, ...recent]) expect(there.has(context.spanId)).toBe(true);
    const missing = old.map(({ context }) => there.has(context.spanId));
    expect(missing).toEqual(missing.toSorted((a, b) => Number(a) - Number(b)));
    const { dropped } = await backlog("gcp");
    const none = { spooled: 0, rejected: 0, dropped: 0 };
    const { gcp } = pathSums(
      { gcp: collectors.stored("gcp"), aws: [] },
      { gcp: { ...none, dropped }, aws: none },
      { fromMs: 0, nowMs: Date.now() },
    );
    expect(gcp).toMatchObject({ emitted: 50, stored: 50 - dropped, dropped: { "spool-full": dropped }, underWay: 0, missing: 0 });
    expect(await backlog("aws")).toMatchObject({ dropped: 0 });
  });

  test("what one instance is at, another leaves alone, and goes on with the rest", async () => {
    const requests: string[] = [];
    const held = Promise.withResolvers<void>();
    collectors.answer = async (_, spans) => {
      requests.push(...spans.map(({ spanId }) => spanId));
      if (requests.length === spans.length) await held.promise;
      return 200;
    };
    await start();
    const second = await region.serve(collectors.environment, spool);
    try {
      const emitter = newEmitter();
      const [first, next] = [looked(), looked()];
      await put("gcp", emitter.message("gcp", [first]));
      await until(() => requests.length > 0, "one instance to be at the first");
      await put("gcp", emitter.message("gcp", [next]), second);
      await until(() => idsAt("gcp").has(next.context.spanId), "the other to deliver the next");
      held.resolve();
      await until(async () => (await backlog("gcp")).spooled === 0, "both to be stored");
      expect(requests).toEqual([first.context.spanId, next.context.spanId]);
    } finally {
      held.resolve();
      await second.stop("SIGKILL");
    }
  });

  test("the door says 503 while there is no database, and goes on when it is back", async () => {
    await start();
    const message = newEmitter().message("gcp", [looked()]);
    await region.postgres.stop("SIGKILL");
    try {
      expect((await send("gcp", message)).status).toBe(503);
    } finally {
      await region.postgres.start();
    }
    await until(async () => (await send("gcp", message)).status === 202, "the database to be used again");
  });
});
