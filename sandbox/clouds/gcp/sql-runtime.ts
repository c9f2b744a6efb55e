// The servers behind Cloud SQL instances, and the doors through which workloads reach them.
import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Ground, Part } from "../../engine/cloud.ts";
import { CloudError, type Properties } from "../../engine/definition.ts";
import type { Faults } from "../../engine/faults.ts";
import { type Front, type Login, openFront, type Refusal } from "../../runtimes/postgres/front.ts";
import { PostgresServer } from "../../runtimes/postgres/server.ts";
import type { Iam } from "./iam.ts";
import type { KeyMaterial } from "./kms-keys.ts";
import { listOf, objectOf } from "./outputs.ts";

export const instanceToken = "gcp:sql/databaseInstance:DatabaseInstance";
export const userToken = "gcp:sql/user:User";

const faultsName = (id: string) => `sql:${id}`;

const short = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 10);

/** Flags for PostgreSQL itself; those of Cloud SQL are its own, and memory is what this machine has. */
export function serverSettings(inputs: Properties): Record<string, string> {
  const flags = listOf(objectOf(inputs.settings).databaseFlags).map(({ name, value }) => [String(name), String(value)] as const);
  return Object.fromEntries(flags.filter(([name]) => !name.startsWith("cloudsql.") && name !== "shared_buffers"));
}

/** The role that Cloud SQL gives to administrators in place of superuser; it owns every database [G cloud-sql/docs/postgres/users]. */
export const superuserRole = "cloudsqlsuperuser";
/** The group of all service accounts that may log in. */
export const iamGroup = "cloudsqliamserviceaccount";

// Once, on a new server, in one transaction: no program ever logs in as the real superuser.
const furnish = [
  `CREATE ROLE ${superuserRole} NOLOGIN CREATEDB CREATEROLE`,
  `GRANT pg_monitor, pg_signal_backend TO ${superuserRole} WITH ADMIN OPTION`,
  `CREATE ROLE ${iamGroup} NOLOGIN`,
  `CREATE ROLE postgres LOGIN CREATEDB CREATEROLE IN ROLE ${superuserRole}`,
  `ALTER DATABASE postgres OWNER TO ${superuserRole}`,
];

export class CloudSqlRuntime {
  readonly #ground: Ground;
  readonly #iam: Iam;
  readonly #keys: KeyMaterial;
  readonly #servers = new Map<string, PostgresServer>();
  /** By their folder. */
  readonly #fronts = new Map<string, { readonly instance: string; readonly front: Promise<Front> }>();

  readonly #faults: Faults;
  readonly #unlist = new Map<string, () => void>();

