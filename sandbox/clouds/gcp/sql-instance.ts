// Cloud SQL instances: what the API refuses, and one real PostgreSQL server each.
import { createHash } from "node:crypto";
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  type Properties,
  type ResourceDefinition,
  UNKNOWN,
} from "../../engine/definition.ts";
import { postgresMajor } from "../../runtimes/postgres/binaries.ts";
import { refuseProtected, withDeletionPolicy } from "./deletion.ts";
import type { Iam } from "./iam.ts";
import { hasServiceConnection, networkId } from "./network.ts";
import { computedOf, listOf, objectOf } from "./outputs.ts";
import { projectNumber, projectOf, regionOf } from "./projects.ts";
import { agentOf, requireApi } from "./services.ts";
import { type CloudSqlRuntime, instanceToken, serverSettings } from "./sql-runtime.ts";

const api = "sqladmin.googleapis.com";
const supported = `POSTGRES_${postgresMajor}`;
const weekMs = 7 * 24 * 3600 * 1000;

const refused = (message: string, reason = "invalid") =>
  new CloudError(reason, `Error, failed to create instance: googleapi: Error 400: ${message}, ${reason}`);

/** With POSTGRES_16 and later an unset edition means ENTERPRISE_PLUS, which has tiers of its own [SDK settings.edition]. */
const editionOf = (settings: Properties) => settings.edition ?? "ENTERPRISE_PLUS";

function refuseInputs(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const known = (value: unknown) => value !== undefined && value !== UNKNOWN;
  if (known(inputs.databaseVersion) && inputs.databaseVersion !== supported) {
    failures.push({ property: "databaseVersion", reason: `"${inputs.databaseVersion}" does not run here; ${supported} does` });
  }
  const settings = objectOf(inputs.settings);
  const [edition, tier] = [editionOf(settings), String(settings.tier)];
  if (known(edition) && known(settings.tier)) {
    const plus = tier.startsWith("db-perf-optimized-") || tier.startsWith("db-c4a-");
    if ((edition === "ENTERPRISE_PLUS") !== plus) {
      failures.push({
        property: "settings.tier",
        reason: `Invalid Tier (${tier}) for (${edition}) Edition. ${
          plus
            ? "Use a tier like db-custom-CPUS-MEGABYTES, or edition ENTERPRISE_PLUS"
            : "Use a predefined Tier like db-perf-optimized-N-* instead, or set edition to ENTERPRISE: unset means ENTERPRISE_PLUS since PostgreSQL 16"
        }`,
      });
    }
  }
  const backup = objectOf(settings.backupConfiguration);
  if (settings.availabilityType === "REGIONAL" && (isOff(backup.enabled) || isOff(backup.pointInTimeRecoveryEnabled))) {
    failures.push({
      property: "settings.availabilityType",
      reason: "REGIONAL requires backupConfiguration.enabled and backupConfiguration.pointInTimeRecoveryEnabled to be true",
    });
  }
  const address = objectOf(settings.ipConfiguration);
  if (address.ipv4Enabled === false && address.privateNetwork === undefined && listOf(address.pscConfigs).length === 0) {
    failures.push({
      property: "settings.ipConfiguration",
      reason: "At least one of Public IP, Private IP or PSC connectivity must be enabled: set privateNetwork, pscConfigs or ipv4Enabled",
    });
  }
  return failures;
}

const isOff = (value: unknown) => value !== true && value !== UNKNOWN;

/** What only the whole project shows: networks, keys, names that were used lately. */
function refuseSurroundings(context: Context, iam: Iam, project: string, inputs: Properties): void {
  const { privateNetwork } = objectOf(objectOf(inputs.settings).ipConfiguration);
  if (privateNetwork !== undefined && !hasServiceConnection(context, networkId(project, privateNetwork))) {
    throw new CloudError(
      "invalid",
      `Error, failed to create instance because the network doesn't have at least 1 private services connection. Please see https://cloud.google.com/sql/docs/postgres/private-ip#network_requirements for how to create this connection. (network: ${privateNetwork}; let the instance depend on the servicenetworking.Connection)`,
    );
  }
  const key = inputs.encryptionKeyName;
  if (key === undefined) return;
  const agent = agentOf(context, project, api);
  if (!iam.exists(`serviceAccount:${agent}`)) {
    throw refused(
      `Invalid request: Per-product, per-project service account not found for project ${projectNumber(context.store, project)}`,
    );
  }
  if (!iam.allows(`serviceAccount:${agent}`, "cloudkms.cryptoKeyVersions.useToEncrypt", String(key))) {
    throw refused(
      `Invalid request: Service account ${agent} has no permission to use the KMS key ${key}: grant it roles/cloudkms.cryptoKeyEncrypterDecrypter first`,
    );
  }
  const [keyLocation, region] = [String(key).split("/")[3], regionOf(context, inputs)];
  if (keyLocation !== region) {
    throw refused(
      `Invalid request: the KMS key ${key} is in ${keyLocation}, and the instance in ${region}: both must be in the same region`,
    );
  }
}

const lastUse = (project: string, name: unknown) => `gcp/sql/${project}/${name}/deleted`;

