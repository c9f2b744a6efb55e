import { describe, expect, it } from "vitest";
import { ApplicationLoadBalancer } from "../../components/telemetry/application-load-balancer.ts";
import { AwsNetwork } from "../../components/telemetry/aws-network.ts";
import { FargateService, type FargateServiceArgs } from "../../components/telemetry/fargate-service.ts";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { type Made, part, run } from "./program.ts";

const awsAccountId = "123456789012";
const image = `${awsAccountId}.dkr.ecr.eu-central-1.amazonaws.com/bailiwick@sha256:${"a".repeat(64)}`;

function build(args: Partial<FargateServiceArgs> = {}, services: readonly string[] = ["xray"]) {
  const jurisdiction = args.jurisdiction ?? "eu";
  const network = new AwsNetwork("network", { awsAccountId, jurisdiction, services });
  const balancer = new ApplicationLoadBalancer("balancer", {
    jurisdiction,
    lifecycle: "durable",
    network,
    hostname: "telemetry-aws-eu.brand.example",
    zoneId: "0123456789abcdef0123456789abcdef",
  });
  return new FargateService("collector", {
    awsAccountId,
    jurisdiction,
    service: "collector",
    image,
    repositoryArn: `arn:aws:ecr:eu-central-1:${awsAccountId}:repository/bailiwick`,
    network,
    balancer,
    tokenHeader: "authorization",
    port: 8080,
    health: { path: "/", port: 13_133 },
    environment: { PORT: "8080", HEALTH_PORT: "13133" },
    permissions: [{ actions: ["s3:PutObject"], resources: ["arn:aws:s3:::archive/*"] }],
    key: "arn:aws:kms:eu-central-1:123456789012:key/k",
    logRetentionDays: 30,
    size: { cpu: 256, memory: 512 },
    count: 2,
    ...args,
  });
}

const rulesOf = (made: readonly Made[], way: "Ingress" | "Egress") =>
  made.filter(({ type }) => type === `aws:vpc/securityGroup${way}Rule:SecurityGroup${way}Rule`);
const policyOf = (made: readonly Made[], name: string) =>
  (JSON.parse(part(made, name).inputs.policy as string) as { Statement: { Action: string[]; Resource: string[] }[] }).Statement;

describe("AwsNetwork", () => {
  it("has endpoints for what starts a task and for what is asked for, in the jurisdiction's region, and no NAT", async () => {
    for (const jurisdiction of jurisdictions) {
      const { made } = await run(() => build({ jurisdiction }));
      const names = made.filter(({ type }) => type === "aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => inputs.serviceName);
      const { location } = residencyOf(jurisdiction).aws;
      expect(names.toSorted()).toEqual(["ecr.api", "ecr.dkr", "logs", "s3", "xray"].map((each) => `com.amazonaws.${location}.${each}`));
      expect(made.some(({ type }) => /natGateway|eip:/.test(type))).toBe(false);
    }
  });

  it("says its names inside, and lets nothing out to buckets of others", async () => {
    const { made } = await run(() => build());
    expect(part(made, "network-vpc").inputs).toMatchObject({ enableDnsHostnames: true, enableDnsSupport: true });
    expect(part(made, "network-s3").inputs).toMatchObject({ vpcEndpointType: "Gateway" });
    const [own] = policyOf(made, "network-s3");
    expect(own).toMatchObject({ Condition: { StringEquals: { "aws:ResourceAccount": awsAccountId } } });
  });
});

describe("ApplicationLoadBalancer", () => {
  it("has a name that AWS takes: one that the provider makes up of ours would be longer than 32 characters", async () => {
    const { made } = await run(() => build());
    expect(part(made, "balancer-balancer").inputs.name).toBe("bailiwick-eu");
  });

  it("takes TLS 1.2 and newer for its host only, and answers 404 to the rest", async () => {
    const { made } = await run(() => build());
    expect(part(made, "balancer-listener").inputs).toMatchObject({
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      defaultActions: [{ type: "fixed-response" }],
    });
    expect(part(made, "balancer-record").inputs).toMatchObject({ type: "CNAME", name: "telemetry-aws-eu.brand.example", proxied: false });
    expect(part(made, "collector-rule").inputs).toMatchObject({
      conditions: [
        { hostHeader: { values: ["telemetry-aws-eu.brand.example"] } },
        { httpHeader: { httpHeaderName: "authorization", values: ["*"] } },
      ],
    });
  });
});

describe("FargateService", () => {
  it("lists all that is wrong with its arguments in one message", async () => {
    await run(() => {
      expect(() =>
        build({ service: "Collector", image: "repository:latest", count: 0, permissions: [{ actions: ["s3:*"], resources: [] }] }),
      ).toThrow(
        'FargateService "collector" cannot be made:\n' +
          '  - service "Collector": 2 to 24 lower-case letters, digits and hyphens are allowed\n' +
          '  - image "repository:latest" has no digest: a tag may be moved\n' +
          "  - count 0: 1 or more is allowed\n" +
          "  - a permission names no resources: say which, by their ARNs",
      );
    });
  });

  it("is deployed so that a failing update is seen, and taken back", async () => {
    const { made } = await run(() => build());
    expect(part(made, "collector-service").inputs).toMatchObject({
      launchType: "FARGATE",
      desiredCount: 2,
      waitForSteadyState: true,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      networkConfiguration: { assignPublicIp: false },
    });
    expect(part(made, "collector-targets").inputs).toMatchObject({ targetType: "ip", healthCheck: { path: "/", port: "13133" } });
  });

  it("lets its parts reach each other by reference, and nobody else", async () => {
    const { made } = await run(() => build());
    const open = [...rulesOf(made, "Ingress"), ...rulesOf(made, "Egress")].filter(({ inputs }) => inputs.cidrIpv4 !== undefined);
    expect(open.map(({ name }) => name)).toEqual(["balancer-https"]);
    const ports = (way: "Ingress" | "Egress") => rulesOf(made, way).map(({ name, inputs }) => [name, inputs.fromPort]);
    expect(ports("Ingress")).toEqual(
      expect.arrayContaining([
        ["collector-in-8080", 8080],
        ["collector-in-13133", 13_133],
        ["collector-at-endpoints", 443],
      ]),
    );
  });

  it("gives its program what is listed, and its agent the one repository and the one log", async () => {
    const { made } = await run(() => build());
    expect(policyOf(made, "collector-task-policy")).toMatchObject([{ Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::archive/*"] }]);
    const everything = policyOf(made, "collector-execution-policy").filter(({ Resource }) => Resource.includes("*"));
    expect(everything.map(({ Action }) => Action)).toEqual([["ecr:GetAuthorizationToken"]]);
    const trust = JSON.parse(part(made, "collector-task").inputs.assumeRolePolicy as string) as { Statement: object[] };
    expect(trust.Statement).toMatchObject([{ Condition: { StringEquals: { "aws:SourceAccount": awsAccountId } } }]);
  });

  it("keeps its log under the region's key, for as long as it is told", async () => {
    const { made } = await run(() => build());
    expect(part(made, "collector-log").inputs).toMatchObject({
      retentionInDays: 30,
      kmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/k",
    });
  });

  it("lets every child with arguments worth it be transformed", async () => {
    const { made } = await run(() =>
      build({ transform: { service: (args, options) => ({ args: { ...args, platformVersion: "1.4.0" }, options }) } }),
    );
    expect(part(made, "collector-service").inputs).toMatchObject({ platformVersion: "1.4.0", launchType: "FARGATE" });
  });
});
