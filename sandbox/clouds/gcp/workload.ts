// What Cloud Run gives a container, for services and jobs alike: image, environment, secrets, mounts and an identity.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import { CloudError, type Failure, type Properties, UNKNOWN } from "../../engine/definition.ts";
import { type Launch, launchOf, type Mount } from "../../runtimes/cloud-run/container.ts";
import type { ImageSource } from "../../runtimes/cloud-run/image.ts";
import { Scratch, searchPath, wayOut } from "../../runtimes/cloud-run/surroundings.ts";
import type { Iam } from "./iam.ts";
import type { Identities } from "./identities.ts";
import { listOf, objectOf } from "./outputs.ts";
import { projectNumber } from "./projects.ts";
import { accessSecret, secretName } from "./secret-manager.ts";
import { agentOf } from "./services.ts";
import type { CloudSqlRuntime } from "./sql-runtime.ts";

/** The template of a revision or of a job's task. */
export interface Workload {
  /** Unique name of the process; also that of its scratch folder. */
  readonly name: string;
  readonly project: string;
  readonly location: string;
  readonly template: Properties;
}

const reserved = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/** What the API refuses of a template at sight. `path` is where the template stands. */
export function refuseTemplate(template: Properties, path: string): Failure[] {
  const containers = listOf(template.containers);
  if (template.containers === UNKNOWN) return [];
  if (containers.length !== 1) {
    return [
      { property: `${path}.containers`, reason: `${containers.length} containers: exactly one runs here, sidecars are not available` },
    ];
  }
  const [container = {}] = containers;
  const failures = listOf(container.envs)
    .filter(({ name }) => reserved.includes(String(name)))
    .map(({ name }) => ({
      property: `${path}.containers[0].envs`,
      reason: `The following reserved env names were provided: ${name}. These values are automatically set by the system.`,
    }));
  for (const [index, volume] of listOf(template.volumes).entries()) {
    const unsupported = ["gcs", "nfs"].find((kind) => volume[kind] !== undefined);
    if (unsupported)
      failures.push({ property: `${path}.volumes[${index}].${unsupported}`, reason: `${unsupported} volumes are not available here` });
  }
  const names = new Set(listOf(template.volumes).map(({ name }) => name));
  for (const mount of listOf(container.volumeMounts)) {
    if (mount.name !== UNKNOWN && !names.has(UNKNOWN) && !names.has(mount.name ?? "")) {
      failures.push({ property: `${path}.containers[0].volumeMounts`, reason: `there is no volume named "${mount.name}"` });
    }
  }
  return failures;
}

export class Workloads {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #images: ImageSource;
  readonly #identities: Identities;
  readonly #sql: CloudSqlRuntime;
  readonly #scratch: Scratch;

  constructor(ground: Ground, iam: Iam, images: ImageSource, identities: Identities, sql: CloudSqlRuntime) {
    this.#ground = ground;
    this.#iam = iam;
    this.#images = images;
    this.#identities = identities;
    this.#sql = sql;
    this.#scratch = new Scratch(join(ground.dataDir, "scratch"));
  }

