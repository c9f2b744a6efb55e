// What the preference service tells of itself: spans of requests, of its database and of deliveries, through its own telemetry outbox.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Path, paths } from "../../../../functions/shared/telemetry/emitter.ts";
import { allowedAttributes } from "../../../../functions/shared/telemetry/schema.ts";
import { randomHex, traceparent } from "../../../../functions/shared/telemetry/trace-context.ts";
import { traceOf } from "../../../../functions/telemetry/accounting.ts";
import { type PathSum, pathSums } from "../../../../functions/telemetry/path-sums.ts";
import { until } from "../../../until.ts";
import { Collectors } from "../collectors.ts";
import { type Region, startRegion } from "../region.ts";
import type { Service } from "../service.ts";

let region: Region;
let collectors: Collectors;
let service: Service;
/** Where every span is that the path's archive has heard of. */
function sumOf(path: Path): PathSum {
  const none = { spooled: 0, rejected: 0, dropped: 0 };
  const stored = { gcp: [], aws: [], [path]: collectors.stored(path) };
  return pathSums(stored, { gcp: none, aws: none }, { fromMs: 0, nowMs: Date.now() })[path];
}

beforeAll(async () => {
  region = await startRegion({ identityToken });
  collectors = await Collectors.start();
  service = await region.serve(collectors.environment);
});
afterAll(async () => {
  await region?.[Symbol.asyncDispose]();
  await collectors?.[Symbol.asyncDispose]();
});

/** As much of an ID token as the service itself looks at. */
const identityToken = async () => `e30.${Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + 3600 })).toString("base64url")}.`;
const caller = () => ({ traceId: randomHex(16), spanId: randomHex(8) });
const traceAt = (path: "gcp" | "aws", traceId: string) => traceOf(collectors.stored(path), traceId);

test("a request is a child of its caller's span and the database's work is a child of the request, on both paths", async () => {
  const person = await service.person();
  const edge = caller();
  expect((await person.read({ traceparent: traceparent(edge) })).status).toBe(200);
  await until(() => paths.every((path) => traceAt(path, edge.traceId).length === 2), "both spans on both paths");
  for (const path of paths) {
    const spans = traceAt(path, edge.traceId);
    const request = spans.find(({ kind }) => kind === 2);
    const work = spans.find(({ kind }) => kind === 3);
    expect(request).toMatchObject({
      parentSpanId: edge.spanId,
      name: "GET /v1/subjects/{sid}/preferences",
      values: { "service.name": "preferences", "http.response.status_code": 200, "bailiwick.region": "eu" },
    });
    expect(work).toMatchObject({ parentSpanId: request?.spanId, name: "postgresql.query", values: { "db.operation.name": "query" } });
  }
});

test("a change that was made is of the class audit and committed before it is answered; what was refused, or only looked at, is bulk", async () => {
  const person = await service.person();
  const [made, refused] = [caller(), caller()];
  expect((await person.say({ analytics: "denied" }, { traceparent: traceparent(made) })).status).toBe(200);
  // Whatever happens to the service now.
  await service.stop("SIGKILL");
  service = await region.serve(collectors.environment, service);
  expect((await person.at(service).say({ analytics: "granted" }, { traceparent: traceparent(refused) })).status).toBe(428);
  await until(() => [made, refused].every(({ traceId }) => traceAt("gcp", traceId).some(({ kind }) => kind === 2)), "both requests");
  const classOf = (traceId: string) => traceAt("gcp", traceId).find(({ kind }) => kind === 2)?.values["bailiwick.class"];
  expect(classOf(made.traceId)).toBe("audit");
  expect(classOf(refused.traceId)).toBeUndefined();
});

test("nothing of a person is in what is told, and nothing that the schema does not name", async () => {
  const person = await service.person();
  const edge = caller();
  await person.say({ analytics: "denied" }, { traceparent: traceparent(edge) });
  await until(() => traceAt("gcp", edge.traceId).length > 0, "the trace");
  const told = JSON.stringify(collectors.stored("gcp"));
  for (const secret of [person.subject, person.token, "analytics", "denied"]) expect(told).not.toContain(secret);
  const keys = collectors.stored("gcp").flatMap(({ values }) => Object.keys(values));
  expect(keys.filter((key) => !allowedAttributes.includes(key))).toEqual([]);
});

test("looking for work and being asked for its health tell nothing, and no number is missing", async () => {
  const before = collectors.stored("gcp").length;
  for (let i = 0; i < 5; i++) await service.request("/health", { scope: "none" });
  const last = caller();
  await service.request("/v1/nothing", { headers: { traceparent: traceparent(last) } });
  await until(() => traceAt("gcp", last.traceId).length === 1, "the last span");
  expect(collectors.stored("gcp").length).toBe(before + 1);
  expect(sumOf("gcp")).toMatchObject({ dropped: {}, underWay: 0, missing: 0 });
});

test("requests are answered while telemetry cannot be written, and it is written afterwards", async () => {
  const person = await service.person();
  const edge = caller();
  await using other = await region.postgres.connect();
  await other.client.query("BEGIN; LOCK TABLE preferences.telemetry_outbox IN ACCESS EXCLUSIVE MODE");
  const quick = async (request: () => Promise<Response>) => {
    const startMs = Date.now();
    expect((await request()).status).toBe(200);
    // Far less than a statement may take (5 s).
    expect(Date.now() - startMs).toBeLessThan(2000);
  };
  await quick(() => person.say({ analytics: "denied" }, { traceparent: traceparent(edge) }));
  const given = () => service.output.split("Telemetry could not be read.").length - 1;
  const before = given();
  const blocked = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  await until(async () => {
    await quick(() => person.read());
    const { length } = await region.postgres.admin(blocked);
    // Once a statement is given up its connection is replaced.
    if (given() === before) expect(length).toBeLessThanOrEqual(2);
    return given() > before;
  }, "telemetry to have waited in vain");
  await other.client.query("ROLLBACK");
  await until(() => traceAt("aws", edge.traceId).some(({ kind }) => kind === 2), "the span of the change");
  await until(() => sumOf("aws").underWay + sumOf("aws").missing === 0, "every other span");
});

describe("where the edge keeps state", () => {
  test("the delivery of a change is a child of the request that made it", async () => {
    const subjects = createServer((request, response) => request.resume().on("end", () => response.writeHead(200).end("{}")));
    await new Promise<void>((resolve) => subjects.listen(0, "127.0.0.1", resolve));
    try {
      const own = await region.serve({
        ...collectors.environment,
        SUBJECTS_URL: `http://127.0.0.1:${(subjects.address() as AddressInfo).port}`,
      });
      const person = await own.person();
      const edge = caller();
      expect((await person.say({ analytics: "denied" }, { traceparent: traceparent(edge) })).status).toBe(200);
      await until(() => traceAt("gcp", edge.traceId).some(({ name }) => name === "consent.deliver"), "the delivery");
      const spans = traceAt("gcp", edge.traceId);
      const request = spans.find(({ kind }) => kind === 2);
      const delivery = spans.find(({ name }) => name === "consent.deliver");
      expect(delivery).toMatchObject({ parentSpanId: request?.spanId, kind: 3 });
      expect(delivery).not.toHaveProperty("status");
    } finally {
      subjects.closeAllConnections();
      await new Promise((resolve) => subjects.close(resolve));
    }
  });
});
