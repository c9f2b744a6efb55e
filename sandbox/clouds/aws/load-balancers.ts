// Load balancers at work: who is behind them, who of those is healthy, and the way of a request.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Ground, Part } from "../../engine/cloud.ts";
import type { Stored } from "../../engine/definition.ts";
import { Unreachable } from "../../engine/internet.ts";
import { ask } from "../../runtimes/cloud-run/probe.ts";
import { forward } from "../../runtimes/network/http.ts";
import { coversHost, findCertificate, isIssued } from "./acm.ts";
import type { CloudWatch } from "./cloudwatch.ts";
import { admits, admitsOutsiders } from "./ec2-security-groups.ts";
import { requireSubnet } from "./ec2-vpc.ts";
import { balancersOf, healthCheckOf, loadBalancerToken, targetGroupToken } from "./lb.ts";
import { listenerToken, ruleToken } from "./lb-listener.ts";
import { actionFor, answerOf, targetGroupOf } from "./lb-routing.ts";
import { listOf, textsOf } from "./values.ts";

/** Something that requests may be sent to. */
export interface Target {
  /** Whose it is, for messages. */
  readonly name: string;
  /** What it is called where parts are hurt. */
  readonly part: string;
  readonly groups: readonly string[];
  /** The port that it believes to listen at. */
  readonly port: number;
  /** Where a port really is on this machine; undefined while it does not run. */
  readonly portOf: (port: number) => number | undefined;
}

interface Registration {
  readonly target: Target;
  readonly ended: AbortController;
  health: "initial" | "healthy" | "unhealthy";
  reason: string;
  /** Requests whose answers are not complete. */
  busy: number;
  idle: PromiseWithResolvers<void>;
}

/** Asked more often than the interval says until it is healthy first, so that a quick start is not held up. */
const impatientMs = 50;

export class LoadBalancers {
  readonly #ground: Ground;
  readonly #targets = new Map<string, Set<Registration>>();
  readonly #offline = new Map<string, () => void>();
  #stopped = Promise.withResolvers<void>();
  #turn = 0;

  readonly #metrics: CloudWatch;

  constructor(ground: Ground, metrics: CloudWatch) {
    this.#ground = ground;
    this.#metrics = metrics;
  }

