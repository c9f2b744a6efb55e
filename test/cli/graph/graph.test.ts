import { describe, expect, it } from "vitest";
import { graphOf, type ProgramResource } from "../../../cli/graph/graph.ts";
import { toMermaid } from "../../../cli/graph/mermaid.ts";

const urn = (type: string, name: string, stack = "eu") => `urn:pulumi:${stack}::p::${type}::${name}`;
const stack = urn("pulumi:pulumi:Stack", "p-eu");
const component = (name: string, kind: string, parent = stack): ProgramResource => ({
  urn: urn(`team:area:${kind}`, name),
  type: `team:area:${kind}`,
  custom: false,
  parent,
  propertyDependencies: {},
  inputs: {},
});
const resource = (type: string, name: string, parent: string, inputs: object = {}, ...uses: string[]): ProgramResource => ({
  urn: urn(type, name),
  type,
  custom: true,
  parent,
  propertyDependencies: uses.length > 0 ? { one: uses } : {},
  inputs: inputs as Record<string, unknown>,
});

const site = component("edge", "Site");
const worker = resource("cloudflare:index/worker:Worker", "edge-worker", site.urn, {
  bindings: [
    { name: "SERVICES", text: "https://services.example" },
    { name: "ORIGIN", text: "https://www.example/start" },
  ],
});
const domain = resource("cloudflare:index/workersCustomDomain:WorkersCustomDomain", "edge-domain", site.urn, { hostname: "eu.example" });
const plane = component("plane", "Plane");
const database = component("plane-database", "Database", plane.urn);
const network = resource("gcp:compute/network:Network", "plane-network", plane.urn);
const instance = resource("gcp:sql/databaseInstance:DatabaseInstance", "plane-database-instance", database.urn, {}, network.urn);
const service = resource(
  "gcp:cloudrunv2/service:Service",
  "plane-service",
  plane.urn,
  { envs: [{ name: "OWN_ORIGIN", value: "https://services.example" }] },
  instance.urn,
);
const balancer = component("balancer", "Balancer");
const rule = resource("gcp:compute/forwardingRule:ForwardingRule", "balancer-rule", balancer.urn, {}, service.urn);
const record = resource("cloudflare:index/dnsRecord:DnsRecord", "balancer-record", balancer.urn, { name: "services.example" });
const apis = component("apis", "Apis");
const api = resource("gcp:projects/service:Service", "apis-run", apis.urn);
const provider = resource("pulumi:providers:gcp", "gcp", stack);
const storefront = component("storefront", "Site", urn("pulumi:pulumi:Stack", "p-global", "global"));
const www = resource("cloudflare:index/workersCustomDomain:WorkersCustomDomain", "storefront-domain", storefront.urn, {
  hostname: "www.example",
});

const graph = graphOf(
  [provider, site, worker, domain, plane, database, network, instance, service, balancer, rule, record, apis, api],
  new Map([["global", [storefront, www]]]),
);

describe("a stack's picture", () => {
  it("shows each component once: what it is, where it stands, whether it keeps data, and whether people open it", () => {
    expect(graph.nodes).toEqual([
      {
        name: "balancer",
        kind: "Balancer",
        cloud: "Google Cloud",
        within: "balancer",
        resources: 2,
        main: ["ForwardingRule"],
        keeps: false,
        open: false,
      },
      { name: "edge", kind: "Site", cloud: "Cloudflare", within: "edge", resources: 2, main: ["Worker"], keeps: false, open: true },
      expect.objectContaining({ name: "plane", within: "plane", main: ["Service"], keeps: false }),
      expect.objectContaining({ name: "plane-database", within: "plane", main: ["DatabaseInstance"], keeps: true }),
    ]);
  });

  it("says who calls whom, by the addresses that each knows, in other stacks as well", () => {
    expect(graph.edges.filter(({ way }) => way === "calls")).toEqual([
      { from: "edge", to: "balancer", way: "calls" },
      { from: "edge", to: "global: storefront", way: "calls" },
    ]);
  });

  it("says who is made with whose values, and takes a service's own address for no call", () => {
    expect(graph.edges.filter(({ way }) => way === "needs")).toEqual([
      { from: "balancer", to: "plane", way: "needs" },
      { from: "plane", to: "plane-database", way: "needs" },
      { from: "plane-database", to: "plane", way: "needs" },
    ]);
  });

  it("says so where a service calls another behind its own load balancer", () => {
    const second = resource("cloudflare:index/dnsRecord:DnsRecord", "balancer-second", balancer.urn, { name: "telemetry.example" });
    const sender = { ...service, inputs: { envs: ["https://services.example", "https://telemetry.example"] } };
    const { edges } = graphOf([plane, sender, balancer, rule, record, second]);
    expect(edges).toContainEqual({ from: "plane", to: "balancer", way: "calls" });
  });

  it("leaves out what holds settings only, and says so", () => {
    expect(graph.leftOut).toEqual(["apis"]);
  });

  it("stands in both clouds where it does", () => {
    const keys = component("keys", "Keys");
    const both = [resource("gcp:kms/cryptoKey:CryptoKey", "keys-gcp", keys.urn), resource("aws:kms/key:Key", "keys-aws", keys.urn)];
    expect(graphOf([keys, ...both]).nodes).toMatchObject([{ name: "keys", cloud: "AWS and Google Cloud" }]);
  });

  it("is drawn with a box for each cloud, and in it one for a component of several parts", () => {
    expect(toMermaid(graph).split("\n")).toEqual([
      "flowchart LR",
      '  person(["person"])',
      '  subgraph c0["Cloudflare"]',
      '    n0["<b>edge</b><br/>Site<br/><i>Worker</i>"]',
      "  end",
      '  subgraph c1["Google Cloud"]',
      '    n1["<b>balancer</b><br/>Balancer<br/><i>ForwardingRule</i>"]',
      '    subgraph c1g1["plane"]',
      '      n2["<b>plane</b><br/>Plane<br/><i>Service</i>"]',
      '      n3[("<b>plane-database</b><br/>Database<br/><i>DatabaseInstance</i>")]',
      "    end",
      "  end",
      '  n4["global: storefront"]',
      "  person ==> n0",
      "  n1 -.-> n2",
      "  n0 ==> n1",
      "  n0 ==> n4",
      "  n2 -.-> n3",
      "  n3 -.-> n2",
    ]);
  });
});
