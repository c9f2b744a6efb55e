import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { isAlive } from "../../alive.ts";
import { type Deployed, project, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// A service that says who it is, and does what it is told.
const program = `
import { createServer, get } from "node:http";
import { readFileSync } from "node:fs";
if (process.env.BROKEN) { console.log("cannot start:", process.env.BROKEN); process.exit(3); }
let healthy = true;
const metadata = (path) => new Promise((resolve) => get({ host: process.env.GCE_METADATA_HOST.split(":")[0], port: process.env.GCE_METADATA_HOST.split(":")[1],
  path: "/computeMetadata/v1/instance/service-accounts/default/" + path, headers: { "Metadata-Flavor": "Google" } },
  async (answer) => resolve((await answer.toArray()).join(""))));
createServer(async (request, response) => {
  const url = new URL(request.url, "http://host");
  switch (url.pathname) {
    case "/health": response.writeHead(healthy ? 200 : 500).end(); break;
    case "/sicken": healthy = false; response.end(); break;
    case "/crash": process.exit(1);
    case "/echo": response.setHeader("set-cookie", ["a=1", "b=2"]); request.pipe(response); break;
    case "/env": response.end(JSON.stringify(process.env)); break;
    case "/headers": response.end(JSON.stringify(request.headers)); break;
    case "/file": response.end(readFileSync(url.searchParams.get("path"))); break;
    case "/identity": response.end(await metadata("identity?audience=" + url.searchParams.get("audience"))); break;
    default: response.end(JSON.stringify({ revision: process.env.K_REVISION, pid: process.pid, cwd: process.cwd() }));
  }
}).listen(process.env.PORT);`;

let world: World;
let image: string;
let runner: Awaited<ReturnType<World["account"]>>;
beforeAll(async () => {
  world = await World.start("run", "secretmanager");
  image = await world.push("service", program);
  runner = await world.account("service-runner");
});
afterAll(() => world.end());

const probe = { httpGet: { path: "/health" }, periodSeconds: 1, failureThreshold: 5 };

function inputs(
  name: string,
  revision: string | undefined,
  {
    envs = {},
    container = {},
    template = {},
    ...more
  }: Record<string, Properties | Properties[] | boolean | string> & {
    envs?: Properties;
    container?: Properties;
    template?: Properties;
  } = {},
): Properties {
  return {
    name,
    location: region,
    deletionProtection: false,
    invokerIamDisabled: true,
    template: {
      ...(revision ? { revision: `${name}-${revision}` } : {}),
      serviceAccount: runner.email,
      containers: [
        {
          image,
          startupProbe: probe,
          envs: Object.entries(envs).map(([key, value]) => (typeof value === "object" ? { name: key, ...value } : { name: key, value })),
          ...container,
        },
      ],
      ...template,
    },
    ...more,
  } as Properties;
}
const create = (...args: Parameters<typeof inputs>) => world.create("cloudrunv2/service:Service", args[0], inputs(...args));
const idOf = (name: string) => `projects/${project}/locations/${region}/services/${name}`;
const ask = async (service: Deployed, path = "/", init: RequestInit = {}) => world.fetch(`${service.state.uri}${path}`, init);
const who = async (service: Deployed) => (await (await ask(service)).json()) as { revision: string; pid: number; cwd: string };
const running = (revision: string) => world.cloud.parts().find(({ kind, name }) => kind === "Cloud Run service" && name === revision);

describe("a service", () => {
  test("answers at the address of the real platform, as its own entrypoint in its own folder", async () => {
    const service = await create("shop", "one");
    expect(service.id).toBe(idOf("shop"));
    expect(service.state.uri).toMatch(/^https:\/\/shop-[a-z0-9]{10}-ey\.a\.run\.app$/);
    expect(service.state).toMatchObject({ latestReadyRevision: `${idOf("shop")}/revisions/shop-one`, reconciling: false });
    expect(await who(service)).toMatchObject({ revision: "shop-one", cwd: expect.stringMatching(/\/app$/) });
    const byNumber = await world.fetch(`${(service.state.urls as string[])[0]}/`);
    expect(byNumber.status).toBe(200);
  });

  test("streams bodies both ways and keeps every header", async () => {
    const service = await create("echo", "one");
    const body = Buffer.alloc(300_000, "x");
    const response = await ask(service, "/echo", { method: "POST", body });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const headers = (await (await ask(service, "/headers")).json()) as Record<string, string>;
    expect(headers).toMatchObject({ host: new URL(String(service.state.uri)).host, "x-forwarded-proto": "https" });
  });

  test("gets the platform's environment and nothing of this machine's", async () => {
    const service = await create("environment", "one", { envs: { GREETING: "hello" } });
    const env = (await (await ask(service, "/env")).json()) as Record<string, string>;
    expect(env).toMatchObject({
      K_SERVICE: "environment",
      K_REVISION: "environment-one",
      K_CONFIGURATION: "environment",
      GREETING: "hello",
      GOOGLE_CLOUD_PROJECT: project,
      METADATA_SERVER_DETECTION: "assume-present",
    });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(["VITEST", "USER"]));
    expect(env.HOME).not.toBe(process.env.HOME);
  });

  test("has an identity that others can verify", async () => {
    const service = await create("identity", "one");
    const token = await (await ask(service, "/identity?audience=https://other.example")).text();
    const claims = world.internet.fetch(new Request("https://www.googleapis.com/oauth2/v3/certs"));
    expect(((await (await claims).json()) as { keys: unknown[] }).keys).toHaveLength(1);
    expect(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
      iss: "https://accounts.google.com",
      aud: "https://other.example",
      email: runner.email,
      email_verified: true,
      sub: runner.deployed.state.uniqueId,
    });
  });

  test("is replaced by nothing and stopped when it is deleted", async () => {
    const service = await create("brief", "one");
    const { pid } = await who(service);
    await service.remove();
    expect(isAlive(pid)).toBe(false);
    expect((await ask(service)).status).toBe(404);
  });

  test("is protected from deletion unless told otherwise", async () => {
    const service = await create("guarded", "one", { deletionProtection: true });
    await expect(service.remove()).rejects.toThrow("deletionProtection");
  });

  test.each<[string, () => Properties, RegExp]>([
    ["a reserved variable", () => inputs("bad", "one", { envs: { PORT: "80" } }), /reserved env names were provided: PORT/],
    [
      "a revision that is not named after it",
      () => ({ ...inputs("bad", undefined, { template: { revision: "other-one" } }) }),
      /must be prefixed by the service's name/,
    ],
    [
      "an account that does not exist",
      () => inputs("bad", "one", { template: { serviceAccount: "nobody@brand.iam.gserviceaccount.com" } }),
      /actAs' denied on service account nobody@/,
    ],
    [
      "traffic that does not add up",
      () => inputs("bad", "one", { traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 90 }] }),
      /must sum to 100, got 90/,
    ],
    [
      "traffic for a revision that is not there",
      () => inputs("bad", "one", { traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "bad-zero", percent: 100 }] }),
      /Revision 'bad-zero' not found/,
    ],
  ])("is refused with %s", async (_what, make, message) => {
    await expect(world.create("cloudrunv2/service:Service", "bad", make())).rejects.toThrow(message);
  });
});