  start(): void {
    this.#stopped = Promise.withResolvers();
    for (const { id } of this.#ground.store.list(loadBalancerToken)) this.changed(id);
  }

  stop(): void {
    this.#stopped.resolve();
    for (const takeOff of this.#offline.values()) takeOff();
    this.#offline.clear();
    for (const registrations of this.#targets.values()) for (const { ended } of registrations) ended.abort();
    this.#targets.clear();
  }

  /** To be told of a balancer that is new or gone. */
  changed(id: string): void {
    this.#offline.get(id)?.();
    this.#offline.delete(id);
    const row = this.#ground.store.get(loadBalancerToken, id);
    if (!row || row.state.internal === true) return;
    this.#offline.set(
      id,
      this.#ground.internet.register(String(row.state.dnsName), (request) => this.#measured(row, request)),
    );
  }

  /**
   * Enters a target into a group. Returns a function that takes it out again: no further request comes, and it settles when those under
   * way are answered, or the group's deregistration delay is over.
   */
  register(group: string, target: Target): () => Promise<void> {
    const registration: Registration = {
      target,
      ended: new AbortController(),
      health: "initial",
      reason: "Target registration is in progress",
      busy: 0,
      idle: Promise.withResolvers(),
    };
    const registrations = this.#targets.get(group) ?? new Set();
    this.#targets.set(group, registrations.add(registration));
    void this.#watch(group, registration);
    return async () => {
      registration.ended.abort();
      registrations.delete(registration);
      if (registration.busy === 0) return;
      const seconds = Number(this.#ground.store.get(targetGroupToken, group)?.state.deregistrationDelay ?? 300);
      await Promise.race([registration.idle.promise, this.#stopped.promise, delay(seconds * 1000, undefined, { ref: false })]);
    };
  }

  /** How a target of a group is, and why. */
  health(group: string, target: Target): { readonly state: Registration["health"]; readonly reason: string } {
    const found = [...(this.#targets.get(group) ?? [])].find((each) => each.target === target);
    return found ? { state: found.health, reason: found.reason } : { state: "unhealthy", reason: "Target is not registered" };
  }

  parts(): Part[] {
    return this.#ground.store.list(loadBalancerToken).map(({ id, state }) => {
      const groups = [...this.#targets].filter(([group]) => balancersOf(this.#ground.store, group).includes(id));
      const all = groups.flatMap(([, registrations]) => [...registrations]);
      const healthy = all.filter(({ health }) => health === "healthy").length;
      return {
        kind: "Load balancer",
        name: String(state.name),
        state: all.length > 0 && healthy === 0 ? "failed" : "running",
        detail: `${healthy} of ${all.length} targets healthy, ${state.dnsName}`,
      };
    });
  }

  async #watch(group: string, registration: Registration): Promise<void> {
    const { ended } = registration;
    let [good, bad] = [0, 0];
    while (!ended.signal.aborted) {
      const row = this.#ground.store.get(targetGroupToken, group);
      if (!row) return;
      const check = healthCheckOf(row.state);
      const [healthy, reason] = await this.#check(row, registration.target);
      [good, bad] = healthy ? [good + 1, 0] : [0, bad + 1];
      const first = registration.health === "initial";
      // A new target is healthy after one success (docs.aws.amazon.com: target-group-health-checks, "HealthyThresholdCount").
      if (healthy && (first || good >= Number(check.healthyThreshold))) Object.assign(registration, { health: "healthy", reason: "" });
      if (!healthy) registration.reason = reason;
      if (!healthy && !first && bad >= Number(check.unhealthyThreshold)) registration.health = "unhealthy";
      await delay(first ? impatientMs : Number(check.interval) * 1000, undefined, { signal: ended.signal, ref: false }).catch(() => {});
    }
  }

  async #check(group: Stored, target: Target): Promise<[healthy: boolean, reason: string]> {
    const check = healthCheckOf(group.state);
    const wanted = check.port === "traffic-port" ? target.port : Number(check.port);
    const unreachable = this.#unreachable(group.id, target, wanted);
    if (unreachable !== undefined) return [false, `Request timed out (${unreachable})`];
    const port = target.portOf(wanted);
    if (port === undefined) return [false, "Health checks failed: the task does not run, or has no such port"];
    let status = 0;
    const probe = {
      http: { path: String(check.path), headers: { "user-agent": "ELB-HealthChecker/2.0" } },
      initialDelaySeconds: 0,
      periodSeconds: Number(check.interval),
      timeoutSeconds: Number(check.timeout),
      failureThreshold: 1,
      accepts: (answered: number) => {
        status = answered;
        return matches(String(check.matcher), answered);
      },
    };
    const healthy = await ask(probe, port);
    return [healthy, status === 0 ? "Health checks failed: no answer" : `Health checks failed with these codes: [${status}]`];
  }

  /** Why the balancers of a group cannot reach a target: a connection needs both sides' leave. */
  #unreachable(group: string, target: Target, port: number): string | undefined {
    const { store } = this.#ground;
    for (const arn of balancersOf(store, group)) {
      const balancer = store.get(loadBalancerToken, arn);
      if (!balancer) continue;
      const groups = textsOf(balancer.state.securityGroups);
      const ranges = textsOf(balancer.state.subnets).map((each) => String(requireSubnet(store, each).state.cidrBlock));
      if (!admits(store, target.groups, "ingress", port, { groups, ranges })) {
        return `the groups of ${target.name} do not let in port ${port} from ${groups.join(", ")} of ${balancer.state.name}`;
      }
      if (!admits(store, groups, "egress", port, { groups: target.groups, ranges })) {
        return `${groups.join(", ")} of ${balancer.state.name} does not let port ${port} out to ${target.groups.join(", ")}`;
      }
    }
    return undefined;
  }

  /** docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html */
  async #measured({ id, state }: Stored, request: Request): Promise<Response> {
    const asked = performance.now();
    const answer = await this.#answer(id, request);
    const of = ["AWS/ApplicationELB", String(state.region), { LoadBalancer: String(state.arnSuffix) }] as const;
    const count = (name: string) => this.#metrics.count(of[0], name, of[1], of[2]);
    count("RequestCount");
    // Pages of its own say who they are; every other answer is a target's.
    const own = answer.headers.get("server")?.startsWith("awselb") === true;
    if (!own) this.#metrics.observe(of[0], "TargetResponseTime", of[1], of[2], (performance.now() - asked) / 1000);
    if (answer.status >= 400) count(`HTTPCode_${own ? "ELB" : "Target"}_${Math.floor(answer.status / 100)}XX_Count`);
    return answer;
  }

  async #answer(id: string, request: Request): Promise<Response> {
    const { store, internet, log } = this.#ground;
    const balancer = store.get(loadBalancerToken, id);
    if (!balancer) throw new Unreachable("the load balancer is gone");
    const url = new URL(request.url);
    const secure = url.protocol === "https:";
    const port = Number(url.port || (secure ? 443 : 80));
    const listener = store.list(listenerToken).find(({ state }) => state.loadBalancerArn === id && state.port === port);
    const name = String(balancer.state.name);
    if (!listener || (listener.state.protocol === "HTTPS") !== secure)
      throw new Unreachable(`${name} has no listener for ${url.protocol} at port ${port}`);
    if (!admitsOutsiders(store, textsOf(balancer.state.securityGroups), port))
      throw new Unreachable(`no security group of ${name} lets port ${port} in from outside`);
    if (secure) {
      const certificate = findCertificate(store, String(listener.state.certificateArn));
      if (!certificate || !isIssued(store, internet, certificate) || !coversHost(certificate, url.hostname)) {
        throw new Unreachable(`TLS: the certificate of ${name} is not for ${url.hostname}`);
      }
    }
    const asked = { method: request.method, url, headers: request.headers };
    const rules = store.list(ruleToken).filter(({ state }) => state.listenerArn === listener.id);
    const action = actionFor(
      rules.map(({ state }) => state),
      listOf(listener.state.defaultActions),
      asked,
    );
    const ready = answerOf(action, asked);
    if (ready) return ready;
    const group = targetGroupOf(action, Math.random());
    const chosen = group === undefined ? undefined : this.#choose(group);
    if (group === undefined || !chosen) return page(503, "Service Temporarily Unavailable");
    const { target } = chosen;
    const at = target.portOf(target.port);
    if (this.#unreachable(group, target, target.port) !== undefined) return page(504, "Gateway Time-out");
    if (at === undefined) return page(502, "Bad Gateway");
    const idle = AbortSignal.timeout(Number(balancer.state.idleTimeout ?? 60) * 1000);
    const client = request.headers.get("cf-connecting-ip") ?? "203.0.113.1";
    const before = request.headers.get("x-forwarded-for");
    chosen.busy++;
    const done = () => {
      chosen.busy--;
      if (chosen.busy === 0 && chosen.ended.signal.aborted) chosen.idle.resolve();
    };
    try {
      const send = (asking: Request) =>
        forward(asking, {
          port: at,
          headers: {
            "x-forwarded-for": before === null ? client : `${before}, ${client}`,
            "x-forwarded-proto": url.protocol.slice(0, -1),
            "x-forwarded-port": String(port),
            "x-amzn-trace-id":
              request.headers.get("x-amzn-trace-id") ??
              `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString("hex")}`,
          },
        });
      const guarded = internet.faults.guard(target.part, send);
      const answer = await guarded(new Request(request, { signal: AbortSignal.any([request.signal, idle]) }));
      return watched(answer, done);
    } catch (error) {
      done();
      log(`${name}: ${target.name}: ${error instanceof Error ? error.message : error}`);
      return idle.aborted ? page(504, "Gateway Time-out") : page(502, "Bad Gateway");
    }
  }

  /**
   * One after the other of the healthy; where none is, of the unhealthy (docs.aws.amazon.com: target-group-health-checks, "fail open").
   * One that was never asked with success gets no request.
   */
  #choose(group: string): Registration | undefined {
    const all = [...(this.#targets.get(group) ?? [])];
    const healthy = all.filter(({ health }) => health === "healthy");
    const among = healthy.length > 0 ? healthy : all.filter(({ health }) => health === "unhealthy");
    return among[this.#turn++ % among.length];
  }
}

/** The same answer, and word when its body is at its end, however it ends. */
function watched(answer: Response, done: () => void): Response {
  if (!answer.body) {
    done();
    return answer;
  }
  // What a connection's own buffers hold is on its way, whether the client reads it or not.
  const through = new TransformStream<Uint8Array, Uint8Array>({}, undefined, new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }));
  void answer.body.pipeTo(through.writable).then(done, done);
  return new Response(through.readable, answer);
}

/** `200`, `200,202` or `200-299`. */
const matches = (matcher: string, status: number): boolean =>
  matcher.split(",").some((part) => {
    const [from = "", to = from] = part.trim().split("-");
    return status >= Number(from) && status <= Number(to);
  });

const page = (status: number, title: string) =>
  new Response(
    `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
    {
      status,
      headers: { "content-type": "text/html", server: "awselb/2.0" },
    },
  );
