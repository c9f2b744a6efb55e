// The embedded Google Cloud.
import type { Cloud, Ground } from "../../engine/cloud.ts";
import { createArtifactRegistry } from "./artifact-registry.ts";
import { createCertificateManager } from "./certificate-manager.ts";
import { accountOwner, Iam } from "./iam.ts";
import { Identities } from "./identities.ts";
import { createKms } from "./kms.ts";
import { KeyMaterial } from "./kms-keys.ts";
import { certificateUsers, createLoadBalancers } from "./load-balancer.ts";
import { createLogging } from "./logging.ts";
import { createMonitoring } from "./monitoring.ts";
import { networkDefinitions } from "./network.ts";
import { getProject } from "./projects.ts";
import { createPubSub } from "./pubsub.ts";
import { createRun } from "./run.ts";
import { createScheduler } from "./scheduler.ts";
import { createSecretManager } from "./secret-manager.ts";
import type { GcpService } from "./service.ts";
import { serviceAccountDefinitions } from "./service-account.ts";
import { service, serviceIdentity } from "./services.ts";
import { createSql } from "./sql.ts";
import { CloudSqlRuntime } from "./sql-runtime.ts";
import { createStorage } from "./storage.ts";
import { createTelemetry } from "./telemetry.ts";
import { Workloads } from "./workload.ts";

export interface GcpCloud extends Cloud {
  /** The person who holds the account: owner of every project. Deployments act as this member. */
  readonly owner: string;
  /** An access token of a member (`user:...`, `serviceAccount:...`), for one hour. */
  issueToken(member: string): string;
  /**
   * A way to a database from outside of any workload, as the Cloud SQL proxy gives.
   * @param connectionName `P:L:I`
   * @param member on whose behalf; needs roles/cloudsql.client, as the owner has
   * @returns the folder of the socket, for `host` in a PostgreSQL client; the password is an access token of the user's account
   */
  openDatabase(connectionName: string, member: string): Promise<string>;
}

export function createGcp(ground: Ground): GcpCloud {
  const iam = new Iam(ground.store);
  const identities = new Identities(ground, iam);
  const keys = new KeyMaterial(ground.store);
  const sql = new CloudSqlRuntime(ground, iam, keys);
  const registry = createArtifactRegistry(ground, iam);
  const workloads = new Workloads(ground, iam, registry.images, identities, sql);
  const monitoring = createMonitoring(ground, iam);
  const run = createRun(ground, iam, workloads, monitoring);
  const pubsub = createPubSub(ground, iam, keys, run.inside);
  const foundation: GcpService = {
    resources: [service, serviceIdentity, ...serviceAccountDefinitions(iam), ...networkDefinitions],
    functions: [getProject],
    start: () => identities.start(),
    stop: () => identities.stop(),
    parts: () => identities.parts(),
  };
  // What others rest on comes first, and goes last.
  const services: readonly GcpService[] = [
    foundation,
    createKms(ground, iam, keys),
    createSecretManager(ground, iam),
    registry,
    createStorage(ground, iam, keys),
    createTelemetry(ground, iam),
    monitoring,
    createLogging(ground, iam, monitoring, run.sources),
    createSql(sql, iam),
    run,
    pubsub,
    createScheduler(ground, iam, run.inside, pubsub.publish),
    createCertificateManager(ground, certificateUsers),
    createLoadBalancers(ground, run.balanced),
  ];

  return {
    name: "gcp",
    owner: accountOwner,
    resources: services.flatMap(({ resources }) => resources),
    functions: services.flatMap(({ functions }) => functions),
    async start() {
      workloads.reset();
      for (const { start } of services) await start();
    },
    async stop() {
      for (const { stop } of services.toReversed()) await stop();
    },
    parts: () => services.flatMap(({ parts }) => parts()),
    issueToken: (member) => iam.tokens.accessToken(member),
    openDatabase: (connectionName, member) => sql.mount(member, connectionName),
  };
}
