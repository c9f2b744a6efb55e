import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";
import { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, refuse } from "../component.ts";
import type { RegionKeys } from "../storage/region-keys.ts";
import { loginOf, ResidentDatabase, type ResidentDatabaseArgs } from "../storage/resident-database.ts";
import { GovernanceService, type GovernanceServiceArgs, type ServiceRelease } from "./governance-service.ts";
import { RegionNetwork, type RegionNetworkArgs } from "./region-network.ts";

export interface GovernancePlaneArgs {
  readonly project: string;
  readonly projectNumber: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  readonly keys: RegionKeys;
  /** The account the preference service runs as. Made outside, since the edge's subject store trusts it by its address. */
  readonly preferencesAccount: Account;
  readonly preferences: readonly ServiceRelease[];
  /** Of the service that keeps the edge's telemetry. Must be absent where the edge can pin queues, and keeps its own. */
  readonly spool?: readonly ServiceRelease[];
  /** `https://services-eu.brand.example`: where the region's load balancer serves the plane. */
  readonly origin: string;
  readonly database: { readonly tier: string; readonly availability: "ZONAL" | "REGIONAL" };
  readonly instances: { readonly min: number; readonly max: number };
  /** Ed25519 public key, SPKI PEM, of the region's edge. */
  readonly edgePublicKey: pulumi.Input<string>;
  /** Ed25519 private key, PKCS #8 PEM, that signs subject tokens. */
  readonly subjectTokenKey: pulumi.Input<string>;
  /** Where services send what they tell of themselves, signed with an Ed25519 key (PKCS #8 PEM) of theirs. */
  readonly telemetry: { readonly key: pulumi.Input<string>; readonly collectors: { readonly gcp: string; readonly aws: string } };
  /** Services of the brand that may call, each by its Ed25519 public key (SPKI PEM), and for what (functions/shared/service-token.ts). */
  readonly serviceClients: readonly { readonly name: string; readonly key: pulumi.Input<string>; readonly scopes: readonly string[] }[];
  /** The transparency log of what was said, and where it is published. */
  readonly log: {
    /** Its name for ever, and its public address without a scheme: `eu.brand.example/v1/log`. */
    readonly origin: string;
    /** A bucket of Cloud Storage for audit data. */
    readonly bucket: pulumi.Input<string>;
    /** The region's audit vault: bucket, location, the role that the preference service assumes, and what its token must be made for. */
    readonly vault: {
      readonly bucket: pulumi.Input<string>;
      readonly location: string;
      readonly role: pulumi.Input<string>;
      readonly audience: string;
    };
    /** The log of another region that this one watches, by its name; absent: nobody's. */
    readonly watched?: string | undefined;
  };
  /** Phase of a rollout; absent: no phases. */
  readonly phase?: "1" | "2" | undefined;
  /** Address of the region's subject store; absent where the edge keeps no state. */
  readonly subjectsUrl?: pulumi.Input<string>;
  /** The Artifact Registry repository, of the global stack's project, that this region's images come from. */
  readonly repository: { readonly project: string; readonly name: string };
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly network?: RegionNetworkArgs["transform"];
    readonly database?: ResidentDatabaseArgs["transform"];
    readonly preferences?: GovernanceServiceArgs["transform"];
    readonly spool?: GovernanceServiceArgs["transform"];
  };
}

/** A service's spool of telemetry in the region's database: how much waits there, its view `telemetry_backlog` says. */
export interface TelemetryOutbox {
  readonly service: string;
  readonly schema: string;
  /** E-mail address of the service account that may read it. */
  readonly reader: pulumi.Output<string>;
}

/** What may wait for one path of telemetry in a service's outbox, in bytes: hours of a busy region. Beyond it the oldest bulk is dropped. */
const outboxBytes = { preferences: 2 ** 28, spool: 2 ** 30 } as const;

