// Databases and users of Cloud SQL instances.
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
} from "../../engine/definition.ts";
import { withDeletionPolicy } from "./deletion.ts";
import { computedOf, listOf, objectOf } from "./outputs.ts";
import { projectOf } from "./projects.ts";
import { type CloudSqlRuntime, iamGroup, instanceToken, superuserRole, userToken } from "./sql-runtime.ts";

const test = "test/sandbox/gcp/sql.test.ts";
const databaseToken = "gcp:sql/database:Database";

const identifier = (name: unknown) => `"${String(name).replaceAll('"', '""')}"`;
const literal = (text: unknown) => `'${String(text).replaceAll("'", "''")}'`;

/** The instance a database or user belongs to. @throws CloudError when there is none */
function instanceOf(context: Context, project: string, name: unknown): Stored {
  const row = context.store.get(instanceToken, `projects/${project}/instances/${name}`);
  if (row) return row;
  throw new CloudError(
    "instanceDoesNotExist",
    `googleapi: Error 404: The Cloud SQL instance does not exist: ${project}:${name}., instanceDoesNotExist`,
  );
}

const failed = (what: string, error: unknown) =>
  new CloudError(
    "invalid",
    `Error, failed to ${what}: googleapi: Error 400: Invalid request: ${error instanceof Error ? error.message : error}., invalid`,
  );

const serverOf = (runtime: CloudSqlRuntime, { state }: Stored) => runtime.server(`${state.project}/${state.instance}`);

export function sqlDatabase(runtime: CloudSqlRuntime): ResourceDefinition {
  return withDeletionPolicy({
    token: databaseToken,
    fidelity: { level: "runs", how: "a database of the instance's server", test },
    autoname: { property: "name", maxLength: 63 },
    replaceOn: ["name", "instance", "project", "charset", "collation"],
    refuse: ({ charset }): Failure[] =>
      charset === undefined || charset === UNKNOWN || charset === "UTF8"
        ? []
        : [{ property: "charset", reason: `"${charset}" is not supported for PostgreSQL: UTF8 is` }],
    async create(context, inputs): Promise<Created> {
      const project = projectOf(context, inputs);
      instanceOf(context, project, inputs.instance);
      const id = `projects/${project}/instances/${inputs.instance}/databases/${inputs.name}`;
      const server = runtime.server(`${project}/${inputs.instance}`);
      const [found] = await server.query([`SELECT 1 FROM pg_database WHERE datname = ${literal(inputs.name)}`]);
      if (found?.rowCount === 0) {
        await server.query([`CREATE DATABASE ${identifier(inputs.name)} OWNER ${superuserRole} ENCODING 'UTF8'`]);
      } else if (context.orphan?.id !== id && inputs.name !== "postgres") {
        throw new CloudError(
          "invalid",
          `Error, failed to insert database ${inputs.name} into instance ${inputs.instance}: googleapi: Error 400: Invalid request: failed to create database ${inputs.name}. Detail: pq: database "${inputs.name}" already exists., invalid`,
        );
      }
      const selfLink = `https://sqladmin.googleapis.com/sql/v1beta4/${id}`;
      return { id, outputs: { project, selfLink, charset: inputs.charset ?? "UTF8", collation: inputs.collation ?? "en_US.UTF8" } };
    },
    update: (_context, old) => computedOf(old),
    async delete(_context, stored) {
      try {
        await serverOf(runtime, stored).query([`DROP DATABASE IF EXISTS ${identifier(stored.state.name)}`]);
      } catch (error) {
        throw failed(`delete database ${stored.state.name}`, error);
      }
    },
  });
}

const isIam = (inputs: Properties) => inputs.type === "CLOUD_IAM_SERVICE_ACCOUNT";
const types = ["BUILT_IN", "CLOUD_IAM_SERVICE_ACCOUNT"];