describe("revisions", () => {
  const to = (...shares: [string, number, string?][]) =>
    shares.map(([revision, percent, tag]) => ({
      type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
      revision,
      percent,
      ...(tag ? { tag } : {}),
    }));

  test("share the traffic by percent; one without traffic answers at its tag only, and is not running", async () => {
    let service = await create("split", "one");
    service = await service.update(
      inputs("split", "two", { envs: { V: "2" }, traffics: to(["split-one", 70], ["split-two", 30, "canary"]) }),
    );
    const answers = await Promise.all(Array.from({ length: 200 }, () => who(service)));
    const share = answers.filter(({ revision }) => revision === "split-two").length / 200;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.45);
    expect(service.state.trafficStatuses).toMatchObject([
      { percent: 70 },
      { percent: 30, tag: "canary", uri: String(service.state.uri).replace("https://", "https://canary---") },
    ]);

    service = await service.update(inputs("split", "two", { envs: { V: "2" }, traffics: to(["split-two", 100], ["split-one", 0, "old"]) }));
    await vi.waitFor(() => expect(running("split-one")).toBeUndefined(), { timeout: 5000 });
    expect(await who(service)).toMatchObject({ revision: "split-two" });
    const old = await world.fetch(String(service.state.uri).replace("https://", "https://old---"));
    expect(await old.json()).toMatchObject({ revision: "split-one" });

    service = await service.update(inputs("split", "one", { traffics: to(["split-one", 100]) }));
    expect(await who(service)).toMatchObject({ revision: "split-one" });
  });

  test("keep their name for one template only", async () => {
    const service = await create("named", "one");
    await expect(service.update(inputs("named", "one", { envs: { V: "2" } }))).rejects.toThrow(
      "409: Revision named 'named-one' with different configuration already exists",
    );
    expect(await who(service)).toMatchObject({ revision: "named-one" });
  });

  test("are named by the platform when the program does not", async () => {
    let service = await create("unnamed", undefined);
    expect((await who(service)).revision).toMatch(/^unnamed-00001-[0-9a-f]{3}$/);
    const { pid } = await who(service);
    service = await service.update(inputs("unnamed", undefined, { ingress: "INGRESS_TRAFFIC_ALL" }));
    expect((await who(service)).pid).toBe(pid);
    service = await service.update(inputs("unnamed", undefined, { envs: { V: "2" } }));
    expect((await who(service)).revision).toMatch(/^unnamed-00003-/);
  });

  test("that do not start leave the traffic where it was, and say why", async () => {
    const service = await create("steady", "one");
    const broken = service.update(inputs("steady", "two", { envs: { BROKEN: "no such table" } }));
    await expect(broken).rejects.toThrow(/Revision 'steady-two' is not ready.*exit\(3\).*\n.*cannot start: no such table/s);
    expect(await who(service)).toMatchObject({ revision: "steady-one" });
    const mended = await world.existing("cloudrunv2/service:Service", service.id).update(inputs("steady", "three"));
    expect(await who(mended)).toMatchObject({ revision: "steady-three" });
  });

  test("that never pass their startup probe do not become ready", async () => {
    // A port that nobody listens at: the program itself runs well.
    const never = { tcpSocket: { port: 1 }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1 };
    const failing = create("unready", "one", { container: { startupProbe: never } });
    await expect(failing).rejects.toThrow("The startup probe did not succeed in time");
    const created = world.existing("cloudrunv2/service:Service", idOf("unready"));
    expect((await ask(created)).status).toBe(503);
    expect(await who(await created.update(inputs("unready", "two")))).toMatchObject({ revision: "unready-two" });
  });

  test("of an image that is not in the registry do not become ready", async () => {
    const missing = image.replace(/[0-9a-f]{64}$/, "0".repeat(64));
    await expect(create("imageless", "one", { container: { image: missing } })).rejects.toThrow(`Image '${missing}' not found.`);
  });
});

