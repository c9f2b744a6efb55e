// Cloud Run services at work: their revisions, the instances that run them, and the door that lets requests in.
import { randomBytes } from "node:crypto";
import type { Ground, Part } from "../../engine/cloud.ts";
import type { Properties } from "../../engine/definition.ts";
import type { Fault } from "../../engine/faults.ts";
import { Instance } from "../../runtimes/cloud-run/instance.ts";
import { forward } from "../../runtimes/network/http.ts";
import type { Iam } from "./iam.ts";
import type { LogSource } from "./logging.ts";
import type { Monitoring } from "./monitoring.ts";
import { labelsOf } from "./monitoring-api.ts";
import { listOf, objectOf } from "./outputs.ts";
import { projectNumber } from "./projects.ts";
import { addressesOf, tagged } from "./run-address.ts";
import { isOpen, nothingHere, page, refusalOf, unsigned } from "./run-door.ts";
import { livenessProbe, startupProbe } from "./run-probes.ts";
import { active, chooseRevision, nameOf, type ServiceRecord } from "./run-revisions.ts";
import { latest, pick, type Target, targetsOf } from "./run-traffic.ts";
import type { Workload, Workloads } from "./workload.ts";

export const serviceToken = "gcp:cloudrunv2/service:Service";

/** Who answers: a service, or the revision that a tag of it names. */
export interface Owner {
  readonly id: string;
  readonly tag?: string;
}

/** `projects/P/locations/L/services/S`, taken apart. */
export function partsOf(id: string): { project: string; location: string; name: string } {
  const [, project = "", , location = "", , name = ""] = id.split("/");
  return { project, location, name };
}

/** The monitored resource of Cloud Run (cloud.google.com/monitoring/api/resources). */
const resourceType = "cloud_run_revision";
const revisionLabels = (id: string, revision: string): Record<string, string> => {
  const { location, name } = partsOf(id);
  return { location, service_name: name, revision_name: revision, configuration_name: name };
};

const everythingToLatest: readonly Target[] = [{ revision: latest, percent: 100 }];
const patienceMs = 10_000;

export class CloudRunServices {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #workloads: Workloads;
  readonly #instances = new Map<string, Instance>();
  /** Instances that are on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #hosts = new Map<string, Owner>();
  readonly #offline = new Map<string, () => void>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #unlist = new Map<string, () => void>();

  readonly #monitoring: Monitoring;

  constructor(ground: Ground, iam: Iam, workloads: Workloads, monitoring: Monitoring) {
    this.#ground = ground;
    this.#monitoring = monitoring;
    this.#iam = iam;
    this.#workloads = workloads;
  }

  record(id: string): ServiceRecord | undefined {
    return this.#ground.store.fact<ServiceRecord | null>(fact(id), () => null) ?? undefined;
  }

  /**
   * Makes a revision of the template if there is none like it, waits until it is ready and moves traffic. One at a time for each service.
   * @returns reasons why it is not well: the revision is not ready, and traffic stays where it was
   * @throws CloudError when nothing was changed: a revision's name taken by another template, traffic that names nothing
   */
  deploy(id: string, inputs: Properties): Promise<readonly string[]> {
    const before = this.#queues.get(id) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.#deploy(id, inputs));
    this.#queues.set(id, turn);
    return turn;
  }

  async remove(id: string): Promise<void> {
    await this.#queues.get(id)?.catch(() => {});
    this.#unpublish(id);
    this.#unlist.get(id)?.();
    this.#unlist.delete(id);
    await Promise.all(this.record(id)?.revisions.map(({ name }) => this.#retire(id, name)) ?? []);
    this.#ground.store.setFact(fact(id), null);
  }

  /** Brings back every revision that has traffic. One that does not come up is tried again by the next request. */
  async start(): Promise<void> {
    this.#offline.set(
      "*",
      this.#ground.internet.register("*.run.app", (request) => this.answer(request)),
    );
    await Promise.all(
      this.#ground.store.list(serviceToken).map(async ({ id }) => {
        const record = this.record(id);
        if (!record) return;
        this.#publish(id, record);
        const wanted = active(record).map((name) => this.#run(id, name));
        for (const result of await Promise.allSettled(wanted)) {
          if (result.status === "rejected") this.#ground.log(`${id}: ${result.reason}`);
        }
      }),
    );
  }

