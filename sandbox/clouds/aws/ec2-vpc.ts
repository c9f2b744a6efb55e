// The virtual network: a VPC, its subnets and its door to the internet. No packet is routed; what depends on them is held.
import { CloudError, type Context, type FunctionDefinition, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { contains, isRange, overlap } from "./cidr.ts";
import { isKnown, newId, textsOf } from "./values.ts";

export const vpcToken = "aws:ec2/vpc:Vpc";
export const subnetToken = "aws:ec2/subnet:Subnet";
export const gatewayToken = "aws:ec2/internetGateway:InternetGateway";
const test = "test/sandbox/aws/ec2.test.ts";
const why = "no packet is routed here; what needs it asks for it";

/** Zones of a region. Every region here has three; some real ones have more, and call one of them otherwise. */
const zonesOf = (region: string): string[] => ["a", "b", "c"].map((letter) => `${region}${letter}`);

/** @throws CloudError as the API says it */
export function requireVpc(store: Store, id: unknown): Stored {
  const vpc = store.get(vpcToken, String(id));
  if (vpc) return vpc;
  throw new CloudError("InvalidVpcID.NotFound", `api error InvalidVpcID.NotFound: The vpc ID '${id}' does not exist`);
}

/** @throws CloudError as the API says it */
export function requireSubnet(store: Store, id: unknown): Stored {
  const subnet = store.get(subnetToken, String(id));
  if (subnet) return subnet;
  throw new CloudError("InvalidSubnetID.NotFound", `api error InvalidSubnetID.NotFound: The subnet ID '${id}' does not exist`);
}

export const gatewayOf = (store: Store, vpc: string): Stored | undefined =>
  store.list(gatewayToken).find(({ state }) => state.vpcId === vpc);

/** @throws CloudError when something else is still in it */
export function refuseDependents(what: string, dependents: readonly Stored[]): void {
  const [first] = dependents;
  if (!first) return;
  throw new CloudError(
    "DependencyViolation",
    `api error DependencyViolation: The ${what} has dependencies and cannot be deleted. (${first.token.split(":").at(-1)} ${first.id})`,
  );
}

const vpc: ResourceDefinition = {
  ...recorded({
    token: vpcToken,
    why,
    fidelity: { level: "enforces", how: "cannot go while something is in it; names of endpoints need its DNS", test },
    replaceOn: ["cidrBlock", "region"], // [hashicorp/terraform-provider-aws vpc_.go: ForceNew]
    recomputed: ["tagsAll"],
    defaults: regionDefault,
    refuse: ({ cidrBlock, ipv4IpamPoolId, instanceTenancy }) => [
      ...(cidrBlock === undefined && ipv4IpamPoolId === undefined
        ? [{ property: "cidrBlock", reason: "one of `cidrBlock,ipv4IpamPoolId` must be specified" }]
        : []),
      ...(ipv4IpamPoolId === undefined ? [] : [{ property: "ipv4IpamPoolId", reason: "there is no IPAM here: give the VPC a cidrBlock" }]),
      ...(isKnown(cidrBlock) && !isRange(cidrBlock, 16, 28)
        ? [{ property: "cidrBlock", reason: `"${cidrBlock}" is no IPv4 range of /16 to /28, such as 10.0.0.0/16` }]
        : []),
      ...(instanceTenancy === "dedicated" ? [{ property: "instanceTenancy", reason: "dedicated hardware is not available here" }] : []),
    ],
    id: (_inputs, context) => context.orphan?.id ?? newId("vpc"),
    computed(inputs, id, context, before) {
      const account = accountOf(context);
      const own = (name: string, prefix: string) => before?.state[name] ?? newId(prefix);
      const routes = own("mainRouteTableId", "rtb");
      return {
        arn: arn("ec2", regionOf(inputs, context), account, `vpc/${id}`),
        ownerId: account,
        enableDnsSupport: inputs.enableDnsSupport ?? true,
        enableDnsHostnames: inputs.enableDnsHostnames ?? false,
        enableNetworkAddressUsageMetrics: inputs.enableNetworkAddressUsageMetrics ?? false,
        instanceTenancy: inputs.instanceTenancy ?? "default",
        defaultSecurityGroupId: own("defaultSecurityGroupId", "sg"),
        defaultNetworkAclId: own("defaultNetworkAclId", "acl"),
        mainRouteTableId: routes,
        defaultRouteTableId: routes,
        dhcpOptionsId: own("dhcpOptionsId", "dopt"),
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id }) {
    refuseDependents(
      `vpc '${id}'`,
      store.all().filter((row) => row.token.startsWith("aws:") && row.state.vpcId === id),
    );
  },
};

const subnet: ResourceDefinition = {
  ...recorded({
    token: subnetToken,
    why,
    fidelity: { level: "enforces", how: "ranges lie in the VPC's and do not overlap; it cannot go while something stands in it", test },
    replaceOn: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "region"], // [subnet.go: ForceNew]
    recomputed: ["tagsAll"],
    defaults: regionDefault,
    id(inputs, context) {
      const owner = requireVpc(context.store, inputs.vpcId);
      const range = String(inputs.cidrBlock);
      if (!isRange(range, 16, 28) || !contains(String(owner.state.cidrBlock), range)) {
        throw new CloudError(
          "InvalidSubnet.Range",
          `creating EC2 Subnet: api error InvalidSubnet.Range: The CIDR '${range}' is invalid. (the VPC has ${owner.state.cidrBlock})`,
        );
      }
      const others = context.store.list(subnetToken).filter(({ id, state }) => state.vpcId === owner.id && id !== context.orphan?.id);
      if (others.some(({ state }) => overlap(range, String(state.cidrBlock)))) {
        throw new CloudError(
          "InvalidSubnet.Conflict",
          `creating EC2 Subnet: api error InvalidSubnet.Conflict: The CIDR '${range}' conflicts with another subnet`,
        );
      }
      const zones = zonesOf(regionOf(inputs, context));
      if (inputs.availabilityZone !== undefined && !zones.includes(String(inputs.availabilityZone))) {
        throw new CloudError(
          "InvalidParameterValue",
          `creating EC2 Subnet: api error InvalidParameterValue: Value (${inputs.availabilityZone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${zones.join(", ")}.`,
        );
      }
      return context.orphan?.id ?? newId("subnet");
    },
    computed(inputs, id, context, before) {
      const region = regionOf(inputs, context);
      const zone = String(inputs.availabilityZone ?? before?.state.availabilityZone ?? zonesOf(region)[0]);
      const account = accountOf(context);
      return {
        arn: arn("ec2", region, account, `subnet/${id}`),
        ownerId: account,
        availabilityZone: zone,
        availabilityZoneId: zoneId(zone),
        assignIpv6AddressOnCreation: inputs.assignIpv6AddressOnCreation ?? false,
        enableDns64: inputs.enableDns64 ?? false,
        mapPublicIpOnLaunch: inputs.mapPublicIpOnLaunch ?? false,
        privateDnsHostnameTypeOnLaunch: inputs.privateDnsHostnameTypeOnLaunch ?? "ip-name",
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id }) {
    const lists = ({ state }: Stored) => [
      ...textsOf(state.subnets),
      ...textsOf(state.subnetIds),
      ...textsOf((state.networkConfiguration as { subnets?: string[] } | undefined)?.subnets),
    ];
    refuseDependents(
      `subnet '${id}'`,
      store.all().filter((row) => row.token.startsWith("aws:") && lists(row).includes(id)),
    );
  },
};

/** `euc1-az1`: the same place for all accounts, unlike the name. */
function zoneId(zone: string): string {
  const [, area = "", side = "", number = "", letter = ""] = /^([a-z]+)-([a-z]+)-(\d)([a-z])$/.exec(zone) ?? [];
  const short = side
    .replace(/^(north|south)(east|west)$/, (_all, a: string, b: string) => (a[0] ?? "") + (b[0] ?? ""))
    .slice(0, side.length > 7 ? 2 : 1);
  return `${area}${short}${number}-az${"abc".indexOf(letter) + 1}`;
}

const gateway: ResourceDefinition = {
  ...recorded({
    token: gatewayToken,
    why,
    fidelity: { level: "enforces", how: "a load balancer that faces the internet needs one, and it cannot go before that", test },
    replaceOn: ["region"],
    recomputed: ["tagsAll"],
    defaults: regionDefault,
    id(inputs, context) {
      if (inputs.vpcId !== undefined) attachable(context, String(inputs.vpcId), context.orphan?.id);
      return context.orphan?.id ?? newId("igw");
    },
    computed(inputs, id, context, before) {
      if (before && inputs.vpcId !== undefined) attachable(context, String(inputs.vpcId), id);
      const account = accountOf(context);
      return {
        arn: arn("ec2", regionOf(inputs, context), account, `internet-gateway/${id}`),
        ownerId: account,
        ...(inputs.vpcId === undefined ? { vpcId: "" } : {}),
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id, state }) {
    const facing = store
      .list("aws:lb/loadBalancer:LoadBalancer")
      .filter((row) => row.state.vpcId === state.vpcId && row.state.internal !== true);
    if (state.vpcId && facing.length > 0) {
      throw new CloudError(
        "DependencyViolation",
        `detaching EC2 Internet Gateway (${id}) from VPC (${state.vpcId}): api error DependencyViolation: Network ${state.vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
      );
    }
  },
};

function attachable({ store }: Context, vpcId: string, own: string | undefined): void {
  requireVpc(store, vpcId);
  const other = gatewayOf(store, vpcId);
  if (!other || other.id === own) return;
  throw new CloudError(
    "Resource.AlreadyAssociated",
    `attaching EC2 Internet Gateway: api error Resource.AlreadyAssociated: resource ${other.id} is already attached to network ${vpcId}`,
  );
}

const getAvailabilityZones: FunctionDefinition = {
  token: "aws:index/getAvailabilityZones:getAvailabilityZones",
  call(context, args) {
    const region = regionOf(args, context);
    const excluded = [...textsOf(args.excludeNames), ...textsOf(args.excludeZoneIds)];
    const names = zonesOf(region).filter((zone) => !excluded.includes(zone) && !excluded.includes(zoneId(zone)));
    return { ...args, id: region, region, names, zoneIds: names.map(zoneId), groupNames: [region] };
  },
};

export const vpcDefinitions: readonly ResourceDefinition[] = [vpc, subnet, gateway];
export const vpcFunctions: readonly FunctionDefinition[] = [getAvailabilityZones];
