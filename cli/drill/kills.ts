// Every runtime killed with -9 under load, again and again: it comes back by itself, and what was acknowledged is there.
import { setTimeout as delay } from "node:timers/promises";
import { stateResources } from "../pulumi/checkpoint.ts";
import { makeReady, requireReady } from "../ready.ts";
import { runningSandbox, sandboxStatus } from "../sandbox.ts";
import { CloudCalls } from "./cloud-calls.ts";
import { jobTarget, type KillTarget, killTargets, pidsOf, sandboxTarget, targetsOf } from "./kill-targets.ts";
import { type Promised, seconds } from "./promises.ts";
import { type DrilledRegion, drilledRegion } from "./region.ts";
import { consentChanges, events, objects, Writer } from "./writers.ts";

export interface KillDrill {
  readonly stack: string;
  readonly rounds: number;
  /** Names of what is killed; all that the region has, if undefined. */
  readonly targets: readonly string[] | undefined;
}

export interface KillFigures {
  readonly target: string;
  readonly what: string;
  /** Processes that were killed. */
  readonly killed: number;
  /** From each kill until all writers were acknowledged again, in milliseconds. */
  readonly recoveredMs: readonly number[];
  /** Acknowledged while this target was being killed, by kind. */
  readonly acknowledged: Readonly<Record<string, number>>;
  /** What of it is not there, each with why. */
  readonly lost: readonly string[];
  /** Why it did not come back, if it did not. */
  readonly trouble?: string;
}

export interface KillReport extends KillDrill {
  readonly figures: readonly KillFigures[];
  readonly promises: readonly Promised[];
}

const jobType = "gcp:cloudrunv2/job:Job";
/** A migration that has nothing to do takes half a second. */
const jobAttempts = 20;
const recoveryMs = 120_000;
/** What waits is tried again after two minutes at the latest, for it was tried some times only. */
const settleMs = 240_000;

type Step = (line?: string) => void;

/** @param step told what is done next, and often without a word: throws to end the drill */
export async function drillKills({ stack, rounds, targets: chosen }: KillDrill, step: Step): Promise<KillReport> {
  const region = drilledRegion(stack);
  const targets = chosen ?? (await targetsOf((await requireReady()).sandbox, stack));
  const figures: KillFigures[] = [];
  for (const name of targets) {
    const run = new Killing(region, step);
    figures.push(await run.of(name, rounds));
  }
  return { stack, rounds, targets, figures, promises: figures.map((each) => judge(each, rounds)) };
}

class Killing {
  readonly #region: DrilledRegion;
  readonly #step: Step;
  readonly #calls = new CloudCalls();
  #writers: Writer[] = [];

  constructor(region: DrilledRegion, step: Step) {
    this.#region = region;
    this.#step = step;
  }

