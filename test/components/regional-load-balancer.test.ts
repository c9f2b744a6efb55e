import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import { describe, expect, it } from "vitest";
import { type Backend, RegionalLoadBalancer, type RegionalLoadBalancerArgs } from "../../components/governance/regional-load-balancer.ts";
import { known, part, run } from "./program.ts";

const services = "services-eu.brand.example";
const telemetry = "telemetry-gcp-eu.brand.example";
const preferences: Backend = { name: "preferences", service: "preferences", hostname: services, tokenHeader: "x-edge-authorization" };
const collector: Backend = {
  name: "collector",
  service: "collector",
  hostname: telemetry,
  tokenHeader: "authorization",
  requestsPerMinute: 600,
};
const spool: Backend = {
  name: "spool",
  service: "spool",
  hostname: services,
  paths: ["/v1/telemetry/*"],
  tokenHeader: "x-edge-authorization",
};

const create = (backends: readonly Backend[], more: Partial<RegionalLoadBalancerArgs> = {}) =>
  new RegionalLoadBalancer("it", {
    project: "brand-eu",
    jurisdiction: "eu",
    zoneId: "zone",
    network: "network-id",
    proxySubnetwork: new Subnetwork("proxies", { network: "network-id" }),
    backends,
    dependsOn: [],
    ...more,
  });
const balancer = (...args: Parameters<typeof create>) => run(() => create(...args));

