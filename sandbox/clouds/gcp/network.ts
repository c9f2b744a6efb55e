// The virtual network: nothing is routed through it, but what depends on what is held.
import { randomInt } from "node:crypto";
import { BlockList, isIPv4 } from "node:net";
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
} from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { computeApi as api, autoname, nameOf, notFound, numericId, refuseInUse, refuseTaken, selfLink } from "./compute.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { labelOutputs } from "./labels.ts";
import { computedOf } from "./outputs.ts";
import { projectOf, regionOf } from "./projects.ts";
import { requireApi } from "./services.ts";

const test = "test/sandbox/gcp/network.test.ts";
const networkToken = "gcp:compute/network:Network";
const subnetworkToken = "gcp:compute/subnetwork:Subnetwork";
const addressToken = "gcp:compute/globalAddress:GlobalAddress";
const connectionToken = "gcp:servicenetworking/connection:Connection";
const instanceToken = "gcp:sql/databaseInstance:DatabaseInstance";
export const forwardingRuleToken = "gcp:compute/forwardingRule:ForwardingRule";
/** A subnetwork from which the proxies of a region's load balancers speak to backends (cloud.google.com/load-balancing/docs/proxy-only-subnets). */
const proxyOnly = "REGIONAL_MANAGED_PROXY";

/** A network as `projects/P/global/networks/N`, whichever of its three spellings (id, self link, bare name) a program uses. */
export function networkId(project: string, reference: unknown): string {
  const text = nameOf(reference);
  return text.includes("/") ? text : `projects/${project}/global/networks/${text}`;
}

/** Whether private services access was set up for this network: without it no database can have an address in it. */
export function hasServiceConnection(context: Context, network: string): boolean {
  return context.store.list(connectionToken).some(({ state }) => networkId("", state.network) === network);
}

/** The proxy-only subnetwork that serves the load balancers of a network in a region. */
export function activeProxySubnetwork({ store }: { readonly store: Store }, network: string, region: string): Stored | undefined {
  return store
    .list(subnetworkToken)
    .find(({ state }) => isActiveProxy(state) && state.region === region && networkOfUser(state) === network);
}

const isActiveProxy = ({ purpose, role }: Properties) => purpose === proxyOnly && role === "ACTIVE";

export function requireNetwork(context: Context, id: string): void {
  if (!context.store.get(networkToken, id)) throw notFound(id);
}

const network: ResourceDefinition = {
  token: networkToken,
  fidelity: { level: "enforces", how: "cannot go while something is in it", test },
  autoname,
  replaceOn: ["name", "project", "autoCreateSubnetworks", "description", "enableUlaInternalIpv6", "internalIpv6Range", "networkProfile"],
  create(context, inputs): Created {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const id = `projects/${project}/global/networks/${inputs.name}`;
    refuseTaken(context, networkToken, id);
    const number = numericId();
    return {
      id,
      outputs: {
        project,
        selfLink: selfLink(id),
        networkId: number,
        numericId: number,
        gatewayIpv4: "",
        mtu: inputs.mtu ?? 1460,
        routingMode: inputs.routingMode ?? "REGIONAL",
        autoCreateSubnetworks: inputs.autoCreateSubnetworks ?? true,
        internalIpv6Range: inputs.internalIpv6Range ?? "",
      },
    };
  },
  update: (_context, old) => computedOf(old),
  delete(context, { id }) {
    const inside = [subnetworkToken, addressToken, instanceToken, forwardingRuleToken].flatMap((token) => context.store.list(token));
    refuseInUse(
      id,
      inside.filter(({ state }) => networkOfUser(state) === id),
    );
  },
};

function networkOfUser(state: Properties): string | undefined {
  const settings = state.settings as { ipConfiguration?: { privateNetwork?: string } } | undefined;
  const reference = settings ? settings.ipConfiguration?.privateNetwork : state.network;
  return reference ? networkId(String(state.project), reference) : undefined;
}

