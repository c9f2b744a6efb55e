import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import type { Lifecycle } from "../component.ts";
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
  /** `https://services-eu.brand.example`: where the region's load balancer serves the plane. */
  readonly origin: string;
  readonly database: { readonly tier: string; readonly availability: "ZONAL" | "REGIONAL" };
  readonly instances: { readonly min: number; readonly max: number };
  /** Ed25519 public key, SPKI PEM, of the region's edge. */
  readonly edgePublicKey: pulumi.Input<string>;
  /** Ed25519 private key, PKCS #8 PEM, that signs subject tokens. */
  readonly subjectTokenKey: pulumi.Input<string>;
  /** Address of the region's subject store; absent where the edge keeps no state. */
  readonly subjectsUrl?: pulumi.Input<string>;
  /** The Artifact Registry repository, of the global stack's project, that this region's images come from. */
  readonly repository: { readonly project: string; readonly name: string };
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly network?: RegionNetworkArgs["transform"];
    readonly database?: ResidentDatabaseArgs["transform"];
    readonly preferences?: GovernanceServiceArgs["transform"];
  };
}

/** What decides, and remembers, what a person allows: the region's database and the services over it, in one private network. */
export class GovernancePlane extends pulumi.ComponentResource {
  readonly nodes: {
    readonly network: RegionNetwork;
    readonly database: ResidentDatabase;
    readonly migrationAccount: Account;
    readonly preferences: GovernanceService;
  };

  constructor(name: string, args: GovernancePlaneArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:GovernancePlane", name, {}, options);
    const { project, jurisdiction, lifecycle, keys, dependsOn, transform = {} } = args;
    const { region, gcp } = residencyOf(jurisdiction);
    const child: pulumi.ComponentResourceOptions = { parent: this };

    const network = new RegionNetwork(
      `${name}-network`,
      // One instance more: the migration job.
      { project, jurisdiction, instances: args.instances.max + 1, transform: transform.network },
      { ...child, dependsOn },
    );
    const migrationAccount = new Account(
      `${name}-migration`,
      { project, accountId: "preferences-migration", displayName: "Changes the schema of the preference database" },
      { parent: this, dependsOn },
    );
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
        },
        transform: transform.database,
      },
      child,
    );
    // Cloud Run pulls as its service agent, which must be able to read a repository of another project.
    const puller = new RepositoryIamMember(
      `${name}-puller`,
      {
        project: args.repository.project,
        location: gcp.location,
        repository: args.repository.name,
        role: "roles/artifactregistry.reader",
        member: `serviceAccount:service-${args.projectNumber}@serverless-robot-prod.iam.gserviceaccount.com`,
      },
      { parent: this, dependsOn },
    );
    const login = loginOf(args.preferencesAccount.email);
    const preferences = new GovernanceService(
      `${name}-preferences`,
      {
        project,
        jurisdiction,
        lifecycle,
        service: "preferences",
        origin: args.origin,
        account: args.preferencesAccount,
        releases: args.preferences,
        environment: {
          REGION: region,
          JURISDICTION: jurisdiction,
          DATABASE_NAME: database.databaseName,
          DATABASE_USER: login,
          EDGE_PUBLIC_KEY: args.edgePublicKey,
          ...(args.subjectsUrl === undefined ? {} : { SUBJECTS_URL: args.subjectsUrl }),
        },
        secrets: { SUBJECT_TOKEN_PRIVATE_KEY: args.subjectTokenKey },
        key: keys.gcpKey,
        database: { connectionName: database.connectionName },
        migration: {
          account: migrationAccount,
          environment: { DATABASE_NAME: database.databaseName, DATABASE_USER: loginOf(migrationAccount.email), SERVICE_USERS: login },
        },
        subnetwork: { network: network.nodes.network.id, subnetwork: network.nodes.subnetwork.id },
        instances: args.instances,
        dependsOn: [...dependsOn, puller, ...keys.nodes.grants, ...Object.values(database.nodes.users)],
        transform: transform.preferences,
      },
      child,
    );
    this.nodes = { network, database, migrationAccount, preferences };
    this.registerOutputs({});
  }
}