  constructor(ground: Ground, iam: Iam, keys: KeyMaterial) {
    this.#ground = ground;
    this.#faults = ground.internet.faults;
    this.#iam = iam;
    this.#keys = keys;
    keys.watch(() => void this.#cut((id) => this.#locked(id) !== undefined));
  }

  /** Makes and starts an instance's server. @param id `P/I`: names are unique in a project */
  async launch(id: string, inputs: Properties): Promise<void> {
    if (this.#servers.has(id)) return;
    const dataDir = this.#dataDir(id);
    const server = new PostgresServer({
      name: `sql ${id}`,
      dataDir,
      socketDir: join(this.#ground.socketDir, short(`server ${id}`)),
      logFile: join(this.#ground.logDir, `sql-${id.replace("/", "-")}.log`),
      pidDir: this.#ground.pidDir,
      admin: "cloudsqladmin",
      settings: serverSettings(inputs),
    });
    this.#servers.set(id, server);
    this.#unlist.set(
      id,
      this.#faults.add(faultsName(id), async (fault) => {
        if (fault?.harm === "stop") await server.stop();
        else if (this.#servers.get(id) === server) await server.start();
        await this.#slow(id);
        if (fault && fault.harm !== "slow") await this.#cut((instance) => instance === id);
      }),
    );
    try {
      await server.start();
      const [roles] = await server.query([`SELECT 1 FROM pg_roles WHERE rolname = 'postgres'`]);
      if (roles?.rowCount === 0) await server.query([furnish.join("; ")]);
    } catch (error) {
      this.#forget(id);
      await server.stop();
      throw error;
    }
  }

  /** @throws CloudError when there is no such running instance */
  server(id: string): PostgresServer {
    const server = this.#servers.get(id);
    if (server) return server;
    if (this.#ground.store.list(instanceToken).some(({ state }) => `${state.project}/${state.name}` === id))
      throw new CloudError(
        "invalid",
        `googleapi: Error 400: Invalid request: the instance ${id} is not running (its log says why)., invalid`,
      );
    throw new CloudError("notFound", `googleapi: Error 404: The Cloud SQL instance does not exist: ${id}, instanceDoesNotExist`);
  }

  async remove(id: string): Promise<void> {
    await this.#servers.get(id)?.stop();
    this.#forget(id);
    rmSync(this.#dataDir(id), { recursive: true, force: true });
  }

  /**
   * Opens the door of an instance for one identity, as Cloud Run's mount or the Cloud SQL proxy would.
   * @param identity the member whose workload connects
   * @param connectionName `P:L:I`
   * @returns the folder in which `.s.PGSQL.5432` lies
   */
  async mount(identity: string, connectionName: string): Promise<string> {
    const [project, , instance] = connectionName.split(":");
    const id = `${project}/${instance}`;
    const server = this.server(id);
    const folder = join(this.#ground.socketDir, short(`${identity} ${connectionName}`));
    let open = this.#fronts.get(folder);
    if (!open) {
      const front = openFront({
        socket: join(folder, ".s.PGSQL.5432"),
        server: server.socket,
        admit: (login) => this.#away(id) ?? this.#judge(identity, connectionName, login),
      });
      open = { instance: id, front };
      this.#fronts.set(folder, open);
      // One that could not be opened is tried anew by whoever mounts next, and stands in nobody's way.
      front.catch(() => this.#fronts.delete(folder));
    }
    await open.front;
    await this.#slow(id);
    return folder;
  }

  async start(): Promise<void> {
    await Promise.all(
      this.#ground.store.list(instanceToken).map(({ state, inputs }) => this.#bringBack(`${state.project}/${state.name}`, inputs)),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#fronts.values()].map(async ({ front }) => (await front).close()));
    this.#fronts.clear();
    const servers = [...this.#servers.values()];
    for (const id of [...this.#servers.keys()]) this.#forget(id);
    await Promise.all(servers.map((server) => server.stop()));
  }

  parts(): Part[] {
    return this.#ground.store.list(instanceToken).map(({ state }) => {
      const name = `${state.project}/${state.name}`;
      const server = this.#servers.get(name);
      return {
        kind: "Cloud SQL",
        name,
        state: this.#locked(name) ? "failed" : (server?.state ?? "failed"),
        detail: this.#locked(name)?.message ?? "PostgreSQL",
        memory: server?.memory(),
        pid: server?.pid,
      };
    });
  }

  /** Never as a new, empty server in place of one whose data are gone; one that does not start does not keep the others down. */
  async #bringBack(id: string, inputs: Properties): Promise<void> {
    try {
      if (!existsSync(this.#dataDir(id))) throw new Error(`its data are gone from ${this.#dataDir(id)}`);
      await this.launch(id, inputs);
    } catch (error) {
      this.#ground.log(`Cloud SQL ${id} is not started: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Without its key an instance answers nobody (cloud.google.com/sql/docs/postgres/cmek#disable-re-enable). */
  #locked(id: string): Refusal | undefined {
    const row = this.#ground.store.list(instanceToken).find(({ state }) => `${state.project}/${state.name}` === id);
    const key = row?.inputs.encryptionKeyName;
    const reason = key === undefined ? undefined : this.#keys.unusable(this.#keys.pinned(`sql/${id}`, String(key)));
    return reason === undefined ? undefined : { code: "57P03", message: `the instance is suspended: Cloud KMS key ${reason}` };
  }

  /** Why an instance takes no connection from anybody now. */
  #away(id: string): Refusal | undefined {
    const fault = this.#faults.of(faultsName(id));
    if (fault?.harm === "stop") return { code: "57P03", message: "the database system is not yet accepting connections" };
    if (fault?.harm === "break") return { code: "58000", message: "the database system is broken on purpose" };
    return this.#locked(id);
  }

  /** Ends the connections to some instances. */
  async #cut(which: (id: string) => boolean): Promise<void> {
    for (const { instance, front } of this.#fronts.values()) if (which(instance)) (await front).cut();
  }

  /** Brings what an instance suffers to its doors. */
  async #slow(id: string): Promise<void> {
    const fault = this.#faults.of(faultsName(id));
    for (const { instance, front } of this.#fronts.values())
      if (instance === id) (await front).slow(fault?.harm === "slow" ? fault.delayMs : 0);
  }

  #forget(id: string): void {
    this.#servers.delete(id);
    this.#unlist.get(id)?.();
    this.#unlist.delete(id);
  }

  #judge(identity: string, connectionName: string, { user, password }: Login): Refusal | undefined {
    const [project = "", , instance = ""] = connectionName.split(":");
    const resource = `projects/${project}`;
    if (!this.#iam.allows(identity, "cloudsql.instances.connect", resource)) {
      return {
        code: "28000",
        message: `Cloud SQL connection failed: ${identity} has no access to "${connectionName}"; it needs cloudsql.instances.connect, as roles/cloudsql.client gives`,
      };
    }
    const row = this.#ground.store
      .list(userToken)
      .find(({ state }) => state.name === user && state.instance === instance && state.project === project);
    if (row?.state.type === "CLOUD_IAM_SERVICE_ACCOUNT") {
      const member = `serviceAccount:${user}.gserviceaccount.com`;
      const genuine = this.#iam.identify(password) === member && this.#iam.allows(member, "cloudsql.instances.login", resource);
      return genuine ? undefined : { code: "28P01", message: `Cloud SQL IAM service account authentication failed for user "${user}"` };
    }
    const expected = row?.state.password ?? row?.state.passwordWo;
    return typeof expected === "string" && same(expected, password)
      ? undefined
      : { code: "28P01", message: `password authentication failed for user "${user}"` };
  }

  #dataDir(id: string): string {
    return join(this.#ground.dataDir, "sql", id.replace("/", "-"));
  }
}

const same = (a: string, b: string) => {
  const [one, other] = [a, b].map((text) => createHash("sha256").update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(one, other);
};
