// Services of ECS at work: a deployment after the other, the old one kept until the new one is well.
import type { Ground, Part } from "../../engine/cloud.ts";
import type { Fault } from "../../engine/faults.ts";
import { Deployment, faultsName, type Plan } from "./ecs-deployment.ts";
import type { Tasks } from "./ecs-tasks.ts";
import type { LoadBalancers } from "./load-balancers.ts";

export const serviceToken = "aws:ecs/service:Service";

const fact = (arn: string) => `aws/ecs/service/${arn}`;

export class EcsServices {
  readonly #ground: Ground;
  readonly #tasks: Tasks;
  readonly #balancers: LoadBalancers;
  readonly #current = new Map<string, Deployment>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #unlist = new Map<string, () => void>();

  constructor(ground: Ground, tasks: Tasks, balancers: LoadBalancers) {
    this.#ground = ground;
    this.#tasks = tasks;
    this.#balancers = balancers;
  }

  /**
   * Replaces the tasks of a service by those of this plan. One at a time for each service.
   * @returns why the new tasks do not become well: then the old ones go on
   */
  deploy(arn: string, plan: Plan): Promise<string | undefined> {
    const before = this.#queues.get(arn) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.#deploy(arn, plan));
    this.#queues.set(arn, turn);
    return turn;
  }

  async remove(arn: string): Promise<void> {
    // What is under way does not matter any more.
    const current = this.#current.get(arn);
    this.#ground.store.setFact(fact(arn), null);
    await current?.stop();
    await this.#queues.get(arn)?.catch(() => {});
    await this.#current.get(arn)?.stop();
    this.#current.delete(arn);
    this.#queues.delete(arn);
    this.#unlist.get(arn)?.();
    this.#unlist.delete(arn);
  }

  /** Brings back what ran. Tasks that do not start are tried again and again, as the scheduler does. */
  start(): void {
    for (const { id } of this.#ground.store.list(serviceToken)) {
      const plan = this.#ground.store.fact<Plan | null>(fact(id), () => null);
      if (plan) this.#run(id, plan);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...[...this.#current.values()].map((deployment) => deployment.stop()), ...this.#leaving]);
    this.#current.clear();
    for (const unlist of this.#unlist.values()) unlist();
    this.#unlist.clear();
  }

  parts(): Part[] {
    return [...this.#current.values()].flatMap((deployment): Part[] => {
      const { plan } = deployment;
      const running = deployment.tasks();
      const place = `${plan.definition.family}:${plan.definition.revision} in ${plan.cluster}, ${plan.place.region}`;
      if (running.length === 0)
        return [{ kind: "Fargate task", name: plan.service, state: "stopped", detail: `${place}; 0 of ${plan.count}` }];
      return running.map(({ id, pid, memory, well }) => ({
        kind: "Fargate task",
        name: `${plan.service} ${id.slice(0, 8)}`,
        state: well ? ("running" as const) : ("starting" as const),
        detail: `${place}; ${running.length} of ${plan.count}`,
        pid,
        ...(memory === undefined ? {} : { memory }),
      }));
    });
  }

  async #deploy(arn: string, plan: Plan): Promise<string | undefined> {
    const old = this.#current.get(arn);
    if (old && JSON.stringify(old.plan) === JSON.stringify(plan)) return old.settle();
    const next = this.#run(arn, plan);
    const reason = await next.settle();
    if (reason !== undefined) {
      await next.stop();
      if (old) this.#current.set(arn, old);
      else this.#current.delete(arn);
      return reason;
    }
    this.#ground.store.setFact(fact(arn), plan);
    if (old) {
      const leaving: Promise<void> = old.stop().finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
    return undefined;
  }

  #run(arn: string, plan: Plan): Deployment {
    const deployment = new Deployment(plan, this.#tasks, this.#balancers, this.#ground.log);
    this.#current.set(arn, deployment);
    deployment.start();
    if (!this.#unlist.has(arn)) {
      const unlist = this.#ground.internet.faults.add(faultsName(plan), (fault) => this.#suffer(arn, fault));
      this.#unlist.set(arn, unlist);
    }
    return deployment;
  }

  /** A stopped service has no task; one that is healed has again as many as it should. */
  async #suffer(arn: string, fault: Fault | undefined): Promise<void> {
    const current = this.#current.get(arn);
    if (!current) return;
    if (fault?.harm === "stop") await current.stop();
    else if (current.stopped) this.#run(arn, current.plan);
  }
}
