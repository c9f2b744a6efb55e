import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noWayTo, type Place } from "../../../sandbox/clouds/aws/ec2-endpoints.ts";
import { admits } from "../../../sandbox/clouds/aws/ec2-security-groups.ts";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { type Deployed, region, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.end());

const rules = {
  Ingress: "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  Egress: "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
} as const;
const vpc = (change: Properties = {}) => world.create("ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, ...change });
const subnet = (of: Deployed, cidrBlock: string, zone = "a") =>
  world.create("ec2/subnet:Subnet", { vpcId: of.id, cidrBlock, availabilityZone: region + zone });
const group = (of: Deployed, name: string) => world.create("ec2/securityGroup:SecurityGroup", { name, vpcId: of.id });
const rule = (way: "Ingress" | "Egress", of: Deployed, peer: Properties, port = 443) =>
  world.create(rules[way], {
    securityGroupId: of.id,
    ipProtocol: "tcp",
    fromPort: port,
    toPort: port,
    ...peer,
  });
const endpoint = (of: Deployed, service: string, change: Properties) =>
  world.create("ec2/vpcEndpoint:VpcEndpoint", { vpcId: of.id, serviceName: `com.amazonaws.${region}.${service}`, ...change });

describe("a VPC", () => {
  test("has the provider's outputs, and names inside only where they are asked for", async () => {
    const made = await world.create("ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" });
    expect(made.id).toMatch(/^vpc-0[0-9a-f]{16}$/);
    expect(made.state).toMatchObject({
      arn: `arn:aws:ec2:${region}:${world.aws.account}:vpc/${made.id}`,
      enableDnsHostnames: false,
      enableDnsSupport: true,
      defaultSecurityGroupId: expect.stringMatching(/^sg-0/),
    });
  });

  test("cannot go while something is in it", async () => {
    const home = await vpc();
    const inside = await subnet(home, "10.0.0.0/24");
    await expect(home.remove()).rejects.toThrow(/DependencyViolation: The vpc '.*' has dependencies/);
    await inside.remove();
    await home.remove();
  });

  test("holds subnets of its own range that do not overlap, in zones of its region", async () => {
    const home = await vpc();
    await subnet(home, "10.0.0.0/24");
    await expect(subnet(home, "10.0.0.128/25")).rejects.toThrow("InvalidSubnet.Conflict");
    await expect(subnet(home, "10.9.0.0/24")).rejects.toThrow("InvalidSubnet.Range");
    await expect(subnet(home, "10.0.1.0/24", "q")).rejects.toThrow(/availabilityZone is invalid.*eu-central-1a, eu-central-1b/);
    expect(await world.invoke("index/getAvailabilityZones:getAvailabilityZones", { state: "available" })).toMatchObject({
      names: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    });
  });

  test("has one gateway, and a subnet one table, whose routes lead to that gateway", async () => {
    const [home, other] = [await vpc(), await vpc()];
    const gateway = await world.create("ec2/internetGateway:InternetGateway", { vpcId: home.id });
    await expect(world.create("ec2/internetGateway:InternetGateway", { vpcId: home.id })).rejects.toThrow("Resource.AlreadyAssociated");
    const table = await world.create("ec2/routeTable:RouteTable", { vpcId: home.id });
    const foreign = await world.create("ec2/routeTable:RouteTable", { vpcId: other.id });
    const route = { destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id };
    await world.create("ec2/route:Route", { routeTableId: table.id, ...route });
    await expect(world.create("ec2/route:Route", { routeTableId: foreign.id, ...route })).rejects.toThrow("belong to different networks");
    await expect(world.create("ec2/route:Route", { routeTableId: table.id, ...route })).rejects.toThrow("already exists");
    const inside = await subnet(home, "10.0.0.0/24");
    const association = { subnetId: inside.id, routeTableId: table.id };
    await world.create("ec2/routeTableAssociation:RouteTableAssociation", association);
    await expect(world.create("ec2/routeTableAssociation:RouteTableAssociation", association)).rejects.toThrow(
      "conflicts with an existing",
    );
  });
});

