// The regional external Application Load Balancer: what reaches a Cloud Run service through it, and what the API refuses on the way there.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { Balancer, program } from "./balancer.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const host = "services.brand.example";
const other = "other.brand.example";
let world: World;
let balancer: Balancer;
let image: string;
let shop: Deployed;
let address: Deployed;
let shopBackend: Deployed;
let proxy: Deployed;
let proofs: Record<string, () => void>;
let certificates: readonly Deployed[];
let policy: Deployed;
let map: Deployed;

beforeAll(async () => {
  world = await World.start("compute", "certificatemanager", "run");
  balancer = await new Balancer(world).inNetwork("main");
  image = await world.push("service", program);
  shop = await balancer.service("shop", image);
  await balancer.service("admin", image);
  address = await balancer.address("front");
  shopBackend = await balancer.backend("shop", await balancer.group("shop"));
  const adminBackend = await balancer.backend("admin", await balancer.group("admin"));
  map = await balancer.urlMap("map", {
    defaultService: shopBackend.id,
    hostRules: [
      { hosts: [host], pathMatcher: "services" },
      { hosts: [other], pathMatcher: "moved" },
    ],
    pathMatchers: [
      {
        name: "services",
        defaultService: shopBackend.id,
        pathRules: [
          { paths: ["/admin/*"], service: adminBackend.id },
          { paths: ["/admin/shop/*"], service: String(shopBackend.state.selfLink) },
        ],
      },
      { name: "moved", defaultUrlRedirect: { hostRedirect: host, stripQuery: true, redirectResponseCode: "PERMANENT_REDIRECT" } },
    ],
    tests: [{ host, path: "/admin/x", service: adminBackend.id }],
  });
  const issued = [await balancer.certificate(host), await balancer.certificate(other)] as const;
  proofs = { [host]: balancer.prove(issued[0].authorization), [other]: balancer.prove(issued[1].authorization) };
  certificates = issued.map(({ certificate }) => certificate);
  policy = await world.create("compute/regionSslPolicy:RegionSslPolicy", "tls", {
    name: "tls",
    region,
    minTlsVersion: "TLS_1_2",
    profile: "RESTRICTED",
  });
  proxy = await balancer.proxy("proxy", map, certificates, { sslPolicy: policy.id });
  await balancer.rule("rule", proxy, address);
  for (const name of [host, other]) world.internet.publish({ name, type: "A", content: String(address.state.address) });
});
afterAll(() => world.end());

const ask = async (url: string, init: RequestInit = {}) => {
  const response = await world.fetch(url, init);
  return { status: response.status, ...((await response.json()) as { service: string; url: string; headers: Record<string, string> }) };
};

describe("a request to a host whose record points at the rule's address", () => {
  test("reaches the service behind it, with its own host and what the balancer adds", async () => {
    const answer = await ask(`https://${host}/v1/things?a=b`, { headers: { "x-forwarded-for": "198.51.100.9" } });
    expect(answer).toMatchObject({ status: 200, service: "shop", url: "/v1/things?a=b" });
    expect(answer.headers).toMatchObject({
      host,
      via: "1.1 google",
      "x-forwarded-proto": "https",
      "x-forwarded-for": `198.51.100.9,203.0.113.1,${address.state.address}`,
    });
  });

  test("is routed by its path, the longest pattern first", async () => {
    expect((await ask(`https://${host}/admin/x`)).service).toBe("admin");
    expect((await ask(`https://${host}/admin/shop/x`)).service).toBe("shop");
    expect((await ask(`https://${host}/admin`)).service).toBe("shop");
  });

  test("is routed by its host, or sent elsewhere", async () => {
    const response = await world.fetch(`https://${other}/path?secret=1`);
    expect([response.status, response.headers.get("location")]).toEqual([308, `https://${host}/path`]);
  });

  test("is answered over TLS on the rule's port only", async () => {
    await expect(world.fetch(`http://${host}/`)).rejects.toThrow(`nothing listens on port 80 of ${host}`);
    await expect(world.fetch(`https://${host}:8443/`)).rejects.toThrow(`nothing listens on port 8443 of ${host}`);
  });

  test("gets no connection where no certificate covers the host", async () => {
    world.internet.publish({ name: "stranger.brand.example", type: "A", content: String(address.state.address) });
    await expect(world.fetch("https://stranger.brand.example/")).rejects.toThrow("TLS with stranger.brand.example fails");
    await expect(world.fetch(`https://${address.state.address}/`)).rejects.toThrow("has no active certificate for it");
  });

  test("gets no connection while the certificate's record is missing from the DNS", async () => {
    proofs[other]?.();
    await expect(world.fetch(`https://${other}/`)).rejects.toThrow(`TLS with ${other} fails`);
    expect(world.cloud.parts()).toContainEqual(
      expect.objectContaining({ kind: "certificate", state: "starting", detail: `PROVISIONING: ${other}` }),
    );
    const authorization = world.existing(
      "certificatemanager/dnsAuthorization:DnsAuthorization",
      `projects/${project}/locations/${region}/dnsAuthorizations/other-brand-example`,
    );
    balancer.prove(authorization);
    expect((await world.fetch(`https://${other}/`)).status).toBe(308);
  });

  test("is answered again after a stop and start", async () => {
    await world.stop();
    await world.start();
    for (const { state } of world.store.list("gcp:certificatemanager/dnsAuthorization:DnsAuthorization"))
      for (const { name, type, data } of state.dnsResourceRecords as { name: string; type: string; data: string }[])
        world.internet.publish({ name, type, content: data });
    for (const name of [host, other]) world.internet.publish({ name, type: "A", content: String(address.state.address) });
    expect((await ask(`https://${host}/`)).service).toBe("shop");
    expect(world.cloud.parts()).toContainEqual(expect.objectContaining({ kind: "load balancer", name: "rule", state: "running" }));
  });
});

