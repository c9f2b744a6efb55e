// Cloud Scheduler: a job calls its target when it is due, with a token of its account.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { until } from "../../until.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let world: World;
let account: Awaited<ReturnType<World["account"]>>;
const calls: { readonly url: string; readonly method: string; readonly headers: Headers; readonly body: string }[] = [];
let status = 200;
beforeAll(async () => {
  world = await World.start("run", "pubsub", "cloudscheduler");
  account = await world.account("clock-hand");
  world.internet.register("target.example", async (request) => {
    calls.push({ url: request.url, method: request.method, headers: request.headers, body: await request.text() });
    return new Response("", { status });
  });
});
afterAll(() => world?.end());

/** Never due while the tests run. */
const never = "0 0 29 2 *";
const job = (name: string, more: Properties): Promise<Deployed> =>
  world.create("cloudscheduler/job:Job", name, { name, region, schedule: never, ...more });
const run = (id: string) => world.call(world.cloud.owner, "POST", `https://cloudscheduler.googleapis.com/v1/${id}:run`);
const calledAt = (path: string) => calls.filter(({ url }) => url === `https://target.example${path}`);

describe("a job", () => {
  test("is run when its minute comes, by the real clock", async () => {
    const made = new Date();
    await job("minutely", { schedule: "* * * * *", httpTarget: { uri: "https://target.example/minutely", httpMethod: "GET" } });
    await until(() => calledAt("/minutely").length === 1, "the next minute", 65_000);
    expect(new Date().getMinutes()).toBe((made.getMinutes() + 1) % 60);
    expect(calledAt("/minutely")[0]).toMatchObject({ method: "GET" });
    expect(calledAt("/minutely")[0]?.headers.get("x-cloudscheduler-jobname")).toBe("minutely");
  });

  test("sends its body, and an ID token for what is not Google's", async () => {
    const { id } = await job("posts", {
      httpTarget: {
        uri: "https://target.example/posts",
        body: Buffer.from('{"a":1}').toString("base64"),
        headers: { "Content-Type": "application/json" },
        oidcToken: { serviceAccountEmail: account.email },
      },
    });
    expect((await run(id)).status).toBe(200);
    await until(() => calledAt("/posts").length === 1, "the call");
    const [call] = calledAt("/posts");
    expect(call).toMatchObject({ method: "POST", body: '{"a":1}' });
    const claims = JSON.parse(Buffer.from(call?.headers.get("authorization")?.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ aud: "https://target.example/posts", email: account.email });
  });

  test("is tried again as often as it says, and tells what came of it", async () => {
    status = 500;
    const { id } = await job("retries", {
      httpTarget: { uri: "https://target.example/retries" },
      retryConfig: { retryCount: 2, minBackoffDuration: "0s", maxBackoffDuration: "0s" },
    });
    await run(id);
    await until(() => calledAt("/retries").length === 3, "three attempts");
    status = 200;
    await until(async () => {
      const { body } = await world.call(world.cloud.owner, "GET", `https://cloudscheduler.googleapis.com/v1/${id}`);
      return (body.status as { message?: string } | undefined)?.message === "HTTP 500";
    }, "the last attempt's status");
    expect(calledAt("/retries")).toHaveLength(3);
  });

  test("may publish to a topic", async () => {
    const topic = await world.create("pubsub/topic:Topic", "ticks", { name: "ticks" });
    const reader = await world.create("pubsub/subscription:Subscription", "ticker", { name: "ticker", topic: topic.id });
    const { id } = await job("publishes", { pubsubTarget: { topicName: topic.id, data: Buffer.from("tick").toString("base64") } });
    await run(id);
    const { body } = await world.call(world.cloud.owner, "POST", `https://pubsub.googleapis.com/v1/${reader.id}:pull`, { maxMessages: 1 });
    expect(body.receivedMessages).toMatchObject([{ message: { data: Buffer.from("tick").toString("base64") } }]);
  });

  test("executes a Cloud Run job through Google's API, once its account may", async () => {
    const image = await world.push("task", 'console.log("task done");');
    const task = await world.create("cloudrunv2/job:Job", "task", {
      name: "task",
      location: region,
      template: { template: { serviceAccount: account.email, maxRetries: 0, containers: [{ image }] } },
    });
    const { id } = await job("starts", {
      httpTarget: {
        uri: `https://run.googleapis.com/v2/projects/${project}/locations/${region}/jobs/task:run`,
        oauthToken: { serviceAccountEmail: account.email },
      },
    });
    const last = async () => (await world.call(world.cloud.owner, "GET", `https://cloudscheduler.googleapis.com/v1/${id}`)).body;
    await run(id);
    await until(async () => (await last()).status !== undefined, "an attempt");
    expect((await last()).status).toMatchObject({ message: "HTTP 403" });
    const binding = { name: "task", location: region, role: "roles/run.invoker", member: account.member };
    await world.create("cloudrunv2/jobIamMember:JobIamMember", "invoker", binding);
    await run(id);
    await until(() => existsSync(join(world.folder, "logs")) && world.logs().includes("task done"), "the job's execution");
    expect(task.state.name).toBe("task");
  });

  test("that is paused or gone is not due", async () => {
    const inputs = { name: "rests", region, schedule: never, httpTarget: { uri: "https://target.example/rests" } };
    const rests = await job("rests", { httpTarget: inputs.httpTarget });
    const detail = () => world.cloud.parts().find(({ kind, name }) => kind === "Scheduler job" && name === "rests")?.detail;
    expect(detail()).toBe("next 2028-02-29T00:00:00.000Z");
    const paused = await rests.update({ ...inputs, paused: true });
    expect([paused.state.state, detail()]).toEqual(["PAUSED", "paused"]);
    await paused.remove();
    expect(detail()).toBeUndefined();
  });

  test.each<[string, Properties, string]>([
    ["no schedule", { schedule: "every 5 minutes", httpTarget: { uri: "https://target.example/" } }, "a schedule has five"],
    ["no zone", { timeZone: "Europe/Nowhere", httpTarget: { uri: "https://target.example/" } }, "is no name of the tz database"],
    ["no target", {}, "exactly one of httpTarget and pubsubTarget"],
    ["an impatient deadline", { attemptDeadline: "5s", httpTarget: { uri: "https://target.example/" } }, '"5s" is not from "15s"'],
    [
      "an access token for a stranger",
      { httpTarget: { uri: "https://target.example/", oauthToken: { serviceAccountEmail: "a@b.iam.gserviceaccount.com" } } },
      "goes to *.googleapis.com only",
    ],
    [
      "an account that is not there",
      { httpTarget: { uri: "https://target.example/", oidcToken: { serviceAccountEmail: `nobody@${project}.iam.gserviceaccount.com` } } },
      "does not exist in project",
    ],
  ])("with %s is refused", async (_what, inputs, why) => {
    await expect(job("refused", inputs)).rejects.toThrow(why);
  });
});