describe("RegionalLoadBalancer", () => {
  it("lists all that is wrong with its backends in one message", async () => {
    await run(() => {
      const wrong = [
        { ...preferences, paths: ["/v1/*"], tokenHeader: "X'" },
        { ...preferences, paths: [], requestsPerMinute: 0 },
      ];
      expect(() => create(wrong)).toThrow(
        [
          'RegionalLoadBalancer "it" cannot be made:',
          "  - two backends have one name; there are preferences, preferences",
          `  - 0 backends of ${services} name no paths; exactly one must, which gets all that the others leave`,
          `  - tokenHeader "X'" of preferences: a header's name in lower case is allowed`,
          "  - requestsPerMinute 0 of preferences: a whole number from 1 is allowed",
        ].join("\n"),
      );
      expect(() => create([])).toThrow("it has no backends");
    });
  });

  it("stands in the jurisdiction, at one address of the rule's own tier, and speaks TLS 1.2 or later", async () => {
    const { made } = await balancer([preferences]);
    const tier = { networkTier: "STANDARD", region: "europe-west3" };
    expect(part(made, "it-address").inputs).toMatchObject({ addressType: "EXTERNAL", ...tier });
    expect(part(made, "it-rule").inputs).toMatchObject({
      loadBalancingScheme: "EXTERNAL_MANAGED",
      portRange: "443",
      ipAddress: "203.0.113.7",
      network: "network-id",
      target: "it-proxy-id",
      ...tier,
    });
    expect(part(made, "it-tls").inputs).toMatchObject({ minTlsVersion: "TLS_1_2", profile: "RESTRICTED" });
    expect(part(made, "it-proxy").inputs).toMatchObject({
      sslPolicy: "it-tls-id",
      certificateManagerCertificates: ["it-preferences-certificate-id"],
    });
  });

  it("gives serverless backends capacity, and neither timeout nor health check nor logs", async () => {
    const { made } = await balancer([preferences]);
    const { inputs } = part(made, "it-preferences-backend");
    expect(inputs).toMatchObject({
      loadBalancingScheme: "EXTERNAL_MANAGED",
      protocol: "HTTPS",
      backends: [{ group: "it-preferences-group-id", capacityScaler: 1 }],
      securityPolicy: "it-preferences-policy-id",
      logConfig: { enable: false },
    });
    expect(Object.keys(inputs)).not.toEqual(expect.arrayContaining(["timeoutSec"]));
    expect(Object.keys(inputs)).not.toEqual(expect.arrayContaining(["healthChecks"]));
  });

  it("leaves to the provider the names of what can only be replaced while it is in use", async () => {
    const { made } = await balancer([preferences]);
    for (const name of ["it-preferences-group", "it-proxy", "it-preferences-certificate", "it-preferences-authorization"])
      expect(part(made, name).inputs.name, name).toBeUndefined();
  });

  it("refuses what shows no token, slows down what asks too often, and denies by default", async () => {
    const { made } = await balancer([preferences, collector]);
    const rules = (name: string) =>
      part(made, name).inputs.rules as { priority: number; action: string; match: unknown; rateLimitOptions?: unknown }[];
    expect(rules("it-preferences-policy").map(({ priority, action }) => [priority, action])).toEqual([
      [1000, "deny(403)"],
      [2000, "throttle"],
      [2147483647, "deny(403)"],
    ]);
    expect(rules("it-collector-policy")[0]?.match).toEqual({ expr: { expression: "!has(request.headers['authorization'])" } });
    expect(rules("it-collector-policy")[1]?.rateLimitOptions).toMatchObject({
      enforceOnKey: "IP",
      rateLimitThreshold: { count: 600, intervalSec: 60 },
    });
    expect(rules("it-preferences-policy")[1]?.rateLimitOptions).toMatchObject({ rateLimitThreshold: { count: 60_000 } });
  });

  it("routes by host, and below a host by path", async () => {
    const { made } = await balancer([preferences, spool, collector]);
    expect(part(made, "it-map").inputs).toMatchObject({
      defaultService: "it-preferences-backend-id",
      hostRules: [
        { hosts: [services], pathMatcher: "preferences" },
        { hosts: [telemetry], pathMatcher: "collector" },
      ],
      pathMatchers: [
        {
          name: "preferences",
          defaultService: "it-preferences-backend-id",
          pathRules: [{ paths: ["/v1/telemetry/*"], service: "it-spool-backend-id" }],
        },
        { name: "collector", defaultService: "it-collector-backend-id", pathRules: [] },
      ],
    });
  });

  it("has a certificate for each hostname, proven by the record that the authorisation asks for, final dots apart", async () => {
    const { made } = await balancer([preferences, collector]);
    expect(part(made, "it-collector-authorization").inputs).toMatchObject({ domain: telemetry, location: "europe-west3" });
    expect(part(made, "it-collector-certificate").inputs).toMatchObject({
      location: "europe-west3",
      managed: { domains: [telemetry], dnsAuthorizations: ["it-collector-authorization-id"] },
    });
    expect(part(made, "it-collector-proof").inputs).toMatchObject({
      name: "_acme-challenge_1.brand.example",
      type: "CNAME",
      content: "proof.authority.example",
      proxied: false,
    });
    const alone = await balancer([preferences]);
    expect(part(made, "it-preferences-certificate").inputs).toEqual(part(alone.made, "it-preferences-certificate").inputs);
  });

  it("makes what waits for something after it: proof, certificate, proxy, rule, record", async () => {
    const { made } = await balancer([preferences]);
    const order = ["proxies", "it-preferences-proof", "it-preferences-certificate", "it-proxy", "it-rule", "it-preferences-record"];
    expect(made.map(({ name }) => name).filter((name) => order.includes(name) && name !== "proxies")).toEqual(order.slice(1));
    const names = made.map(({ name }) => name);
    expect(names.indexOf("proxies")).toBeLessThan(names.indexOf("it-rule"));
  });

  it("points each hostname at its address, unproxied, and knows the origin of no other", async () => {
    const { made, value } = await balancer([preferences, spool, collector]);
    for (const [name, hostname] of [
      ["it-preferences-record", services],
      ["it-collector-record", telemetry],
    ] as const)
      expect(part(made, name).inputs).toMatchObject({ zoneId: "zone", name: hostname, type: "A", content: "203.0.113.7", proxied: false });
    expect(made.filter(({ type }) => type.endsWith(":DnsRecord"))).toHaveLength(4);
    expect(await known(value.origin(telemetry))).toBe(`https://${telemetry}`);
    expect(() => value.origin("www.brand.example")).toThrow(`it has ${services}, ${telemetry}`);
  });

  it("lets each of its children be transformed", async () => {
    const described = (args: object) => ({ args: { ...args, description: "by hand" }, options: {} }) as never;
    const { made } = await balancer([preferences], {
      transform: {
        address: described,
        sslPolicy: described,
        securityPolicy: described,
        group: described,
        backendService: described,
        urlMap: described,
        authorization: described,
        certificate: described,
        proxy: described,
        rule: described,
        record: (args) => {
          args.comment = "by hand";
          return undefined;
        },
      },
    });
    const untouched = made.filter(
      ({ name, inputs }) => name.startsWith("it-") && inputs.description !== "by hand" && inputs.comment !== "by hand",
    );
    expect(untouched.map(({ name }) => name)).toEqual([]);
  });
});