  /** Under load of its own: what is lost is this target's doing. */
  async of(name: string, rounds: number): Promise<KillFigures> {
    const region = this.#region;
    const { sandbox } = await requireReady();
    const { port } = { port: sandbox.ports.gateway };
    const target = killTargets.find((each) => each.name === name);
    const { what } = target ?? (name === jobTarget.name ? jobTarget : sandboxTarget);
    const kinds = [
      await consentChanges(region, this.#calls, port),
      await consentChanges(region, this.#calls, port),
      objects(region, this.#calls, "gcp"),
      objects(region, this.#calls, "aws"),
      ...(region.telemetry.spools ? [events(region, this.#calls)] : []),
    ];
    this.#writers = kinds.map((kind) => new Writer(kind));
    const recoveredMs: number[] = [];
    let killed = 0;
    let trouble: string | undefined;
    let lost: string[] = [];
    try {
      for (let round = 1; round <= rounds; round++) {
        this.#step(`${name}: round ${round} of ${rounds} ...`);
        await this.#acknowledgedSince(Date.now());
        // Any moment of a write is as likely as any other.
        await delay(Math.random() * 200);
        const begun = performance.now();
        if (target) killed += await this.#kill(target);
        else if (name === jobTarget.name) killed += await this.#killJob();
        else killed += await this.#killSandbox(port);
        await this.#acknowledgedSince(Date.now());
        recoveredMs.push(performance.now() - begun);
      }
    } catch (error) {
      if (!(error instanceof NotRecovered)) throw error;
      trouble = error.message;
    } finally {
      await Promise.all(this.#writers.map((writer) => writer.stop()));
    }
    this.#step(`${name}: counting ...`);
    for (const end = Date.now() + settleMs; ; await delay(1000)) {
      this.#step();
      lost = (await Promise.all(this.#writers.map(missingOf))).flat();
      if (lost.length === 0 || Date.now() > end) break;
    }
    await Promise.all([...this.#writers.map((writer) => writer.close()), this.#calls.close()]);
    const acknowledged: Record<string, number> = {};
    for (const { kind, acknowledged: count } of this.#writers) acknowledged[kind] = (acknowledged[kind] ?? 0) + count;
    return { target: name, what, killed, recoveredMs, acknowledged, lost, ...(trouble === undefined ? {} : { trouble }) };
  }

  /** Every writer has had an answer to something that was sent after this time. */
  async #acknowledgedSince(ms: number): Promise<void> {
    await this.#until(
      () => this.#writers.every((writer) => writer.since(ms)),
      () => {
        const idle = this.#writers.filter((writer) => !writer.since(ms));
        return idle.map((writer) => `no ${writer.kind} are acknowledged: ${writer.trouble}`).join("; ");
      },
    );
  }

  async #kill(target: KillTarget): Promise<number> {
    const running = () => pidsOf(this.#calls.sandbox(), this.#region.stack, target);
    const pids = await running();
    if (pids.length === 0) throw new NotRecovered(`${target.name} does not run`);
    for (const pid of pids) kill(pid);
    // What comes back on demand comes back with the load.
    await this.#until(
      async () => {
        const now = await running();
        return now.length >= pids.length && !now.some((pid) => pids.includes(pid));
      },
      () => `${target.name} does not run again`,
    );
    return pids.length;
  }

  async #killSandbox(port: number): Promise<number> {
    kill(this.#calls.sandbox().pid);
    // Until the kernel has cleared it away, it looks alive.
    await this.#until(
      () => runningSandbox() === undefined,
      () => "the sandbox does not end",
    );
    await makeReady(port);
    return 1;
  }

  /** Kills an execution of the migration; then another must succeed. One that has ended before it could be killed proves nothing. */
  async #killJob(): Promise<number> {
    const { project, location, name } = stateResources(this.#region.stack)?.find(({ type }) => type === jobType)?.outputs ?? {};
    const job = `projects/${project}/locations/${location}/jobs/${name}`;
    for (let attempt = 0; attempt < jobAttempts; attempt++) {
      if ((await this.#executeAndKill(job)) !== "CONDITION_FAILED") continue;
      const next = await this.#execute(job);
      await this.#until(
        async () => (await this.#outcome(next)) === "CONDITION_SUCCEEDED",
        () => "the next execution does not succeed",
      );
      return 1;
    }
    throw new NotRecovered(`the job has ended ${jobAttempts} times before it could be killed`);
  }

  /** @returns how it ended */
  async #executeAndKill(job: string): Promise<string | undefined> {
    const execution = await this.#execute(job);
    const name = execution.slice(execution.lastIndexOf("/") + 1);
    let outcome: string | undefined;
    await this.#until(
      async () => {
        const { parts } = await sandboxStatus(this.#calls.sandbox());
        const pid = parts.find((part) => part.kind === "Cloud Run job" && part.name.includes(name))?.pid;
        if (pid !== undefined) kill(pid);
        outcome = await this.#outcome(execution);
        return outcome !== undefined && outcome !== "CONDITION_RECONCILING";
      },
      () => `${name} does not end`,
      5,
    );
    return outcome;
  }

  /** @returns the name of the execution */
  async #execute(job: string): Promise<string> {
    const { status, text } = await this.#calls.google("POST", `https://run.googleapis.com/v2/${job}:run`, "{}", "application/json");
    if (status !== 200) throw new NotRecovered(`the job does not start: ${status} ${text}`);
    return (JSON.parse(text) as { metadata: { name: string } }).metadata.name;
  }

  async #outcome(execution: string): Promise<string | undefined> {
    const { text } = await this.#calls.google("GET", `https://run.googleapis.com/v2/${execution}`);
    return (JSON.parse(text) as { conditions?: { type: string; state: string }[] }).conditions?.find(({ type }) => type === "Completed")
      ?.state;
  }

  async #until(holds: () => Promise<boolean> | boolean, otherwise: () => string, everyMs = 25): Promise<void> {
    for (const end = Date.now() + recoveryMs; ; await delay(everyMs)) {
      this.#step();
      if (await holds()) return;
      if (Date.now() > end) throw new NotRecovered(`within ${seconds(recoveryMs)}: ${otherwise()}`);
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** What cannot be looked for is not there. */
const missingOf = async (writer: Writer): Promise<string[]> =>
  (await writer.missing().catch((error: Error) => [error.message])).map((each) => `${writer.kind}: ${each}`);

class NotRecovered extends Error {}

/** What was promised of one target, by what was measured. Pure. */
export function judge({ target, killed, recoveredMs, acknowledged, lost, trouble }: KillFigures, rounds: number): Promised {
  const counts = Object.entries(acknowledged).map(([kind, count]) => `${count} ${kind}`);
  const shown = lost.slice(0, 3).join("; ");
  return {
    promise: `${target} killed ${rounds} times: nothing acknowledged is lost`,
    measured: [
      `${killed} processes`,
      ...(recoveredMs.length > 0 ? [`back after ${seconds(Math.max(...recoveredMs))} at the most`] : []),
      `${counts.join(", ")} acknowledged`,
      `${lost.length} lost${lost.length > 0 ? ` (${shown}${lost.length > 3 ? ", ..." : ""})` : ""}`,
      ...(trouble === undefined ? [] : [trouble]),
    ].join("; "),
    kept: lost.length === 0 && recoveredMs.length === rounds,
  };
}
