import { RegionalHostname, type RegionalHostnameArgs } from "@pulumi/cloudflare/regionalHostname.js";
import type { WorkerVersionBinding } from "@pulumi/cloudflare/types/input.js";
import { Worker, type WorkerArgs } from "@pulumi/cloudflare/worker.js";
import { WorkersCustomDomain, type WorkersCustomDomainArgs } from "@pulumi/cloudflare/workersCustomDomain.js";
import { WorkersDeployment, type WorkersDeploymentArgs } from "@pulumi/cloudflare/workersDeployment.js";
import { WorkerVersion, type WorkerVersionArgs } from "@pulumi/cloudflare/workerVersion.js";
import * as pulumi from "@pulumi/pulumi";
import { notAllTraffic, refuse, type Transform, transformed } from "../component.ts";

/** One built Worker, and how much of the traffic it gets. */
export interface WorkerRelease {
  /** `sha256:` and 64 hexadecimal digits: names the version for ever, so its code can never change under it. */
  readonly digest: string;
  /** Of the requests, 0.01 to 100. */
  readonly percentage: number;
  readonly mainModule: string;
  /** `path` counts from the program's folder, so that it is the same on every machine: it stays in the state. */
  readonly modules: readonly { readonly name: string; readonly contentType: string; readonly path: string }[];
}

export interface VersionedWorkerArgs {
  readonly accountId: string;
  /** Of the hostname. */
  readonly zoneId?: string;
  /** Name of the Worker, unique in the account. */
  readonly scriptName: string;
  /** The only way in: workers.dev and preview addresses are off. Omit for a Worker that answers no requests (a queue's consumer). */
  readonly hostname?: string;
  /** Where TLS of the hostname is ended (Regional Services). Omit only for a Worker that sees nothing personal. */
  readonly regionKey?: string;
  /** One or two, oldest first, adding up to 100 %. The order must stay while a share grows: Durable Objects depend on it. */
  readonly releases: readonly WorkerRelease[];
  readonly bindings?: readonly WorkerVersionBinding[];
  readonly transform?: {
    readonly worker?: Transform<WorkerArgs>;
    readonly version?: Transform<WorkerVersionArgs>;
    readonly deployment?: Transform<WorkersDeploymentArgs>;
    readonly domain?: Transform<WorkersCustomDomainArgs>;
    readonly regional?: Transform<RegionalHostnameArgs>;
  };
}

/** The newest runtime behaviour that was tested; code is not changed by a date that it does not name. */
export const compatibilityDate = "2026-07-01";

/**
 * A stateless Worker that is rolled out by version: one immutable version a release, a deployment that splits requests, a hostname.
 *
 * Rests on: a WorkersDeployment names the Worker by name and takes one or two versions that add up to 100; a version that leaves the
 * program stays uploaded (deleting one is a no-op at Cloudflare), so a rollback is a deployment of its id; the custom domain makes the
 * DNS record and the certificate itself (developers.cloudflare.com/workers/configuration/versions-and-deployments).
 */
export class VersionedWorker extends pulumi.ComponentResource {
  readonly nodes: {
    readonly worker: Worker;
    readonly versions: readonly WorkerVersion[];
    readonly deployment: WorkersDeployment;
    readonly domain?: WorkersCustomDomain;
    readonly regional?: RegionalHostname;
  };

  constructor(name: string, args: VersionedWorkerArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:edge:VersionedWorker", name, {}, options);
    refuse("VersionedWorker", name, [
      (args.releases.length < 1 || args.releases.length > 2) && `it has ${args.releases.length} releases; allowed are one or two`,
      notAllTraffic(args.releases),
      args.hostname !== undefined && args.zoneId === undefined && `its hostname "${args.hostname}" needs \`zoneId\``,
      args.hostname === undefined &&
        args.regionKey !== undefined &&
        "a `regionKey` says where TLS of a `hostname` is ended: give both or none",
      new Set(args.releases.map(({ digest }) => digest)).size < args.releases.length && "it has the same release twice",
    ]);
    const { accountId, zoneId, hostname, transform = {} } = args;
    const child: pulumi.CustomResourceOptions = { parent: this };

    const worker = new Worker(
      `${name}-worker`,
      ...transformed(
        transform.worker,
        {
          accountId,
          name: args.scriptName,
          subdomain: { enabled: false, previewsEnabled: false },
          // Invocation logs hold URLs and addresses, and Cloudflare keeps them where it likes: off. Telemetry goes its own way.
          observability: {
            enabled: true,
            headSamplingRate: 1,
            logs: { enabled: true, headSamplingRate: 1, invocationLogs: false, persist: false },
          },
        },
        child,
      ),
    );
    // Sorted, since the API returns bindings by name and the provider compares them in order.
    const bindings = [...(args.bindings ?? [])].sort((a, b) => String(a.name).localeCompare(String(b.name)));
    const versions = args.releases.map((release) => {
      const tag = release.digest.replace("sha256:", "").slice(0, 12);
      return new WorkerVersion(
        `${name}-${tag}`,
        ...transformed(
          transform.version,
          {
            accountId,
            workerId: worker.id,
            mainModule: release.mainModule,
            compatibilityDate,
            modules: release.modules.map((module) => ({ name: module.name, contentType: module.contentType, contentFile: module.path })),
            bindings,
            annotations: { workersTag: tag },
          },
          { ...child, retainOnDelete: true },
        ),
      );
    });
    const deployment = new WorkersDeployment(
      `${name}-deployment`,
      ...transformed(
        transform.deployment,
        {
          accountId,
          scriptName: worker.name,
          strategy: "percentage",
          versions: versions.map((version, i) => ({ versionId: version.id, percentage: (args.releases[i] as WorkerRelease).percentage })),
        },
        child,
      ),
    );
    const domain =
      hostname === undefined || zoneId === undefined
        ? undefined
        : new WorkersCustomDomain(
            `${name}-domain`,
            ...transformed(
              transform.domain,
              { accountId, zoneId, hostname, service: worker.name },
              { ...child, dependsOn: [deployment], deleteBeforeReplace: true },
            ),
          );
    const regional =
      domain === undefined || hostname === undefined || zoneId === undefined || args.regionKey === undefined
        ? undefined
        : new RegionalHostname(
            `${name}-regional`,
            ...transformed(
              transform.regional,
              { zoneId, hostname, regionKey: args.regionKey },
              { ...child, dependsOn: [domain], deleteBeforeReplace: true },
            ),
          );
    this.nodes = { worker, versions, deployment, ...(domain ? { domain } : {}), ...(regional ? { regional } : {}) };
    this.registerOutputs({ hostname });
  }

  /** https origin at which the Worker answers. @throws Error for one without a hostname */
  get origin(): pulumi.Output<string> {
    if (!this.nodes.domain) throw new Error("this Worker has no hostname, and so no origin");
    return pulumi.interpolate`https://${this.nodes.domain.hostname}`;
  }

  /** Name of the Worker, known once it is deployed: for what needs a Worker that runs. */
  get deployedName(): pulumi.Output<string> {
    return this.nodes.deployment.scriptName;
  }
}
