// What goes wrong on a machine, done to a deployed platform on purpose: a clear word, nothing lost, and the next command goes on.
// One platform for all, each test leaves it deployed.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../alive.ts";
import { Platform, type Started } from "../platform.ts";
import { until } from "../until.ts";
import { Visitor } from "../visitor.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.deployed("without us");
  await platform.succeed("up", "global");
});
afterAll(() => platform?.[Symbol.asyncDispose]());

interface Part {
  readonly cloud: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly pid?: number;
}

const parts = async () => (JSON.parse((await platform.succeed("status", "--json")).stdout) as { parts: Part[] }).parts;
const sandboxFile = () => join(platform.dir, ".sandbox", "sandbox.json");
const sandboxPid = () => (JSON.parse(readFileSync(sandboxFile(), "utf8")) as { pid: number }).pid;
const lockDir = (stack: string) => join(platform.dir, ".sandbox", "backend", ".pulumi", "locks", "organization", "bailiwick", stack);
const stateFile = (stack: string) => join(platform.dir, ".sandbox", "backend", ".pulumi", "stacks", "bailiwick", `${stack}.json`);

async function partOf(kind: string, name: string): Promise<Part & { pid: number }> {
  const found = (await parts()).find(
    (part) => part.kind === kind && `${part.name} ${part.detail}`.includes(name) && part.pid !== undefined,
  );
  if (!found) throw new Error(`no ${kind} "${name}" runs`);
  return found as Part & { pid: number };
}

/** The Cloud Run process of a region's preference service. */
async function servicePid(region: string): Promise<number> {
  const services = (await parts()).filter(
    ({ kind, name, pid }) => kind === "Cloud Run service" && name.startsWith("preferences") && pid !== undefined,
  );
  const found = services.find(({ pid }) => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`REGION=${region}`));
  if (!found?.pid) throw new Error(`no preference service of ${region} runs`);
  return found.pid;
}

/** A change of the eu stack, a new revision of its services, so that an `up` has something to do for a while. */
function changeEu(generation: number): void {
  const file = join(platform.dir, "stacks/Pulumi.eu.yaml");
  const others = readFileSync(file, "utf8").replace(/ {2}bailiwick:instances:.*\n/, "");
  writeFileSync(file, `${others.trimEnd()}\n  bailiwick:instances: { max: ${30 + generation} }\n`);
}

test("a configuration with two wrong keys and a missing one says all three at once", async () => {
  const file = join(platform.dir, "stacks/Pulumi.eu.yaml");
  const whole = readFileSync(file, "utf8");
  try {
    writeFileSync(
      file,
      whole
        .replace("bailiwick:domain: brand.example", "bailiwick:lifecycle: eternal\n  bailiwick:jurisdictoin: eu")
        .replace(/bailiwick:aws:\n.*\n/, ""),
    );
    const ended = await platform.bailiwick(["up", "eu"]);
    expect(ended.code).toBe(1);
    for (const part of [
      "bailiwick:domain: is missing",
      '"eternal" is not allowed; expected one of durable, ephemeral',
      "bailiwick:jurisdictoin: there is no such key",
      "stacks/Pulumi.eu.yaml",
    ])
      expect(ended.stderr).toContain(part);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
  } finally {
    writeFileSync(file, whole);
  }
});

