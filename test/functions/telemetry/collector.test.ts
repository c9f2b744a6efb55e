// The collector as it ships keeps its one promise: what it answers 200 to can be read back from the bucket.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deliver } from "../../../functions/shared/telemetry/delivery.ts";
import type { Path } from "../../../functions/shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../../functions/shared/telemetry/otlp.ts";
import { issueSenderToken } from "../../../functions/shared/telemetry/sender-token.ts";
import { largestRequestBytes } from "../../../functions/telemetry/collector-config.ts";
import { collectorCounts, type OtlpMetrics } from "../../../functions/telemetry/collector-counts.ts";
import { type MetadataServer, startMetadataServer } from "../../../sandbox/runtimes/metadata-server.ts";
import type { IssuedCredentials } from "../../../sandbox/runtimes/s3/credentials.ts";
import { sign } from "../../../sandbox/runtimes/s3/sigv4.ts";
import { Account } from "../../sandbox/aws/fixture.ts";
import { project, World } from "../../sandbox/gcp/world.ts";
import { until } from "../../until.ts";
import { newKeyPair } from "../keys.ts";
import { audience, type RunningCollector, region, startCollector, traceOf } from "./collector.ts";

/** A request to AWS with these credentials. */
function signed(url: string, body: string, issued: IssuedCredentials): Request {
  const headers = new Headers({ "x-amz-security-token": issued.Token });
  const payload = createHash("sha256").update(body).digest("hex");
  const credentials = { accessKeyId: issued.AccessKeyId, secret: issued.SecretAccessKey, region: "eu-central-1", service: "xray" };
  sign({ method: "POST", url: new URL(url), headers, payload }, credentials);
  return new Request(url, { method: "POST", headers, body });
}

/** One cloud's end of the path: where the collector stores, and how a test looks at it and takes it away. */
interface Sink {
  readonly collector: RunningCollector;
  /** Names of all objects whose names begin so. */
  names(prefix: "traces/" | "metrics/"): Promise<string[]>;
  read(name: string): Promise<unknown>;
  /** Nobody answers at the bucket's address until what is returned is called. */
  cut(): () => void;
  /** Spans of a trace in the cloud's own store. */
  own(traceId: string): Promise<unknown[]>;
  end(): Promise<void>;
}

async function googleSink(): Promise<Sink> {
  const world = await World.start("storage", "telemetry", "cloudtrace");
  await world.create("storage/bucket:Bucket", "archive", {
    name: "brand-archive",
    location: "europe-west3",
    uniformBucketLevelAccess: true,
  });
  const { email, member } = await world.account("collector");
  await world.create("storage/bucketIAMMember:BucketIAMMember", "creator", {
    bucket: "brand-archive",
    role: "roles/storage.objectCreator",
    member,
  });
  await world.grant(member, "roles/telemetry.tracesWriter");
  await world.grant(member, "roles/serviceusage.serviceUsageConsumer");
  const metadata: MetadataServer = await startMetadataServer({
    email,
    projectId: project,
    projectNumber: "1",
    region: "europe-west3",
    scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    accessToken: () => ({ token: world.cloud.issueToken(member), expiresInSeconds: 3600 }),
    idToken: () => undefined,
  });
  const collector = await startCollector("gcp", world.internet, {
    GCE_METADATA_HOST: metadata.host,
    GOOGLE_CLOUD_PROJECT: project,
    ARCHIVE_BUCKET: "brand-archive",
  });
  const get = (path: string) => world.call(world.cloud.owner, "GET", `https://storage.googleapis.com/storage/v1/b/brand-archive/o${path}`);
  return {
    collector,
    async names(prefix) {
      const { body } = await get(`?prefix=${prefix}`);
      return ((body.items ?? []) as { name: string }[]).map(({ name }) => name);
    },
    read: async (name) => (await get(`/${encodeURIComponent(name)}?alt=media`)).body,
    cut() {
      const handler = world.internet.resolve("storage.googleapis.com");
      const restore = world.internet.register("storage.googleapis.com", () => new Response("cut off\n", { status: 503 }));
      return () => {
        restore();
        if (handler) world.internet.register("storage.googleapis.com", handler);
      };
    },
    async own(traceId) {
      const { body } = await world.call(
        world.cloud.owner,
        "GET",
        `https://cloudtrace.googleapis.com/v1/projects/${project}/traces/${traceId}`,
      );
      return (body.spans ?? []) as unknown[];
    },
    async end() {
      await collector[Symbol.asyncDispose]();
      await metadata.close();
      await world.end();
    },
  };
}

