// In front of a load balancer: its address, the TLS it speaks, and the rule that makes it answer.
import { randomInt } from "node:crypto";
import { isIPv4 } from "node:net";
import {
  CloudError,
  type Context,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
} from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { certificateToken } from "./certificate-manager.ts";
import { invalid, nameOf, notFound, numericId, type Place, regional } from "./compute.ts";
import { labelOutputs } from "./labels.ts";
import { urlMapToken } from "./load-balancer-routing.ts";
import { activeProxySubnetwork, forwardingRuleToken, networkId, requireNetwork } from "./network.ts";

export const addressToken = "gcp:compute/address:Address";
export const proxyToken = "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy";
const sslPolicyToken = "gcp:compute/regionSslPolicy:RegionSslPolicy";
const test = "test/sandbox/gcp/load-balancer.test.ts";

/** An address that no other resource has. Its place is one from which Google gives addresses; nothing is ever sent there. */
function freeAddress(store: Store): string {
  const taken = [addressToken, forwardingRuleToken]
    .flatMap((token) => store.list(token))
    .flatMap(({ state }) => [state.address, state.ipAddress]);
  for (;;) {
    const address = `34.${randomInt(1, 96)}.${randomInt(256)}.${randomInt(1, 255)}`;
    if (!taken.includes(address)) return address;
  }
}

export const address: ResourceDefinition = regional({
  token: addressToken,
  fidelity: { level: "enforces", how: "reserved for one load balancer, which answers there", test },
  collection: "addresses",
  // Its labels alone can change. [MM Address.yaml]
  replaceOn: [
    "name",
    "project",
    "region",
    "address",
    "addressType",
    "description",
    "ipVersion",
    "network",
    "networkTier",
    "purpose",
    "subnetwork",
  ],
  recomputed: ["pulumiLabels", "effectiveLabels"],
  refuse: ({ addressType, networkTier, ipVersion }) => {
    const failures: Failure[] = [];
    if (addressType === "INTERNAL" && networkTier !== undefined)
      failures.push({ property: "networkTier", reason: "an INTERNAL address has no network tier" });
    if (ipVersion === "IPV6") failures.push({ property: "ipVersion", reason: "IPv6 addresses are not given here" });
    return failures;
  },
  users: [forwardingRuleToken],
  alias: (state) => state.address,
  computed: (context, inputs, _place, before) => ({
    address: inputs.address ?? before.address ?? freeAddress(context.store),
    addressId: before.addressId ?? numericId(),
    addressType: inputs.addressType ?? "EXTERNAL",
    networkTier: inputs.networkTier ?? (inputs.addressType === "INTERNAL" ? "" : "PREMIUM"),
    purpose: inputs.purpose ?? "",
    subnetwork: inputs.subnetwork ?? "",
    prefixLength: inputs.prefixLength ?? 0,
    users: [],
    labelFingerprint: "42WmSpB8rSM=",
    ...labelOutputs(context, inputs),
  }),
});

export const sslPolicy: ResourceDefinition = regional({
  token: sslPolicyToken,
  fidelity: {
    level: "enforces",
    how: "profiles and versions that do not go together are refused; the sandbox's TLS is 1.2 or later whatever it says",
    test,
  },
  collection: "sslPolicies",
  replaceOn: ["name", "project", "region", "description"], // [MM RegionSslPolicy.yaml]
  recomputed: ["fingerprint", "enabledFeatures"],
  refuse: ({ minTlsVersion, profile, customFeatures }) => {
    const failures: Failure[] = [];
    if (minTlsVersion === "TLS_1_3" && profile !== "RESTRICTED" && profile !== UNKNOWN)
      failures.push({
        property: "profile",
        reason: `minTlsVersion TLS_1_3 needs profile RESTRICTED, not ${profile ?? "COMPATIBLE, the default"}`,
      });
    const features = Array.isArray(customFeatures) && customFeatures.length > 0;
    if (profile !== UNKNOWN && customFeatures !== UNKNOWN && (profile === "CUSTOM") !== features)
      failures.push({ property: "customFeatures", reason: "are given with profile CUSTOM, and only with it" });
    return failures;
  },
  users: [proxyToken],
  computed: (_context, { customFeatures }) => ({ fingerprint: numericId().slice(0, 12), enabledFeatures: customFeatures ?? [] }),
});

