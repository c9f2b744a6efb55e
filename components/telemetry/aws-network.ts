import { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
import { Route } from "@pulumi/aws/ec2/route.js";
import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Subnet, type SubnetArgs } from "@pulumi/aws/ec2/subnet.js";
import { Vpc, type VpcArgs } from "@pulumi/aws/ec2/vpc.js";
import { VpcEndpoint, type VpcEndpointArgs } from "@pulumi/aws/ec2/vpcEndpoint.js";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, refuse, type Transform, transformed } from "../component.ts";

export interface AwsNetworkArgs {
  readonly awsAccountId: string;
  readonly jurisdiction: Jurisdiction;
  /**
   * AWS services that programs in the network call, beside S3 and what starting a task needs (the registry and its log): `xray`, `kms`.
   * Each costs two network interfaces, by the hour; one that is forgotten cannot be reached at all.
   */
  readonly services?: readonly string[];
  readonly transform?: {
    readonly vpc?: Transform<VpcArgs>;
    readonly subnet?: Transform<SubnetArgs>;
    readonly endpoint?: Transform<VpcEndpointArgs>;
  };
}

const range = "10.30.0.0/16";
const subnetRanges = ["10.30.0.0/24", "10.30.1.0/24"];
/** Pulling an image and writing a log (docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html). */
const startServices = ["ecr.api", "ecr.dkr", "logs"];

/**
 * The network of a region in AWS: two subnets in two zones, a gateway for what comes in, and endpoints for what goes out. There is no NAT:
 * a task without a public address reaches the AWS services named here, and nothing else in the world.
 *
 * Rests on: private DNS of endpoints needs DNS hostnames, which are off by default; the registry's layers lie in S3, so its gateway endpoint
 * is part of pulling an image; the gateway endpoint is found by the subnets' route table; a security group without rules lets nothing in or out,
 * since the provider takes away the rule that lets everything out.
 */
export class AwsNetwork extends pulumi.ComponentResource {
  readonly nodes: {
    readonly vpc: Vpc;
    readonly subnets: readonly Subnet[];
    readonly gateway: InternetGateway;
    readonly routeTable: RouteTable;
    /** What a load balancer that faces the internet depends on. */
    readonly route: Route;
    /** Of the endpoints: who wants to use one needs a rule in it, and one out. */
    readonly endpointGroup: SecurityGroup;
    readonly s3: VpcEndpoint;
    /** What a task depends on that has to start. */
    readonly endpoints: readonly VpcEndpoint[];
  };

  constructor(name: string, args: AwsNetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:AwsNetwork", name, {}, options);
    const { jurisdiction, services = [], transform = {} } = args;
    const wanted = [...new Set([...startServices, ...services])];
    refuse("AwsNetwork", name, [
      services.includes("s3") && 'service "s3": it has a gateway endpoint here already',
      ...services.map(
        (service) => !/^[a-z0-9.-]+$/.test(service) && `service "${service}": the part behind com.amazonaws.<region>. is allowed`,
      ),
    ]);
    const { region, aws } = residencyOf(jurisdiction);
    const child: pulumi.CustomResourceOptions = { parent: this };
    const tags = { ...labels(jurisdiction, "operational"), Name: `bailiwick-${region}` };

    const vpc = new Vpc(
      `${name}-vpc`,
      ...transformed(transform.vpc, { cidrBlock: range, enableDnsSupport: true, enableDnsHostnames: true, tags }, child),
    );
    const gateway = new InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags }, child);
    const routeTable = new RouteTable(`${name}-routes`, { vpcId: vpc.id, tags }, child);
    const route = new Route(
      `${name}-internet`,
      { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
      child,
    );
    // Which letters a region's zones have differs between accounts; local zones are no place for a load balancer, and an old zone lacks
    // what newer services need, whatever its letter is.
    const zones = getAvailabilityZonesOutput(
      { state: "available", excludeZoneIds: ["use1-az3"], filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
      { parent: this },
    ).names;
    const subnets = subnetRanges.map((cidrBlock, index) => {
      const subnet = new Subnet(
        `${name}-subnet-${index + 1}`,
        ...transformed(
          transform.subnet,
          {
            vpcId: vpc.id,
            cidrBlock,
            availabilityZone: zones.apply((names) => names[index] as string),
            mapPublicIpOnLaunch: false,
            tags: { ...tags, Name: `bailiwick-${region}-${index + 1}` },
          },
          child,
        ),
      );
      new RouteTableAssociation(`${name}-routes-${index + 1}`, { subnetId: subnet.id, routeTableId: routeTable.id }, child);
      return subnet;
    });

    const endpointGroup = new SecurityGroup(
      `${name}-endpoints`,
      { name: `endpoints-${region}`, description: "Endpoints of AWS services", vpcId: vpc.id, tags },
      child,
    );
    const serviceName = (service: string) => `com.amazonaws.${aws.location}.${service}`;
    const s3 = new VpcEndpoint(
      `${name}-s3`,
      ...transformed(
        transform.endpoint,
        {
          vpcId: vpc.id,
          serviceName: serviceName("s3"),
          vpcEndpointType: "Gateway",
          routeTableIds: [routeTable.id],
          policy: s3Policy(args.awsAccountId, aws.location),
          tags,
        },
        child,
      ),
    );
    const interfaces = wanted.map(
      (service) =>
        new VpcEndpoint(
          `${name}-${service.replaceAll(".", "-")}`,
          ...transformed(
            transform.endpoint,
            {
              vpcId: vpc.id,
              serviceName: serviceName(service),
              vpcEndpointType: "Interface",
              privateDnsEnabled: true,
              subnetIds: subnets.map(({ id }) => id),
              securityGroupIds: [endpointGroup.id],
              tags,
            },
            child,
          ),
        ),
    );
    this.nodes = { vpc, subnets, gateway, routeTable, route, endpointGroup, s3, endpoints: [s3, ...interfaces] };
    this.registerOutputs({ vpcId: vpc.id });
  }

  get subnetIds(): pulumi.Output<string>[] {
    return this.nodes.subnets.map(({ id }) => id);
  }
}

/** Buckets of the own account, and the one in which the registry keeps its layers: a stolen key for another account's bucket is of no use here. */
const s3Policy = (account: string, location: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "OwnBuckets",
        Effect: "Allow",
        Principal: "*",
        Action: "s3:*",
        Resource: "*",
        Condition: { StringEquals: { "aws:PrincipalAccount": account, "aws:ResourceAccount": account } },
      },
      {
        Sid: "ImageLayers",
        Effect: "Allow",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::prod-${location}-starport-layer-bucket/*`,
      },
    ],
  });