describe("an instance", () => {
  test("that is killed with -9 comes back, and requests wait for it", async () => {
    const service = await create("sturdy", "one");
    const { pid } = await who(service);
    process.kill(pid, "SIGKILL");
    const after = await vi.waitFor(
      async () => {
        const answer = await who(service);
        expect(answer.pid).not.toBe(pid);
        return answer;
      },
      { timeout: 10_000, interval: 20 },
    );
    expect(after.revision).toBe("sturdy-one");
  });

  test("that is no longer healthy is restarted", async () => {
    const livenessProbe = { httpGet: { path: "/health" }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1 };
    const service = await create("sickly", "one", { container: { livenessProbe } });
    const { pid } = await who(service);
    await ask(service, "/sicken");
    await vi.waitFor(async () => expect((await who(service)).pid).not.toBe(pid), { timeout: 10_000, interval: 50 });
  });
});

describe("secrets", () => {
  let secret: Deployed;
  beforeAll(async () => {
    secret = await world.create("secretmanager/secret:Secret", "key", {
      secretId: "key",
      replication: { userManaged: { replicas: [{ location: region }] } },
    });
    await world.create("secretmanager/secretVersion:SecretVersion", "key", { secret: secret.id, secretData: "open sesame" });
  });
  const fromSecret = { KEY: { valueSource: { secretKeyRef: { secret: "key", version: "1" } } } };
  const mounted = {
    template: { volumes: [{ name: "keys", secret: { secret: "key", items: [{ path: "the/key", version: "1" }] } }] },
    container: { volumeMounts: [{ name: "keys", mountPath: "/secrets" }] },
  };

  test("are given to an account that may read them, and to no other", async () => {
    await expect(create("secretive", "one", { envs: fromSecret })).rejects.toThrow(
      /Permission denied on secret.*roles\/secretmanager\.secretAccessor/,
    );
    const binding = await world.create("secretmanager/secretIamMember:SecretIamMember", "key", {
      secretId: secret.id,
      role: "roles/secretmanager.secretAccessor",
      member: runner.member,
    });
    const service = await world
      .existing("cloudrunv2/service:Service", idOf("secretive"))
      .update(inputs("secretive", "one", { envs: fromSecret }));
    expect((await (await ask(service, "/env")).json()) as object).toMatchObject({ KEY: "open sesame" });

    const files = await create("mounted", "one", { ...mounted, envs: { KEY_FILE: "/secrets/the/key" } });
    const { KEY_FILE } = (await (await ask(files, "/env")).json()) as { KEY_FILE: string };
    expect(readFileSync(KEY_FILE, "utf8")).toBe("open sesame");
    await binding.remove();
    await expect(create("late", "one", { envs: fromSecret })).rejects.toThrow("Permission denied on secret");
    expect(world.logs() + world.logged.join()).not.toContain("open sesame");
  });
});

