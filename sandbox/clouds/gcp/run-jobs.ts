// Cloud Run jobs at work: executions, their tasks and attempts.
import { setTimeout as delay } from "node:timers/promises";
import type { Ground, Part } from "../../engine/cloud.ts";
import { CloudError, type Properties } from "../../engine/definition.ts";
import { type Supervised, spawnSupervised } from "../../runtimes/process.ts";
import { objectOf } from "./outputs.ts";
import type { Workload, Workloads } from "./workload.ts";

export const jobToken = "gcp:cloudrunv2/job:Job";

export interface Execution {
  readonly name: string;
  readonly token: string;
  readonly created: string;
  readonly completed?: string;
  /** Absent while it runs. */
  readonly outcome?: "succeeded" | "failed";
  readonly error?: string;
}

/** The provider gives up waiting after this time (magic-modules Job.yaml: timeouts of 20 minutes). */
const providerPatienceMs = 20 * 60_000;
const graceMs = 10_000;

const seconds = (duration: unknown, otherwise: number) => (typeof duration === "string" ? Number.parseFloat(duration) : otherwise);

export class CloudRunJobs {
  readonly #ground: Ground;
  readonly #workloads: Workloads;
  readonly #running = new Map<string, Promise<void>>();
  readonly #processes = new Map<string, Supervised>();
  #stopping = false;

  constructor(ground: Ground, workloads: Workloads) {
    this.#ground = ground;
    this.#workloads = workloads;
  }

  executions(id: string): readonly Execution[] {
    return this.#ground.store.fact<Execution[]>(fact(id), () => []);
  }