/** What decides, and remembers, what a person allows: the region's database and the services over it, in one private network. */
export class GovernancePlane extends pulumi.ComponentResource {
  readonly nodes: {
    readonly network: RegionNetwork;
    readonly database: ResidentDatabase;
    readonly migrationAccount: Account;
    readonly preferences: GovernanceService;
    readonly spool?: GovernanceService;
  };
  readonly #outboxes: readonly TelemetryOutbox[];

  constructor(name: string, args: GovernancePlaneArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:GovernancePlane", name, {}, options);
    const { project, jurisdiction, lifecycle, keys, dependsOn, transform = {} } = args;
    const { region, gcp, edgeQueue } = residencyOf(jurisdiction);
    refuse("GovernancePlane", name, [
      edgeQueue === "none" &&
        args.spool === undefined &&
        `jurisdiction "${jurisdiction}" can pin no queue at the edge: give \`spool\`, which keeps its telemetry`,
      edgeQueue !== "none" &&
        args.spool !== undefined &&
        `jurisdiction "${jurisdiction}" pins queues at the edge, which keep its telemetry: leave out \`spool\``,
    ]);
    const child: pulumi.ComponentResourceOptions = { parent: this };

    const network = new RegionNetwork(
      `${name}-network`,
      // One instance more for each service: its migration job.
      { project, jurisdiction, instances: (args.instances.max + 1) * (args.spool ? 2 : 1), transform: transform.network },
      { ...child, dependsOn },
    );
    const migrationAccount = new Account(
      `${name}-migration`,
      { project, accountId: "preferences-migration", displayName: "Changes the schema of the preference database" },
      { parent: this, dependsOn },
    );
    const account = (id: "spool" | "spool-migration", displayName: string) =>
      new Account(`${name}-${id}-account`, { project, accountId: `telemetry-${id}`, displayName }, { parent: this, dependsOn });
    const spool = args.spool && {
      releases: args.spool,
      account: account("spool", "The spool of the edge's telemetry"),
      migration: account("spool-migration", "Changes the schema of the spool"),
    };
    const database = new ResidentDatabase(
      `${name}-database`,
      {
        project,
        jurisdiction,
        lifecycle,
        ...args.database,
        network: network.nodes.network.id,
        key: keys.gcpKey,
        dependsOn: [network.nodes.connection, ...keys.nodes.grants],
        users: {
          preferences: { email: args.preferencesAccount.email, role: "client" },
          migration: { email: migrationAccount.email, role: "owner" },
          ...(spool
            ? {
                spool: { email: spool.account.email, role: "client" },
                "spool-migration": { email: spool.migration.email, role: "owner" },
              }
            : {}),
        },
        transform: transform.database,
      },
      child,
    );
    // Cloud Run pulls as its service agent, which must be able to read a repository of another project. Who does not exist cannot be
    // bound, and enabling an API does not promise its agent at once (cloud.google.com/iam/docs/create-service-agents).
    const runAgent = new ServiceIdentity(`${name}-run-agent`, { project, service: "run.googleapis.com" }, { parent: this, dependsOn });
    const puller = new RepositoryIamMember(
      `${name}-puller`,
      {
        project: args.repository.project,
        location: gcp.location,
        repository: args.repository.name,
        role: "roles/artifactregistry.reader",
        member: `serviceAccount:service-${args.projectNumber}@serverless-robot-prod.iam.gserviceaccount.com`,
      },
      { parent: this, dependsOn: [...dependsOn, runAgent] },
    );
    /** What the services of the plane have in common. */
    const common = (service: keyof typeof outboxBytes, own: Account, migration: Account) => ({
      project,
      jurisdiction,
      lifecycle,
      service,
      origin: args.origin,
      account: own,
      environment: {
        REGION: region,
        DATABASE_NAME: database.databaseName,
        DATABASE_USER: loginOf(own.email),
        EDGE_PUBLIC_KEY: args.edgePublicKey,
        COLLECTOR_GCP: args.telemetry.collectors.gcp,
        COLLECTOR_AWS: args.telemetry.collectors.aws,
        TELEMETRY_LIMIT_BYTES: String(outboxBytes[service]),
      },
      secrets: { TELEMETRY_KEY: args.telemetry.key },
      key: keys.gcpKey,
      database: { connectionName: database.connectionName },
      migration: {
        account: migration,
        environment: {
          DATABASE_NAME: database.databaseName,
          DATABASE_USER: loginOf(migration.email),
          SERVICE_USERS: loginOf(own.email),
        },
      },
      subnetwork: { network: network.nodes.network.id, subnetwork: network.nodes.subnetwork.id },
      instances: args.instances,
      dependsOn: [...dependsOn, puller, ...keys.nodes.grants, ...Object.values(database.nodes.users)],
      transform: transform[service],
    });
    const ofPreferences = common("preferences", args.preferencesAccount, migrationAccount);
    const subjectKeys = new CryptoKeyIAMMember(
      `${name}-subject-keys`,
      {
        cryptoKeyId: keys.nodes.subjects.id,
        role: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member: args.preferencesAccount.member,
      },
      child,
    );
    const { log } = args;
    const ofLog = [
      ...["signer", "publicKeyViewer"].map(
        (role) =>
          new CryptoKeyIAMMember(
            `${name}-log-${role.toLowerCase()}`,
            { cryptoKeyId: keys.nodes.log.id, role: `roles/cloudkms.${role}`, member: args.preferencesAccount.member },
            child,
          ),
      ),
      // Putting a checkpoint in the place of another needs the right to delete, which a locked bucket makes good for nothing else
      // (cloud.google.com/storage/docs/access-control/iam-roles, "storage.objects.delete").
      new BucketIAMMember(
        `${name}-log-bucket`,
        { bucket: log.bucket, role: "roles/storage.objectUser", member: args.preferencesAccount.member },
        child,
      ),
    ];
    const preferences = new GovernanceService(
      `${name}-preferences`,
      {
        ...ofPreferences,
        dataClass: "personal",
        releases: args.preferences,
        environment: {
          ...ofPreferences.environment,
          JURISDICTION: jurisdiction,
          SUBJECT_KEYS_KMS: keys.nodes.subjects.id,
          SERVICE_CLIENTS: pulumi.jsonStringify(args.serviceClients),
          ...(args.phase === undefined ? {} : { PHASE: args.phase }),
          LOG_KEY_KMS: keys.logKeyVersion,
          LOG_ORIGIN: log.origin,
          LOG_BUCKET: log.bucket,
          VAULT_BUCKET: log.vault.bucket,
          VAULT_LOCATION: log.vault.location,
          VAULT_ROLE: log.vault.role,
          VAULT_AUDIENCE: log.vault.audience,
          ...(log.watched === undefined ? {} : { WATCHED_LOG: log.watched }),
          ...(args.subjectsUrl === undefined ? {} : { SUBJECTS_URL: args.subjectsUrl }),
        },
        secrets: { ...ofPreferences.secrets, SUBJECT_TOKEN_PRIVATE_KEY: args.subjectTokenKey },
        dependsOn: [...ofPreferences.dependsOn, subjectKeys, ...ofLog],
      },
      child,
    );
    const spooling =
      spool &&
      new GovernanceService(
        `${name}-spool`,
        { ...common("spool", spool.account, spool.migration), dataClass: "operational", releases: spool.releases },
        child,
      );
    this.nodes = { network, database, migrationAccount, preferences, ...(spooling ? { spool: spooling } : {}) };
    this.#outboxes = [
      { service: "preferences", account: args.preferencesAccount },
      ...(spool ? [{ service: "spool", account: spool.account }] : []),
    ].map(({ service, account: own }) => ({ service, schema: service, reader: own.email }));
    this.registerOutputs({});
  }

  /** Where telemetry waits in the plane. */
  get outboxes(): readonly TelemetryOutbox[] {
    return this.#outboxes;
  }
}
