import type { LogGroupArgs } from "@pulumi/aws/cloudwatch/logGroup.js";
import type { ParameterArgs } from "@pulumi/aws/ssm/parameter.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, refuse, type Transform } from "../component.ts";
import { ResidentBucket } from "../storage/resident-bucket.ts";
import { ApplicationLoadBalancer, type ApplicationLoadBalancerArgs } from "./application-load-balancer.ts";
import { AwsNetwork, type AwsNetworkArgs } from "./aws-network.ts";
import { collectorHosts } from "./collector-hosts.ts";
import { FargateService, type FargateServiceArgs } from "./fargate-service.ts";
import { GcpCollector, type GcpCollectorArgs } from "./gcp-collector.ts";
import { senderKeys } from "./sender-keys.ts";
import { TraceStores } from "./trace-stores.ts";

export interface TelemetryPipelineArgs {
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  readonly project: string;
  readonly awsAccountId: string;
  /** Cloudflare zone and its name: hosts of collectors stand one label below it. */
  readonly zoneId: string;
  readonly domain: string;
  /** The one image, by digest, in each cloud's own registry; and the ARN of the one in AWS. */
  readonly images: { readonly gcp: string; readonly aws: pulumi.Input<string>; readonly awsRepositoryArn: pulumi.Input<string> };
  /** Ed25519 public keys, SPKI PEM: of the region's edge and of its services. */
  readonly senders: { readonly edge: pulumi.Input<string>; readonly services: pulumi.Input<string> };
  /** Region's own keys: id in Google Cloud, ARN in AWS. */
  readonly keys: { readonly gcp: pulumi.Input<string>; readonly aws: pulumi.Input<string> };
  /** Days for which archives keep what they got, and collectors' logs. */
  readonly retention: { readonly archiveDays: number; readonly logDays: number };
  /** Collectors at the least and at the most on Cloud Run; always so many on Fargate. */
  readonly instances: { readonly min: number; readonly max: number; readonly tasks: number };
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly gcp?: GcpCollectorArgs["transform"];
    readonly aws?: FargateServiceArgs["transform"];
    readonly network?: AwsNetworkArgs["transform"];
    readonly balancer?: ApplicationLoadBalancerArgs["transform"];
  };
}

/** A log that nobody deletes by mistake. */
const keptLog: Transform<LogGroupArgs> = (log, its) => ({
  args: { ...log, deletionProtectionEnabled: true },
  options: { ...its, protect: true },
});

const kept: Transform<ParameterArgs> = (parameter, its) => ({ args: parameter, options: { ...its, protect: true } });

const awsPort = 4318;
const healthPort = 13133;

/**
 * A region's two paths of telemetry, each from a collector to stores in its own cloud: what one loses, the other has. Nothing of the one
 * depends on anything of the other but the senders' keys.
 */
export class TelemetryPipeline extends pulumi.ComponentResource {
  readonly nodes: {
    readonly stores: TraceStores;
    readonly gcp: GcpCollector;
    readonly awsArchive: ResidentBucket;
    readonly awsNetwork: AwsNetwork;
    readonly awsBalancer: ApplicationLoadBalancer;
    readonly aws: FargateService;
  };
  readonly #hosts: { readonly gcp: string; readonly aws: string };

