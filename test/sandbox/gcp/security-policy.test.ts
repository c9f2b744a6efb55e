// Cloud Armor at a regional load balancer: which requests reach the service, and which rules the API refuses.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compileExpression } from "../../../sandbox/clouds/gcp/security-expression.ts";
import { RateLimits } from "../../../sandbox/clouds/gcp/security-policy.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Balancer, program } from "./balancer.ts";
import { type Deployed, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const host = "guarded.brand.example";
let world: World;
let policy: Deployed;

const everyone = { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } };
const last = (action: string): Properties => ({ priority: 2_147_483_647, action, match: everyone });
const ranges = (...srcIpRanges: string[]) => ({ versionedExpr: "SRC_IPS_V1", config: { srcIpRanges } });
const expression = (text: string) => ({ expr: { expression: text } });
const limit = (more: Properties = {}): Properties => ({
  conformAction: "allow",
  exceedAction: "deny(429)",
  enforceOnKey: "IP",
  rateLimitThreshold: { count: 3, intervalSec: 3600 },
  ...more,
});
const create = (name: string, rules: Properties[], more: Properties = {}) =>
  world.create("compute/regionSecurityPolicy:RegionSecurityPolicy", name, { name, region, type: "CLOUD_ARMOR", rules, ...more });

beforeAll(async () => {
  world = await World.start("compute", "certificatemanager", "run");
  const balancer = await new Balancer(world).inNetwork("main");
  await balancer.service("guarded", await world.push("service", program));
  policy = await create("guard", []);
  const backend = await balancer.backend("guarded", await balancer.group("guarded"), { securityPolicy: policy.id });
  const { authorization, certificate } = await balancer.certificate(host);
  balancer.prove(authorization);
  const proxy = await balancer.proxy("proxy", await balancer.urlMap("map", { defaultService: backend.id }), [certificate]);
  const address = await balancer.address("front");
  await balancer.rule("rule", proxy, address);
  world.internet.publish({ name: host, type: "A", content: String(address.state.address) });
});
afterAll(() => world.end());

const status = async (path = "/", init: RequestInit = {}) => {
  const response = await world.fetch(`https://${host}${path}`, init);
  await response.body?.cancel();
  return response.status;
};
const under = async (...rules: Properties[]) => {
  policy = await policy.update({ ...policy.inputs, rules });
};

describe("a policy", () => {
  test("without rules lets everything pass, and says so", async () => {
    const open = await create("open", []);
    expect(open.state.rules).toEqual([expect.objectContaining({ priority: 2_147_483_647, action: "allow" })]);
    await under();
    expect(await status()).toBe(200);
  });

  test.each([403, 404, 502])("denies with %i", async (code) => {
    await under(last(`deny(${code})`));
    expect(await status()).toBe(code);
  });

  test("takes the rule of the lowest number that matches, and passes over one that is only previewed", async () => {
    await under({ priority: 10, action: "allow", match: ranges("203.0.113.0/24") }, last("deny(403)"));
    expect(await status()).toBe(200);
    await under({ priority: 10, action: "allow", match: ranges("198.51.100.0/24") }, last("deny(403)"));
    expect(await status()).toBe(403);
    await under({ priority: 10, action: "deny(404)", match: everyone, preview: true }, last("allow"));
    expect(await status()).toBe(200);
  });

  test("may ask for a header", async () => {
    await under({ priority: 10, action: "deny(403)", match: expression("!has(request.headers['x-token'])") }, last("allow"));
    expect(await status()).toBe(403);
    expect(await status("/", { headers: { "x-token": "anything" } })).toBe(200);
  });

  test("throttles by key and says 429, whatever a client claims of its address", async () => {
    await under({ priority: 10, action: "throttle", match: everyone, rateLimitOptions: limit() }, last("deny(403)"));
    const seen = [];
    for (let i = 0; i < 5; i++) seen.push(await status("/", { headers: { "x-forwarded-for": `198.51.100.${i}` } }));
    expect(seen).toEqual([200, 200, 200, 429, 429]);
  });

  test("cannot go while a backend service has it", async () => {
    await expect(policy.remove()).rejects.toThrow("is already being used by");
  });
});

