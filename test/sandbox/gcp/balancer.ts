// A whole load balancer for a test, part by part in the order in which the real one is made.
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { type Deployed, region, type World } from "./world.ts";

/** A service that says what it was asked, and by which of its kind. */
export const program = `
import { createServer } from "node:http";
createServer((request, response) => response.end(JSON.stringify({
  service: process.env.K_SERVICE, url: request.url, headers: request.headers })))
  .listen(process.env.PORT);`;

export class Balancer {
  readonly #world: World;
  network!: Deployed;
  constructor(world: World) {
    this.#world = world;
  }

  /** A network with, if asked, the subnetwork that the proxies need. */
  async inNetwork(name: string, proxies: "ACTIVE" | "BACKUP" | "none" = "ACTIVE"): Promise<this> {
    this.network = await this.#world.create("compute/network:Network", name, { name, autoCreateSubnetworks: false });
    if (proxies !== "none") await this.proxySubnetwork(proxies);
    return this;
  }

  proxySubnetwork(role: string, more: Properties = {}): Promise<Deployed> {
    const name = `${this.network.inputs.name}-${role.toLowerCase()}`;
    const inputs = {
      name,
      region,
      network: this.network.id,
      ipCidrRange: "10.129.0.0/23",
      purpose: "REGIONAL_MANAGED_PROXY",
      role,
      ...more,
    };
    return this.#world.create("compute/subnetwork:Subnetwork", name, inputs);
  }

  async service(name: string, image: string, more: Properties = {}): Promise<Deployed> {
    const { email } = await this.#world.account(`${name}-runner`);
    return this.#world.create("cloudrunv2/service:Service", name, {
      name,
      location: region,
      deletionProtection: false,
      invokerIamDisabled: true,
      ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
      template: { serviceAccount: email, containers: [{ image }] },
      ...more,
    });
  }

  address(name: string, more: Properties = {}): Promise<Deployed> {
    return this.#world.create("compute/address:Address", name, { name, region, networkTier: "STANDARD", ...more });
  }

  group(service: string, more: Properties = {}): Promise<Deployed> {
    const inputs = { region, networkEndpointType: "SERVERLESS", cloudRun: { service }, ...more };
    return this.#world.create("compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup", `${service}-group`, inputs);
  }

  backend(name: string, group: Deployed, more: Properties = {}): Promise<Deployed> {
    return this.#world.create("compute/regionBackendService:RegionBackendService", name, {
      name,
      region,
      protocol: "HTTPS",
      loadBalancingScheme: "EXTERNAL_MANAGED",
      backends: [{ group: group.id, capacityScaler: 1 }],
      ...more,
    });
  }

  urlMap(name: string, more: Properties): Promise<Deployed> {
    return this.#world.create("compute/regionUrlMap:RegionUrlMap", name, { name, region, ...more });
  }

  async certificate(domain: string): Promise<{ authorization: Deployed; certificate: Deployed }> {
    const name = domain.replaceAll(".", "-");
    const authorization = await this.authorization(domain);
    const managed = { domains: [domain], dnsAuthorizations: [authorization.id] };
    const inputs = { name, location: region, managed };
    return { authorization, certificate: await this.#world.create("certificatemanager/certificate:Certificate", name, inputs) };
  }

  authorization(domain: string, more: Properties = {}): Promise<Deployed> {
    const name = domain.replaceAll(".", "-");
    return this.#world.create("certificatemanager/dnsAuthorization:DnsAuthorization", name, { name, location: region, domain, ...more });
  }

  /** Puts the authorisation's record into the DNS. Returns its removal. */
  prove({ state }: Deployed): () => void {
    const [record] = state.dnsResourceRecords as { name: string; type: string; data: string }[];
    if (!record) throw new Error("the authorisation has no record");
    return this.#world.internet.publish({ name: record.name, type: record.type, content: record.data });
  }

  proxy(name: string, urlMap: Deployed, certificates: readonly Deployed[], more: Properties = {}): Promise<Deployed> {
    const inputs = { name, region, urlMap: urlMap.id, certificateManagerCertificates: certificates.map(({ id }) => id), ...more };
    return this.#world.create("compute/regionTargetHttpsProxy:RegionTargetHttpsProxy", name, inputs);
  }

  rule(name: string, target: Deployed, address: Deployed, more: Properties = {}): Promise<Deployed> {
    return this.#world.create("compute/forwardingRule:ForwardingRule", name, {
      name,
      region,
      loadBalancingScheme: "EXTERNAL_MANAGED",
      ipProtocol: "TCP",
      portRange: "443",
      target: target.id,
      ipAddress: String(address.state.address),
      network: this.network.id,
      networkTier: "STANDARD",
      ...more,
    });
  }
}