const subnetwork: ResourceDefinition = {
  token: subnetworkToken,
  fidelity: { level: "enforces", how: "ranges of one network may not overlap; no load balancer without a proxy-only one", test },
  autoname,
  replaceOn: ["name", "project", "region", "network", "description", "purpose", "reservedInternalRange"],
  refuse({ ipCidrRange, purpose, role, privateIpGoogleAccess }) {
    const failures: Failure[] = [];
    const [address = "", bits] = typeof ipCidrRange === "string" ? ipCidrRange.split("/") : [];
    if (bits !== undefined && !isIPv4(address))
      failures.push({ property: "ipCidrRange", reason: `"${ipCidrRange}" is not an IPv4 range such as 10.0.0.0/24` });
    if (purpose === proxyOnly) {
      if (Number(bits) > 26)
        failures.push({
          property: "ipCidrRange",
          reason: `"${ipCidrRange}" is too small for a proxy-only subnetwork: /26 is the least, /23 is usual`,
        });
      if (role === undefined)
        failures.push({ property: "role", reason: `a subnetwork with purpose ${proxyOnly} needs a role: ACTIVE or BACKUP` });
      if (privateIpGoogleAccess === true)
        failures.push({
          property: "privateIpGoogleAccess",
          reason: "a proxy-only subnetwork holds proxies only and cannot have private Google access",
        });
    }
    return failures;
  },
  create(context, inputs): Created {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    const region = regionOf(context, inputs);
    const owner = networkId(project, inputs.network);
    requireNetwork(context, owner);
    const id = `projects/${project}/regions/${region}/subnetworks/${inputs.name}`;
    refuseTaken(context, subnetworkToken, id);
    refuseSecondProxy(context, inputs, owner, region, id);
    const range = String(inputs.ipCidrRange);
    const clash = context.store
      .list(subnetworkToken)
      .find((other) => other.id !== id && networkOfUser(other.state) === owner && overlap(range, String(other.state.ipCidrRange)));
    if (clash) {
      throw new CloudError(
        "invalid",
        `googleapi: Error 400: Invalid IPCidrRange: ${range} conflicts with existing subnetwork '${clash.state.name}' in region '${clash.state.region}'., badRequest`,
      );
    }
    return {
      id,
      outputs: {
        project,
        region,
        selfLink: selfLink(id),
        gatewayAddress: gateway(range),
        creationTimestamp: new Date().toISOString(),
        purpose: inputs.purpose ?? "PRIVATE",
        stackType: inputs.stackType ?? "IPV4_ONLY",
        privateIpGoogleAccess: inputs.privateIpGoogleAccess ?? false,
        privateIpv6GoogleAccess: inputs.privateIpv6GoogleAccess ?? "DISABLE_GOOGLE_ACCESS",
        state: "READY",
      },
    };
  },
  update(context, old, inputs) {
    refuseSecondProxy(context, inputs, String(networkOfUser(old.state)), String(old.state.region), old.id);
    return computedOf(old);
  },
  delete(context, { id, state }) {
    if (!isActiveProxy(state)) return;
    const owner = networkOfUser(state);
    const rules = context.store.list(forwardingRuleToken);
    refuseInUse(
      id,
      rules.filter((rule) => rule.state.region === state.region && networkOfUser(rule.state) === owner),
    );
  },
};

function refuseSecondProxy(context: Context, inputs: Properties, owner: string, region: string, id: string): void {
  const active = isActiveProxy(inputs) ? activeProxySubnetwork(context, owner, region) : undefined;
  if (!active || active.id === id) return;
  throw new CloudError(
    "invalid",
    `googleapi: Error 400: Invalid value for field 'resource.role': 'ACTIVE'. The subnetwork '${active.id}' with purpose ${proxyOnly} is already active in this network and region., invalid`,
  );
}

