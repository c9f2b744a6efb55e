import { Job, type JobArgs } from "@pulumi/gcp/cloudrunv2/job.js";
import { Service, type ServiceArgs } from "@pulumi/gcp/cloudrunv2/service.js";
import { IAMMember as ProjectMember } from "@pulumi/gcp/projects/iammember.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { SecretIamMember } from "@pulumi/gcp/secretmanager/secretIamMember.js";
import { SecretVersion } from "@pulumi/gcp/secretmanager/secretVersion.js";
import type { Account } from "@pulumi/gcp/serviceaccount/account.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import { type DataClass, type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, notAllTraffic, refuse, shortHash, type Transform, transformed } from "../component.ts";
import { onlyDeployedRevisions } from "./deployed-revisions.ts";

/** One built image, and how much of the traffic its revision gets. */
export interface ServiceRelease {
  /** `host/project/repository/name@sha256:...`: by digest, never by tag. */
  readonly image: string;
  /** Returned by the service with every answer. */
  readonly tag: string;
  /** Of the requests, 1 to 100, whole. */
  readonly percentage: number;
}

export interface GovernanceServiceArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** Lower case, at most 40 characters: the service's name, its account's and its revisions' prefix. */
  readonly service: string;
  /** `https://services-eu.brand.example`: where the load balancer serves it. Tokens of callers must name it as their audience. */
  readonly origin: string;
  /** What it handles at most. */
  readonly dataClass: DataClass;
  /** Who the service is. */
  readonly account: Account;
  /** One or two, oldest first, adding up to 100 %. */
  readonly releases: readonly ServiceRelease[];
  /** Plain environment variables. Nothing secret: they are readable by whoever may read the service. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment variables whose values lie in Secret Manager. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Encrypts the secrets. */
  readonly key: pulumi.Input<string>;
  readonly database: { readonly connectionName: pulumi.Input<string> };
  /** Changes the schema before the service changes: runs to its end at every new image, as an account of its own. */
  readonly migration: { readonly account: Account; readonly environment: Readonly<Record<string, pulumi.Input<string>>> };
  readonly subnetwork: { readonly network: pulumi.Input<string>; readonly subnetwork: pulumi.Input<string> };
  /** The most is a cost ceiling; the least is shared by the revisions that have traffic. */
  readonly instances: { readonly min: number; readonly max: number };
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly service?: Transform<ServiceArgs>; readonly job?: Transform<JobArgs> };
}

const socketDir = "/cloudsql";

/**
 * One service of the governance plane on Cloud Run: its secrets, its migration job, and traffic by revision.
 *
 * A revision is immutable under its name, so the name carries the hash of the whole template, and going back to an older image finds the
 * older revision. A change of what releases share makes new revisions, so it is refused while two releases share the traffic. `invokerIamDisabled`: the service itself refuses whatever the region's edge has not signed; a load balancer adds no
 * identity that Cloud Run could check. See docs/decisions/0007-who-may-call-a-service.md.
 */
export class GovernanceService extends pulumi.ComponentResource {
  readonly nodes: {
    readonly secrets: Readonly<Record<string, Secret>>;
    readonly versions: Readonly<Record<string, SecretVersion>>;
    readonly execution: RandomId;
    readonly job: Job;
    readonly service: Service;
  };

  constructor(name: string, args: GovernanceServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:GovernanceService", name, {}, options);
    const { project, jurisdiction, service, transform = {} } = args;
    refuse("GovernanceService", name, [
      !/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/.test(service) && `service "${service}": 2 to 40 lower-case letters, digits and hyphens are allowed`,
      (args.releases.length < 1 || args.releases.length > 2) && `it has ${args.releases.length} releases; allowed are one or two`,
      notAllTraffic(args.releases),
      args.releases.some(({ percentage }) => !Number.isInteger(percentage)) && "Cloud Run splits traffic in whole percents only",
      args.instances.min > args.instances.max && `instances.min ${args.instances.min} is more than instances.max ${args.instances.max}`,
    ]);
    const location = residencyOf(jurisdiction).gcp.location;
    const durable = args.lifecycle === "durable";
    const child: pulumi.CustomResourceOptions = { parent: this };

    const secrets: Record<string, Secret> = {};
    const versions: Record<string, SecretVersion> = {};
    const readable: pulumi.Resource[] = [];
    for (const [variable, value] of Object.entries(args.secrets)) {
      const part = variable.toLowerCase().replaceAll("_", "-");
      const secret = new Secret(
        `${name}-${part}`,
        {
          project,
          secretId: `${service}-${part}`,
          // `auto` replication would leave the jurisdiction.
          replication: { userManaged: { replicas: [{ location, customerManagedEncryption: { kmsKeyName: args.key } }] } },
          labels: labels(jurisdiction, "sensitive"),
          deletionProtection: durable,
        },
        { ...child, protect: durable, dependsOn: args.dependsOn },
      );
      secrets[variable] = secret;
      versions[variable] = new SecretVersion(`${name}-${part}-version`, { secret: secret.id, secretData: pulumi.secret(value) }, child);
      // Cloud Run checks at deploy that the account may read it.
      readable.push(
        new SecretIamMember(
          `${name}-${part}-reader`,
          { project, secretId: secret.secretId, role: "roles/secretmanager.secretAccessor", member: args.account.member },
          child,
        ),
        versions[variable],
      );
    }
    const login = [args.account, args.migration.account].flatMap((account, i) =>
      ["roles/cloudsql.client", "roles/cloudsql.instanceUser"].map(
        (role) =>
          new ProjectMember(
            `${name}-${i === 0 ? "service" : "migration"}-${role.replace("roles/cloudsql.", "")}`,
            { project, role, member: account.member },
            child,
          ),
      ),
    );
    const volumes = [{ name: "cloudsql", cloudSqlInstance: { instances: [args.database.connectionName] } }];
    const volumeMounts = [{ name: "cloudsql", mountPath: socketDir }];
    const socket = pulumi.interpolate`${socketDir}/${args.database.connectionName}`;
    const vpcAccess = { networkInterfaces: [args.subnetwork], egress: "PRIVATE_RANGES_ONLY" };
    const newest = args.releases.at(-1) as ServiceRelease;
    const variables = (environment: Readonly<Record<string, pulumi.Input<string>>>) =>
      Object.entries(environment)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([variable, value]) => ({ name: variable, value }));

