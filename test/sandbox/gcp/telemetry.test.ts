import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project, World } from "./world.ts";

let world: World;
let writer: Awaited<ReturnType<World["account"]>>;
beforeAll(async () => {
  world = await World.start("telemetry");
  writer = await world.account("writer");
});
afterAll(() => world.end());

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const body = (resource: object[] = [{ key: "gcp.project_id", value: { stringValue: project } }], change: object = {}) => ({
  resourceSpans: [
    {
      resource: { attributes: resource },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId: "00f067aa0ba902b7",
              name: "work",
              kind: 2,
              startTimeUnixNano: "1700000000000000001",
              endTimeUnixNano: "1700000000500000000",
              attributes: [{ key: "colour", value: { stringValue: "red" } }],
              ...change,
            },
          ],
        },
      ],
    },
  ],
});

async function send(content: unknown, headers: Record<string, string> = {}) {
  const response = await world.fetch("https://telemetry.googleapis.com/v1/traces", {
    method: "POST",
    headers: { authorization: `Bearer ${world.cloud.issueToken(writer.member)}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(content),
  });
  return { status: response.status, text: await response.text() };
}

describe("a span sent to Google Cloud", () => {
  it("is refused until its sender may write traces, and refused again once the binding is gone", async () => {
    expect(await send(body())).toMatchObject({ status: 403, text: expect.stringContaining("telemetry.traces.write") });
    const binding = await world.grant(writer.member, "roles/telemetry.tracesWriter");
    expect((await send(body())).status).toBe(200);
    await binding.remove();
    expect((await send(body())).status).toBe(403);
  });

  describe("by one who may", () => {
    beforeAll(() => world.grant(writer.member, "roles/telemetry.tracesWriter"));

    it("is found by its trace in the project that its resource names", async () => {
      expect((await send(body())).status).toBe(200);
      const url = `https://cloudtrace.googleapis.com/v1/projects/${project}/traces/${traceId}`;
      const { body: trace } = await world.call(world.cloud.owner, "GET", url);
      expect(trace.spans).toEqual([
        {
          spanId: "67667974448284343",
          kind: "RPC_SERVER",
          name: "work",
          startTime: "2023-11-14T22:13:20.000000001Z",
          endTime: "2023-11-14T22:13:20.500000000Z",
          labels: { "gcp.project_id": project, colour: "red" },
        },
      ]);
      expect((await world.call(writer.member, "GET", url)).status).toBe(403);
    });

    it("is refused without a project, with a bad id, and beyond the limits", async () => {
      expect(await send(body([]))).toMatchObject({ status: 400, text: expect.stringContaining("gcp.project_id") });
      expect((await send(body(undefined, { traceId: "0".repeat(32) }))).status).toBe(400);
      const many = Array.from({ length: 1025 }, (_, i) => ({ key: `k${i}`, value: { intValue: "1" } }));
      expect(await send(body(undefined, { attributes: many }))).toMatchObject({ status: 400, text: expect.stringContaining("1025") });
    });

    it("is charged to a project only where its sender may use that project", async () => {
      const charged = { "x-goog-user-project": project };
      expect(await send(body(), charged)).toMatchObject({ status: 403, text: expect.stringContaining("serviceUsageConsumer") });
      await world.grant(writer.member, "roles/serviceusage.serviceUsageConsumer");
      expect((await send(body(), charged)).status).toBe(200);
    });

    it("outlives a restart", async () => {
      expect((await send(body())).status).toBe(200);
      await world.stop();
      await world.start();
      const { status } = await world.call(
        world.cloud.owner,
        "GET",
        `https://cloudtrace.googleapis.com/v1/projects/${project}/traces/${traceId}`,
      );
      expect(status).toBe(200);
    });
  });

  it("of a project that has not enabled the API is refused", async () => {
    const other = await world.grant(writer.member, "roles/telemetry.writer");
    expect(await send(body([{ key: "gcp.project_id", value: { stringValue: "other" } }]))).toMatchObject({
      status: 403,
      text: expect.stringContaining("Telemetry API has not been used in project other"),
    });
    await other.remove();
  });
});