describe("a rate limit", () => {
  test("counts each key by itself, in windows", () => {
    const limits = new RateLimits();
    const exceeds = (key: string, now: number) => limits.exceeds(key, 2, 1000, 0, now);
    expect([exceeds("a", 0), exceeds("a", 1), exceeds("b", 1), exceeds("a", 2), exceeds("a", 1000)]).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test("with a ban keeps refusing beyond the window", () => {
    const limits = new RateLimits();
    const exceeds = (now: number) => limits.exceeds("a", 1, 1000, 5000, now);
    expect([exceeds(0), exceeds(1), exceeds(1500), exceeds(4999), exceeds(5001)]).toEqual([false, true, true, true, false]);
  });
});

describe("an expression", () => {
  const facts = {
    ip: "203.0.113.1",
    method: "POST",
    path: "/v1/things",
    query: "a=b",
    scheme: "https",
    headers: new Headers({ "user-agent": "Curl/8" }),
  };
  test.each<[string, boolean]>([
    ["request.method == 'POST' && request.path.startsWith('/v1/')", true],
    ["request.method != 'POST' || request.query.contains('c')", false],
    ["request.headers['user-agent'].lower().matches('^curl')", true],
    ["request.headers['missing'] == ''", true],
    ["inIpRange(origin.ip, '203.0.113.0/24') && !(request.path == '/')", true],
    ["inIpRange(origin.ip, '2001:db8::/32')", false],
    ["true && !false", true],
  ])("%s is %s", (text, value) => {
    expect(compileExpression(text)(facts)).toBe(value);
  });

  test.each([
    ["origin.region_code == 'AU'", '"origin.region_code" is not evaluated here'],
    ["evaluatePreconfiguredWaf('sqli-v33-stable')", "is not evaluated here"],
    ["request.path.size() == ''", ".size"],
    ["request.path == ", "a value is expected"],
    ["(true", '")" is missing'],
    ["true true", "is not expected there"],
    [Array(6).fill("true").join(" || "), "more than 5 subexpressions"],
  ])("%s is refused", (text, reason) => {
    expect(() => compileExpression(text)).toThrow(reason);
  });
});

test.each<[string, Properties[], string]>([
  ["no default rule", [{ priority: 1, action: "allow", match: everyone }], "there must always be a default rule"],
  [
    "more than ten ranges",
    [{ priority: 1, action: "allow", match: ranges(...Array.from({ length: 11 }, (_, i) => `10.${i}.0.0/16`)) }, last("allow")],
    "11 ranges: a rule takes 10 at most",
  ],
  ["what is no range", [{ priority: 1, action: "allow", match: ranges("10.0.0.0/33") }, last("allow")], '"10.0.0.0/33" is no range'],
  ["a code that is not allowed", [last("deny(418)")], '"deny(418)" is not an action'],
  ["a redirect", [{ priority: 1, action: "redirect", match: everyone }, last("allow")], '"redirect" is not an action of a regional policy'],
  [
    "one priority twice",
    [{ priority: 1, action: "allow", match: everyone }, { priority: 1, action: "allow", match: everyone }, last("allow")],
    "a priority of its own",
  ],
  ["no match", [{ priority: 1, action: "allow" }, last("allow")], "give either config.srcIpRanges"],
  ["ranges of no version", [{ priority: 1, action: "allow", match: { config: { srcIpRanges: ["*"] } } }, last("allow")], "need SRC_IPS_V1"],
  [
    "an expression that is not evaluated here",
    [{ priority: 1, action: "allow", match: expression("origin.asn == 1") }, last("allow")],
    "is not evaluated here",
  ],
  ["a throttle without a limit", [{ priority: 1, action: "throttle", match: everyone }, last("allow")], "throttle needs rateLimitOptions"],
  [
    "a limit on what is no throttle",
    [{ priority: 1, action: "allow", match: everyone, rateLimitOptions: limit() }, last("allow")],
    "only throttle and rate_based_ban",
  ],
  [
    "a limit of an odd interval",
    [
      { priority: 1, action: "throttle", match: everyone, rateLimitOptions: limit({ rateLimitThreshold: { count: 1, intervalSec: 7 } }) },
      last("allow"),
    ],
    "7: must be one of 10, 30, 60",
  ],
  [
    "a limit that lets pass what exceeds it",
    [{ priority: 1, action: "throttle", match: everyone, rateLimitOptions: limit({ exceedAction: "allow" }) }, last("allow")],
    "must be deny(403)",
  ],
  [
    "a ban without a duration",
    [{ priority: 1, action: "rate_based_ban", match: everyone, rateLimitOptions: limit() }, last("allow")],
    "rate_based_ban needs it",
  ],
])("a policy with %s is refused", async (_name, rules, reason) => {
  await expect(create("refused", rules)).rejects.toThrow(reason);
});

test("a policy of another type is not enforced here, and so refused", async () => {
  await expect(create("network", [last("allow")], { type: "CLOUD_ARMOR_NETWORK" })).rejects.toThrow("CLOUD_ARMOR is");
});
