import { GlobalAddress } from "@pulumi/gcp/compute/globalAddress.js";
import { Network, type NetworkArgs } from "@pulumi/gcp/compute/network.js";
import { Subnetwork, type SubnetworkArgs } from "@pulumi/gcp/compute/subnetwork.js";
import { Connection } from "@pulumi/gcp/servicenetworking/connection.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { refuse, type Transform, transformed } from "../component.ts";

export interface RegionNetworkArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  /** How many instances of services and jobs there may be at once; more than the subnet has addresses for is refused. */
  readonly instances: number;
  readonly transform?: {
    readonly network?: Transform<NetworkArgs>;
    readonly subnetwork?: Transform<SubnetworkArgs>;
    readonly proxySubnetwork?: Transform<SubnetworkArgs>;
  };
}

/** Where services and jobs leave from. */
const servicesRange = { address: "10.20.16.0", prefix: 20 };
/** Where the database stands. Named, since Google would choose any that is free now, and so one that a subnet is about to take. */
const databaseRange = { address: "10.20.32.0", prefixLength: 20 };
/** Google keeps four of every subnet's addresses (cloud.google.com/vpc/docs/subnets). */
const serviceAddresses = 2 ** (32 - servicesRange.prefix) - 4;
/** Two an instance, and two for the one that it replaced: those are given back up to 20 minutes later. */
const addressesPerInstance = 4;

/**
 * The private network of a region: services leave through one subnet, load balancers speak to services from another, and the database has
 * an address inside it only.
 *
 * Rests on: private services access is an address range plus a peering, which a database needs before it is made although no property
 * links them; Cloud Run's direct egress wants a /26 or larger, two addresses an instance (cloud.google.com/run/docs/configuring/vpc-direct-vpc);
 * a network and region have one active proxy-only subnet, /23 is usual, and it goes only after the last load balancer
 * (cloud.google.com/load-balancing/docs/proxy-only-subnets).
 */
export class RegionNetwork extends pulumi.ComponentResource {
  readonly nodes: {
    readonly network: Network;
    readonly subnetwork: Subnetwork;
    /** What a regional load balancer depends on. */
    readonly proxySubnetwork: Subnetwork;
    readonly range: GlobalAddress;
    /** What a private database depends on. */
    readonly connection: Connection;
  };

  constructor(name: string, args: RegionNetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:RegionNetwork", name, {}, options);
    const { project, instances, transform = {} } = args;
    const subnet = `${servicesRange.address}/${servicesRange.prefix}`;
    const needed = instances * addressesPerInstance;
    refuse("RegionNetwork", name, [
      needed > serviceAddresses &&
        `${instances} instances need ${needed} addresses, ${addressesPerInstance} each, and the subnet ${subnet} has ${serviceAddresses}: allowed are at most ${Math.floor(serviceAddresses / addressesPerInstance)}, the migration job among them`,
    ]);
    const { region, gcp } = residencyOf(args.jurisdiction);
    const child: pulumi.CustomResourceOptions = { parent: this };

    const network = new Network(
      `${name}-network`,
      ...transformed(
        transform.network,
        { project, name: `bailiwick-${region}`, autoCreateSubnetworks: false, routingMode: "REGIONAL" },
        child,
      ),
    );
    const subnetwork = new Subnetwork(
      `${name}-services`,
      ...transformed(
        transform.subnetwork,
        {
          project,
          name: `services-${region}`,
          region: gcp.location,
          network: network.id,
          ipCidrRange: subnet,
          privateIpGoogleAccess: true,
        },
        child,
      ),
    );
    const proxySubnetwork = new Subnetwork(
      `${name}-proxies`,
      ...transformed(
        transform.proxySubnetwork,
        {
          project,
          name: `proxies-${region}`,
          region: gcp.location,
          network: network.id,
          ipCidrRange: "10.20.2.0/23",
          purpose: "REGIONAL_MANAGED_PROXY",
          role: "ACTIVE",
        },
        child,
      ),
    );
    const range = new GlobalAddress(
      `${name}-range`,
      {
        project,
        name: `services-range-${region}`,
        purpose: "VPC_PEERING",
        addressType: "INTERNAL",
        ...databaseRange,
        network: network.id,
      },
      child,
    );
    const connection = new Connection(
      `${name}-connection`,
      {
        network: network.id,
        service: "servicenetworking.googleapis.com",
        reservedPeeringRanges: [range.name],
        // Google keeps the peering in use for days after the last database is gone, and refuses to delete it meanwhile.
        deletionPolicy: "ABANDON",
      },
      child,
    );
    this.nodes = { network, subnetwork, proxySubnetwork, range, connection };
    this.registerOutputs({});
  }
}
