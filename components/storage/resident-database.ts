import { Database } from "@pulumi/gcp/sql/database.js";
import { DatabaseInstance, type DatabaseInstanceArgs } from "@pulumi/gcp/sql/databaseInstance.js";
import { User } from "@pulumi/gcp/sql/user.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { type Lifecycle, labels, type Transform, transformed } from "../component.ts";

/** A workload that logs in as itself: with its access token, never with a password. */
export interface DatabaseUser {
  /** E-mail address of its service account. */
  readonly email: pulumi.Input<string>;
  /** `owner` may create tables and grant; `client` may do what the owner grants it, and has nothing before. */
  readonly role: "owner" | "client";
}

export interface ResidentDatabaseArgs {
  readonly project: string;
  readonly jurisdiction: Jurisdiction;
  readonly lifecycle: Lifecycle;
  /** Cloud SQL machine type, such as `db-custom-2-7680`. */
  readonly tier: string;
  /** `REGIONAL` keeps a standby in another zone of the same region, at twice the cost. */
  readonly availability: "ZONAL" | "REGIONAL";
  /** Self link or id of the private network. */
  readonly network: pulumi.Input<string>;
  /** Id of the key that encrypts it. Changing it replaces the instance, and so loses the data. */
  readonly key: pulumi.Input<string>;
  /** Private services access, the key's grant and the APIs: no property links them to the instance. */
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  /** By a name that is stable in the program. */
  readonly users: Readonly<Record<string, DatabaseUser>>;
  readonly transform?: { readonly instance?: Transform<DatabaseInstanceArgs> };
}

/**
 * PostgreSQL that only the region's own workloads reach: private address, own key, point-in-time recovery, logins by identity.
 *
 * Rests on: `edition` unset means ENTERPRISE_PLUS from PostgreSQL 16 on, which refuses `db-custom-*`; backups without a location go to
 * the nearest multi-region; deletion is protected twice, in the provider and in the API (cloud.google.com/sql/docs/postgres).
 */
export class ResidentDatabase extends pulumi.ComponentResource {
  readonly nodes: { readonly instance: DatabaseInstance; readonly database: Database; readonly users: Readonly<Record<string, User>> };

  constructor(name: string, args: ResidentDatabaseArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:storage:ResidentDatabase", name, {}, options);
    const { project, jurisdiction, transform = {} } = args;
    const { region, gcp } = residencyOf(jurisdiction);
    const durable = args.lifecycle === "durable";

    const instance = new DatabaseInstance(
      `${name}-instance`,
      ...transformed(
        transform.instance,
        {
          project,
          // An instance's name stays taken for a week after it is gone, and what is ephemeral comes again sooner.
          ...(durable ? { name: `bailiwick-${region}` } : {}),
          region: gcp.location,
          databaseVersion: "POSTGRES_18",
          encryptionKeyName: args.key,
          deletionProtection: durable,
          settings: {
            edition: "ENTERPRISE",
            tier: args.tier,
            availabilityType: args.availability,
            deletionProtectionEnabled: durable,
            retainBackupsOnDelete: durable,
            diskType: "PD_SSD",
            diskSize: 20,
            diskAutoresize: true,
            backupConfiguration: {
              enabled: true,
              location: gcp.location,
              pointInTimeRecoveryEnabled: true,
              transactionLogRetentionDays: 7,
              startTime: "02:00",
              backupRetentionSettings: { retainedBackups: 30, retentionUnit: "COUNT" },
            },
            ipConfiguration: {
              ipv4Enabled: false,
              privateNetwork: args.network,
              sslMode: "ENCRYPTED_ONLY",
              serverCaMode: "GOOGLE_MANAGED_INTERNAL_CA",
            },
            databaseFlags: [{ name: "cloudsql.iam_authentication", value: "on" }],
            userLabels: labels(jurisdiction, "personal"),
          },
        },
        { parent: this, protect: durable, dependsOn: args.dependsOn, ignoreChanges: ["settings.diskSize"] },
      ),
    );
    const database = new Database(
      `${name}-database`,
      { project, name: "governance", instance: instance.name, deletionPolicy: "ABANDON" },
      { parent: this, protect: durable },
    );
    const users = Object.fromEntries(
      Object.entries(args.users).map(([user, { email, role }]) => [
        user,
        new User(
          `${name}-user-${user}`,
          {
            project,
            instance: instance.name,
            type: "CLOUD_IAM_SERVICE_ACCOUNT",
            name: loginOf(email),
            ...(role === "owner" ? { databaseRoles: ["cloudsqlsuperuser"] } : {}),
            // A user that owns or was granted anything cannot be deleted.
            deletionPolicy: "ABANDON",
          },
          { parent: this },
        ),
      ]),
    );
    this.nodes = { instance, database, users };
    this.registerOutputs({ connectionName: this.connectionName });
  }

  /** `project:location:instance`; the socket is `/cloudsql/<connection name>`. */
  get connectionName(): pulumi.Output<string> {
    return this.nodes.instance.connectionName;
  }

  get databaseName(): pulumi.Output<string> {
    return this.nodes.database.name;
  }
}

/** The name by which a service account logs in: PostgreSQL takes 63 characters, so Google cuts the domain off. */
export const loginOf = (email: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.output(email).apply((address) => address.replace(/\.gserviceaccount\.com$/, ""));