    const jobTemplate = {
      taskCount: 1,
      template: {
        serviceAccount: args.migration.account.email,
        // A migration that failed is looked at before it runs again.
        maxRetries: 0,
        timeout: "600s",
        containers: [
          {
            image: newest.image,
            commands: ["node", "/app/migrate.js"],
            envs: variables({ ...args.migration.environment, DATABASE_SOCKET: socket }),
            resources: { limits: { cpu: "1", memory: "512Mi" } },
            volumeMounts,
          },
        ],
        volumes,
        vpcAccess,
      },
    };
    // An execution's name is taken for ever, also by a template that comes back: going back to an older image is another execution.
    // (A migration that finds a newer schema does nothing.)
    const execution = new RandomId(
      `${name}-execution`,
      { byteLength: 4, keepers: { template: pulumi.output(jobTemplate).apply(shortHash) } },
      child,
    );
    const job = new Job(
      `${name}-migration`,
      ...transformed(
        transform.job,
        {
          project,
          location,
          name: `${service}-migration`,
          deletionProtection: durable,
          labels: labels(jurisdiction, "operational"),
          template: jobTemplate,
          // The update waits until this execution is complete.
          runExecutionToken: execution.hex,
        },
        { ...child, dependsOn: [...args.dependsOn, ...login], customTimeouts: { create: "20m", update: "20m" } },
      ),
    );

    const template = (release: ServiceRelease) => ({
      serviceAccount: args.account.email,
      maxInstanceRequestConcurrency: 80,
      timeout: "30s",
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      containers: [
        {
          image: release.image,
          ports: { containerPort: 8080, name: "http1" },
          envs: [
            ...variables({ ...args.environment, AUDIENCE: args.origin, DATABASE_SOCKET: socket, VERSION: release.tag }),
            ...Object.entries(secrets).map(([variable, secret]) => ({
              name: variable,
              valueSource: { secretKeyRef: { secret: secret.secretId, version: (versions[variable] as SecretVersion).version } },
            })),
          ],
          resources: { limits: { cpu: "1", memory: "512Mi" }, cpuIdle: false, startupCpuBoost: true },
          // Not /healthz: paths that end in z are the platform's own (cloud.google.com/run/docs/known-issues, "Reserved URL paths").
          startupProbe: { httpGet: { path: "/health", port: 8080 }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 30 },
          livenessProbe: { httpGet: { path: "/health", port: 8080 }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 },
          volumeMounts,
        },
      ],
      volumes,
      vpcAccess,
    });
    const revision = (release: ServiceRelease) => pulumi.output(template(release)).apply((whole) => `${service}-${shortHash(whole)}`);
    const run = new Service(
      `${name}-service`,
      ...transformed(
        transform.service,
        {
          project,
          location,
          name: service,
          deletionProtection: durable,
          ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
          invokerIamDisabled: true,
          labels: labels(jurisdiction, args.dataClass),
          scaling: { minInstanceCount: args.instances.min, maxInstanceCount: args.instances.max },
          template: { ...template(newest), revision: revision(newest) },
          traffics: args.releases.map((release) => ({
            type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
            revision: revision(release),
            percent: release.percentage,
          })),
        },
        {
          ...child,
          protect: durable,
          dependsOn: [job, ...readable, ...login],
          // A single release's revision is the one that is made.
          ...(args.releases.length > 1 ? { hooks: onlyDeployedRevisions(name, service) } : {}),
          ignoreChanges: ["client", "clientVersion", 'template.annotations["run.googleapis.com/operation-id"]'],
        },
      ),
    );
    this.nodes = { secrets, versions, execution, job, service: run };
    this.registerOutputs({});
  }

  /** The Cloud Run service's name, known once it is deployed: what a load balancer leads to. */
  get serviceName(): pulumi.Output<string> {
    return pulumi.all([this.nodes.service.id, this.nodes.service.name]).apply(([, service]) => service);
  }
}