async function awsSink(): Promise<Sink> {
  const account = new Account("eu-central-1");
  await account.start();
  await account.create("s3/bucket:Bucket", { bucket: "brand-archive" });
  const groups = ["aws/spans", "/aws/application-signals/data"].map((group) => `arn:aws:logs:*:*:log-group:${group}:*`);
  const leave = { Effect: "Allow", Principal: { Service: "xray.amazonaws.com" }, Action: "logs:PutLogEvents", Resource: groups };
  await account.create("cloudwatch/logResourcePolicy:LogResourcePolicy", {
    policyName: "spans",
    policyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [leave] }),
  });
  await account.create("xray/traceSegmentDestination:TraceSegmentDestination", { destination: "CloudWatchLogs" });
  const issued = account.aws.issueCredentials(account.aws.deployer);
  const collector = await startCollector("aws", account.ground.internet, {
    AWS_ACCESS_KEY_ID: issued.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: issued.SecretAccessKey,
    AWS_SESSION_TOKEN: issued.Token,
    AWS_REGION: "eu-central-1",
    ARCHIVE_BUCKET: "brand-archive",
  });
  const client = account.client("eu-central-1", account.aws.deployer);
  const host = "brand-archive.s3.eu-central-1.amazonaws.com";
  return {
    collector,
    async names(prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "brand-archive", Prefix: prefix }));
      return Contents.map(({ Key }) => String(Key));
    },
    async read(name) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "brand-archive", Key: name }));
      return JSON.parse((await Body?.transformToString()) ?? "");
    },
    cut: () => account.ground.internet.register(host, () => new Response("cut off\n", { status: 503 })),
    async own(traceId) {
      const url = "https://xray.eu-central-1.amazonaws.com/Traces";
      const body = JSON.stringify({ TraceIds: [`1-${traceId.slice(0, 8)}-${traceId.slice(8)}`] });
      const answer = await account.ground.internet.fetch(signed(url, body, account.aws.issueCredentials(account.aws.deployer)));
      const { Traces = [] } = (await answer.json()) as { Traces?: { Segments: unknown[] }[] };
      return Traces.flatMap(({ Segments }) => Segments);
    },
    async end() {
      await collector[Symbol.asyncDispose]();
      client.destroy();
      await account.purge();
    },
  };
}