test("an unknown jurisdiction is named, with those that exist", async () => {
  const file = join(platform.dir, "stacks/Pulumi.eu.yaml");
  const whole = readFileSync(file, "utf8");
  try {
    writeFileSync(file, whole.replace("bailiwick:jurisdiction: eu", "bailiwick:jurisdiction: atlantis"));
    const ended = await platform.bailiwick(["preview", "eu"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('"atlantis" is not allowed; expected one of eu, us, sg');
  } finally {
    writeFileSync(file, whole);
  }
});

test("a stack that does not exist is named, with those that do", async () => {
  const ended = await platform.bailiwick(["up", "mars"]);
  expect(ended.code).toBe(64);
  expect(ended.stderr).toContain('There is no stack "mars". There are: global, apac, eu, us.');
});

test("a port in use is said, with how to choose another", async () => {
  await using second = await Platform.built();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = squatter.address() as AddressInfo;
    const ended = await second.bailiwick(["up", "global", "--port", String(port)]);
    expect(ended.code).toBe(69);
    expect(ended.stderr).toContain(`Port ${port} is in use`);
    expect(ended.stderr).toContain("--port");
  } finally {
    squatter.close();
  }
});

test("a pid file that a killed sandbox left behind stands in nobody's way", async () => {
  const visitor = await Visitor.create(platform, "eu");
  await visitor.change("granted");
  const stale = `${sandboxFile()}.kept`;
  copyFileSync(sandboxFile(), stale);
  process.kill(sandboxPid(), "SIGKILL");
  await until(() => !isAlive((JSON.parse(readFileSync(stale, "utf8")) as { pid: number }).pid), "the sandbox to be gone");
  // The recorded pid now belongs to a process that lives and is not the sandbox: this one.
  writeFileSync(sandboxFile(), JSON.stringify({ ...JSON.parse(readFileSync(stale, "utf8")), pid: process.pid }));
  await platform.succeed("up", "eu");
  expect(sandboxPid()).not.toBe(process.pid);
  expect(await visitor.preferences()).toMatchObject({ purposes: { personalisation: "granted" } });
});

test("the sandbox killed with -9 while it makes a region: the next up completes", async () => {
  const interrupted = platform.start(join(platform.dir, "bailiwick"), ["up", "us"]);
  await until(() => updatedSoFar("us") > 15, "a part of the region to be made", 120_000);
  process.kill(sandboxPid(), "SIGKILL");
  expect((await interrupted.ended).code).not.toBe(0);
  await platform.succeed("up", "us");
  await expectWhole("us");
});

test("the command line killed with -9 during an up: pulumi winds up, and the next up completes", async () => {
  changeEu(2);
  const killed = await upUntilItUpdates("eu");
  expect(locks("eu")).toHaveLength(1);
  killed.child.kill("SIGKILL");
  await killed.ended;
  await platform.succeed("up", "eu");
  await expectWhole("eu");
});

test("the command line and pulumi killed with -9 during an up: the next up says so and completes", async () => {
  changeEu(5);
  const killed = await upUntilItUpdates("eu");
  const { pulumi } = JSON.parse(readFileSync(runningFile("eu"), "utf8")) as { pulumi: number };
  for (const pid of [killed.child.pid as number, pulumi]) process.kill(pid, "SIGKILL");
  await killed.ended;
  expect(locks("eu")).toHaveLength(1);
  expect((await platform.succeed("up", "eu")).stderr).toContain(`released the lock on "eu" of process ${pulumi}, which is gone`);
  await expectWhole("eu");
});

test("Ctrl-C during an up ends in order, and the next up completes", async () => {
  changeEu(3);
  const interrupted = await upUntilItUpdates("eu");
  // As a terminal does it: to the command line and to Pulumi.
  process.kill((JSON.parse(readFileSync(runningFile("eu"), "utf8")) as { pulumi: number }).pulumi, "SIGINT");
  interrupted.child.kill("SIGINT");
  const ended = await interrupted.ended;
  expect(ended.code).toBe(130);
  expect(ended.stderr).toContain("What was begun is in the state: ./bailiwick up goes on from there.");
  await platform.succeed("up", "eu");
  await expectWhole("eu");
});

test("two ups at once on one stack: the second says who holds it", async () => {
  changeEu(4);
  const first = platform.start(join(platform.dir, "bailiwick"), ["up", "eu"]);
  await until(() => pulumiRuns("eu"), "the first to hold the stack");
  await until(() => existsSync(lockDir("eu")), "the lock to be written");
  const second = await platform.bailiwick(["up", "eu"]);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/Stack "eu" is being changed by .+/);
  expect((await first.ended).code).toBe(0);
});

test("a state file that was cut off is restored from its backup, and that is said", async () => {
  truncateSync(stateFile("eu"), 1000);
  const ended = await platform.succeed("up", "eu");
  expect(ended.stderr).toContain('the state of "eu" was cut off: its backup is in place');
  await expectWhole("eu");
});