  async stop(): Promise<void> {
    for (const takeOff of this.#offline.values()) takeOff();
    this.#offline.clear();
    this.#hosts.clear();
    for (const unlist of this.#unlist.values()) unlist();
    this.#unlist.clear();
    await Promise.allSettled(this.#queues.values());
    await Promise.all([...[...this.#instances.values()].map((instance) => instance.stop()), ...this.#leaving]);
    this.#instances.clear();
  }

  parts(): Part[] {
    return [...this.#instances].map(([key, instance]) => ({
      kind: "Cloud Run service",
      name: key.slice(key.lastIndexOf("/") + 1),
      state: instance.state,
      detail: this.#share(key),
      memory: instance.memory(),
      pid: instance.pid,
    }));
  }

  async #deploy(id: string, inputs: Properties): Promise<readonly string[]> {
    const { name: service } = partsOf(id);
    const template = objectOf(inputs.template);
    const old = this.record(id);
    const { revision, isNew } = chooseRevision(service, template, old);
    const revisions = [...(old?.revisions ?? []).filter(({ name }) => name !== revision.name), revision];
    // Left out, traffic stays as it is: the API does not reset it [MM Service.yaml: default_from_api].
    const traffics = listOf(inputs.traffics);
    const traffic =
      traffics.length > 0
        ? targetsOf(
            traffics,
            revisions.map(({ name }) => name),
          )
        : (old?.traffic ?? everythingToLatest);
    const base = old ?? { uid: randomBytes(16).toString("hex"), created: new Date().toISOString(), generation: 0 };
    const pending: ServiceRecord = {
      ...base,
      generation: base.generation + 1,
      revisions,
      latestReady: old?.latestReady,
      traffic: old?.traffic ?? traffic,
    };
    this.#save(id, pending);
    this.#publish(id, pending);

    if (isNew || !revision.ready) {
      try {
        await this.#run(id, revision.name);
      } catch (error) {
        return [
          `Error waiting for Service ${id}: Error code 9, message: Revision '${revision.name}' is not ready and cannot serve traffic. ${error instanceof Error ? error.message : error}`,
        ];
      }
    }
    const ready = {
      ...pending,
      latestReady: revision.name,
      traffic,
      revisions: revisions.map((one) => (one.name === revision.name ? { ...one, ready: true } : one)),
    };
    const [unready] = await this.#bring(id, active(ready));
    if (unready) return [unready];
    this.#save(id, ready);
    this.#publish(id, ready);
    for (const { name } of revisions) if (!active(ready).includes(name)) this.#retireLater(id, name);
    return [];
  }

  /** Starts revisions that get traffic again; the reasons of those that do not come up. */
  async #bring(id: string, names: readonly string[]): Promise<string[]> {
    const results = await Promise.allSettled(names.map((name) => this.#run(id, name)));
    return results.flatMap((result) =>
      result.status === "rejected" ? [String(result.reason instanceof Error ? result.reason.message : result.reason)] : [],
    );
  }

  async #run(id: string, revision: string): Promise<Instance> {
    const key = `${id}/${revision}`;
    const instance = this.#instances.get(key) ?? this.#instance(id, revision);
    this.#instances.set(key, instance);
    await instance.start();
    return instance;
  }

  #instance(id: string, revisionName: string): Instance {
    const { project, location, name: service } = partsOf(id);
    const template = this.record(id)?.revisions.find(({ name }) => name === revisionName)?.template ?? {};
    const [container = {}] = listOf(template.containers);
    const workload: Workload = { name: `run-${project}-${location}-${revisionName}`, project, location, template };
    const platform = { K_SERVICE: service, K_REVISION: revisionName, K_CONFIGURATION: service };
    return new Instance({
      name: revisionName,
      logFile: this.#workloads.logFile(workload.name),
      pidDir: this.#workloads.pidDir,
      startup: startupProbe(container),
      liveness: livenessProbe(container),
      launch: (port) => this.#workloads.launch(workload, { ...platform, PORT: String(port) }),
      log: this.#ground.log,
    });
  }

  async #retire(id: string, revision: string): Promise<void> {
    const key = `${id}/${revision}`;
    const instance = this.#instances.get(key);
    if (!instance) return;
    this.#instances.delete(key);
    await instance.stop();
    const { project, location } = partsOf(id);
    if (!this.#instances.has(key)) this.#workloads.discard(`run-${project}-${location}-${revision}`);
  }

  /** It may finish its requests; nobody waits for that but `stop`. */
  #retireLater(id: string, revision: string): void {
    const leaving = this.#retire(id, revision).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #save(id: string, record: ServiceRecord): void {
    this.#ground.store.setFact(fact(id), record);
  }

  #publish(id: string, { traffic }: ServiceRecord): void {
    this.#unpublish(id);
    if (!this.#unlist.has(id))
      this.#unlist.set(
        id,
        this.#ground.internet.faults.add(faultsName(id), (fault) => this.#suffer(id, fault)),
      );
    const { project, location, name } = partsOf(id);
    const { uri, urls } = addressesOf(name, project, projectNumber(this.#ground.store, project), location);
    for (const url of urls) this.#hosts.set(new URL(url).hostname, { id });
    for (const { tag } of traffic) if (tag) for (const url of urls) this.#hosts.set(new URL(tagged(url, tag)).hostname, { id, tag });
    this.#offline.set(
      id,
      this.#ground.internet.register(new URL(uri).hostname, (request) => this.answer(request)),
    );
  }

  /** A stopped service has no instance; one that is healed has again those that get requests. */
  async #suffer(id: string, fault: Fault | undefined): Promise<void> {
    const record = this.record(id);
    if (!record) return;
    if (fault?.harm === "stop") await Promise.all(record.revisions.map(({ name }) => this.#instances.get(`${id}/${name}`)?.stop()));
    else for (const reason of await this.#bring(id, active(record))) this.#ground.log(`${id}: ${reason}`);
  }

  #unpublish(id: string): void {
    this.#offline.get(id)?.();
    this.#offline.delete(id);
    for (const [host, owner] of this.#hosts) if (owner.id === id) this.#hosts.delete(host);
  }

  /**
   * Answers what comes through an external load balancer: the ingress may let in nobody else, but the caller is asked who it is all the same.
   * @param service `id`: `projects/P/locations/L/services/S`
   */
  async balanced(service: Owner, request: Request): Promise<Response> {
    const row = this.#ground.store.get(serviceToken, service.id);
    const ingress = row?.state.ingress ?? "INGRESS_TRAFFIC_ALL";
    return row && ingress !== "INGRESS_TRAFFIC_INTERNAL_ONLY" ? this.#serve(service, row.state, request) : nothingHere();
  }

  /** @param within the project whose Pub/Sub or Scheduler sends this: internal to every ingress (cloud.google.com/run/docs/securing/ingress) */
  async answer(request: Request, within?: string): Promise<Response> {
    const owner = this.#hosts.get(new URL(request.url).hostname);
    const row = owner && this.#ground.store.get(serviceToken, owner.id);
    // For whoever comes from outside, a service for internal callers is as good as not there (its real answer is 404 too).
    const isInside = row !== undefined && row.state.project === within;
    const isOpen = isInside || (row?.state.ingress ?? "INGRESS_TRAFFIC_ALL") === "INGRESS_TRAFFIC_ALL";
    return owner && row && isOpen && row.state.defaultUriDisabled !== true ? this.#serve(owner, row.state, request) : nothingHere();
  }

  async #serve(owner: Owner, state: Properties, request: Request): Promise<Response> {
    const record = this.record(owner.id);
    if (!record) return nothingHere();
    const refusal = refusalOf(this.#iam, owner.id, state, request);
    if (refusal) return refusal;
    const target = owner.tag ? record.traffic.find(({ tag }) => tag === owner.tag) : pick(record.traffic, Math.random() * 100);
    const revision = target?.revision === latest ? record.latestReady : target?.revision;
    if (!revision) return page(503, "Service Unavailable", "The service has no revision that is ready.");
    return this.#pass(owner.id, revision, request, isOpen(this.#iam, owner.id, state) ? {} : unsigned(request));
  }

  async #pass(id: string, revision: string, request: Request, authorization: Record<string, string>): Promise<Response> {
    const asked = performance.now();
    const send = this.#ground.internet.faults.guard(faultsName(id), (guarded) => this.#send(id, revision, guarded, authorization));
    const answer = await Promise.resolve(send(request)).catch((error: Error) => page(503, "Service Unavailable", error.message));
    this.#measure(id, revision, answer.status, performance.now() - asked);
    return answer;
  }

  /** cloud.google.com/monitoring/api/metrics_gcp_p_z, run */
  #measure(id: string, revision: string, status: number, ms: number): void {
    const { project } = partsOf(id);
    const code = { response_code: String(status), response_code_class: `${Math.floor(status / 100)}xx` };
    const labels = labelsOf(project, code, resourceType, revisionLabels(id, revision));
    this.#monitoring.count("run.googleapis.com/request_count", labels);
    this.#monitoring.observe("run.googleapis.com/request_latencies", labels, ms);
  }

  /** The files that the revisions write, for Cloud Logging. */
  sources(): LogSource[] {
    return this.#ground.store.list(serviceToken).flatMap(({ id }) => {
      const { project, location } = partsOf(id);
      return (this.record(id)?.revisions ?? []).map(({ name }) => ({
        file: this.#workloads.logFile(`run-${project}-${location}-${name}`),
        project,
        resource: { type: resourceType, labels: { ...revisionLabels(id, name), project_id: project } },
      }));
    });
  }

  async #send(id: string, revision: string, request: Request, authorization: Record<string, string>): Promise<Response> {
    const template = this.record(id)?.revisions.find(({ name }) => name === revision)?.template ?? {};
    const timeoutMs = Number.parseFloat(String(template.timeout ?? "300s")) * 1000;
    const trace = randomBytes(16).toString("hex");
    const headers = {
      ...authorization,
      "x-forwarded-proto": "https",
      "x-forwarded-for": request.headers.get("x-forwarded-for") ?? "203.0.113.1",
      "x-cloud-trace-context": request.headers.get("x-cloud-trace-context") ?? `${trace}/1`,
      traceparent: request.headers.get("traceparent") ?? `00-${trace}-${trace.slice(0, 16)}-00`,
    };
    try {
      const instance = await this.#run(id, revision);
      const port = await instance.ready(patienceMs);
      const timed = new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]) });
      return await forward(timed, { port, headers });
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") return page(504, "Gateway Timeout", "The upstream request timed out.");
      this.#ground.log(`${revision}: ${error instanceof Error ? error.message : error}`);
      return page(503, "Service Unavailable", "The service could not answer; its log says more.");
    }
  }

  #share(key: string): string {
    const [id, revision] = [key.slice(0, key.lastIndexOf("/")), key.slice(key.lastIndexOf("/") + 1)];
    const record = this.record(id);
    const percent = record?.traffic
      .filter((target) => nameOf(target, record) === revision)
      .reduce((sum, target) => sum + target.percent, 0);
    const { project, location, name } = partsOf(id);
    return `${percent ?? 0} % of ${name} in ${project}, ${location}`;
  }
}

const fact = (id: string) => `gcp/run/${id}`;

/** `run:PROJECT/SERVICE` */
const faultsName = (id: string) => `run:${partsOf(id).project}/${partsOf(id).name}`;