describe.each([
  ["gcp", googleSink],
  ["aws", awsSink],
] as [Path, () => Promise<Sink>][])("the collector of path %s", (path, start) => {
  let sink: Sink;
  beforeAll(async () => {
    sink = await start();
  });
  afterAll(() => sink?.end());

  const token = (issuedAt = new Date(), key = sink.collector.edgeKey, to = audience(path)) =>
    issueSenderToken(key.privatePem, "edge", region, to, issuedAt);

  async function send(body: unknown, bearer?: string, type = "application/json", more: Record<string, string> = {}): Promise<Response> {
    return fetch(`${sink.collector.url}/v1/traces`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer ?? (await token())}`, "content-type": type, ...more },
      body: typeof body === "string" ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
    });
  }

  /** Every stored span, whatever object it is in. An object never changes, so each is read once. */
  const objects = new Map<string, OtlpTraces>();
  async function stored() {
    for (const name of await sink.names("traces/")) if (!objects.has(name)) objects.set(name, (await sink.read(name)) as OtlpTraces);
    return [...objects.values()].flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource })))),
    );
  }
  /** A span that lies in two objects is one span, as for every reader. */
  const storedOf = async (traceId: string) => {
    const found = (await stored()).filter((span) => span.traceId === traceId);
    return [...new Map(found.map((span) => [span.spanId, span])).values()];
  };

  it("answers 200, and the span can be read back from the bucket at once", async () => {
    const { traceId, body } = traceOf();
    const response = await send(body);
    expect(response.status, sink.collector.log()).toBe(200);
    expect(await storedOf(traceId)).toMatchObject([{ name: "GET /v1/experience/{slot}" }]);
  });

  it("takes a span of a service, which signs with another key", async () => {
    const { traceId, body } = traceOf();
    const bearer = await issueSenderToken(sink.collector.servicesKey.privatePem, "services", region, audience(path));
    expect((await send(body, bearer)).status).toBe(200);
    expect(await storedOf(traceId)).toHaveLength(1);
  });

  it("takes a batch that is sent twice, and a reader sees it once", async () => {
    const { traceId, body } = traceOf();
    expect([(await send(body)).status, (await send(body)).status]).toEqual([200, 200]);
    expect(await storedOf(traceId)).toHaveLength(1);
  });

  it("does not answer 200 while the bucket cannot be reached, and takes the same batch afterwards", async () => {
    const { traceId, body } = traceOf();
    const heal = sink.cut();
    const refused = await send(body).finally(heal);
    expect(refused.status).toBe(503);
    expect(await storedOf(traceId)).toEqual([]);
    expect((await send(body)).status).toBe(200);
    expect(await storedOf(traceId)).toHaveLength(1);
  });

  it.each([
    ["cut off", '{"resourceSpans":[{"resource"'],
    ["no OTLP", '{"resourceSpans":"none"}'],
    ["with a trace id of five digits", JSON.stringify(traceOf({ span: { traceId: "12345" } }).body)],
  ])("answers 400 to JSON that is %s", async (_what, body) => {
    expect((await send(body)).status).toBe(400);
  });

  it.each([
    ["cut off", Buffer.from("0a05", "hex")],
    ["no message at all", Buffer.from("ffffffffffffffff", "hex")],
    ["JSON by another name", Buffer.from(JSON.stringify(traceOf().body))],
  ])("answers 400 to protobuf that is %s, and stores nothing of it", async (_what, body) => {
    const before = (await sink.names("traces/")).length;
    expect((await send(body, undefined, "application/x-protobuf")).status).toBe(400);
    expect(await sink.names("traces/")).toHaveLength(before);
  });

  it.each(["text/plain", "application/xml", ""])("answers 415 to the content type %j", async (type) => {
    expect((await send(traceOf().body, undefined, type)).status).toBe(415);
  });

  it("answers 400 to a body that says it is packed and is not", async () => {
    expect((await send(traceOf().body, undefined, "application/json", { "content-encoding": "gzip" })).status).toBe(400);
  });

  it("answers 413 to a small body that is too large once it is unpacked, and lives", async () => {
    const filler = { key: "http.route", value: { stringValue: "/".padEnd(10 * largestRequestBytes, "a") } };
    const packed = gzipSync(JSON.stringify(traceOf({ attributes: [filler] }).body));
    expect(packed.length).toBeLessThan(largestRequestBytes);
    expect((await send(packed, undefined, "application/json", { "content-encoding": "gzip" })).status).toBe(413);
    expect((await send(traceOf().body)).status).toBe(200);
  });

  it("answers 413 to a body that is too large, and stores nothing of it", async () => {
    const before = (await sink.names("traces/")).length;
    const filler = { key: "http.route", value: { stringValue: "/".padEnd(largestRequestBytes, "a") } };
    expect((await send(traceOf({ attributes: [filler] }).body)).status).toBe(413);
    expect(await sink.names("traces/")).toHaveLength(before);
  });

  it.each([
    ["none", async () => ""],
    ["one that is over", async () => token(new Date(Date.now() - 120_000))],
    ["one for another collector", async () => token(new Date(), sink.collector.edgeKey, "https://telemetry-xxx-eu.brand.example")],
    ["one signed with a key that nobody knows", async () => token(new Date(), newKeyPair())],
    ["one without a signature", async () => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${(await token()).split(".")[1]}.`],
  ])("answers 401 to a token that is %s", async (_what, make) => {
    const { traceId, body } = traceOf();
    expect((await send(body, (await make()) || " ")).status).toBe(401);
    expect(await storedOf(traceId)).toEqual([]);
  });

  it("refuses a sender whose clock is five minutes late, who keeps what it has until its clock is right", async () => {
    const { traceId, body } = traceOf();
    const late = { origin: sink.collector.url, token: () => token(new Date(Date.now() - 300_000)) };
    expect(await deliver(late, [body as unknown as OtlpTraces])).toMatchObject({
      verdicts: ["later"],
      reason: expect.stringMatching(/^401/),
    });
    expect(await storedOf(traceId)).toEqual([]);
    expect(await deliver({ ...late, token }, [body as unknown as OtlpTraces])).toEqual({ verdicts: ["stored"] });
    expect(await storedOf(traceId)).toHaveLength(1);
  });

  it("takes what a sender says whose clock is five minutes ahead", async () => {
    const { traceId, body } = traceOf();
    expect((await send(body, await token(new Date(Date.now() + 300_000)))).status).toBe(200);
    expect(await storedOf(traceId)).toHaveLength(1);
  });

  it.each([
    ["five minutes ago", -300_000],
    ["in five minutes", 300_000],
  ])("keeps the time of a span that began %s, as its sender says it", async (_when, skewMs) => {
    const began = `${Date.now() + skewMs}000000`;
    const { traceId, body } = traceOf({ span: { startTimeUnixNano: began, endTimeUnixNano: began } });
    expect((await send(body)).status).toBe(200);
    expect(await storedOf(traceId)).toMatchObject([{ startTimeUnixNano: began }]);
  });

  it("keeps nothing that the schema does not name", async () => {
    const { traceId, body } = traceOf({
      span: {
        name: "GET /v1/subjects/eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE?secret=1",
        status: { code: 2, message: "mail ann@brand.example" },
        traceState: "vendor=ann",
        events: [{ name: "exception", timeUnixNano: "1", attributes: [{ key: "exception.message", value: { stringValue: "ann" } }] }],
      },
      attributes: [
        { key: "url.full", value: { stringValue: "https://eu.brand.example/?email=ann@brand.example" } },
        { key: "enduser.id", value: { stringValue: "ann" } },
        { key: "client.address", value: { stringValue: "192.0.2.7" } },
        { key: "http.request.method", value: { stringValue: "GET" } },
      ],
      resource: [{ key: "host.name", value: { stringValue: "ann-laptop" } }],
    });
    expect((await send(body)).status).toBe(200);
    const [span] = await storedOf(traceId);
    expect(JSON.stringify(span)).not.toMatch(/ann|192\.0\.2|7Q2M4T9V|secret|email|exception/);
    expect(span).toMatchObject({ name: "other", status: { code: 2 } });
    expect(span?.attributes.map(({ key }) => key).sort()).toEqual(["bailiwick.sequence", "http.request.method"]);
  });

  it.each([
    ["an e-mail address", "ann@brand.example"],
    ["an address of the network", "192.0.2.7"],
    ["a subject", "eu_7Q2M4T9V0C3XK8N5B1HWJ6RSDE"],
    ["a token", "eyJhbGciOiJFZERTQSJ9.e30."],
  ])("masks %s in an attribute that may be", async (_what, value) => {
    const { traceId, body } = traceOf({ attributes: [{ key: "error.type", value: { stringValue: value } }] });
    expect((await send(body)).status).toBe(200);
    expect(JSON.stringify(await storedOf(traceId))).not.toContain(value);
  });

  it("brings the span to the cloud's own store as well", async () => {
    const { traceId, body } = traceOf();
    expect((await send(body)).status).toBe(200);
    await until(async () => (await sink.own(traceId)).length === 1, "the span in the cloud's own store");
  });

  it("says what it got, stored, sent back and rejected, and names nobody who sent it", async () => {
    /** What it has said so far. */
    const told = async () => {
      const tellings = await Promise.all((await sink.names("metrics/")).map((name) => sink.read(name)));
      return { counts: collectorCounts(tellings as OtlpMetrics[], 0), text: JSON.stringify(tellings) };
    };
    /** What it has said once it has said something that it counted after now. */
    const toldNext = async () => {
      const now = Date.now();
      await until(async () => ((await told()).counts.toldAtMs ?? 0) > now, "the collector to tell what it has counted");
      return told();
    };
    const { counts: before } = await toldNext();
    expect((await send(traceOf().body)).status).toBe(200);
    expect((await send("{")).status).toBe(400);
    expect((await send(traceOf().body, "nobody")).status).toBe(401);
    const heal = sink.cut();
    expect((await send(traceOf().body).finally(heal)).status).toBe(503);
    const { counts, text } = await toldNext();
    expect(counts).toMatchObject({
      received: before.received + 2,
      stored: before.stored + 1,
      sentBack: before.sentBack + 1,
      rejected: { 400: (before.rejected[400] ?? 0) + 1, 401: (before.rejected[401] ?? 0) + 1 },
    });
    expect(text).not.toMatch(/127\.0\.0\.1|client|server\.address/);
  });

  // The last: it is gone then.
  it("ends without an error when it is asked to", async () => {
    await sink.collector.process.stop(10_000);
    expect(await sink.collector.process.exited).toEqual({ code: 0, signal: null });
  });
});