const globalAddress: ResourceDefinition = {
  token: addressToken,
  fidelity: { level: "enforces", how: "a service connection needs its range reserved", test },
  autoname,
  replaceOn: ["name", "project", "network", "address", "addressType", "prefixLength", "purpose", "description", "ipVersion"],
  recomputed: ["pulumiLabels", "effectiveLabels"],
  refuse: ({ purpose, network: owner, prefixLength }) =>
    purpose === "VPC_PEERING" && (owner === undefined || prefixLength === undefined)
      ? [{ property: "purpose", reason: "VPC_PEERING needs network and prefixLength (16 is usual, 24 the least)" }]
      : [],
  create(context, inputs): Created {
    const project = projectOf(context, inputs);
    requireApi(context, project, api);
    if (inputs.network) requireNetwork(context, networkId(project, inputs.network));
    const id = `projects/${project}/global/addresses/${inputs.name}`;
    refuseTaken(context, addressToken, id);
    const address =
      inputs.address ??
      (inputs.addressType === "INTERNAL"
        ? `10.${randomInt(64, 255)}.0.0`
        : `34.${randomInt(96, 127)}.${randomInt(255)}.${randomInt(1, 255)}`);
    return {
      id,
      outputs: {
        project,
        address,
        selfLink: selfLink(id),
        creationTimestamp: new Date().toISOString(),
        addressType: inputs.addressType ?? "EXTERNAL",
        prefixLength: inputs.prefixLength ?? 0,
        labelFingerprint: "42WmSpB8rSM=",
        ...labelOutputs(context, inputs),
      },
    };
  },
  update: (context, old, inputs) => ({ ...computedOf(old), ...labelOutputs(context, inputs) }),
};

const connection: ResourceDefinition = {
  token: connectionToken,
  fidelity: { level: "enforces", how: "a database without it cannot have a private address, nor can it go while one has", test },
  replaceOn: ["network", "service"],
  create(context, inputs): Created {
    const owner = networkId(projectOf(context, {}), inputs.network);
    const project = owner.split("/")[1] ?? "";
    requireApi(context, project, "servicenetworking.googleapis.com");
    requireNetwork(context, owner);
    for (const range of inputs.reservedPeeringRanges as string[]) {
      const address = context.store.get(addressToken, `projects/${project}/global/addresses/${range}`);
      if (address?.state.purpose !== "VPC_PEERING" || networkOfUser(address.state) !== owner) {
        throw new CloudError(
          "invalid",
          `Error waiting for Create Service Networking Connection: Error code 9, message: The range '${range}' is not an allocated range of network '${owner}'. Reserve it first: a global address with purpose VPC_PEERING`,
        );
      }
    }
    return { id: `${encodeURIComponent(owner)}:${inputs.service}`, outputs: { peering: String(inputs.service).replaceAll(".", "-") } };
  },
  update: (_context, old) => computedOf(old),
  delete(context, { state }) {
    const owner = networkId("", state.network);
    const users = context.store.list(instanceToken).filter((row) => networkOfUser(row.state) === owner);
    if (users.length === 0) return;
    throw new CloudError(
      "failedPrecondition",
      `Unable to remove Service Networking Connection, err: Error waiting for Delete Service Networking Connection: Error code 9, message: Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection. Used by ${users.map(({ id }) => id).join(", ")}.`,
    );
  },
};

function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((range) => {
    const [address = "", bits = "32"] = range.split("/");
    const list = new BlockList();
    list.addSubnet(address, Number(bits), "ipv4");
    return { address, list };
  }) as [{ address: string; list: BlockList }, { address: string; list: BlockList }];
  return one.list.check(other.address, "ipv4") || other.list.check(one.address, "ipv4");
}

/** The first host of the range, where Google puts the gateway. */
function gateway(range: string): string {
  const [a, b, c, d] = (range.split("/")[0] ?? "").split(".").map(Number);
  return [a, b, c, (d ?? 0) + 1].join(".");
}

export const networkDefinitions = [network, subnetwork, globalAddress, connection].map(withDeletionPolicy);
