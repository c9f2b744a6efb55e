// Cloud Scheduler: jobs that call an address or publish a message, by the real clock.
import type { Ground, Part } from "../../engine/cloud.ts";
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { ApiError, answering } from "./api.ts";
import { type Cron, isTimeZone, nextDue, parseCron } from "./cron.ts";
import { withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { objectOf } from "./outputs.ts";
import { projectOf, regionOf } from "./projects.ts";
import type { Inside, PubSub } from "./pubsub-delivery.ts";
import type { GcpService } from "./service.ts";
import { requireApi } from "./services.ts";

const token = "gcp:cloudscheduler/job:Job";
const api = "cloudscheduler.googleapis.com";
const test = "test/sandbox/gcp/scheduler.test.ts";
const seconds = (duration: unknown, otherwise: number) => (typeof duration === "string" ? Number.parseFloat(duration) : otherwise);

/** What the last attempt came to. */
interface Attempt {
  readonly at: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
}

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const { schedule, timeZone, httpTarget, attemptDeadline, appEngineHttpTarget, name } = inputs;
  if (typeof name === "string" && name !== UNKNOWN && !/^[a-zA-Z\d_-]{1,500}$/.test(name))
    failures.push({ property: "name", reason: `"${name}": letters, digits, hyphens and underscores, 500 at most` });
  if (appEngineHttpTarget !== undefined) failures.push({ property: "appEngineHttpTarget", reason: "there is no App Engine here" });
  const targets = ["httpTarget", "pubsubTarget"].filter((target) => inputs[target] !== undefined);
  if (targets.length !== 1 && appEngineHttpTarget === undefined)
    failures.push({ property: "httpTarget", reason: "exactly one of httpTarget and pubsubTarget must be given" });
  if (schedule !== UNKNOWN) {
    const cron = parseCron(String(schedule ?? ""));
    if (typeof cron === "string") failures.push({ property: "schedule", reason: `${cron} (the groc format is not available here)` });
  }
  if (typeof timeZone === "string" && timeZone !== UNKNOWN && !isTimeZone(timeZone))
    failures.push({ property: "timeZone", reason: `"${timeZone}" is no name of the tz database` });
  const deadline = seconds(attemptDeadline, 180);
  if (attemptDeadline !== UNKNOWN && httpTarget !== undefined && !(deadline >= 15 && deadline <= 1800))
    failures.push({ property: "attemptDeadline", reason: `"${attemptDeadline}" is not from "15s" to "1800s"` });
  const { oauthToken, oidcToken, uri, body, httpMethod = "POST" } = objectOf(httpTarget);
  if (oauthToken !== undefined && oidcToken !== undefined)
    failures.push({
      property: "httpTarget.oauthToken",
      reason: "conflicts with oidcToken: one is for Google's APIs, the other for everything else",
    });
  if (typeof uri === "string" && oauthToken !== undefined && !uri.includes(UNKNOWN) && !/^https:\/\/[^/]*\.googleapis\.com\//.test(uri))
    failures.push({ property: "httpTarget.oauthToken", reason: `goes to *.googleapis.com only, not to "${uri}"` });
  if (body !== undefined && !["POST", "PUT", "PATCH", UNKNOWN].includes(String(httpMethod)))
    failures.push({ property: "httpTarget.body", reason: `${httpMethod} takes no body` });
  const { retryCount } = objectOf(inputs.retryConfig);
  if (typeof retryCount === "number" && (retryCount < 0 || retryCount > 5))
    failures.push({ property: "retryConfig.retryCount", reason: `${retryCount} is not from 0 to 5` });
  return failures;
}

export class Scheduler {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #inside: Inside;
  readonly #publish: PubSub["publish"];
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #due = new Map<string, Date>();
  readonly #running = new Map<string, Promise<void>>();
  #stopping = new AbortController();

  constructor(ground: Ground, iam: Iam, inside: Inside, publish: PubSub["publish"]) {
    this.#ground = ground;
    this.#iam = iam;
    this.#inside = inside;
    this.#publish = publish;
  }

  /** What was due while nothing ran is not made up for. */
  start(): void {
    this.#stopping = new AbortController();
    for (const { id } of this.#ground.store.list(token)) this.arm(id);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.allSettled(this.#running.values());
  }

  /** Waits for the job's next time, by what the store says of it now. */
  arm(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const due = this.#nextOf(id);
    if (due) this.#due.set(id, due);
    else this.#due.delete(id);
    if (!due || this.#stopping.signal.aborted) return;
    const wait = due.getTime() - Date.now();
    // Timers hold 24 days; one that is too early is set again.
    const early = wait > 86_400_000;
    const act = early
      ? () => this.arm(id)
      : () => {
          void this.run(id);
          this.arm(id);
        };
    this.#timers.set(id, setTimeout(act, Math.min(Math.max(wait, 1), 86_400_000)));
  }

  /** When the job is due; undefined while it is paused. */
  next(id: string): Date | undefined {
    return this.#due.get(id);
  }

  #nextOf(id: string): Date | undefined {
    const state = this.#ground.store.get(token, id)?.state;
    if (!state || state.paused === true) return undefined;
    return nextDue(parseCron(String(state.schedule)) as Cron, String(state.timeZone ?? "Etc/UTC"), new Date());
  }

  last(id: string): Attempt | undefined {
    return this.#ground.store.fact<Attempt | null>(`gcp/scheduler/${id}`, () => null) ?? undefined;
  }

  /** Runs a job now, with its retries; one run of a job at a time. */
  run(id: string): Promise<void> {
    const under = this.#running.get(id);
    if (under) return under;
    const work = this.#attempts(id).finally(() => this.#running.delete(id));
    this.#running.set(id, work);
    return work;
  }

  parts(): Part[] {
    return this.#ground.store.list(token).map(({ id, state }) => {
      const last = this.last(id);
      const due = this.next(id);
      return {
        kind: "Scheduler job",
        name: String(state.name),
        state: due ? "running" : "stopped",
        detail: `${due ? `next ${due.toISOString()}` : "paused"}${last ? `, last ${last.at} with ${last.status || "no answer"}` : ""}`,
      };
    });
  }

  async #attempts(id: string): Promise<void> {
    const retry = objectOf(this.#ground.store.get(token, id)?.state.retryConfig);
    const retries = Number(retry.retryCount ?? 0);
    const [least, most] = [seconds(retry.minBackoffDuration, 5), seconds(retry.maxBackoffDuration, 3600)];
    for (let attempt = 0; attempt <= retries && !this.#stopping.signal.aborted; attempt++) {
      if (attempt > 0) await this.#pause(1000 * Math.min(most, least * 2 ** Math.min(attempt - 1, Number(retry.maxDoublings ?? 5))));
      const status = await this.#attempt(id).catch((error: Error) => {
        this.#ground.log(`${id}: ${error.message}`);
        return 0;
      });
      this.#ground.store.setFact(`gcp/scheduler/${id}`, { at: new Date().toISOString(), status } satisfies Attempt);
      if (status >= 200 && status < 300) return;
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #attempt(id: string): Promise<number> {
    const { state } = this.#ground.store.get(token, id) ?? {};
    if (!state) return 0;
    const project = String(state.project);
    if (state.pubsubTarget !== undefined) {
      const { topicName, data, attributes } = objectOf(state.pubsubTarget);
      const message = {
        data: Buffer.from(String(data ?? ""), "base64"),
        attributes: objectOf(attributes) as Record<string, string>,
        orderingKey: "",
      };
      await this.#publish(String(topicName), [message]);
      return 200;
    }
    const { uri, httpMethod = "POST", headers, body, oidcToken, oauthToken } = objectOf(state.httpTarget);
    const sent = new Headers(objectOf(headers) as Record<string, string>);
    sent.set("user-agent", "Google-Cloud-Scheduler");
    sent.set("x-cloudscheduler", "true");
    sent.set("x-cloudscheduler-jobname", String(state.name));
    if (body !== undefined && !sent.has("content-type")) sent.set("content-type", "application/octet-stream");
    const authorization = this.#authorization(String(uri), objectOf(oidcToken), objectOf(oauthToken));
    if (authorization) sent.set("authorization", authorization);
    const request = new Request(String(uri), {
      method: String(httpMethod),
      headers: sent,
      body: body === undefined ? undefined : Buffer.from(String(body), "base64"),
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(1000 * seconds(state.attemptDeadline, 180))]),
    });
    const answer = await this.#inside(project, request);
    await answer.body?.cancel();
    return answer.status;
  }

  #authorization(uri: string, oidc: Properties, oauth: Properties): string | undefined {
    const email = oidc.serviceAccountEmail ?? oauth.serviceAccountEmail;
    const account = email === undefined ? undefined : this.#iam.account(String(email));
    if (!account) return undefined;
    const { tokens } = this.#iam;
    return `Bearer ${oauth.serviceAccountEmail === undefined ? tokens.idToken(account, String(oidc.audience ?? uri)) : tokens.accessToken(`serviceAccount:${account.email}`)}`;
  }
}

