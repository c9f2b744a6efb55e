// One deployment of a service: so many tasks of one task definition, each started again when it ends, each known to the balancer.
import { setTimeout as delay } from "node:timers/promises";
import type { Properties } from "../../engine/definition.ts";
import { type Task, TaskFailure, type TaskPlan, type Tasks } from "./ecs-tasks.ts";
import type { LoadBalancers, Target } from "./load-balancers.ts";

/** What a deployment is made of; enough to bring it back after a restart. */
export interface Plan extends Omit<TaskPlan, "slot"> {
  readonly count: number;
  readonly loadBalancers: Properties[];
  readonly gracePeriodSeconds: number;
  /** What, when it changes, wants other tasks of the same definition. */
  readonly triggers?: Properties;
}

/** How the tasks of a service are called where parts are hurt: `ecs:REGION/CLUSTER/SERVICE`. */
export const faultsName = ({ place, cluster, service }: Pick<Plan, "place" | "cluster" | "service">): string =>
  `ecs:${place.region}/${cluster}/${service}`;

/** Tasks that may fail before a deployment is given up (docs.aws.amazon.com: deployment-circuit-breaker, for few tasks). */
const failureThreshold = 3;
/** A task without a load balancer is taken for well when it has lived so long. */
const steadyMs = 1000;
/** Asked twenty times a second, a task that is not healthy so long after its grace period will not be. */
const patienceMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;

interface Slot {
  task: Task | undefined;
  targets: { readonly group: string; readonly target: Target }[];
  started: number;
}

export class Deployment {
  readonly plan: Plan;
  readonly #tasks: Tasks;
  readonly #balancers: LoadBalancers;
  readonly #log: (message: string) => void;
  readonly #slots: Slot[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #stopping = new AbortController();
  #failures = 0;
  #reason = "";

  constructor(plan: Plan, tasks: Tasks, balancers: LoadBalancers, log: (message: string) => void) {
    this.plan = plan;
    this.#tasks = tasks;
    this.#balancers = balancers;
    this.#log = log;
  }

  start(): void {
    for (let slot = 0; slot < this.plan.count; slot++) {
      const place: Slot = { task: undefined, targets: [], started: Date.now() };
      this.#slots.push(place);
      this.#loops.push(this.#keep(place, slot));
    }
  }

  /** Returns when all tasks are well. @returns why they are not, when it is given up */
  async settle(): Promise<string | undefined> {
    while (!this.#stopping.signal.aborted) {
      if (this.#slots.every((slot) => this.#isWell(slot))) return undefined;
      if (this.#failures >= failureThreshold) return this.#reason;
      const sick = this.#slots.flatMap((slot) => this.#sickness(slot))[0];
      if (sick !== undefined) return sick;
      await delay(20);
    }
    return "it was stopped";
  }

  /** Whether it was told to stop: it starts no task any more. */
  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Takes the tasks out of the balancer, lets them finish what they are doing, and ends them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  tasks(): { readonly id: string; readonly pid: number; readonly memory: number | undefined; readonly well: boolean }[] {
    return this.#slots.flatMap((slot) =>
      slot.task ? [{ id: slot.task.id, pid: slot.task.process.pid, memory: slot.task.process.memory(), well: this.#isWell(slot) }] : [],
    );
  }

  #isWell(slot: Slot): boolean {
    if (!slot.task) return false;
    if (slot.targets.length === 0) return Date.now() - slot.started >= steadyMs;
    return slot.targets.every(({ group, target }) => this.#balancers.health(group, target).state === "healthy");
  }

  #sickness(slot: Slot): string[] {
    if (!slot.task || Date.now() - slot.started < this.plan.gracePeriodSeconds * 1000 + patienceMs) return [];
    return slot.targets
      .map(({ group, target }) => ({ group, ...this.#balancers.health(group, target) }))
      .filter(({ state }) => state !== "healthy")
      .map(({ group, reason }) => `Task failed ELB health checks in (target-group ${group}) (${reason})`);
  }

  async #keep(slot: Slot, index: number): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      slot.started = Date.now();
      try {
        slot.task = await this.#tasks.run({ ...this.plan, slot: index });
        await this.#live(slot, slot.task);
      } catch (error) {
        if (!(error instanceof TaskFailure)) this.#log(`${this.plan.service}: ${error instanceof Error ? error.stack : error}`);
        this.#fail(error instanceof Error ? error.message : String(error));
      }
      slot.task = undefined;
      if (Date.now() - slot.started > longestPauseMs) pauseMs = firstPauseMs;
      if (!signal.aborted) await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** From registration to the end, by itself or because it is to end. */
  async #live(slot: Slot, task: Task): Promise<void> {
    const { signal } = this.#stopping;
    const leave = this.plan.loadBalancers.map(({ targetGroupArn, containerPort }) => {
      const target: Target = {
        name: `task ${task.id.slice(0, 8)} of ${this.plan.service}`,
        part: faultsName(this.plan),
        groups: this.plan.place.groups,
        port: Number(containerPort),
        portOf: (port) => task.portOf(port),
      };
      slot.targets.push({ group: String(targetGroupArn), target });
      return this.#balancers.register(String(targetGroupArn), target);
    });
    const told = new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    const exit = await Promise.race([task.ended, told]);
    const drained = leave.map((done) => done());
    slot.targets = [];
    if (signal.aborted) {
      await Promise.all(drained);
      await task.stop();
      return;
    }
    const { code, signal: killed } = exit ?? { code: null, signal: null };
    this.#fail(`Essential container in task exited (exit code ${code ?? killed}). Last lines of its log:\n${task.process.tail(10)}`);
  }

  #fail(reason: string): void {
    this.#failures++;
    this.#reason = reason;
    this.#log(`${this.plan.service}: ${reason}`);
  }
}
