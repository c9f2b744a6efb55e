import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Properties } from "../../../sandbox/engine/definition.ts";
import { until } from "../../until.ts";
import { host, type Platform, platform, tasksMayAssume } from "./platform.ts";
import { allow, type Deployed, policy, region, World } from "./world.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// A service that says who it is, and does what it is told.
const program = `
import { createServer } from "node:http";
if (process.env.BROKEN) { console.log("cannot start:", process.env.BROKEN); process.exit(3); }
console.log("listening as", process.env.VERSION);
const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://host");
  switch (url.pathname) {
    case "/health": response.end(); break;
    case "/slow": setTimeout(() => response.end("late"), 300); break;
    case "/env": response.end(JSON.stringify(process.env)); break;
    case "/headers": response.end(JSON.stringify(request.headers)); break;
    case "/credentials": response.end(await (await fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, { headers: { authorization: url.searchParams.get("token") ?? process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN } })).text()); break;
    default: response.end(JSON.stringify({ version: process.env.VERSION, pid: process.pid }));
  }
});
server.listen(process.env.PORT, "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));`;

let world: World;
let base: Platform;
let image: string;
beforeAll(async () => {
  world = await World.start();
  base = await platform(world);
  image = await world.push("images", program);
  await world.role("task", tasksMayAssume, allow("s3:GetObject", "arn:aws:s3:::task-data/*"));
});
afterAll(() => world.end());

const arnOf = (role: string) => `arn:aws:iam::${world.aws.account}:role/${role}`;

function definition(version: string, environment: Properties = {}, change: Properties = {}) {
  const variables = { PORT: "8080", VERSION: version, ...environment };
  return world.create("ecs/taskDefinition:TaskDefinition", {
    family: "api",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    executionRoleArn: arnOf("execution"),
    taskRoleArn: arnOf("task"),
    containerDefinitions: JSON.stringify([
      {
        name: "api",
        image,
        essential: true,
        portMappings: [{ containerPort: 8080 }],
        environment: Object.entries(variables).map(([name, value]) => ({ name, value })),
        logConfiguration: {
          logDriver: "awslogs",
          options: { "awslogs-group": "/ecs/api", "awslogs-region": region, "awslogs-stream-prefix": "ecs" },
        },
      },
    ]),
    ...change,
  });
}

const service = (name: string, taskDefinition: Deployed, change: Properties = {}) =>
  world.create("ecs/service:Service", {
    name,
    cluster: base.cluster.id,
    taskDefinition: String(taskDefinition.state.arn),
    launchType: "FARGATE",
    desiredCount: 1,
    waitForSteadyState: true,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    networkConfiguration: { subnets: base.subnets.map(({ id }) => id), securityGroups: [base.groups.task.id] },
    loadBalancers: [{ targetGroupArn: base.targets.id, containerName: "api", containerPort: 8080 }],
    ...change,
  });

const ask = (path = "/") => world.fetch(`https://${host}${path}`);
const who = async () => (await (await ask()).json()) as { version: string; pid: number };
const withoutBalancer = { loadBalancers: [] };