function definition(iam: Iam, scheduler: Scheduler): ResourceDefinition {
  const apply = (context: Context, id: string, project: string, region: string, inputs: Properties): Properties => {
    const target = objectOf(inputs.httpTarget);
    for (const kind of ["oidcToken", "oauthToken"]) {
      const email = objectOf(target[kind]).serviceAccountEmail;
      if (email !== undefined && iam.account(String(email))?.project !== project)
        throw new CloudError(
          "notFound",
          `Error creating Job: googleapi: Error 404: Service account ${email} does not exist in project ${project}., notFound`,
        );
    }
    const outputs = { project, region, state: inputs.paused === true ? "PAUSED" : "ENABLED", paused: inputs.paused ?? false };
    context.store.put({ token, id, urn: context.urn, inputs, state: { ...inputs, ...outputs } });
    scheduler.arm(id);
    return outputs;
  };
  return {
    token,
    fidelity: { level: "runs", how: "calls its target when it is due, by the real clock, with a token of its account", test },
    autoname: { property: "name", maxLength: 500 },
    replaceOn: ["name", "project", "region"], // [MM Job.yaml: immutable and url_param_only]
    defaults: ({ httpTarget }): Properties => ({ timeZone: "Etc/UTC", ...(httpTarget === undefined ? {} : { attemptDeadline: "180s" }) }),
    refuse,
    create(context, inputs): Created {
      const project = projectOf(context, inputs);
      const region = regionOf(context, inputs);
      requireApi(context, project, api);
      const id = `projects/${project}/locations/${region}/jobs/${inputs.name}`;
      if (context.store.get(token, id) && context.orphan?.id !== id)
        throw new CloudError("alreadyExists", `Error creating Job: googleapi: Error 409: Job ${id} already exists., alreadyExists`);
      return { id, outputs: apply(context, id, project, region, inputs) };
    },
    update: (context, old, inputs) => apply(context, old.id, String(old.state.project), String(old.state.region), inputs),
    delete({ store }, { id }) {
      store.remove(token, id);
      scheduler.arm(id);
    },
  };
}