function refuseUser({ type, name, password, passwordWo }: Properties): Failure[] {
  const failures: Failure[] = [];
  if (type !== undefined && type !== UNKNOWN && !types.includes(String(type))) {
    failures.push({ property: "type", reason: `"${type}" does not log in here; ${types.join(" and ")} do` });
  }
  if (type === "CLOUD_IAM_SERVICE_ACCOUNT" && typeof name === "string" && name.endsWith(".gserviceaccount.com")) {
    failures.push({ property: "name", reason: `"${name}": PostgreSQL user names are limited in length: leave out ".gserviceaccount.com"` });
  }
  if (type === "CLOUD_IAM_SERVICE_ACCOUNT" && (password ?? passwordWo) !== undefined) {
    failures.push({ property: "password", reason: "an IAM user has none: its password is an access token" });
  }
  return failures;
}

/** The roles the user must have now, and no others of those that were given to it here. */
function roleStatements(inputs: Properties, before?: Properties): string[] {
  const wanted = rolesOf(inputs);
  const revoked = before ? rolesOf(before).filter((role) => !wanted.includes(role)) : [];
  const user = identifier(inputs.name);
  return [
    ...revoked.map((role) => `REVOKE ${identifier(role)} FROM ${user}`),
    ...wanted.map((role) => `GRANT ${identifier(role)} TO ${user}`),
  ];
}

// Built-in users are administrators by default, IAM users have nothing [G cloud-sql/docs/postgres/users, iam-logins].
function rolesOf(inputs: Properties): string[] {
  const given = Array.isArray(inputs.databaseRoles) ? inputs.databaseRoles.map(String) : undefined;
  return isIam(inputs) ? [iamGroup, ...(given ?? [])] : (given ?? [superuserRole]);
}

export function sqlUser(runtime: CloudSqlRuntime): ResourceDefinition {
  return withDeletionPolicy({
    token: userToken,
    fidelity: { level: "runs", how: "a role of the instance's server, let in by token or password", test },
    replaceOn: ["name", "instance", "project", "type", "host"], // [SDK; MM resource_sql_user.go: ForceNew]
    refuse: refuseUser,
    async create(context, inputs): Promise<Created> {
      const project = projectOf(context, inputs);
      const instance = instanceOf(context, project, inputs.instance);
      const flags = listOf(objectOf(instance.state.settings).databaseFlags);
      if (isIam(inputs) && !flags.some(({ name, value }) => name === "cloudsql.iam_authentication" && value === "on")) {
        throw failed(
          `insert user ${inputs.name} into instance ${inputs.instance}`,
          "IAM authentication is not enabled on the instance: set its database flag cloudsql.iam_authentication to on",
        );
      }
      const id = `${project}/${inputs.instance}/${inputs.name}`;
      if (context.store.get(userToken, id) && context.orphan?.id !== id) {
        throw failed(`insert user ${inputs.name} into instance ${inputs.instance}`, `user "${inputs.name}" already exists`);
      }
      const user = identifier(inputs.name);
      try {
        // A user that is there already (postgres, or one abandoned earlier) is taken over, as the API's insert does.
        await runtime
          .server(`${project}/${inputs.instance}`)
          .query([
            `DO $$ BEGIN CREATE ROLE ${user} LOGIN CREATEDB CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
            isIam(inputs) ? `ALTER ROLE ${user} LOGIN NOCREATEDB NOCREATEROLE` : `ALTER ROLE ${user} LOGIN CREATEDB CREATEROLE`,
            ...roleStatements(inputs),
          ]);
      } catch (error) {
        throw failed(`insert user ${inputs.name} into instance ${inputs.instance}`, error);
      }
      return {
        id,
        outputs: {
          project,
          host: "",
          iamEmail: isIam(inputs) ? `${inputs.name}.gserviceaccount.com` : "",
          type: inputs.type ?? "BUILT_IN",
        },
      };
    },
    async update(_context, old, inputs): Promise<Properties> {
      try {
        await serverOf(runtime, old).query(roleStatements(inputs, old.inputs));
      } catch (error) {
        throw failed(`update user ${inputs.name}`, error);
      }
      return { ...computedOf(old), type: old.state.type ?? "BUILT_IN" };
    },
    async delete(_context, stored) {
      try {
        await serverOf(runtime, stored).query([`DROP ROLE IF EXISTS ${identifier(stored.state.name)}`]);
      } catch (error) {
        throw failed(`delete user ${stored.state.name} from instance ${stored.state.instance}`, error);
      }
    },
  });
}