describe("a service behind a load balancer", () => {
  let deployed: Deployed;
  beforeAll(async () => {
    expect((await ask()).status, "without targets").toBe(503);
    deployed = await service("api", await definition("one"));
  });

  test("answers at the host whose record leads to the balancer, with what a balancer adds", async () => {
    expect(await who()).toMatchObject({ version: "one" });
    const headers = await (await ask("/headers")).json();
    expect(headers).toMatchObject({ host, "x-forwarded-proto": "https", "x-forwarded-port": "443", "x-forwarded-for": "203.0.113.1" });
  });

  test("gets the platform's environment, its own port, and nothing of this machine's", async () => {
    const env = (await (await ask("/env")).json()) as Record<string, string>;
    expect(env).toMatchObject({ AWS_REGION: region, AWS_EXECUTION_ENV: "AWS_ECS_FARGATE", AWS_CONFIG_FILE: "/dev/null", VERSION: "one" });
    expect(env.PORT).not.toBe("8080");
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(["VITEST", "USER"]));
  });

  test("has credentials of its task role for an hour, and gives them to nobody who lacks its token", async () => {
    const got = (await (await ask("/credentials")).json()) as Record<string, string>;
    expect(got.RoleArn).toBe(arnOf("task"));
    const hours = (Date.parse(String(got.Expiration)) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(0.9);
    expect(hours).toBeLessThanOrEqual(1);
    expect(await (await ask("/credentials?token=guessed")).json()).toMatchObject({ code: "Unauthorized" });
  });

  test("writes its lines to the log group, in a stream of its task", async () => {
    const find = () =>
      world.call(world.aws.deployer, "logs", "Logs_20140328.FilterLogEvents", {
        logGroupName: "/ecs/api",
        filterPattern: '"listening as one"',
      });
    await until(async () => ((await find()).body.events as unknown[]).length > 0, "the line in the log group");
    const [event] = (await find()).body.events as { logStreamName: string; message: string }[];
    expect(event).toMatchObject({ message: "listening as one", logStreamName: expect.stringMatching(/^ecs\/api\/[0-9a-f]{32}$/) });
  });

  test("is started again as another task after a kill", async () => {
    const before = await who();
    process.kill(before.pid, "SIGKILL");
    await until(async () => {
      const answer = await ask();
      return answer.ok && ((await answer.json()) as { pid: number }).pid !== before.pid;
    }, "another task");
  });

  test("can be stopped on purpose, late or broken, and has its tasks again once it is healed", async () => {
    const { faults } = world.internet;
    const part = `ecs:${region}/${base.cluster.state.name}/api`;
    onTestFinished(() => void faults.heal());
    await faults.inflict(part, "stop", { forMs: 60_000 });
    expect((await ask()).status).toBe(503);
    expect(world.aws.parts().find(({ kind }) => kind === "Fargate task")).toMatchObject({ name: "api", state: "stopped" });
    await faults.inflict(part, "break", { forMs: 60_000 });
    await until(async () => (await (await ask()).text()).includes("broken on purpose"), "the tasks to be there, and broken");
    await faults.inflict(part, "slow", { forMs: 60_000, delayMs: 400 });
    const asked = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - asked).toBeGreaterThan(390);
    expect(await faults.heal(part)).toEqual([part]);
    expect(await who()).toMatchObject({ version: "one" });
  });

  test("is replaced without a failed request: the old tasks answer until the new are healthy, and finish what they began", async () => {
    const next = await definition("two");
    const statuses = new Set<number>();
    const slow: Promise<string>[] = [];
    let over = false;
    const load = (async () => {
      while (!over) {
        slow.push(ask("/slow").then((answer) => answer.text()));
        statuses.add((await ask()).status);
      }
    })();
    deployed = await deployed.update({ taskDefinition: String(next.state.arn) });
    over = true;
    await load;
    expect([...statuses]).toEqual([200]);
    expect(new Set(await Promise.all(slow))).toEqual(new Set(["late"]));
    expect(await who()).toMatchObject({ version: "two" });
  });

  test("keeps its tasks when the next ones do not start, and says why", async () => {
    const broken = await definition("three", { BROKEN: "no configuration" });
    await expect(deployed.update({ taskDefinition: String(broken.state.arn) })).rejects.toThrow(
      /Circuit Breaker was triggered, rolling back\. Essential container in task exited \(exit code 3\)[\s\S]*cannot start: no configuration/,
    );
    expect(await who()).toMatchObject({ version: "two" });
  });

  test("cannot be reached once its group does not let the balancer's in", async () => {
    await base.door.remove();
    expect((await ask()).status).toBe(504);
    await world.create("vpc/securityGroupIngressRule:SecurityGroupIngressRule", {
      securityGroupId: base.groups.task.id,
      referencedSecurityGroupId: base.groups.balancer.id,
      ipProtocol: "tcp",
      fromPort: 8080,
      toPort: 8080,
    });
    expect(await who()).toMatchObject({ version: "two" });
  });

  test("comes back after a restart of the sandbox", async () => {
    const records = world.internet.lookup(host, "CNAME");
    await world.stop();
    await world.start();
    world.internet.publish({ name: host, type: "CNAME", content: String(records[0]) });
    await until(async () => (await ask()).status === 200, "the service to be back");
    expect(await who()).toMatchObject({ version: "two" });
  });
});

