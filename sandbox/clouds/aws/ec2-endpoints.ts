// Endpoints: the ways from a VPC to AWS's own services that do not lead over the internet, and whether there is a way at all.
import { CloudError, type Failure, type Properties, type ResourceDefinition } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { leadsToInternet, tableOf } from "./ec2-routes.ts";
import { admits, anywhere, vpcOfGroup } from "./ec2-security-groups.ts";
import { requireSubnet, requireVpc } from "./ec2-vpc.ts";
import { json, newId, oneOf, textsOf } from "./values.ts";

export const endpointToken = "aws:ec2/vpcEndpoint:VpcEndpoint";
const test = "test/sandbox/aws/ec2.test.ts";

/** Services with a gateway endpoint: docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html */
const gatewayServices = ["s3", "dynamodb"];
/** Those with an interface endpoint that programs here may need: docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html */
const interfaceServices = [
  ...gatewayServices,
  ...[
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "xray",
  ],
];

/** Where something stands that wants to reach a service. */
export interface Place {
  readonly region: string;
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  readonly publicIp: boolean;
}

const name = (region: string, service: string) => `com.amazonaws.${region}.${service}`;

/**
 * Why there is no way from a place to a service (`ecr.api`, `s3`, `logs`); undefined where there is one: over the internet with a public
 * address, or by an endpoint, and in both cases through the groups.
 */
export function noWayTo(store: Store, place: Place, service: string): string | undefined {
  const reasons = place.subnets.flatMap((id) => {
    const subnet = requireSubnet(store, id);
    const table = tableOf(store, subnet);
    const here = { groups: place.groups, ranges: [String(subnet.state.cidrBlock)] };
    if (place.publicIp && leadsToInternet(store, table)) {
      const out = admits(store, place.groups, "egress", 443, { ranges: [anywhere] });
      return out ? [] : [`no egress rule of ${place.groups.join(", ")} lets port 443 out to ${anywhere}`];
    }
    const endpoints = store
      .list(endpointToken)
      .filter(({ state }) => state.vpcId === subnet.state.vpcId && state.serviceName === name(place.region, service));
    const gateway = endpoints.find(({ state }) => state.vpcEndpointType === "Gateway" && textsOf(state.routeTableIds).includes(table));
    if (gateway) {
      const out = admits(store, place.groups, "egress", 443, { ranges: [anywhere], prefixList: String(gateway.state.prefixListId) });
      return out ? [] : [`no egress rule of ${place.groups.join(", ")} lets port 443 out to prefix list ${gateway.state.prefixListId}`];
    }
    const door = endpoints.find(({ state }) => state.vpcEndpointType === "Interface" && state.privateDnsEnabled === true);
    if (!door) {
      return [
        `${id} has neither an endpoint of ${name(place.region, service)} (with private DNS) nor a way to the internet with a public address`,
      ];
    }
    const groups = textsOf(door.state.securityGroupIds);
    const ranges = textsOf(door.state.subnetIds).map((each) => String(requireSubnet(store, each).state.cidrBlock));
    if (!admits(store, place.groups, "egress", 443, { groups, ranges })) {
      return [`no egress rule of ${place.groups.join(", ")} lets port 443 out to endpoint ${door.id}`];
    }
    return admits(store, groups, "ingress", 443, here)
      ? []
      : [`the groups of endpoint ${door.id} do not let in port 443 from ${place.groups.join(", ")}`];
  });
  return reasons[0];
}

function refuse(inputs: Properties): Failure[] {
  const failures = [...oneOf("vpcEndpointType", inputs.vpcEndpointType, ["Gateway", "Interface"]), ...json("policy", inputs.policy)];
  const gateway = (inputs.vpcEndpointType ?? "Gateway") === "Gateway";
  const foreign = gateway ? ["privateDnsEnabled", "subnetIds", "securityGroupIds"] : ["routeTableIds"];
  for (const property of foreign) {
    const value = inputs[property];
    if (value === undefined || value === false) continue;
    failures.push({ property, reason: `is not valid for an endpoint of type ${gateway ? "Gateway" : "Interface"}` });
  }
  if (inputs.serviceName === undefined) failures.push({ property: "serviceName", reason: "must be specified" });
  return failures;
}