describe("whoever calls", () => {
  const member = (name: string, role: string, who: string) =>
    world.create("cloudrunv2/serviceIamMember:ServiceIamMember", `${name} ${who}`, { name, location: region, role, member: who });
  const idToken = async (audience: string) =>
    await (await ask(await callerService, `/identity?audience=${encodeURIComponent(audience)}`)).text();
  let callerService: Promise<Deployed>;
  beforeAll(() => {
    callerService = create("caller", "one");
  });

  test("needs an ID token for this very service and the role to invoke it", async () => {
    const service = await create("closed", "one", { invokerIamDisabled: false });
    const call = async (audience: string) => ask(service, "/headers", { headers: { authorization: `Bearer ${await idToken(audience)}` } });
    expect((await ask(service)).status).toBe(403);
    expect((await ask(service, "/", { headers: { authorization: "Bearer nonsense" } })).status).toBe(401);
    expect((await call("https://other.example")).status).toBe(401);
    expect((await call(String(service.state.uri))).status).toBe(403);
    const binding = await member("closed", "roles/run.invoker", runner.member);
    const answer = await call(String(service.state.uri));
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { authorization: string }).authorization).toMatch(/SIGNATURE_REMOVED_BY_GOOGLE$/);
    await binding.remove();
    expect((await call(String(service.state.uri))).status).toBe(403);
  });

  test("needs nothing where all users may invoke it", async () => {
    const service = await create("open", "one", { invokerIamDisabled: false });
    await member("open", "roles/run.invoker", "allUsers");
    const answer = await ask(service, "/headers", { headers: { authorization: "Bearer of.its.own" } });
    expect(await answer.json()).toMatchObject({ authorization: "Bearer of.its.own" });
  });

  test.each([
    "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
  ])("from outside finds nothing behind %s", async (ingress) => {
    const service = await create(`inner-${ingress.length}`, "one", { ingress });
    expect((await ask(service)).status).toBe(404);
  });
});

test("after a stop and start, what had traffic answers again and the rest is known", async () => {
  const service = await create("lasting", "one");
  await service.update(inputs("lasting", "two", { envs: { V: "2" } }));
  const { pid } = await who(service);
  await world.stop();
  expect(isAlive(pid)).toBe(false);
  await world.start();
  expect(await who(service)).toMatchObject({ revision: "lasting-two" });
  const back = await world.existing("cloudrunv2/service:Service", service.id).update(inputs("lasting", "one"));
  expect(await who(back)).toMatchObject({ revision: "lasting-one" });
});
