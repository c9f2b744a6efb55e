import { Service, type ServiceArgs } from "@pulumi/gcp/cloudrunv2/service.js";
import { IAMMember as ProjectMember } from "@pulumi/gcp/projects/iammember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, refuse, shortHash, type Transform, transformed } from "../component.ts";
import { ResidentBucket } from "../storage/resident-bucket.ts";

export interface GcpCollectorArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** `host/project/repository/collector@sha256:...` */
  readonly image: string;
  /** https origin at which senders reach it; what their tokens must be made for. */
  readonly origin: string;
  /** JWK set (RFC 7517) of the public keys of the region's edge and services. */
  readonly senderKeys: pulumi.Input<string>;
  /** Name of the archive bucket, unique in the world. */
  readonly bucket: string;
  /** Days for which the archive keeps what it got. */
  readonly keptDays: number;
  /** Id of the region's own key. */
  readonly key: pulumi.Input<string>;
  /** The most is a cost ceiling; the least keeps one warm, so that no sender waits for a start. */
  readonly instances: { readonly min: number; readonly max: number };
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly service?: Transform<ServiceArgs> };
}

/** Memory of an instance, in MiB; the collector's own limiter refuses before it is used up (functions/telemetry/collector-config.ts). */
const memoryMib = 512;

/**
 * The telemetry path of Google Cloud: a collector on Cloud Run behind the region's load balancer, its archive bucket, and Cloud Trace.
 *
 * Rests on: a load balancer adds no identity, so `invokerIamDisabled`, and the collector refuses what the region's senders have not signed;
 * `roles/storage.objectCreator` may create and never replace or read; writing to telemetry.googleapis.com needs `roles/telemetry.tracesWriter`
 * and, for the project that is charged, `roles/serviceusage.serviceUsageConsumer` (cloud.google.com/stackdriver/docs/reference/telemetry/overview).
 * A liveness probe over TCP does not exist on Cloud Run, and the receiver answers nobody without a token: a collector that dies is started again.
 */
export class GcpCollector extends pulumi.ComponentResource {
  readonly nodes: { readonly account: Account; readonly archive: ResidentBucket; readonly service: Service };

  constructor(name: string, args: GcpCollectorArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:GcpCollector", name, {}, options);
    const { project, jurisdiction, transform = {} } = args;
    refuse("GcpCollector", name, [
      !args.image.includes("@sha256:") &&
        `image "${args.image}" is not named by digest: host/project/repository/name@sha256:... is allowed`,
      args.instances.min > args.instances.max && `instances.min ${args.instances.min} is more than instances.max ${args.instances.max}`,
    ]);
    const { region, gcp } = residencyOf(jurisdiction);
    const durable = args.lifecycle === "durable";
    const child: pulumi.CustomResourceOptions = { parent: this };

    const account = new Account(
      `${name}-account`,
      { project, accountId: "collector", displayName: "The telemetry collector" },
      { ...child, dependsOn: args.dependsOn },
    );
    const archive = new ResidentBucket(
      `${name}-archive`,
      {
        cloud: "gcp",
        dataClass: "operational",
        project,
        jurisdiction,
        lifecycle: args.lifecycle,
        bucket: args.bucket,
        key: args.key,
        dependsOn: args.dependsOn,
        keptDays: args.keptDays,
      },
      { parent: this },
    );
    const rights = [
      new BucketIAMMember(`${name}-writer`, { bucket: archive.bucket, role: "roles/storage.objectCreator", member: account.member }, child),
      ...["roles/telemetry.tracesWriter", "roles/serviceusage.serviceUsageConsumer"].map(
        (role) => new ProjectMember(`${name}-${role.split(".").at(-1)}`, { project, role, member: account.member }, child),
      ),
    ];
    const environment: Readonly<Record<string, pulumi.Input<string>>> = {
      ARCHIVE_BUCKET: archive.bucket,
      AUDIENCE: args.origin,
      COLLECTOR_CONFIG: "/etc/otelcol/gcp.yaml",
      EDGE_ISSUER: `edge.${region}`,
      GOOGLE_CLOUD_PROJECT: project,
      SENDER_KEYS: args.senderKeys,
      SERVICE_ISSUER: `services.${region}`,
    };
    const template = {
      serviceAccount: account.email,
      maxInstanceRequestConcurrency: 80,
      // Longer than the collector gives its bucket.
      timeout: "30s",
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      containers: [
        {
          image: args.image,
          ports: { containerPort: 8080, name: "http1" },
          envs: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
          // The queue to Cloud Trace is emptied between requests, so the processor is never taken away.
          resources: { limits: { cpu: "1", memory: `${memoryMib}Mi` }, cpuIdle: false, startupCpuBoost: true },
          startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 30 },
        },
      ],
    };
    const revision = pulumi.output(template).apply((whole) => `collector-${shortHash(whole)}`);
    const service = new Service(
      `${name}-service`,
      ...transformed(
        transform.service,
        {
          project,
          location: gcp.location,
          name: "collector",
          deletionProtection: durable,
          ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
          invokerIamDisabled: true,
          labels: labels(jurisdiction, "operational"),
          scaling: { minInstanceCount: args.instances.min, maxInstanceCount: args.instances.max },
          template: { ...template, revision },
          traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision, percent: 100 }],
        },
        {
          ...child,
          protect: durable,
          dependsOn: [...args.dependsOn, ...rights],
          ignoreChanges: ["client", "clientVersion", 'template.annotations["run.googleapis.com/operation-id"]'],
        },
      ),
    );
    this.nodes = { account, archive, service };
    this.registerOutputs({ bucket: archive.bucket });
  }

  /** For a load balancer; known only once the service is deployed. */
  get serviceName(): pulumi.Output<string> {
    return this.nodes.service.name;
  }
}