test("PostgreSQL killed under writes: the service recovers, and no acknowledged write is lost", async () => {
  const visitors = await Promise.all(Array.from({ length: 4 }, () => Visitor.create(platform, "eu")));
  const acknowledged: { subject: string; epoch: number }[] = [];
  let writing = true;
  const writers = visitors.map(async (visitor) => {
    for (let turn = 0; writing; turn++) {
      const state = turn % 2 === 0 ? "granted" : "withdrawn";
      const response = await visitor.tryChange(state, "eu").catch(() => undefined);
      if (response?.status === 200)
        acknowledged.push({ subject: visitor.subject, epoch: ((await response.json()) as { consentEpoch: number }).consentEpoch });
      else {
        if (response) expect(response.status).toBeGreaterThanOrEqual(500);
        await response?.body?.cancel();
      }
    }
  });
  await until(() => acknowledged.length > 40, "some writes to be acknowledged");
  process.kill((await partOf("Cloud SQL", "eu")).pid, "SIGKILL");
  const before = acknowledged.length;
  await until(() => acknowledged.length > before + 40, "the service to recover");
  writing = false;
  await Promise.all(writers);
  const list = visitors.map(({ subject }) => `'${subject}'`).join(", ");
  const { stdout } = await platform.succeed(
    "query",
    "eu",
    `SELECT s.id AS subject, l.epoch::int FROM consent_ledger l JOIN subject s USING (reference) WHERE s.id IN (${list})`,
    "--json",
  );
  const ledger = new Set((JSON.parse(stdout) as typeof acknowledged).map(({ subject, epoch }) => `${subject} ${epoch}`));
  // A change to what already holds is acknowledged with the epoch that said it first.
  expect(acknowledged.filter(({ subject, epoch }) => !ledger.has(`${subject} ${epoch}`))).toEqual([]);
});

test("the edge cut off from the governance plane gives the default within its time", async () => {
  const visitor = await Visitor.create(platform, "apac");
  await until(async () => {
    await visitor.change("granted");
    return (await visitor.hero()).reason === "granted";
  }, "the way to be warm");
  const pid = await servicePid("apac");
  process.kill(pid, "SIGSTOP");
  try {
    const begun = performance.now();
    expect(await visitor.hero()).toMatchObject({ variation: "default", reason: "unavailable" });
    // The edge's own budget is 200 ms; the rest is room for a busy machine.
    expect(performance.now() - begun).toBeLessThan(2000);
    // With its revision: the check gave up by itself, after 80 ms, before the budget of the whole decision was spent.
    await until(async () => {
      const hero = await visitor.hero();
      expect(hero).toMatchObject({ variation: "default", reason: "unavailable" });
      return hero.policyRevision !== null;
    }, "the check to give up within its own budget");
    const page = await platform.fetch("apac");
    expect(page.status).toBe(200);
    await page.body?.cancel();
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await until(async () => (await visitor.hero()).reason === "granted", "the region to be heard again");
});

// What the edge does when the Durable Object itself throws or is late stands in test/functions/edge/site.test.ts: here it shares a process with the site.
test("where the edge keeps consent, it goes on by it while cut off from the governance plane, and whoever changes it is told", async () => {
  const visitor = await Visitor.create(platform, "eu");
  await until(async () => {
    await visitor.change("granted");
    return (await visitor.hero()).reason === "granted";
  }, "the way to be warm");
  const pid = await servicePid("eu");
  process.kill(pid, "SIGSTOP");
  try {
    await until(async () => (await visitor.hero()).reason === "granted", "the edge to answer from what it holds");
    const change = await visitor.tryChange("withdrawn");
    expect(change.status).toBe(504);
    expect(change.headers.get("retry-after")).not.toBeNull();
    await change.body?.cancel();
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await until(async () => (await visitor.tryChange("withdrawn")).status === 200, "the region to be heard again");
  await until(async () => (await visitor.hero()).reason === "withdrawn", "the withdrawal to be enforced");
});

const runningFile = (stack: string) => join(platform.dir, ".sandbox", "running", `${stack}.json`);
const pulumiRuns = (stack: string) => existsSync(runningFile(stack));

/** Deployed, consistent and in use. */
async function expectWhole(stack: string): Promise<void> {
  const preview = await platform.pulumi(stack, ["preview", "--expect-no-changes"]);
  expect(preview.code, preview.stdout + preview.stderr).toBe(0);
  const response = await platform.fetch(stack);
  await response.body?.cancel();
  expect(response.status).toBe(200);
}

/** Beside each lock stand its attributes. */
const locks = (stack: string) => readdirSync(lockDir(stack)).filter((name) => name.endsWith(".json"));

/** An `up` that is past its preview and has begun to change the cloud. */
async function upUntilItUpdates(stack: string): Promise<Started> {
  // What an earlier one wrote would be taken for this one's.
  rmSync(eventLog(stack), { force: true });
  const started = platform.start(join(platform.dir, "bailiwick"), ["up", stack]);
  await until(() => updatedSoFar(stack) > 0, "the update to begin", 120_000);
  return started;
}

const eventLog = (stack: string) => join(platform.dir, ".sandbox", "logs", `${stack}-up.events.jsonl`);

/** Resources that the update, not the preview before it, has brought to an end. */
function updatedSoFar(stack: string): number {
  const log = eventLog(stack);
  const events = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
  return events.filter((line) => line.includes('"resOutputsEvent"') && !line.includes('"planning":true')).length;
}