  /**
   * Executes the job under the name `<job>-<token>`. A token that failed may be used again; one that succeeded may not.
   * @param id `projects/P/locations/L/jobs/J`
   * @returns when it has completed, if `wait`, else when it has started
   * @throws CloudError when the name is taken
   */
  async execute(id: string, template: Properties, token: string, wait: boolean): Promise<Execution> {
    const name = `${id.slice(id.lastIndexOf("/") + 1)}-${token}`;
    const earlier = this.executions(id).find((execution) => execution.name === name);
    if (this.#running.has(`${id}/${name}`) || earlier?.outcome === "succeeded") {
      throw new CloudError(
        "alreadyExists",
        `googleapi: Error 409: Execution '${name}' already exists. A changed job needs a new execution token, for instance a hash of its template., alreadyExists`,
      );
    }
    this.#save(id, { name, token, created: new Date().toISOString() });
    const work = this.#execute(id, name, template);
    this.#running.set(`${id}/${name}`, work);
    void work.finally(() => this.#running.delete(`${id}/${name}`));
    if (wait) {
      const patience = new AbortController();
      const tired = delay(providerPatienceMs, true, { signal: patience.signal }).catch(() => false);
      const timedOut = await Promise.race([work.then(() => false), tired]);
      patience.abort();
      if (timedOut)
        throw new CloudError(
          "timeout",
          `Error waiting for Job ${id}: timeout while waiting for its execution '${name}' to complete (${providerPatienceMs / 60_000} minutes)`,
        );
    }
    return this.executions(id).find((execution) => execution.name === name) as Execution;
  }

  async remove(id: string): Promise<void> {
    for (const [key, work] of this.#running) {
      if (!key.startsWith(`${id}/`)) continue;
      for (const [name, child] of this.#processes) if (name.startsWith(`${key}/`)) await child.stop(graceMs);
      await work;
    }
    this.#ground.store.setFact(fact(id), []);
  }

  /** An execution that was cut off when this cloud ended has failed. */
  async start(): Promise<void> {
    this.#stopping = false;
    for (const { id } of this.#ground.store.list(jobToken)) {
      for (const execution of this.executions(id).filter(({ outcome }) => outcome === undefined)) {
        this.#save(id, { ...execution, outcome: "failed", error: "The execution was interrupted.", completed: new Date().toISOString() });
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#processes.values()].map((child) => child.stop(graceMs)));
    await Promise.all(this.#running.values());
  }

  parts(): Part[] {
    return [...this.#processes].map(([key, child]) => ({
      kind: "Cloud Run job",
      name: key.slice(key.indexOf("/jobs/") + "/jobs/".length),
      state: "running",
      detail: "executing",
      memory: child.memory(),
      pid: child.pid,
    }));
  }

  async #execute(id: string, name: string, template: Properties): Promise<void> {
    const tasks = Number(template.taskCount ?? 1);
    const parallel = Number(template.parallelism ?? 0) || tasks;
    const waiting = Array.from({ length: tasks }, (_, index) => index);
    const errors: string[] = [];
    const worker = async () => {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        const error = await this.#runTask(id, name, objectOf(template.template), task, tasks);
        if (error) errors.push(error);
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallel, tasks) }, worker));
    const execution = this.executions(id).find((one) => one.name === name) as Execution;
    const completed = new Date().toISOString();
    this.#save(
      id,
      errors.length > 0
        ? { ...execution, completed, outcome: "failed", error: errors[0] }
        : { ...execution, completed, outcome: "succeeded", error: undefined },
    );
  }

  /** The reason why the last attempt of a task failed; undefined when one succeeded. */
  async #runTask(id: string, execution: string, template: Properties, task: number, tasks: number): Promise<string | undefined> {
    const [, project = "", , location = "", , job = ""] = id.split("/");
    const workload: Workload = { name: `job-${project}-${location}-${execution}-${task}`, project, location, template };
    const attempts = 1 + Number(template.maxRetries ?? 3); // [SDK: maxRetries defaults to 3]
    const timeoutMs = seconds(template.timeout, 600) * 1000;
    let error: string | undefined;
    for (let attempt = 0; attempt < attempts && !this.#stopping; attempt++) {
      const platform = {
        CLOUD_RUN_JOB: job,
        CLOUD_RUN_EXECUTION: execution,
        CLOUD_RUN_TASK_INDEX: String(task),
        CLOUD_RUN_TASK_COUNT: String(tasks),
        CLOUD_RUN_TASK_ATTEMPT: String(attempt),
      };
      error = await this.#attempt(`${id}/${execution}/${task}`, workload, platform, timeoutMs);
      if (error === undefined) break;
    }
    this.#workloads.discard(workload.name);
    return error ?? (this.#stopping ? "The execution was interrupted." : undefined);
  }

  async #attempt(key: string, workload: Workload, platform: Record<string, string>, timeoutMs: number): Promise<string | undefined> {
    try {
      const launch = await this.#workloads.launch(workload, platform);
      const child = spawnSupervised({
        name: workload.name,
        ...launch,
        logFile: this.#workloads.logFile(workload.name),
        pidDir: this.#workloads.pidDir,
      });
      this.#processes.set(key, child);
      const patience = new AbortController();
      const late = await Promise.race([
        child.exited.then(() => false),
        delay(timeoutMs, true, { signal: patience.signal }).catch(() => false),
      ]);
      patience.abort();
      if (late) await child.stop(graceMs);
      const { code, signal } = await child.exited;
      this.#processes.delete(key);
      if (code === 0 && !late) return undefined;
      const how = late
        ? `it did not end within its timeout of ${timeoutMs / 1000} s`
        : `container exited with ${code === null ? `signal ${signal}` : `code ${code}`}`;
      return `Task ${platform.CLOUD_RUN_EXECUTION}-task${platform.CLOUD_RUN_TASK_INDEX} failed: ${how}. Last lines of its log:\n${child.tail(20)}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #save(id: string, execution: Execution): void {
    const others = this.executions(id).filter(({ name }) => name !== execution.name);
    this.#ground.store.setFact(fact(id), [...others, execution]);
  }
}

const fact = (id: string) => `gcp/run/${id}`;
