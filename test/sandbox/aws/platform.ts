// What a service of Fargate stands on, as a careful program makes it: a network without NAT, a balancer with TLS, roles, a log.
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { allow, type Deployed, policy, region, type World } from "./world.ts";

export const host = "api.brand.example";

export interface Platform {
  readonly vpc: Deployed;
  readonly gateway: Deployed;
  readonly subnets: Deployed[];
  readonly groups: { readonly balancer: Deployed; readonly task: Deployed; readonly endpoints: Deployed };
  /** The rule by which the task lets the balancer in. */
  readonly door: Deployed;
  readonly endpoints: Readonly<Record<string, Deployed>>;
  readonly balancer: Deployed;
  readonly targets: Deployed;
  readonly listener: Deployed;
  readonly cluster: Deployed;
  readonly log: Deployed;
  readonly executionPolicy: Deployed;
}

export const tasksMayAssume: Properties = { Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" };

/** A certificate for the host, and the record that proves it. */
export async function certificate(world: World, name = host): Promise<string> {
  const made = await world.create("acm/certificate:Certificate", { domainName: name, validationMethod: "DNS" });
  const [challenge] = made.state.domainValidationOptions as { resourceRecordName: string; resourceRecordValue: string }[];
  world.internet.publish({ name: challenge?.resourceRecordName ?? "", type: "CNAME", content: challenge?.resourceRecordValue ?? "" });
  const done = await world.create("acm/certificateValidation:CertificateValidation", { certificateArn: made.id });
  return String(done.state.certificateArn);
}

export async function platform(world: World): Promise<Platform> {
  const vpc = await world.create("ec2/vpc:Vpc", { cidrBlock: "10.30.0.0/16", enableDnsHostnames: true });
  const vpcId = vpc.id;
  const gateway = await world.create("ec2/internetGateway:InternetGateway", { vpcId });
  const table = await world.create("ec2/routeTable:RouteTable", { vpcId });
  await world.create("ec2/route:Route", { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id });
  const subnets: Deployed[] = [];
  for (const [index, zone] of ["a", "b"].entries()) {
    const subnet = await world.create("ec2/subnet:Subnet", { vpcId, cidrBlock: `10.30.${index}.0/24`, availabilityZone: region + zone });
    await world.create("ec2/routeTableAssociation:RouteTableAssociation", { subnetId: subnet.id, routeTableId: table.id });
    subnets.push(subnet);
  }
  const subnetIds = subnets.map(({ id }) => id);
  const group = (name: string) => world.create("ec2/securityGroup:SecurityGroup", { name, vpcId });
  const groups = { balancer: await group("balancer"), task: await group("task"), endpoints: await group("endpoints") };
  const rule = (way: "Ingress" | "Egress", of: Deployed, port: number, peer: Properties) =>
    world.create(`vpc/securityGroup${way}Rule:SecurityGroup${way}Rule`, {
      securityGroupId: of.id,
      ipProtocol: "tcp",
      fromPort: port,
      toPort: port,
      ...peer,
    });
  const endpoints: Record<string, Deployed> = {};
  for (const service of ["ecr.api", "ecr.dkr", "logs"]) {
    endpoints[service] = await world.create("ec2/vpcEndpoint:VpcEndpoint", {
      vpcId,
      serviceName: `com.amazonaws.${region}.${service}`,
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds,
      securityGroupIds: [groups.endpoints.id],
    });
  }
  endpoints.s3 = await world.create("ec2/vpcEndpoint:VpcEndpoint", {
    vpcId,
    serviceName: `com.amazonaws.${region}.s3`,
    routeTableIds: [table.id],
  });
  await rule("Ingress", groups.balancer, 443, { cidrIpv4: "0.0.0.0/0" });
  await rule("Egress", groups.balancer, 8080, { referencedSecurityGroupId: groups.task.id });
  const door = await rule("Ingress", groups.task, 8080, { referencedSecurityGroupId: groups.balancer.id });
  await rule("Egress", groups.task, 443, { referencedSecurityGroupId: groups.endpoints.id });
  await rule("Egress", groups.task, 443, { prefixListId: String(endpoints.s3.state.prefixListId) });
  await rule("Ingress", groups.endpoints, 443, { referencedSecurityGroupId: groups.task.id });

  const balancer = await world.create("lb/loadBalancer:LoadBalancer", {
    name: "front",
    subnets: subnetIds,
    securityGroups: [groups.balancer.id],
  });
  const targets = await world.create("lb/targetGroup:TargetGroup", {
    name: "api",
    port: 8080,
    protocol: "HTTP",
    targetType: "ip",
    vpcId,
    healthCheck: { path: "/health", interval: 5, timeout: 2, healthyThreshold: 2, unhealthyThreshold: 2 },
  });
  const listener = await world.create("lb/listener:Listener", {
    loadBalancerArn: balancer.id,
    port: 443,
    protocol: "HTTPS",
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificateArn: await certificate(world),
    defaultActions: [{ type: "forward", targetGroupArn: targets.id }],
  });
  world.internet.publish({ name: host, type: "CNAME", content: String(balancer.state.dnsName) });

  await world.create("ecr/repository:Repository", { name: "images", forceDelete: true });
  const log = await world.create("cloudwatch/logGroup:LogGroup", { name: "/ecs/api", retentionInDays: 30 });
  await world.create("iam/role:Role", { name: "execution", assumeRolePolicy: policy({ Effect: "Allow", ...tasksMayAssume }) });
  const executionPolicy = await world.create("iam/rolePolicy:RolePolicy", {
    role: "execution",
    name: "start",
    policy: policy(
      allow("ecr:GetAuthorizationToken", "*"),
      allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], `arn:aws:ecr:${region}:${world.aws.account}:repository/images`),
      allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${log.state.arn}:*`),
    ),
  });
  const cluster = await world.create("ecs/cluster:Cluster", { name: "main" });
  return { vpc, gateway, subnets, groups, door, endpoints, balancer, targets, listener, cluster, log, executionPolicy };
}
