import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TelemetryPipeline, type TelemetryPipelineArgs } from "../../components/telemetry/telemetry-pipeline.ts";
import { senderIssuer } from "../../functions/shared/telemetry/sender-token.ts";
import { collectorVariables } from "../../functions/telemetry/collector-config.ts";
import { residencyOf } from "../../stacks/residency.ts";
import { run } from "./program.ts";

const publicKey = () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }) as string;
const digest = `sha256:${"a".repeat(64)}`;

const args = (): TelemetryPipelineArgs => ({
  jurisdiction: "eu",
  lifecycle: "durable",
  project: "brand-eu",
  awsAccountId: "123456789012",
  zoneId: "0".repeat(32),
  domain: "brand.example",
  images: {
    gcp: `europe-west3-docker.pkg.dev/brand/bailiwick/collector@${digest}`,
    aws: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/bailiwick@${digest}`,
    awsRepositoryArn: "arn:aws:ecr:eu-central-1:123456789012:repository/bailiwick",
  },
  senders: { edge: publicKey(), services: publicKey() },
  keys: { gcp: "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k", aws: "arn:aws:kms:eu-central-1:123456789012:key/k" },
  retention: { archiveDays: 400, logDays: 30 },
  instances: { min: 1, max: 10, tasks: 2 },
  dependsOn: [],
});

const pipeline = async (change: Partial<TelemetryPipelineArgs> = {}) => {
  const { made } = await run(() => new TelemetryPipeline("telemetry", { ...args(), ...change }));
  const only = (type: string, name = "") => {
    const found = made.filter((each) => each.type === type && each.name.includes(name));
    expect(found, `${type} ${name}`).toHaveLength(1);
    return found[0]?.inputs as Record<string, never>;
  };
  return { made, only };
};

type Variables = readonly { readonly name: string; readonly value: string }[];
/** What the platform itself sets. */
const given = { gcp: ["PORT"], aws: [] };

describe("a region's telemetry", () => {
  it("keeps spans in Google Cloud inside the jurisdiction", async () => {
    const { only } = await pipeline();
    const settings = only("gcp:observability/projectSettings:ProjectSettings");
    expect(settings).toMatchObject({ location: "global", defaultStorageLocation: residencyOf("eu").gcp.location });
  });

  it("has AWS keep spans in CloudWatch Logs, for X-Ray takes OTLP only then, and lets it write nothing but spans there", async () => {
    const { only } = await pipeline();
    expect(only("aws:xray/traceSegmentDestination:TraceSegmentDestination")).toMatchObject({ destination: "CloudWatchLogs" });
    const { policyDocument } = only("aws:cloudwatch/logResourcePolicy:LogResourcePolicy") as unknown as { policyDocument: string };
    expect(JSON.parse(policyDocument).Statement).toMatchObject([
      {
        Principal: { Service: "xray.amazonaws.com" },
        Action: "logs:PutLogEvents",
        Resource: ["aws/spans", "/aws/application-signals/data"].map(
          (group) => `arn:aws:logs:eu-central-1:123456789012:log-group:${group}:*`,
        ),
        Condition: { StringEquals: { "aws:SourceAccount": "123456789012" } },
      },
    ]);
  });

  it("gives each collector every variable that its configuration reads", async () => {
    const { only } = await pipeline();
    const run = only("gcp:cloudrunv2/service:Service") as unknown as { template: { containers: { envs: Variables }[] } };
    const task = only("aws:ecs/taskDefinition:TaskDefinition") as unknown as { containerDefinitions: string };
    const [container] = JSON.parse(task.containerDefinitions) as {
      environment: Variables;
      secrets: { name: string; valueFrom: string }[];
    }[];
    const parameter = only("aws:ssm/parameter:Parameter") as unknown as { name: string; type: string; insecureValue: string };
    expect(container?.secrets).toEqual([
      { name: "SENDER_KEYS", valueFrom: `arn:aws:ssm:eu-central-1:123456789012:parameter${parameter.name}` },
    ]);
    const named = {
      gcp: run.template.containers[0]?.envs ?? [],
      aws: [...(container?.environment ?? []), { name: "SENDER_KEYS", value: parameter.insecureValue }],
    };
    for (const path of ["gcp", "aws"] as const) {
      const missing = collectorVariables[path].filter(
        (variable) => ![...named[path].map(({ name }) => name), ...given[path]].includes(variable),
      );
      expect(missing, path).toEqual([]);
      const value = (name: string) => named[path].find((each) => each.name === name)?.value;
      expect(value("AUDIENCE")).toBe(`https://telemetry-${path}-eu.brand.example`);
      expect(value("COLLECTOR_CONFIG")).toBe(`/etc/otelcol/${path}.yaml`);
      expect([value("EDGE_ISSUER"), value("SERVICE_ISSUER")]).toEqual([senderIssuer("edge", "eu"), senderIssuer("services", "eu")]);
      expect((JSON.parse(value("SENDER_KEYS") ?? "{}") as { keys: { crv: string }[] }).keys.map(({ crv }) => crv)).toEqual([
        "Ed25519",
        "Ed25519",
      ]);
    }
  });

  it("lets nobody reach the collector on Cloud Run but through the load balancer", async () => {
    const { only } = await pipeline();
    expect(only("gcp:cloudrunv2/service:Service")).toMatchObject({
      ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
      invokerIamDisabled: true,
    });
  });

  it("lets a collector create in its own archive and nothing else", async () => {
    const { made, only } = await pipeline();
    expect(only("gcp:storage/bucketIAMMember:BucketIAMMember")).toMatchObject({
      bucket: "brand-eu-telemetry-eu",
      role: "roles/storage.objectCreator",
    });
    const roles = made.filter(({ type }) => type === "gcp:projects/iAMMember:IAMMember").map(({ inputs }) => inputs.role);
    expect(roles).toEqual(["roles/telemetry.tracesWriter", "roles/serviceusage.serviceUsageConsumer"]);
    const { policy } = only("aws:iam/rolePolicy:RolePolicy", "-task-policy") as unknown as { policy: string };
    const { Statement } = JSON.parse(policy) as { Statement: { Action: string[]; Resource: string[] }[] };
    expect(Statement.filter(({ Action }) => Action.some((action) => action.startsWith("s3:")))).toEqual([
      { Effect: "Allow", Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::bailiwick-telemetry-eu-123456789012/*"] },
    ]);
  });

  it("lets the platform read the one parameter that the task names, and start the task anew when it changes", async () => {
    const { only } = await pipeline();
    const { policy } = only("aws:iam/rolePolicy:RolePolicy", "-execution-policy") as unknown as { policy: string };
    const { Statement } = JSON.parse(policy) as { Statement: { Action: string[]; Resource: string[] }[] };
    expect(Statement.filter(({ Action }) => Action.some((action) => action.startsWith("ssm:")))).toEqual([
      {
        Effect: "Allow",
        Action: ["ssm:GetParameters"],
        Resource: ["arn:aws:ssm:eu-central-1:123456789012:parameter/bailiwick/eu/collector/SENDER_KEYS"],
      },
    ]);
    expect(only("aws:ecs/service:Service")).toMatchObject({ forceNewDeployment: true, triggers: { SENDER_KEYS: expect.anything() } });
    expect(only("aws:ec2/vpcEndpoint:VpcEndpoint", "-ssm")).toMatchObject({ serviceName: "com.amazonaws.eu-central-1.ssm" });
  });

  it("deletes what the archive of either cloud has kept long enough", async () => {
    const { only } = await pipeline({ retention: { archiveDays: 90, logDays: 30 } });
    const { lifecycleRules } = only("gcp:storage/bucket:Bucket") as unknown as { lifecycleRules: unknown[] };
    expect(lifecycleRules).toContainEqual({ action: { type: "Delete" }, condition: { age: 90, withState: "LIVE" } });
    const { rules } = only("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration") as unknown as { rules: unknown[] };
    expect(rules).toContainEqual({ id: "kept", status: "Enabled", filter: {}, expiration: { days: 90 } });
  });

  it("asks the collector on Fargate how it is where the collector says so", async () => {
    const { only } = await pipeline();
    const task = only("aws:ecs/taskDefinition:TaskDefinition") as unknown as { containerDefinitions: string };
    const [container] = JSON.parse(task.containerDefinitions) as { environment: Variables }[];
    const port = container?.environment.find(({ name }) => name === "HEALTH_PORT")?.value;
    expect(only("aws:lb/targetGroup:TargetGroup")).toMatchObject({ healthCheck: { path: "/", port } });
  });

  it("refuses what cannot work, all of it at once", async () => {
    await expect(pipeline({ retention: { archiveDays: 0, logDays: 30 }, instances: { min: 1, max: 10, tasks: 0 } })).rejects.toThrow(
      /archiveDays 0.*\n.*tasks 0/,
    );
  });
});
