import { expect, it } from "vitest";
import { graphOf, toMermaid } from "../../cli/graph.ts";
import type { StateResource } from "../../cli/pulumi/checkpoint.ts";

const urn = (type: string, name: string) => `urn:pulumi:eu::p::${type}::${name}`;
const stack = { urn: urn("pulumi:pulumi:Stack", "p-eu"), type: "pulumi:pulumi:Stack" };
const component = (name: string, kind: string, parent = stack.urn): StateResource => ({
  urn: urn(`team:area:${kind}`, name),
  type: `team:area:${kind}`,
  parent,
});
const resource = (type: string, name: string, parent: string, ...dependencies: string[]): StateResource => ({
  urn: urn(type, name),
  type,
  custom: true,
  parent,
  dependencies,
});

const site = component("edge", "Site");
const plane = component("plane", "Plane");
const database = component("plane-database", "Database", plane.urn);
const network = resource("gcp:compute/network:Network", "network", stack.urn);
const instance = resource("gcp:sql/databaseInstance:DatabaseInstance", "instance", database.urn, network.urn);
const service = resource("gcp:cloudrunv2/service:Service", "service", plane.urn, instance.urn, network.urn);
const worker = resource("cloudflare:index/worker:Worker", "worker", site.urn);
const domain = {
  ...resource("cloudflare:index/workersCustomDomain:WorkersCustomDomain", "domain", site.urn, worker.urn),
  propertyDependencies: { url: [service.urn] },
};
const provider = resource("pulumi:providers:gcp", "gcp", stack.urn);
const graph = graphOf([stack, provider, network, site, plane, database, instance, service, worker, domain]);

it("shows each component once, with what it is made of, in the cloud where it stands; what stands alone as itself", () => {
  expect(graph.nodes).toEqual([
    { id: "edge", name: "edge", kind: "Site", cloud: "Cloudflare", resources: 2 },
    { id: "network", name: "network", kind: "Network", cloud: "Google Cloud", resources: 1 },
    { id: "plane", name: "plane", kind: "Plane", cloud: "Google Cloud", resources: 1 },
    { id: "plane-database", name: "plane-database", kind: "Database", cloud: "Google Cloud", resources: 1 },
  ]);
});

it("says what rests on what, from dependencies and from properties, and not what follows from that", () => {
  // plane -> network follows from plane -> plane-database -> network.
  expect(graph.edges).toEqual([
    ["edge", "plane"],
    ["plane", "plane-database"],
    ["plane-database", "network"],
  ]);
});

it("is drawn with a box for each cloud", () => {
  expect(toMermaid(graph).split("\n")).toEqual([
    "flowchart LR",
    '  subgraph c0["Cloudflare"]',
    '    n0["<b>edge</b><br/>Site, 2 resources"]',
    "  end",
    '  subgraph c1["Google Cloud"]',
    '    n1["<b>network</b><br/>Network"]',
    '    n2["<b>plane</b><br/>Plane"]',
    '    n3["<b>plane-database</b><br/>Database"]',
    "  end",
    "  n0 --> n2",
    "  n2 --> n3",
    "  n3 --> n1",
  ]);
});

it("ends where components rest on each other", () => {
  const back = { ...instance, dependencies: [service.urn] };
  expect(graphOf([stack, plane, database, back, service]).edges.length).toBeGreaterThan(0);
});
