import { rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Production code: it knows a socket's folder from its environment, and its password from the metadata server.
const program = `
import { createServer } from "node:http";
import pg from "pg";
const password = async () => {
  const url = "http://" + (process.env.GCE_METADATA_HOST ?? "metadata.google.internal") +
    "/computeMetadata/v1/instance/service-accounts/default/token?scopes=https://www.googleapis.com/auth/sqlservice.login";
  return (await (await fetch(url, { headers: { "Metadata-Flavor": "Google" } })).json()).access_token;
};
createServer(async (request, response) => {
  const client = new pg.Client({ host: process.env.DATABASE_SOCKET, user: process.env.DATABASE_USER, database: "postgres", password });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("SELECT current_user AS me");
    response.end(rows[0].me);
  } catch (error) {
    response.writeHead(503).end(error.code + " " + error.message);
  } finally {
    await client.end().catch(() => {});
  }
}).listen(process.env.PORT);`;

let world: World;
let service: Deployed;
let login: Deployed;
let user: string;
let connectionName: string;
beforeAll(async () => {
  world = await World.start("run", "sqladmin");
  const bundle = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    external: ["pg-native"],
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
  });
  const image = await world.push("database-user", bundle.outputFiles[0]?.text ?? "");
  const instance = await world.create("sql/databaseInstance:DatabaseInstance", "main", {
    name: "main",
    region,
    databaseVersion: "POSTGRES_18",
    settings: {
      tier: "db-custom-1-3840",
      edition: "ENTERPRISE",
      databaseFlags: [{ name: "cloudsql.iam_authentication", value: "on" }],
    },
  });
  const { email, member } = await world.account("database-user");
  user = email.replace(".gserviceaccount.com", "");
  await world.create("sql/user:User", "user", { name: user, instance: "main", type: "CLOUD_IAM_SERVICE_ACCOUNT" });
  await world.grant(member, "roles/cloudsql.client");
  login = await world.grant(member, "roles/cloudsql.instanceUser");
  connectionName = String(instance.state.connectionName);
  service = await world.create("cloudrunv2/service:Service", "service", {
    name: "service",
    location: region,
    invokerIamDisabled: true,
    template: {
      serviceAccount: email,
      volumes: [{ name: "cloudsql", cloudSqlInstance: { instances: [connectionName] } }],
      containers: [
        {
          image,
          volumeMounts: [{ name: "cloudsql", mountPath: "/cloudsql" }],
          envs: [
            { name: "DATABASE_SOCKET", value: `/cloudsql/${connectionName}` },
            { name: "DATABASE_USER", value: user },
          ],
        },
      ],
    },
  });
});
afterAll(() => world.end());

const ask = async () => {
  const response = await world.fetch(`${service.state.uri}/`);
  return { status: response.status, text: await response.text() };
};

test("a service reaches its database through the mount, with its metadata token for a password", async () => {
  expect(await ask()).toEqual({ status: 200, text: user });
});

test("it does so again after the database was killed with -9", async () => {
  const pid = world.cloud.parts().find(({ kind }) => kind === "Cloud SQL")?.pid as number;
  process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => expect(await ask()).toEqual({ status: 200, text: user }), { timeout: 20_000, interval: 20 });
  expect(world.cloud.parts().find(({ kind }) => kind === "Cloud SQL")?.pid).not.toBe(pid);
});

test("it does so again after a stop and start of the cloud, without any deployment", async () => {
  await world.stop();
  await world.start();
  expect(await ask()).toEqual({ status: 200, text: user });
});

test("a door that cannot be opened is tried anew, and stands in no other's way", async () => {
  const open = (name: string) => world.cloud.openDatabase(connectionName, `serviceAccount:${name}`);
  const folder = await open("one");
  await world.stop();
  await world.start();
  writeFileSync(folder, "");
  await expect(open("one")).rejects.toThrow("EEXIST");
  await open("other");
  rmSync(folder);
  expect(await open("one")).toBe(folder);
});

test("without roles/cloudsql.instanceUser exactly the login fails", async () => {
  await world.existing("projects/iAMMember:IAMMember", `${project}/roles/cloudsql.instanceUser/${login.state.member}`).remove();
  expect(await ask()).toEqual({ status: 503, text: expect.stringContaining("28P01 Cloud SQL IAM service account authentication failed") });
  await world.grant(String(login.state.member), "roles/cloudsql.instanceUser");
  expect((await ask()).status).toBe(200);
});