function outputsOf(context: Context, inputs: Properties, version: number): Properties {
  const project = projectOf(context, inputs);
  const region = regionOf(context, inputs);
  const settings = objectOf(inputs.settings);
  const hash = createHash("sha256").update(`${project}/${inputs.name}`).digest();
  const isPrivate = objectOf(settings.ipConfiguration).privateNetwork !== undefined;
  const address = isPrivate ? `10.${hash[0]}.${hash[1]}.3` : `34.${96 + ((hash[0] ?? 0) % 32)}.${hash[1]}.${hash[2]}`;
  return {
    project,
    region,
    connectionName: `${project}:${region}:${inputs.name}`,
    selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${project}/instances/${inputs.name}`,
    serviceAccountEmailAddress: `p${projectNumber(context.store, project)}-${hash.toString("hex").slice(0, 6)}@gcp-sa-cloud-sql.iam.gserviceaccount.com`,
    instanceType: "CLOUD_SQL_INSTANCE",
    firstIpAddress: address,
    privateIpAddress: isPrivate ? address : "",
    publicIpAddress: isPrivate ? "" : address,
    ipAddresses: [{ ipAddress: address, type: isPrivate ? "PRIVATE" : "PRIMARY", timeToRetire: "" }],
    dnsName: "",
    pscServiceAttachmentLink: "",
    maintenanceVersion: `${supported}_${randomVersion(hash)}`,
    availableMaintenanceVersions: [],
    encryptionKeyName: inputs.encryptionKeyName ?? "",
    // [SDK: the defaults that the API fills in]
    settings: {
      activationPolicy: "ALWAYS",
      availabilityType: "ZONAL",
      connectorEnforcement: "NOT_REQUIRED",
      deletionProtectionEnabled: false,
      diskAutoresize: true,
      diskSize: 10,
      diskType: "PD_SSD",
      edition: editionOf(settings),
      pricingPlan: "PER_USE",
      ...settings,
      version,
    },
  };
}

const randomVersion = (hash: Buffer) => `R2026${String(1 + ((hash[3] ?? 0) % 9)).padStart(4, "0")}.00_01`;

export function sqlInstance(runtime: CloudSqlRuntime, iam: Iam): ResourceDefinition {
  return withDeletionPolicy({
    token: instanceToken,
    fidelity: { level: "runs", how: `PostgreSQL ${postgresMajor}, one server an instance`, test: "test/sandbox/gcp/sql.test.ts" },
    autoname: { property: "name", maxLength: 84, lowercase: true },
    // [SDK, MM resource_sql_database_instance.go: ForceNew]
    replaceOn: ["name", "project", "region", "encryptionKeyName", "masterInstanceName", "settings.ipConfiguration.serverCaMode"],
    recomputed: ["settings"],
    defaults: (inputs): Properties => (inputs.deletionProtection === undefined ? { deletionProtection: true } : {}),
    refuse: refuseInputs,
    async create(context, inputs): Promise<Created> {
      const project = projectOf(context, inputs);
      requireApi(context, project, api);
      // Unlike the real provider's bare name: two projects may each have an instance of this name. It is one of its import formats.
      const id = `projects/${project}/instances/${inputs.name}`;
      if (context.store.get(instanceToken, id) && context.orphan?.id !== id) {
        throw new CloudError(
          "instanceAlreadyExists",
          `Error, failed to create instance ${inputs.name}: googleapi: Error 409: The Cloud SQL instance already exists., instanceAlreadyExists`,
        );
      }
      const deleted = context.store.fact(lastUse(project, inputs.name), () => 0);
      if (Date.now() - deleted < weekMs) {
        throw new CloudError(
          "instanceAlreadyExists",
          `Error, failed to create instance ${inputs.name}: googleapi: Error 409: The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted instance until one week from the deletion date., instanceAlreadyExists`,
        );
      }
      refuseSurroundings(context, iam, project, inputs);
      const outputs = outputsOf(context, inputs, 1);
      try {
        await runtime.launch(`${project}/${inputs.name}`, inputs);
      } catch (error) {
        throw refused(`Invalid request: the database server does not start. ${error instanceof Error ? error.message : error}`);
      }
      return { id, outputs };
    },
    async update(context, old, inputs): Promise<Properties> {
      const before = objectOf(objectOf(old.inputs.settings).ipConfiguration).privateNetwork;
      if (before !== undefined && objectOf(objectOf(inputs.settings).ipConfiguration).privateNetwork === undefined) {
        throw refused("Invalid request: a private network can be changed but not removed");
      }
      refuseSurroundings(context, iam, projectOf(context, inputs), inputs);
      const settings = serverSettings(inputs);
      if (JSON.stringify(settings) !== JSON.stringify(serverSettings(old.inputs))) {
        await runtime.server(`${old.state.project}/${old.state.name}`).restart(settings);
      }
      const version = Number(objectOf(old.state.settings).version ?? 1) + 1;
      return { ...computedOf(old), ...outputsOf(context, inputs, version) };
    },
    async delete(context, { id, state }) {
      refuseProtected(state, "the instance", id);
      if (objectOf(state.settings).deletionProtectionEnabled === true) {
        throw new CloudError(
          "deletionProtectionEnabled",
          `Error, failed to delete instance ${state.name}: googleapi: Error 400: The instance is protected. Please disable the deletion protection and try again. To disable deletion protection, update the instance settings with deletionProtectionEnabled set to false., invalid`,
        );
      }
      await runtime.remove(`${state.project}/${state.name}`);
      context.store.setFact(lastUse(String(state.project), state.name), Date.now());
    },
  });
}