export function createScheduler(ground: Ground, iam: Iam, inside: Inside, publish: PubSub["publish"]): GcpService {
  const scheduler = new Scheduler(ground, iam, inside, publish);
  const route = /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/:]+)(:run)?$/;
  let offline = () => {};
  return {
    resources: [withDeletionPolicy(definition(iam, scheduler))],
    functions: [],
    async start() {
      scheduler.start();
      offline = ground.internet.register(api, (request) =>
        answering(async () => {
          const path = decodeURIComponent(new URL(request.url).pathname);
          const [, id, verb] = route.exec(path) ?? [];
          if (!id || request.method !== (verb ? "POST" : "GET"))
            throw new ApiError("NOT_FOUND", `${request.method} ${path} is not a call of this API that is available here.`);
          iam.demand(iam.caller(request), verb ? "cloudscheduler.jobs.run" : "cloudscheduler.jobs.get", id);
          const row = ground.store.get(token, id);
          if (!row) throw new ApiError("NOT_FOUND", `Job not found: ${id}`);
          if (verb) void scheduler.run(id);
          const last = scheduler.last(id);
          return {
            ...row.inputs,
            name: id,
            state: row.state.state,
            scheduleTime: scheduler.next(id)?.toISOString(),
            ...(last
              ? {
                  lastAttemptTime: last.at,
                  status: last.status >= 200 && last.status < 300 ? {} : { code: 2, message: `HTTP ${last.status}` },
                }
              : {}),
          };
        }),
      );
    },
    async stop() {
      offline();
      await scheduler.stop();
    },
    parts: () => scheduler.parts(),
  };
}
