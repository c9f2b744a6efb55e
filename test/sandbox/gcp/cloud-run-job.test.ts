import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const program = `
import { setTimeout as delay } from "node:timers/promises";
const { CLOUD_RUN_EXECUTION: execution, CLOUD_RUN_TASK_INDEX: index, CLOUD_RUN_TASK_COUNT: count, CLOUD_RUN_TASK_ATTEMPT: attempt, MODE: mode } = process.env;
console.log("execution", execution, "task", index, "of", count, "attempt", attempt);
if (mode === "fail") { console.error("relation \\"ledger\\" does not exist"); process.exit(4); }
if (mode === "second" && attempt === "0") process.exit(1);
if (mode === "hang") await delay(1e8);
console.log("done", execution, index);`;

let world: World;
let image: string;
let email: string;
beforeAll(async () => {
  world = await World.start("run");
  image = await world.push("job", program);
  ({ email } = await world.account("job-runner"));
});
afterAll(() => world.end());

const inputs = (
  name: string,
  mode: string,
  token: Properties = { runExecutionToken: "one" },
  task: Properties = {},
  more: Properties = {},
): Properties => ({
  name,
  location: region,
  deletionProtection: false,
  template: {
    template: { serviceAccount: email, maxRetries: 0, containers: [{ image, envs: [{ name: "MODE", value: mode }] }], ...task },
    ...more,
  },
  ...token,
});
const create = (...args: Parameters<typeof inputs>) => world.create("cloudrunv2/job:Job", args[0], inputs(...args));
const existing = (name: string) => world.existing("cloudrunv2/job:Job", `projects/${project}/locations/${region}/jobs/${name}`);
const times = (text: string) => world.logs().split(text).length - 1;

describe("runExecutionToken", () => {
  test("waits until the execution has completed", async () => {
    const job = await create("migrate", "ok");
    expect(job.state).toMatchObject({
      executionCount: 1,
      latestCreatedExecutions: [{ name: "migrate-one", completionTime: expect.stringMatching(/^2/) }],
    });
    expect(times("done migrate-one")).toBe(1);
  });

  test("fails with the last lines of the log; the job exists, and the next update executes it again", async () => {
    await expect(create("broken", "fail")).rejects.toThrow(/Execution broken-one failed.*code 4.*relation "ledger" does not exist/s);
    const mended = await existing("broken").update(inputs("broken", "ok", { runExecutionToken: "two" }));
    expect(mended.state).toMatchObject({ latestCreatedExecutions: [{ name: "broken-two" }] });
  });

  test("executes once for each token", async () => {
    const job = await create("once", "ok");
    const labelled = await job.update({ ...inputs("once", "ok"), labels: { a: "b" } });
    expect(times("done once-one")).toBe(1);
    await labelled.update(inputs("once", "ok", { runExecutionToken: "two" }));
    expect(times("done once-two")).toBe(1);
  });

  test("must change with the template", async () => {
    const job = await create("stale", "ok");
    await expect(job.update(inputs("stale", "second"))).rejects.toThrow("Execution 'stale-one' already exists");
  });

  test("excludes startExecutionToken", async () => {
    await expect(create("both", "ok", { runExecutionToken: "a", startExecutionToken: "b" })).rejects.toThrow(
      "conflicts with startExecutionToken",
    );
  });
});

test("startExecutionToken waits only until the execution has started", async () => {
  const job = await create("slow", "hang", { startExecutionToken: "one" });
  expect(job.state).toMatchObject({ latestCreatedExecutions: [{ name: "slow-one", completionTime: "" }] });
  await vi.waitFor(() => expect(world.cloud.parts()).toContainEqual(expect.objectContaining({ kind: "Cloud Run job" })), { timeout: 5000 });
  await job.remove();
  expect(world.cloud.parts().filter(({ kind }) => kind === "Cloud Run job")).toEqual([]);
});

test("a task is tried again as often as it may fail", async () => {
  await create("retried", "second", undefined, { maxRetries: 1 });
  expect(times("execution retried-one task 0 of 1 attempt 1")).toBe(1);
  await expect(create("tried", "second", undefined, { maxRetries: 0 })).rejects.toThrow("Execution tried-one failed");
});

test("every task runs, under its own index", async () => {
  await create("many", "ok", undefined, {}, { taskCount: 3, parallelism: 2 });
  expect([0, 1, 2].map((index) => times(`done many-one ${index}`))).toEqual([1, 1, 1]);
});

test("a task that takes longer than its timeout has failed", async () => {
  await expect(create("late", "hang", undefined, { timeout: "1s" })).rejects.toThrow("did not end within its timeout of 1 s");
});

test("without a token nothing is executed", async () => {
  const job = await create("idle", "fail", {});
  expect(job.state.executionCount).toBe(0);
});

describe("the Admin API", () => {
  const api = (method: string, path: string) =>
    world.call(world.cloud.owner, method, `https://run.googleapis.com/v2/projects/${project}/locations/${region}/jobs/${path}`);
  const stateOf = async (execution: string) => {
    const { body } = await api("GET", execution);
    return (body.conditions as { type: string; state: string }[]).find(({ type }) => type === "Completed")?.state;
  };
  const nameOf = ({ body }: { body: Record<string, unknown> }) => String((body.metadata as Properties).name).replace(/^.*\/jobs\//, "");

  test("executes a job, and says how an execution went: a process that is killed has failed, the next is another", async () => {
    await create("swept", "ok", {});
    const first = nameOf(await api("POST", "swept:run"));
    await expect.poll(() => stateOf(first), { timeout: 20_000 }).toBe("CONDITION_SUCCEEDED");
    await existing("swept").update(inputs("swept", "hang", {}));
    const killed = nameOf(await api("POST", "swept:run"));
    const process_ = () => world.cloud.parts().find(({ kind, name }) => kind === "Cloud Run job" && name.startsWith("swept/"));
    await expect.poll(process_, { timeout: 20_000 }).toMatchObject({ state: "running" });
    expect(await stateOf(killed)).toBe("CONDITION_RECONCILING");
    process.kill(process_()?.pid as number, "SIGKILL");
    await expect.poll(() => stateOf(killed), { timeout: 20_000 }).toBe("CONDITION_FAILED");
    expect((await api("GET", "swept/executions/swept-never")).status).toBe(404);
  });
});