export const targetHttpsProxy: ResourceDefinition = regional({
  token: proxyToken,
  fidelity: { level: "runs", how: "speaks TLS for the domains of its active certificates, and for no others", test },
  collection: "targetHttpsProxies",
  replaceOn: ["name", "project", "region", "description", "httpKeepAliveTimeoutSec"], // [MM RegionTargetHttpsProxy.yaml]
  refuse: ({ sslCertificates, certificateManagerCertificates, httpKeepAliveTimeoutSec, serverTlsPolicy }) => {
    const failures: Failure[] = [];
    if (sslCertificates !== undefined && certificateManagerCertificates !== undefined)
      failures.push({
        property: "sslCertificates",
        reason: "sslCertificates and certificateManagerCertificates can't be defined together",
      });
    else if (sslCertificates !== undefined)
      failures.push({
        property: "sslCertificates",
        reason: "there are none here; certificates of the Certificate Manager are: certificateManagerCertificates",
      });
    else if (
      certificateManagerCertificates === undefined ||
      (Array.isArray(certificateManagerCertificates) && certificateManagerCertificates.length === 0)
    )
      failures.push({ property: "certificateManagerCertificates", reason: "at least one certificate must be specified" });
    if (typeof httpKeepAliveTimeoutSec === "number" && (httpKeepAliveTimeoutSec < 5 || httpKeepAliveTimeoutSec > 600))
      failures.push({ property: "httpKeepAliveTimeoutSec", reason: `${httpKeepAliveTimeoutSec}: must be 5 to 600` });
    if (serverTlsPolicy !== undefined)
      failures.push({ property: "serverTlsPolicy", reason: "only applies to a global target HTTPS proxy" });
    return failures;
  },
  users: [forwardingRuleToken],
  references: ({ urlMap, sslPolicy: policy, certificateManagerCertificates }) => [
    { token: urlMapToken, to: urlMap },
    { token: sslPolicyToken, to: policy },
    ...((certificateManagerCertificates ?? []) as string[]).map((to) => ({ token: certificateToken, to })),
  ],
  computed: (_context, _inputs, _place, before) => ({ proxyId: before.proxyId ?? Number(numericId().slice(0, 15)) }),
});