describe("the ingress of a service", () => {
  test("for load balancers lets nobody in at its own address", async () => {
    for (const url of [String(shop.state.uri), ...(shop.state.urls as string[])]) expect((await world.fetch(url)).status).toBe(404);
    expect((await ask(`https://${host}/`)).status).toBe(200);
  });

  test("for internal callers lets nobody in through a load balancer either", async () => {
    const ingress = (value: string) => shop.update({ ...shop.inputs, ingress: value });
    shop = await ingress("INGRESS_TRAFFIC_INTERNAL_ONLY");
    expect((await world.fetch(`https://${host}/`)).status).toBe(404);
    shop = await ingress("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER");
    expect((await world.fetch(`https://${host}/`)).status).toBe(200);
  });

  test("does not say who may call: a balancer adds no identity", async () => {
    shop = await shop.update({ ...shop.inputs, invokerIamDisabled: false });
    expect((await world.fetch(`https://${host}/`)).status).toBe(403);
    shop = await shop.update({ ...shop.inputs, invokerIamDisabled: true });
  });
});

describe("a replacement", () => {
  test("of a group that names itself comes before the old one goes; with a name of its own it is a conflict", async () => {
    await expect(
      world.create("compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup", "named", {
        name: "named",
        region,
        cloudRun: { service: "shop" },
      }),
    ).resolves.toBeDefined();
    const again = world.create("compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup", "again", {
      name: "named",
      region,
      cloudRun: { service: "admin" },
    });
    await expect(again).rejects.toThrow("409");
    const fresh = await balancer.group("admin", { name: "fresh" });
    shopBackend = await shopBackend.update({ ...shopBackend.inputs, backends: [{ group: fresh.id, capacityScaler: 1 }] });
    expect((await ask(`https://${host}/`)).service).toBe("admin");
    const old = world.existing(
      "compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
      `projects/${project}/regions/${region}/networkEndpointGroups/named`,
    );
    await old.remove();
    await expect(fresh.remove()).rejects.toThrow(`is already being used by '${shopBackend.id}'`);
  });
});

test("nothing goes while something rests on it", async () => {
  for (const part of [address, proxy, map, policy, shopBackend, ...certificates])
    await expect(part.remove()).rejects.toThrow("is already being used by");
  const subnetwork = world.existing("compute/subnetwork:Subnetwork", `projects/${project}/regions/${region}/subnetworks/main-active`);
  await expect(subnetwork.remove()).rejects.toThrow(
    `is already being used by 'projects/${project}/regions/${region}/forwardingRules/rule'`,
  );
});