  constructor(name: string, args: TelemetryPipelineArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:TelemetryPipeline", name, {}, options);
    const { jurisdiction, lifecycle, awsAccountId, domain, transform = {} } = args;
    const { region, aws: place } = residencyOf(jurisdiction);
    refuse("TelemetryPipeline", name, [
      args.retention.archiveDays < 1 && `retention.archiveDays ${args.retention.archiveDays}: 1 or more is allowed`,
      args.instances.tasks < 1 &&
        `instances.tasks ${args.instances.tasks}: 1 or more is allowed, for a path without a collector stores nothing`,
    ]);
    this.#hosts = collectorHosts(region, domain);
    const child: pulumi.ComponentResourceOptions = { parent: this };
    const keys = pulumi.all([args.senders.edge, args.senders.services]).apply(senderKeys);

    const stores = new TraceStores(
      `${name}-stores`,
      { jurisdiction, project: args.project, awsAccountId, dependsOn: args.dependsOn },
      child,
    );
    const gcp = new GcpCollector(
      `${name}-gcp`,
      {
        project: args.project,
        jurisdiction,
        lifecycle,
        image: args.images.gcp,
        origin: `https://${this.#hosts.gcp}`,
        senderKeys: keys,
        bucket: `${args.project}-telemetry-${region}`,
        keptDays: args.retention.archiveDays,
        key: args.keys.gcp,
        instances: { min: args.instances.min, max: args.instances.max },
        dependsOn: [...args.dependsOn, stores.nodes.gcp],
        transform: transform.gcp,
      },
      child,
    );

    // By its name, which a preview knows: what a task runs must be seen before it runs.
    const awsBucket = `bailiwick-telemetry-${region}-${awsAccountId}`;
    const awsArchive = new ResidentBucket(
      `${name}-aws-archive`,
      {
        cloud: "aws",
        dataClass: "operational",
        jurisdiction,
        lifecycle,
        bucket: awsBucket,
        keptDays: args.retention.archiveDays,
        key: args.keys.aws,
      },
      child,
    );
    const awsNetwork = new AwsNetwork(
      `${name}-aws-network`,
      { awsAccountId, jurisdiction, services: ["ssm", "xray"], transform: transform.network },
      child,
    );
    const awsBalancer = new ApplicationLoadBalancer(
      `${name}-aws-balancer`,
      { jurisdiction, lifecycle, network: awsNetwork, hostname: this.#hosts.aws, zoneId: args.zoneId, transform: transform.balancer },
      child,
    );
    const aws = new FargateService(
      `${name}-aws`,
      {
        awsAccountId,
        jurisdiction,
        service: "collector",
        image: args.images.aws,
        repositoryArn: args.images.awsRepositoryArn,
        network: awsNetwork,
        balancer: awsBalancer,
        tokenHeader: "authorization",
        port: awsPort,
        health: { path: "/", port: healthPort },
        environment: {
          ARCHIVE_BUCKET: awsBucket,
          AUDIENCE: `https://${this.#hosts.aws}`,
          AWS_REGION: place.location,
          COLLECTOR_CONFIG: "/etc/otelcol/aws.yaml",
          EDGE_ISSUER: `edge.${region}`,
          HEALTH_PORT: String(healthPort),
          PORT: String(awsPort),
          SERVICE_ISSUER: `services.${region}`,
        },
        parameters: { SENDER_KEYS: keys },
        permissions: [
          { actions: ["s3:PutObject"], resources: [pulumi.interpolate`arn:aws:s3:::${awsArchive.bucket}/*`] },
          // What the bucket's default encryption asks of whoever writes (docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
          { actions: ["kms:GenerateDataKey"], resources: [args.keys.aws] },
          // X-Ray knows no resources (docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html).
          { actions: ["xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing"], resources: ["*"] },
        ],
        key: args.keys.aws,
        logRetentionDays: args.retention.logDays,
        size: { cpu: 256, memory: 512 },
        count: args.instances.tasks,
        dependsOn: [awsArchive, stores.nodes.aws],
        transform: lifecycle === "durable" ? { log: keptLog, parameter: kept, ...transform.aws } : transform.aws,
      },
      child,
    );
    this.nodes = { stores, gcp, awsArchive, awsNetwork, awsBalancer, aws };
    this.registerOutputs({ hosts: this.#hosts, archives: this.archives });
  }

  /** https origins of the collectors. */
  get origins(): { readonly gcp: string; readonly aws: string } {
    return { gcp: `https://${this.#hosts.gcp}`, aws: `https://${this.#hosts.aws}` };
  }

  /** Hostname that the region's load balancer in Google Cloud must pass to `nodes.gcp`. */
  get gcpHostname(): string {
    return this.#hosts.gcp;
  }

  /** Names of the archive buckets. */
  get archives(): { readonly gcp: pulumi.Output<string>; readonly aws: pulumi.Output<string> } {
    return { gcp: this.nodes.gcp.nodes.archive.bucket, aws: this.nodes.awsArchive.bucket };
  }
}