/** The reserved address that a rule names by number, id, self link or bare name. */
function reservedAddress(store: Store, reference: string, { project, region }: Place): Stored | undefined {
  const name = nameOf(reference);
  const id = name.includes("/")
    ? name.replace(/^regions\//, `projects/${project}/regions/`)
    : `projects/${project}/regions/${region}/addresses/${name}`;
  return isIPv4(reference) ? store.list(addressToken).find(({ state }) => state.address === reference) : store.get(addressToken, id);
}

function addressOf({ store }: Pick<Context, "store">, inputs: Properties, place: Place): string | undefined {
  if (!inputs.ipAddress) return undefined;
  return (reservedAddress(store, String(inputs.ipAddress), place)?.state.address as string | undefined) ?? String(inputs.ipAddress);
}

const networkOf = (inputs: Properties, { project }: Place) => networkId(project, inputs.network ?? "default");

function admitRule(context: Context, inputs: Properties, place: Place): void {
  if (inputs.loadBalancingScheme !== "EXTERNAL_MANAGED" || inputs.backendService !== undefined)
    throw new CloudError(
      "unsupported",
      `a forwarding rule with loadBalancingScheme ${inputs.loadBalancingScheme ?? "EXTERNAL (the default)"} is not run here; EXTERNAL_MANAGED to a regional target HTTPS proxy is`,
    );
  const network = networkOf(inputs, place);
  requireNetwork(context, network);
  if (!activeProxySubnetwork(context, network, place.region))
    throw invalid(
      "target",
      nameOf(inputs.target),
      "A reserved and active subnetwork is required in the same region and VPC as the forwarding rule.",
    );
  if (!inputs.ipAddress) return;
  const reserved = reservedAddress(context.store, String(inputs.ipAddress), place);
  if (!reserved) throw notFound(String(inputs.ipAddress));
  const tier = inputs.networkTier ?? "PREMIUM";
  if (reserved.state.addressType !== "EXTERNAL")
    throw invalid("IPAddress", reserved.state.address, "An external forwarding rule needs an external address");
  if (reserved.state.networkTier !== tier)
    throw invalid(
      "networkTier",
      tier,
      `The network tier of external IP address is ${reserved.state.networkTier}, that of ForwardingRule is ${tier}, they must be the same.`,
    );
  const port = portOf(inputs);
  const rival = context.store
    .list(forwardingRuleToken)
    .find(({ id, state }) => id !== place.id && state.ipAddress === reserved.state.address && portOf(state) === port);
  if (rival && context.orphan?.id !== rival.id)
    throw invalid("IPAddress", reserved.state.address, `Specified IP address is in-use and would result in a conflict: '${rival.id}'`);
}

/** The one port of `443` and `443-443`. */
export const portOf = ({ portRange }: Properties) => String(portRange).split("-")[0] as string;

/** @param changed told the address at which a rule answers, and undefined when the rule is gone */
export const forwardingRule = (changed: (id: string, address: string | undefined) => void): ResourceDefinition =>
  regional({
    token: forwardingRuleToken,
    fidelity: { level: "runs", how: "answers at its address, through the load balancer", test },
    collection: "forwardingRules",
    // All but target, labels and global access. [MM ForwardingRule.yaml]
    replaceOn: [
      "name",
      "project",
      "region",
      "ipAddress",
      "ipProtocol",
      "ipVersion",
      "loadBalancingScheme",
      "network",
      "networkTier",
      "portRange",
      "ports",
      "allPorts",
      "subnetwork",
      "sourceIpRanges",
      "description",
    ],
    recomputed: ["pulumiLabels", "effectiveLabels"],
    refuse: (inputs) => {
      const failures: Failure[] = [];
      const { portRange, ipProtocol, target } = inputs;
      if (inputs.loadBalancingScheme !== "EXTERNAL_MANAGED") return failures;
      if (target === undefined) failures.push({ property: "target", reason: "name the target proxy" });
      if (portRange !== UNKNOWN && !/^(\d+)(-\1)?$/.test(String(portRange ?? "")))
        failures.push({
          property: "portRange",
          reason: `"${portRange ?? ""}": a rule of an application load balancer has exactly one port, such as "443"`,
        });
      if (ipProtocol !== undefined && ipProtocol !== UNKNOWN && ipProtocol !== "TCP")
        failures.push({ property: "ipProtocol", reason: `"${ipProtocol}": an application load balancer speaks TCP` });
      return failures;
    },
    references: ({ target }) => [{ token: proxyToken, to: target }],
    admit: admitRule,
    computed: (context, inputs, place, before) => ({
      ipAddress: addressOf(context, inputs, place) ?? before.ipAddress ?? freeAddress(context.store),
      ipProtocol: inputs.ipProtocol ?? "TCP",
      ipVersion: "IPV4",
      network: networkOf(inputs, place),
      networkTier: inputs.networkTier ?? "PREMIUM",
      forwardingRuleId: before.forwardingRuleId ?? Number(numericId().slice(0, 15)),
      baseForwardingRule: "",
      labelFingerprint: "42WmSpB8rSM=",
      pscConnectionId: "",
      pscConnectionStatus: "",
      serviceName: "",
      subnetwork: "",
      ...labelOutputs(context, inputs),
    }),
    changed: ({ id }, outputs) => changed(id, outputs && String(outputs.ipAddress)),
  });