describe("Google refuses", () => {
  test("a rule without an active proxy-only subnetwork in its network and region", async () => {
    const bare = await new Balancer(world).inNetwork("bare", "none");
    const spare = await bare.address("spare");
    await expect(bare.rule("early", proxy, spare)).rejects.toThrow(
      "A reserved and active subnetwork is required in the same region and VPC",
    );
    await bare.proxySubnetwork("BACKUP", { ipCidrRange: "10.130.0.0/23" });
    await expect(bare.rule("early", proxy, spare)).rejects.toThrow("A reserved and active subnetwork is required");
    await bare.proxySubnetwork("ACTIVE");
    const rule = await bare.rule("late", proxy, spare);
    expect(rule.state).toMatchObject({ ipAddress: spare.state.address, networkTier: "STANDARD", target: proxy.id });
    await rule.remove();
    await expect(world.fetch(`https://${spare.state.address}/`)).rejects.toThrow("no such host in the sandbox");
  });

  test("a second active proxy-only subnetwork, one that is too small, and one without a role", async () => {
    const second = balancer.proxySubnetwork("ACTIVE", { name: "second", ipCidrRange: "10.140.0.0/23" });
    await expect(second).rejects.toThrow("is already active in this network and region");
    await expect(balancer.proxySubnetwork("BACKUP", { name: "small", ipCidrRange: "10.140.0.0/27" })).rejects.toThrow("/26 is the least");
    const { role: _, ...roleless } = {
      name: "r",
      region,
      network: balancer.network.id,
      ipCidrRange: "10.141.0.0/23",
      role: "",
      purpose: "REGIONAL_MANAGED_PROXY",
    };
    await expect(world.create("compute/subnetwork:Subnetwork", "r", roleless)).rejects.toThrow("needs a role");
  });

  const rule = (more: Properties) => balancer.rule("refused", proxy, address, more);
  test.each<[string, Properties, string]>([
    ["of the default scheme", { loadBalancingScheme: "EXTERNAL" }, "EXTERNAL_MANAGED to a regional target HTTPS proxy is"],
    ["with a range of ports", { portRange: "80-443" }, "has exactly one port"],
    ["over UDP", { ipProtocol: "UDP" }, "speaks TCP"],
    ["of another network tier than its address", { networkTier: "PREMIUM" }, "is STANDARD, that of ForwardingRule is PREMIUM"],
    ["at an address that is taken", {}, "Specified IP address is in-use and would result in a conflict"],
    ["at an address that nobody reserved", { ipAddress: "34.1.2.3" }, "'34.1.2.3' was not found"],
    ["in a network that is not there", { network: "default" }, `projects/${project}/global/networks/default' was not found`],
  ])("a rule %s", async (_name, more, reason) => {
    await expect(rule(more)).rejects.toThrow(reason);
  });

  const backend = async (more: Properties) =>
    balancer.backend("refused", await balancer.group("refused", { name: `g-${Math.abs(JSON.stringify(more).length)}` }), more);
  test.each<[string, Properties, string]>([
    ["with a timeout", { timeoutSec: 30 }, "Timeout sec is not supported for a backend service with Serverless network endpoint groups"],
    ["with a health check", { healthChecks: "projects/p/regions/r/healthChecks/h" }, "A health check is not supported"],
    ["with a name for its port", { portName: "http-port" }, "Port name is not supported"],
    ["of the default scheme", { loadBalancingScheme: "INTERNAL" }, "EXTERNAL_MANAGED is"],
    [
      "with a policy that is not there",
      { securityPolicy: "projects/brand/regions/europe-west3/securityPolicies/none" },
      "securityPolicies/none' was not found",
    ],
  ])("a backend service %s", async (_name, more, reason) => {
    await expect(backend(more)).rejects.toThrow(reason);
  });

  test("a backend without capacity, of rate mode, or beside another", async () => {
    const group = await balancer.group("more", { name: "more" });
    const backends = (...list: Properties[]) => balancer.backend("refused", group, { backends: list });
    await expect(backends({ group: group.id })).rejects.toThrow(
      "must be set and more than 0 where loadBalancingScheme is EXTERNAL_MANAGED",
    );
    await expect(backends({ group: group.id, capacityScaler: 0 })).rejects.toThrow("must be set and more than 0");
    await expect(backends({ group: group.id, capacityScaler: 1, balancingMode: "RATE" })).rejects.toThrow(
      "Balancing mode RATE is not supported",
    );
    const both = [group, await balancer.group("second", { name: "second" })].map(({ id }) => ({ group: id, capacityScaler: 1 }));
    await expect(backends(...both)).rejects.toThrow("takes one serverless network endpoint group");
  });

  const urlMap = (more: Properties) => balancer.urlMap("refused", { defaultService: shopBackend.id, ...more });
  test.each<[string, () => Properties, string]>([
    [
      "without a matcher that it names",
      () => ({ hostRules: [{ hosts: ["a.example"], pathMatcher: "none" }] }),
      'no path matcher called "none"',
    ],
    [
      "with a matcher that nobody names",
      () => ({ pathMatchers: [{ name: "idle", defaultService: shopBackend.id }] }),
      '"idle" is used by no host rule',
    ],
    [
      "with both a service and a redirect",
      () => ({ defaultUrlRedirect: { hostRedirect: host, stripQuery: false } }),
      "give either defaultService or defaultUrlRedirect",
    ],
    [
      "to a service that is not there",
      () => ({ defaultService: `projects/${project}/regions/${region}/backendServices/none` }),
      "backendServices/none' was not found",
    ],
    [
      "whose tests fail",
      () => ({ tests: [{ host, path: "/", service: "elsewhere" }] }),
      `expected ${host}/ to go to 'elsewhere', it goes to`,
    ],
    [
      "with a wildcard in the middle",
      () => ({ hostRules: [{ hosts: ["a.*.example"], pathMatcher: "m" }], pathMatchers: [{ name: "m", defaultService: shopBackend.id }] }),
      '"a.*.example" is no host pattern',
    ],
    [
      "with a star in the middle of a path",
      () => ({
        hostRules: [{ hosts: ["a.example"], pathMatcher: "m" }],
        pathMatchers: [{ name: "m", defaultService: shopBackend.id, pathRules: [{ paths: ["/v1*"], service: shopBackend.id }] }],
      }),
      '"/v1*" is no path pattern',
    ],
  ])("a URL map %s", async (_name, more, reason) => {
    await expect(urlMap(more())).rejects.toThrow(reason);
  });

  test.each<[string, Properties, string]>([
    ["both kinds of certificates", { sslCertificates: ["c"] }, "can't be defined together"],
    ["no certificate", { certificateManagerCertificates: [] }, "at least one certificate must be specified"],
    [
      "a certificate that is not there",
      { certificateManagerCertificates: [`projects/${project}/locations/${region}/certificates/none`] },
      "certificates/none' was not found",
    ],
    [
      "a certificate of another place",
      { certificateManagerCertificates: ["//certificatemanager.googleapis.com/projects/brand/locations/global/certificates/global"] },
      `is not in the region '${region}'`,
    ],
    ["too long a pause", { httpKeepAliveTimeoutSec: 601 }, "must be 5 to 600"],
    ["a server TLS policy", { serverTlsPolicy: "p" }, "only applies to a global target HTTPS proxy"],
  ])("a proxy with %s", async (_name, more, reason) => {
    const name = "global.brand.example";
    if (!world.store.get("gcp:certificatemanager/certificate:Certificate", "projects/brand/locations/global/certificates/global")) {
      const authorization = await balancer.authorization(name, { location: "global" });
      await world.create("certificatemanager/certificate:Certificate", "global", {
        name: "global",
        managed: { domains: [name], dnsAuthorizations: [authorization.id] },
      });
    }
    await expect(balancer.proxy("refused", map, certificates, more)).rejects.toThrow(reason);
  });

  test.each<[Properties, string]>([
    [{ minTlsVersion: "TLS_1_3" }, "TLS_1_3 needs profile RESTRICTED, not COMPATIBLE"],
    [{ profile: "CUSTOM" }, "given with profile CUSTOM"],
    [{ profile: "MODERN", customFeatures: ["TLS_AES_128_GCM_SHA256"] }, "and only with it"],
  ])("an SSL policy %j", async (inputs, reason) => {
    await expect(
      world.create("compute/regionSslPolicy:RegionSslPolicy", "refused", { name: "refused", region, ...inputs }),
    ).rejects.toThrow(reason);
  });

  test.each<[Properties, string]>([
    [{ networkEndpointType: "INTERNET_FQDN_PORT", cloudRun: { service: "shop" } }, "leads nowhere here"],
    [{}, "stands for exactly one service"],
    [{ cloudRun: { urlMask: "<service>.brand.example" } }, "URL masks are not run here"],
    [{ cloudRun: { service: "shop" }, network: "main" }, "is in no network"],
  ])("a group %j", async (inputs, reason) => {
    await expect(
      world.create("compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup", "refused", { region, ...inputs }),
    ).rejects.toThrow(reason);
  });

  test("everything while the API is not enabled", async () => {
    const disabled = world.create("compute/address:Address", "other", { name: "other", region, project: "other-project" });
    await expect(disabled).rejects.toThrow("Compute Engine API has not been used in project");
    const certificate = world.create("certificatemanager/dnsAuthorization:DnsAuthorization", "other", {
      project: "other-project",
      domain: "brand.example",
    });
    await expect(certificate).rejects.toThrow("Certificate Manager API has not been used in project");
  });
});