describe("security groups", () => {
  test("let in whom they name, by reference or by range, at the port they name", async () => {
    const home = await vpc();
    const [server, client, stranger] = [await group(home, "server"), await group(home, "client"), await group(home, "stranger")];
    const opens = (of: string, port = 443) => admits(world.store, [server.id], "ingress", port, { groups: [of], ranges: ["10.0.7.0/24"] });
    expect(opens(client.id), "without a rule").toBe(false);
    const made = await rule("Ingress", server, { referencedSecurityGroupId: client.id });
    expect([opens(client.id), opens(stranger.id), opens(client.id, 80)]).toEqual([true, false, false]);
    await made.remove();
    expect(opens(client.id)).toBe(false);
    await rule("Ingress", server, { cidrIpv4: "10.0.0.0/20" });
    expect(opens(stranger.id)).toBe(true);
  });

  test("refuse what the API refuses", async () => {
    const [home, other] = [await vpc(), await vpc()];
    const [one, two, far] = [await group(home, "one"), await group(home, "two"), await group(other, "far")];
    await expect(group(home, "one")).rejects.toThrow("InvalidGroup.Duplicate");
    await expect(rule("Ingress", one, { referencedSecurityGroupId: far.id })).rejects.toThrow("belong to different networks");
    await expect(rule("Ingress", one, {})).rejects.toThrow(/exactly one of these attributes must be configured/);
    await expect(rule("Ingress", one, { cidrIpv4: "10.0.0.0/8", ipProtocol: "-1" })).rejects.toThrow(/fromPort: must not be given/);
    const made = await rule("Ingress", one, { referencedSecurityGroupId: two.id });
    await expect(rule("Ingress", one, { referencedSecurityGroupId: two.id })).rejects.toThrow("InvalidPermission.Duplicate");
    await expect(two.remove()).rejects.toThrow(/has a dependent object/);
    await made.remove();
    await two.remove();
  });
});

describe("an endpoint", () => {
  test("needs names inside the VPC, its own type, and a service that there is", async () => {
    const plain = await world.create("ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" });
    const interfaceType = { vpcEndpointType: "Interface", privateDnsEnabled: true };
    await expect(endpoint(plain, "logs", interfaceType)).rejects.toThrow(
      "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames",
    );
    const home = await vpc();
    await expect(endpoint(home, "logs", {})).rejects.toThrow(
      "Endpoint type (Gateway) does not match available service types ([Interface])",
    );
    await expect(endpoint(home, "nothing", interfaceType)).rejects.toThrow("InvalidServiceName");
    await expect(endpoint(home, "s3", { subnetIds: ["subnet-1"] })).rejects.toThrow(
      "subnetIds: is not valid for an endpoint of type Gateway",
    );
    const twice = [await subnet(home, "10.0.0.0/24"), await subnet(home, "10.0.1.0/24")].map(({ id }) => id);
    await expect(endpoint(home, "logs", { ...interfaceType, subnetIds: twice })).rejects.toThrow("DuplicateSubnetsInSameZone");
    await endpoint(home, "logs", interfaceType);
    await expect(endpoint(home, "logs", interfaceType)).rejects.toThrow("conflicting DNS domain for logs.eu-central-1.amazonaws.com");
  });

  test("is a way to its service for whoever the groups of both sides let through", async () => {
    const home = await vpc();
    const inside = await subnet(home, "10.0.0.0/24");
    const [task, door] = [await group(home, "task"), await group(home, "door")];
    const place: Place = { region, subnets: [inside.id], groups: [task.id], publicIp: false };
    const why = () => noWayTo(world.store, place, "logs");
    expect(why()).toMatch(/has neither an endpoint of com\.amazonaws\.eu-central-1\.logs/);
    await endpoint(home, "logs", {
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: [inside.id],
      securityGroupIds: [door.id],
    });
    expect(why()).toMatch(/no egress rule of sg-\w+ lets port 443 out to endpoint/);
    await rule("Egress", task, { referencedSecurityGroupId: door.id });
    expect(why()).toMatch(/the groups of endpoint vpce-\w+ do not let in port 443/);
    await rule("Ingress", door, { referencedSecurityGroupId: task.id });
    expect(why()).toBeUndefined();
  });

  test("of S3 is found by the subnet's route table, and let out by its prefix list", async () => {
    const home = await vpc();
    const inside = await subnet(home, "10.0.0.0/24");
    const task = await group(home, "task");
    const table = await world.create("ec2/routeTable:RouteTable", { vpcId: home.id });
    const made = await endpoint(home, "s3", { routeTableIds: [table.id] });
    const why = () => noWayTo(world.store, { region, subnets: [inside.id], groups: [task.id], publicIp: false }, "s3");
    expect(why()).toMatch(/has neither/);
    await world.create("ec2/routeTableAssociation:RouteTableAssociation", { subnetId: inside.id, routeTableId: table.id });
    expect(why()).toMatch(/no egress rule .* prefix list pl-/);
    await rule("Egress", task, { prefixListId: String(made.state.prefixListId) });
    expect(why()).toBeUndefined();
  });

  test("is not needed with a public address and a route to the internet", async () => {
    const home = await vpc();
    const inside = await subnet(home, "10.0.0.0/24");
    const task = await group(home, "task");
    await rule("Egress", task, { cidrIpv4: "0.0.0.0/0" });
    const gateway = await world.create("ec2/internetGateway:InternetGateway", { vpcId: home.id });
    const table = await world.create("ec2/routeTable:RouteTable", {
      vpcId: home.id,
      routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }],
    });
    await world.create("ec2/routeTableAssociation:RouteTableAssociation", { subnetId: inside.id, routeTableId: table.id });
    const why = (publicIp: boolean) => noWayTo(world.store, { region, subnets: [inside.id], groups: [task.id], publicIp }, "xray");
    expect(why(false)).toMatch(/has neither/);
    expect(why(true)).toBeUndefined();
  });
});