export const endpoint: ResourceDefinition = recorded({
  token: endpointToken,
  why: "no packet is routed here",
  fidelity: { level: "enforces", how: "a task without a public address pulls its image and writes its log through one only", test },
  replaceOn: ["vpcId", "serviceName", "vpcEndpointType", "autoAccept", "serviceRegion", "region"], // [vpc_endpoint.go: ForceNew]
  recomputed: ["tagsAll"],
  unordered: ["subnetIds", "securityGroupIds", "routeTableIds"],
  defaults: (inputs, context) => ({
    ...regionDefault(inputs, context),
    ...(inputs.vpcEndpointType === undefined ? { vpcEndpointType: "Gateway" } : {}),
  }),
  refuse,
  id: (_inputs, context) => context.orphan?.id ?? newId("vpce"),
  computed(inputs, id, context, before) {
    const { store } = context;
    const region = regionOf(inputs, context);
    const vpc = requireVpc(store, inputs.vpcId);
    const service = String(inputs.serviceName).startsWith(name(region, ""))
      ? String(inputs.serviceName).slice(name(region, "").length)
      : "";
    const gateway = inputs.vpcEndpointType === "Gateway";
    const offered = gateway ? gatewayServices : interfaceServices;
    if (!offered.includes(service)) {
      const wrongType = gateway && interfaceServices.includes(service);
      throw wrongType
        ? new CloudError(
            "InvalidParameter",
            "creating EC2 VPC Endpoint: api error InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface]).",
          )
        : new CloudError(
            "InvalidServiceName",
            `creating EC2 VPC Endpoint (${inputs.serviceName}): api error InvalidServiceName: The Vpc Endpoint Service '${inputs.serviceName}' does not exist (in ${region} there are ${offered.map((each) => name(region, each)).join(", ")})`,
          );
    }
    const subnets = textsOf(inputs.subnetIds).map((each) => requireSubnet(store, each));
    const zones = subnets.map(({ state }) => state.availabilityZone);
    if (new Set(zones).size !== zones.length) {
      throw new CloudError(
        "DuplicateSubnetsInSameZone",
        `creating EC2 VPC Endpoint: api error DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of ${zones.find((zone, at) => zones.indexOf(zone) !== at)}. VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.`,
      );
    }
    for (const group of textsOf(inputs.securityGroupIds)) vpcOfGroup(store, group);
    if (inputs.privateDnsEnabled === true) {
      if (vpc.state.enableDnsSupport !== true || vpc.state.enableDnsHostnames !== true) {
        throw new CloudError(
          "InvalidParameter",
          `creating EC2 VPC Endpoint: api error InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for ${vpc.id}`,
        );
      }
      const rival = store
        .list(endpointToken)
        .find(
          (row) =>
            row.id !== id &&
            row.state.vpcId === vpc.id &&
            row.state.serviceName === inputs.serviceName &&
            row.state.privateDnsEnabled === true,
        );
      if (rival) {
        throw new CloudError(
          "InvalidParameter",
          `creating EC2 VPC Endpoint: api error InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${service}.${region}.amazonaws.com in the VPC ${vpc.id}`,
        );
      }
    }
    const account = accountOf(context);
    const prefixList = store.fact(`aws/prefix-list/${region}/${service}`, () => newId("pl").replace("pl-0", "pl-").slice(0, 11));
    const dnsName = `${id}-${id.slice(-8)}.${service}.${region}.vpce.amazonaws.com`;
    return {
      arn: arn("ec2", region, account, `vpc-endpoint/${id}`),
      ownerId: account,
      state: "available",
      requesterManaged: false,
      ipAddressType: inputs.ipAddressType ?? "ipv4",
      serviceRegion: region,
      privateDnsEnabled: inputs.privateDnsEnabled ?? false,
      prefixListId: gateway ? prefixList : "",
      cidrBlocks: [],
      policy: inputs.policy ?? '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}',
      networkInterfaceIds: before?.state.networkInterfaceIds ?? subnets.map(() => newId("eni")),
      dnsEntries: gateway ? [] : [{ dnsName, hostedZoneId: "Z7HUB22UULQXV" }],
      ...(inputs.routeTableIds === undefined ? { routeTableIds: [] } : {}),
      ...(inputs.subnetIds === undefined ? { subnetIds: [] } : {}),
      // Unset, the VPC's default group stands before an interface [SDK ec2/vpcEndpoint].
      ...(inputs.securityGroupIds === undefined ? { securityGroupIds: gateway ? [] : [String(vpc.state.defaultSecurityGroupId)] } : {}),
      tagsAll: tagsAll(inputs, context),
    };
  },
});