  get pidDir(): string {
    return this.#ground.pidDir;
  }
  logFile(name: string): string {
    return join(this.#ground.logDir, `${name}.log`);
  }

  /** E-mail of the account that a template runs as: its own, else the project's default compute account. */
  accountOf({ template, project }: Pick<Workload, "template" | "project">): string {
    const own = template.serviceAccount;
    if (typeof own === "string" && own !== "") return own.replace(/^projects\/[^/]+\/serviceAccounts\//, "");
    return `${projectNumber(this.#ground.store, project)}-compute@developer.gserviceaccount.com`;
  }

  /**
   * What the API checks before it makes anything.
   * @throws CloudError when the account does not exist
   */
  admit(workload: Pick<Workload, "template" | "project">): void {
    const email = this.accountOf(workload);
    if (this.#iam.account(email)) return;
    throw new CloudError(
      "forbidden",
      `googleapi: Error 403: Permission 'iam.serviceaccounts.actAs' denied on service account ${email} (or it may not exist)., forbidden`,
    );
  }

  /**
   * How to start it now: the image is unpacked, secrets are read as the workload's account, mounts are opened.
   * @param given what the platform adds to the environment
   * @throws Error with the reason, worded as the condition of a revision that does not become ready
   */
  async launch(workload: Workload, given: Readonly<Record<string, string>>): Promise<Launch> {
    const { project, location, template, name } = workload;
    const [container = {}] = listOf(template.containers);
    const image = await this.#image(workload, String(container.image));
    const scratch = this.#scratch.fresh(name, ["home", "tmp", "gcloud"]);
    const mounts = await this.#mounts(workload, container, scratch);
    const env = {
      PATH: searchPath,
      HOME: join(scratch, "home"),
      TMPDIR: join(scratch, "tmp"),
      CLOUDSDK_CONFIG: join(scratch, "gcloud"),
      ...(await this.#network(this.accountOf(workload), project, location)),
      ...this.#declared(workload, container),
      ...given,
    };
    const words = (value: unknown) => (Array.isArray(value) ? value.map(String) : undefined);
    const workingDir = typeof container.workingDir === "string" ? container.workingDir : undefined;
    return launchOf(image, { commands: words(container.commands), args: words(container.args), workingDir }, env, mounts);
  }

  /** Nothing runs yet: whatever containers of an earlier run left behind goes, secrets among it. */
  reset(): void {
    this.#scratch.reset();
  }

  /** Forgets what it wrote beside its image; a container's file system dies with it. */
  discard(name: string): void {
    this.#scratch.discard(name);
  }

  async #image({ project }: Workload, reference: string) {
    const [, location, owner, repository] = /^([a-z0-9-]+)-docker\.pkg\.dev\/([^/]+)\/([^/]+)\//.exec(reference) ?? [];
    if (owner && owner !== project) {
      const agent = agentOf(this.#ground, project, "run.googleapis.com");
      const resource = `projects/${owner}/locations/${location}/repositories/${repository}`;
      if (!this.#iam.allows(`serviceAccount:${agent}`, "artifactregistry.repositories.downloadArtifacts", resource)) {
        throw new Error(
          `Google Cloud Run Service Agent ${agent} must have permission to read the image, ${reference}. Ensure that the provided container image URL is correct and that the above account has permission to access the image. If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate. Note that the image is from project [${owner}], which is not the same as this project [${project}]. Permission must be granted to the Google Cloud Run Service Agent from this project.`,
        );
      }
    }
    const image = await this.#images.resolve(reference);
    if (!image) throw new Error(`Image '${reference}' not found.`);
    return image;
  }

  async #network(email: string, project: string, location: string): Promise<Record<string, string>> {
    const metadata = await this.#identities.metadataHost(email, project, location);
    return {
      GCE_METADATA_HOST: metadata,
      METADATA_SERVER_DETECTION: "assume-present",
      GOOGLE_CLOUD_PROJECT: project,
      ...wayOut(this.#ground.egress, metadata.slice(0, metadata.indexOf(":"))),
    };
  }

  #declared(workload: Workload, container: Properties): Record<string, string> {
    const entries = listOf(container.envs).map(({ name, value, valueSource }) => {
      const reference = objectOf(objectOf(valueSource).secretKeyRef);
      const text = reference.secret === undefined ? String(value ?? "") : this.#secret(workload, reference).toString();
      return [String(name), text] as const;
    });
    return Object.fromEntries(entries);
  }

  #secret(workload: Workload, { secret, version }: Properties): Buffer {
    const email = this.accountOf(workload);
    const name = secretName(this.#ground.store, workload.project, String(secret));
    try {
      return accessSecret(this.#ground.store, this.#iam, `serviceAccount:${email}`, name, String(version ?? "latest")).payload;
    } catch (error) {
      const denied = error instanceof Error && "status" in error && error.status === "PERMISSION_DENIED";
      const reason = denied
        ? `Permission denied on secret: ${name}/versions/${version ?? "latest"} for Revision service account ${email}. The service account used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.`
        : error instanceof Error
          ? error.message
          : String(error);
      throw new Error(reason);
    }
  }

  async #mounts(workload: Workload, container: Properties, scratch: string): Promise<Mount[]> {
    const volumes = new Map(listOf(workload.template.volumes).map((volume) => [volume.name, volume]));
    const mounts: Mount[] = [];
    for (const { name, mountPath, subPath } of listOf(container.volumeMounts)) {
      const volume = volumes.get(name ?? "") ?? {};
      const path = String(mountPath).replace(/\/$/, "");
      const folder = join(scratch, "volumes", String(name), String(subPath ?? ""));
      mkdirSync(folder, { recursive: true });
      mounts.push({ path, folder });
      for (const instance of (objectOf(volume.cloudSqlInstance).instances ?? []) as string[]) {
        const socket = await this.#sql.mount(`serviceAccount:${this.accountOf(workload)}`, instance);
        // A path that names the instance goes straight to the socket's folder: socket paths must be short.
        mounts.push({ path: `${path}/${instance}`, folder: socket });
        symlinkSync(socket, join(folder, instance));
      }
      this.#writeSecrets(workload, objectOf(volume.secret), folder);
    }
    return mounts;
  }

  // Written at start; the real one reads a mounted secret whenever it is opened.
  #writeSecrets(workload: Workload, { secret, items }: Properties, folder: string): void {
    if (secret === undefined) return;
    const files = listOf(items);
    for (const { path, version } of files.length > 0 ? files : [{ path: secret, version: "latest" }]) {
      const file = join(folder, normalize(`/${path}`));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, this.#secret(workload, { secret, version: version ?? "latest" }), { mode: 0o400 });
    }
  }
}
