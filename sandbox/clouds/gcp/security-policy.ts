// compute.RegionSecurityPolicy (Cloud Armor): which requests a load balancer lets through to a backend service.
import { CloudError, type Failure, type Properties, type ResourceDefinition, UNKNOWN } from "../../engine/definition.ts";
import { numericId, regional, selfLink } from "./compute.ts";
import { inRange, isRange } from "./ip-range.ts";
import { listOf, objectOf } from "./outputs.ts";
import { compileExpression, type Facts } from "./security-expression.ts";

export const securityPolicyToken = "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy";

const lastPriority = 2_147_483_647;
const mostRanges = 10;
const denials = [403, 404, 502];
const exceedings = [403, 404, 429, 502];
/** [cloud.google.com/armor/docs/rate-limiting-overview] */
const intervals = [10, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3600];
const keys: Readonly<Record<string, (facts: Facts, name: string) => string>> = {
  ALL: () => "",
  IP: ({ ip }) => ip,
  HTTP_HEADER: ({ headers }, name) => headers.get(name) ?? "",
  HTTP_PATH: ({ path }) => path.slice(0, 128),
};

/** The status of `deny(403)`. */
const statusOf = (action: unknown): number => Number(/^deny\((\d+)\)$/.exec(String(action))?.[1]);
const isLimit = (action: unknown) => action === "throttle" || action === "rate_based_ban";

function refuseRule(rule: Properties, at: string): Failure[] {
  const failures: Failure[] = [];
  const say = (property: string, reason: string) => failures.push({ property: `${at}.${property}`, reason });
  const { action } = rule;
  if (typeof action === "string" && action !== UNKNOWN && action !== "allow" && !isLimit(action) && !denials.includes(statusOf(action)))
    say("action", `"${action}" is not an action of a regional policy: allow, deny(403), deny(404), deny(502), throttle, rate_based_ban`);

  const match = objectOf(rule.match);
  const expression = objectOf(match.expr).expression;
  const ranges = objectOf(match.config).srcIpRanges;
  if (rule.match !== UNKNOWN && (expression === undefined) === (ranges === undefined))
    say("match", "give either config.srcIpRanges with versionedExpr SRC_IPS_V1, or expr.expression");
  if (ranges !== undefined && match.versionedExpr !== "SRC_IPS_V1") say("match.versionedExpr", "srcIpRanges need SRC_IPS_V1");
  if (Array.isArray(ranges)) {
    if (ranges.length > mostRanges) say("match.config.srcIpRanges", `${ranges.length} ranges: a rule takes ${mostRanges} at most`);
    for (const range of ranges)
      if (typeof range === "string" && range !== UNKNOWN && range !== "*" && !isRange(range))
        say("match.config.srcIpRanges", `"${range}" is no range of addresses`);
  }
  if (typeof expression === "string" && expression !== UNKNOWN) {
    try {
      compileExpression(expression);
    } catch (error) {
      say("match.expr.expression", `${expression}: ${(error as Error).message}`);
    }
  }
  return [...failures, ...refuseLimit(rule, at)];
}

function refuseLimit({ action, rateLimitOptions }: Properties, at: string): Failure[] {
  const path = `${at}.rateLimitOptions`;
  if (action === UNKNOWN || rateLimitOptions === UNKNOWN) return [];
  if (rateLimitOptions === undefined) return isLimit(action) ? [{ property: path, reason: `${action} needs rateLimitOptions` }] : [];
  if (!isLimit(action)) return [{ property: path, reason: `only throttle and rate_based_ban take rateLimitOptions, not ${action}` }];
  const failures: Failure[] = [];
  const say = (property: string, reason: string) => failures.push({ property: `${path}.${property}`, reason });
  const options = objectOf(rateLimitOptions);
  const threshold = objectOf(options.rateLimitThreshold);
  if (options.conformAction !== "allow") say("conformAction", `"${options.conformAction}": must be allow`);
  if (!exceedings.includes(statusOf(options.exceedAction)))
    say("exceedAction", `"${options.exceedAction}": must be ${exceedings.map((status) => `deny(${status})`).join(", ")}`);
  if (typeof threshold.count !== "number" || threshold.count < 1) say("rateLimitThreshold.count", "must be 1 or more");
  if (!intervals.includes(Number(threshold.intervalSec)))
    say("rateLimitThreshold.intervalSec", `${threshold.intervalSec}: must be one of ${intervals.join(", ")}`);
  if (action === "throttle" && options.banDurationSec !== undefined) say("banDurationSec", "only rate_based_ban bans");
  if (action === "rate_based_ban" && options.banDurationSec === undefined) say("banDurationSec", "rate_based_ban needs it");
  if (options.enforceOnKeyConfigs !== undefined || options.banThreshold !== undefined || !(String(options.enforceOnKey ?? "ALL") in keys))
    say("enforceOnKey", `not evaluated here; enforceOnKey ${Object.keys(keys).join(", ")} are`);
  return failures;
}