describe("a task does not start", () => {
  test("when its roles do not trust tasks", async () => {
    await world.role("other", { Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
    const wrong = await definition("x", {}, { taskRoleArn: arnOf("other") });
    await expect(service("untrusted", wrong, withoutBalancer)).rejects.toThrow(/ECS was unable to assume the role '.*role\/other'/);
  });

  test("when its execution role may not pull the image", async () => {
    await world.role("weak", tasksMayAssume, allow("ecr:GetAuthorizationToken", "*"));
    const wrong = await definition("x", {}, { executionRoleArn: arnOf("weak") });
    await expect(service("weak", wrong, withoutBalancer)).rejects.toThrow(
      /CannotPullContainerError.*assumed-role\/weak\/\w+ is not authorized to perform: ecr:BatchGetImage on resource: "arn:aws:ecr:.*because no identity-based policy allows the ecr:BatchGetImage action/,
    );
  });

  test("when there is no way from its subnets to the registry", async () => {
    const away = await world.create("ec2/subnet:Subnet", { vpcId: base.vpc.id, cidrBlock: "10.30.9.0/24" });
    const network = { networkConfiguration: { subnets: [away.id], securityGroups: [base.groups.task.id] } };
    await expect(service("nowhere", await definition("x"), { ...withoutBalancer, ...network })).rejects.toThrow(
      /ResourceInitializationError: unable to pull secrets or registry auth.*s3: .* has neither an endpoint of com\.amazonaws\.eu-central-1\.s3/,
    );
  });

  test("and an update is green all the same where nobody waits for it", async () => {
    const broken = await definition("x", { BROKEN: "yes" });
    const deployed = await service("unwatched", broken, { ...withoutBalancer, waitForSteadyState: false });
    await until(() => world.logged.some((line) => /unwatched: Essential container in task exited/.test(line)), "the failure in the log");
    await deployed.remove();
  });
});

describe("a variable that is a parameter of Systems Manager", () => {
  const arn = () => `arn:aws:ssm:${region}:${world.aws.account}:parameter/api/greeting`;
  const withSecret = (executionRole: string) => {
    const container = {
      name: "api",
      image,
      portMappings: [{ containerPort: 8080 }],
      environment: [{ name: "PORT", value: "8080" }],
      secrets: [{ name: "VERSION", valueFrom: arn() }],
    };
    return definition("x", {}, { executionRoleArn: arnOf(executionRole), containerDefinitions: JSON.stringify([container]) });
  };
  const start = async (name: string, change: Properties = {}) =>
    service(name, await withSecret("informed"), { ...withoutBalancer, ...change });
  const pull = [allow("ecr:GetAuthorizationToken", "*"), allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "*")];

  test("is refused without a way to Systems Manager, without leave, and without the parameter, in this order", async () => {
    await world.role("informed", tasksMayAssume, ...pull);
    await expect(start("secret-1")).rejects.toThrow(
      /unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager\..*has neither an endpoint of com\.amazonaws\.eu-central-1\.ssm/,
    );
    await world.create("ec2/vpcEndpoint:VpcEndpoint", {
      vpcId: base.vpc.id,
      serviceName: `com.amazonaws.${region}.ssm`,
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: base.subnets.map(({ id }) => id),
      securityGroupIds: [base.groups.endpoints.id],
    });
    await expect(start("secret-2")).rejects.toThrow(
      /unable to retrieve secrets from ssm: .*AccessDeniedException: User: .*assumed-role\/informed\/\w+ is not authorized to perform: ssm:GetParameters on resource: "arn:aws:ssm:.*because no identity-based policy allows the ssm:GetParameters action/,
    );
    await world.create("iam/rolePolicy:RolePolicy", { role: "informed", name: "read", policy: policy(allow("ssm:GetParameters", arn())) });
    await expect(start("secret-3")).rejects.toThrow(/unable to retrieve secrets from ssm: invalid parameters: arn:aws:ssm/);
  });

  test("has its value when the task starts, and another one in the tasks that a trigger wants", async () => {
    const greeting = await world.create("ssm/parameter:Parameter", { name: "/api/greeting", type: "String", insecureValue: "hello" });
    const logs = join(world.folder, "logs");
    const said = () =>
      readdirSync(logs)
        .filter((file) => file.startsWith(`ecs-${region}-main-greeter-`))
        .flatMap((file) => readFileSync(join(logs, file), "utf8").match(/listening as .*/g) ?? []);
    const triggers = (of: Deployed) => ({ forceNewDeployment: true, triggers: { greeting: String(of.state.version) } });
    const deployed = await start("greeter", triggers(greeting));
    expect(said()).toEqual(["listening as hello"]);
    const changed = await greeting.update({ insecureValue: "welcome" });
    expect(said()).toEqual(["listening as hello"]);
    await (await deployed.update(triggers(changed))).remove();
    expect(said()).toEqual(["listening as hello", "listening as welcome"]);
  });
});

describe("ECS refuses", () => {
  test("what Fargate does not have", async () => {
    const wrong = (change: Properties) => definition("x", {}, change);
    await expect(wrong({ cpu: "256", memory: "300" })).rejects.toThrow(
      /No Fargate configuration exists for given values: 256 CPU, 300 memory/,
    );
    await expect(wrong({ networkMode: "bridge" })).rejects.toThrow(/networkMode/);
    const container = { name: "a", image, portMappings: [{ containerPort: 80, hostPort: 81 }] };
    await expect(wrong({ containerDefinitions: JSON.stringify([container]) })).rejects.toThrow(
      /host ports and container ports in port mappings must match/,
    );
    const log = { ...container, portMappings: [], logConfiguration: { logDriver: "awslogs", options: {} } };
    await expect(wrong({ containerDefinitions: JSON.stringify([log]) })).rejects.toThrow(
      /Log driver awslogs requires options: awslogs-group/,
    );
  });

  test("a service whose parts do not fit", async () => {
    const task = await definition("x");
    const balancer = { containerName: "api", containerPort: 8080 };
    const instances = await world.create("lb/targetGroup:TargetGroup", { port: 80, protocol: "HTTP", vpcId: base.vpc.id });
    const alone = await world.create("lb/targetGroup:TargetGroup", { port: 80, protocol: "HTTP", targetType: "ip", vpcId: base.vpc.id });
    const wrong = (change: Properties) => expect(service("wrong", task, change)).rejects;
    await wrong({ networkConfiguration: undefined as never }).toThrow("Network Configuration must be provided");
    await wrong({ loadBalancers: [{ ...balancer, targetGroupArn: instances.id }] }).toThrow(
      "has target type instance, which is incompatible",
    );
    await wrong({ loadBalancers: [{ ...balancer, targetGroupArn: alone.id }] }).toThrow("does not have an associated load balancer");
    await wrong({ loadBalancers: [{ ...balancer, containerPort: 9, targetGroupArn: base.targets.id }] }).toThrow(
      "did not have a container port 9",
    );
    await wrong({ launchType: undefined as never }).toThrow("no container instance met all of its requirements");
  });

  test("to delete a cluster with services in it", async () => {
    await expect(base.cluster.remove()).rejects.toThrow("ClusterContainsServicesException");
  });
});

test("a task reads what its role may read", async () => {
  await world.create("s3/bucket:Bucket", { bucket: "task-data" });
  const s3 = world.s3(world.session("task"));
  await expect(s3.send(new GetObjectCommand({ Bucket: "task-data", Key: "k" }))).rejects.toMatchObject({ name: "AccessDenied" });
  await world.create("iam/rolePolicy:RolePolicy", {
    role: "task",
    name: "list",
    policy: policy(allow("s3:ListBucket", "arn:aws:s3:::task-data")),
  });
  await expect(s3.send(new GetObjectCommand({ Bucket: "task-data", Key: "k" }))).rejects.toMatchObject({ name: "NoSuchKey" });
});