function refuse({ rules }: Properties): Failure[] {
  const list = listOf(rules);
  if (list.length === 0) return [];
  const failures = list.flatMap((rule, i) => refuseRule(rule, `rules[${i}]`));
  const last = list.find(({ priority }) => priority === lastPriority);
  const isDefault = last && JSON.stringify(objectOf(objectOf(last.match).config).srcIpRanges) === '["*"]';
  if (!isDefault)
    failures.push({ property: "rules", reason: `there must always be a default rule, with priority ${lastPriority} and the range "*"` });
  for (const [i, { priority }] of list.entries()) {
    if (typeof priority !== "number") continue;
    if (priority < 0 || priority > lastPriority || list.findIndex((rule) => rule.priority === priority) !== i)
      failures.push({
        property: `rules[${i}].priority`,
        reason: `${priority}: each rule has a priority of its own from 0 to ${lastPriority}`,
      });
  }
  return failures;
}

const allowAll = {
  priority: lastPriority,
  action: "allow",
  description: "default rule",
  preview: false,
  match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } },
};

export const securityPolicy = (users: readonly string[]): ResourceDefinition =>
  regional({
    token: securityPolicyToken,
    fidelity: {
      level: "enforces",
      how: "rules by address and by expression, denials and rate limits hold at the load balancer",
      test: "test/sandbox/gcp/security-policy.test.ts",
    },
    collection: "securityPolicies",
    replaceOn: ["name", "project", "region", "type"], // [MM RegionSecurityPolicy.yaml: immutable]
    unordered: ["rules"],
    recomputed: ["fingerprint"],
    refuse,
    users,
    admit(_context, { type }) {
      if (type === undefined || type === "CLOUD_ARMOR") return;
      throw new CloudError("unsupported", `a security policy of type ${type} is not enforced here; CLOUD_ARMOR is`);
    },
    computed: (_context, { rules }, { id }, before) => ({
      policyId: before.policyId ?? numericId(),
      fingerprint: numericId().slice(0, 12),
      selfLinkWithPolicyId: selfLink(id),
      ...(listOf(rules).length === 0 ? { rules: [allowAll] } : {}),
    }),
  });

/** Counts requests of each key in windows of a rule's length, and remembers who is banned. */
export class RateLimits {
  readonly #windows = new Map<string, { readonly ends: number; count: number }>();

  /** Whether this request is one too many. */
  exceeds(key: string, count: number, intervalMs: number, banMs: number, now = Date.now()): boolean {
    const window = this.#windows.get(key);
    if (!window || window.ends <= now) {
      if (this.#windows.size > 10_000) for (const [old, { ends }] of this.#windows) if (ends <= now) this.#windows.delete(old);
      this.#windows.set(key, { ends: now + intervalMs, count: 1 });
      return count < 1;
    }
    window.count += 1;
    if (window.count <= count) return false;
    if (window.count === count + 1 && banMs > 0) this.#windows.set(key, { ends: now + banMs, count: window.count });
    return true;
  }
}

/** The status with which a policy refuses a request; undefined where it may pass. */
export function judge(policy: { readonly id: string; readonly state: Properties }, facts: Facts, limits: RateLimits): number | undefined {
  const rules = listOf(policy.state.rules).toSorted((a, b) => Number(a.priority) - Number(b.priority));
  for (const rule of rules) {
    if (rule.preview === true || !matches(objectOf(rule.match), facts)) continue;
    if (!isLimit(rule.action)) return rule.action === "allow" ? undefined : statusOf(rule.action);
    const options = objectOf(rule.rateLimitOptions);
    const { count, intervalSec } = objectOf(options.rateLimitThreshold);
    const keyOf = keys[String(options.enforceOnKey ?? "ALL")] as (facts: Facts, name: string) => string;
    const key = `${policy.id} ${rule.priority} ${keyOf(facts, String(options.enforceOnKeyName ?? ""))}`;
    const exceeded = limits.exceeds(key, Number(count), Number(intervalSec) * 1000, Number(options.banDurationSec ?? 0) * 1000);
    return exceeded ? statusOf(options.exceedAction) : undefined;
  }
  return undefined;
}

const expressions = new Map<string, (facts: Facts) => boolean>();

function compiled(expression: string): (facts: Facts) => boolean {
  const known = expressions.get(expression) ?? compileExpression(expression);
  expressions.set(expression, known);
  return known;
}

function matches({ expr, config }: Properties, facts: Facts): boolean {
  const { expression } = objectOf(expr);
  if (expression !== undefined) return compiled(String(expression))(facts);
  return ((objectOf(config).srcIpRanges ?? []) as string[]).some((range) => inRange(facts.ip, range));
}
