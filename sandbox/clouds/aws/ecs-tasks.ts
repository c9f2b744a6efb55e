// One task of Fargate: its image pulled, its log opened and its process started, each as the role that the real agent uses for it.
import { randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Ground } from "../../engine/cloud.ts";
import type { Properties } from "../../engine/definition.ts";
import { launchOf } from "../../runtimes/cloud-run/container.ts";
import type { ImageSource } from "../../runtimes/cloud-run/image.ts";
import { freePort } from "../../runtimes/cloud-run/instance.ts";
import { Scratch, searchPath, wayOut } from "../../runtimes/cloud-run/surroundings.ts";
import { parseReference } from "../../runtimes/oci/reference.ts";
import { type Exit, type Supervised, spawnSupervised } from "../../runtimes/process.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountIn, arn } from "./account.ts";
import { noWayTo, type Place } from "./ec2-endpoints.ts";
import { containersOf } from "./ecs-task-definition.ts";
import { type Iam, sessionArn } from "./iam.ts";
import { findGroup, lockedBy, streamArn } from "./logs.ts";
import type { LogStore } from "./logs-store.ts";
import { findParameter, parameterArn, textOf } from "./ssm.ts";
import { listOf, objectOf, textsOf } from "./values.ts";

/** What a task is started from. */
export interface TaskPlan {
  readonly cluster: string;
  readonly service: string;
  /** Which of the service's tasks, for the name of its log file. */
  readonly slot: number;
  /** The state of a task definition. */
  readonly definition: Properties;
  readonly place: Place;
}

export interface Task {
  readonly id: string;
  readonly process: Supervised;
  /** Settles when it has ended and its log is kept. */
  readonly ended: Promise<Exit>;
  /** Where one of its ports really is on this machine. */
  portOf(port: number): number | undefined;
  stop(): Promise<void>;
}

/** Why a task did not start, as `stoppedReason` says it. */
export class TaskFailure extends Error {}

export interface TasksOptions {
  readonly ground: Ground;
  readonly credentials: Credentials;
  readonly iam: Iam;
  readonly images: ImageSource;
  readonly logs: LogStore;
  /** Addresses of AWS's own services for SDKs that go through no proxy: `AWS_ENDPOINT_URL_S3` and the like. */
  readonly endpoints: () => Readonly<Record<string, string>>;
}

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html, `stopTimeout` */
const graceSeconds = 30;
const credentialSeconds = 3600;
const logIntervalMs = 250;
const platform = "ecs-tasks.amazonaws.com";

export class Tasks {
  readonly #options: TasksOptions;
  readonly #scratch: Scratch;
  readonly #identities = new Map<string, { readonly roleArn: string; readonly token: string }>();
  #server: Server | undefined;

  constructor(options: TasksOptions) {
    this.#options = options;
    this.#scratch = new Scratch(join(options.ground.dataDir, "tasks"));
  }

  /** Opens the door at which tasks get their credentials. */
  async start(): Promise<void> {
    this.#scratch.reset();
    const server = createServer((request, response) => {
      const { status, body } = this.#identify(request.url ?? "", request.headers.authorization ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** @throws TaskFailure with the reason that the real task would have stopped for */
  async run(plan: TaskPlan): Promise<Task> {
    const { ground } = this.#options;
    const { definition, place } = plan;
    const [container = {}] = containersOf(definition.containerDefinitions);
    const id = randomUUID().replaceAll("-", "");
    const account = accountIn(String(definition.arn));
    const taskArn = arn("ecs", place.region, account, `task/${plan.cluster}/${id}`);
    const executor = definition.executionRoleArn === undefined ? undefined : this.#assume(String(definition.executionRoleArn), taskArn, id);
    if (definition.taskRoleArn !== undefined) this.#assume(String(definition.taskRoleArn), taskArn, id);
    const image = await this.#pull(String(container.image), place, executor);
    const secrets = this.#secrets(container, place, executor);
    const log = this.#openLog(container, place, executor, id);

    const ports = new Map<number, number>();
    for (const { containerPort } of listOf(container.portMappings)) ports.set(Number(containerPort), await freePort());
    const real = (text: string) => text.replace(/(?:^|(?<=:))\d+$/, (port) => String(ports.get(Number(port)) ?? port));
    const scratch = this.#scratch.fresh(id, ["home", "tmp"]);
    const declared = Object.fromEntries(listOf(container.environment).map(({ name, value }) => [String(name), real(String(value ?? ""))]));
    const words = (value: unknown) => (Array.isArray(value) ? value.map((word) => real(String(word))) : undefined);
    const launch = launchOf(
      image,
      {
        ...(container.entryPoint === undefined
          ? { args: words(container.command) }
          : { commands: words(container.entryPoint), args: words(container.command) }),
        ...(typeof container.workingDirectory === "string" ? { workingDir: container.workingDirectory } : {}),
      },
      {
        PATH: searchPath,
        HOME: join(scratch, "home"),
        TMPDIR: join(scratch, "tmp"),
        ...wayOut(ground.egress, "127.0.0.1"),
        ...this.#platform(definition, place.region, id),
        ...declared,
        ...secrets,
      },
      [],
    );
    const name = `ecs-${place.region}-${plan.cluster}-${plan.service}-${definition.revision}-${plan.slot}`;
    const logFile = join(ground.logDir, `${name}.log`);
    const start = existsSync(logFile) ? statSync(logFile).size : 0;
    const child = spawnSupervised({ name, ...launch, logFile, pidDir: ground.pidDir });
    const follower = log && this.#follow(logFile, start, log);
    const ended = child.exited.then((exit) => {
      follower?.();
      this.#identities.delete(id);
      this.#scratch.discard(id);
      return exit;
    });
    const seconds = Number(container.stopTimeout ?? graceSeconds);
    return {
      id,
      process: child,
      ended,
      portOf: (port) => ports.get(port),
      async stop() {
        await child.stop(seconds * 1000);
        await ended;
      },
    };
  }

  /** @returns the session's ARN @throws TaskFailure when the role's trust policy does not let tasks assume it */
  #assume(roleArn: string, taskArn: string, id: string): string {
    const account = accountIn(roleArn);
    const context = { "aws:sourcearn": taskArn, "aws:sourceaccount": account };
    const role = this.#options.iam.role(roleArn);
    if (!role || !this.#options.iam.trusts(roleArn, { arn: platform, service: platform }, "sts:AssumeRole", context)) {
      throw new TaskFailure(
        `ECS was unable to assume the role '${roleArn}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`,
      );
    }
    return sessionArn(account, String(role.state.name), id);
  }

  async #pull(reference: string, place: Place, executor: string | undefined) {
    const { iam, images, ground } = this.#options;
    const parsed = parseReference(reference);
    const [, account, region] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/.exec(parsed?.host ?? "") ?? [];
    if (!parsed || account === undefined || region === undefined) {
      throw new TaskFailure(`CannotPullContainerError: ${reference}: only images of this account's own registry (ECR) are there`);
    }
    // A registry of another region has no endpoint here: the way leads over the internet.
    const from = { ...place, region };
    for (const service of ["ecr.api", "ecr.dkr", "s3"]) {
      const why = noWayTo(ground.store, from, service);
      if (why !== undefined) {
        throw new TaskFailure(
          `ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration: ${service}: ${why}`,
        );
      }
    }
    const repository = arn("ecr", region, account, `repository/${parsed.name}`);
    const needed = [
      ["ecr:GetAuthorizationToken", "*"],
      ["ecr:BatchGetImage", repository],
      ["ecr:GetDownloadUrlForLayer", repository],
    ] as const;
    for (const [action, resource] of needed) {
      const refusal = executor === undefined ? "there is no execution role" : iam.refusal({ principal: executor, action, resource });
      if (refusal !== undefined) throw new TaskFailure(`CannotPullContainerError: ${reference}: AccessDeniedException: ${refusal}`);
    }
    const image = await images.resolve(reference);
    if (!image) throw new TaskFailure(`CannotPullContainerError: ${reference}: not found`);
    return image;
  }

  /**
   * Variables whose values are parameters of Systems Manager. Read once, before the task starts
   * (docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html).
   * @throws TaskFailure when there is no way, no leave or no parameter
   */
  #secrets(container: Properties, place: Place, executor: string | undefined): Record<string, string> {
    const { iam, ground } = this.#options;
    const fail = (why: string): never => {
      throw new TaskFailure(`ResourceInitializationError: unable to pull secrets or registry auth: ${why}`);
    };
    const wanted = listOf(container.secrets).map(({ name, valueFrom }) => {
      const reference = String(valueFrom);
      const region = reference.startsWith("arn:") ? String(reference.split(":")[3]) : place.region;
      const why = noWayTo(ground.store, { ...place, region }, "ssm");
      if (why !== undefined) {
        fail(
          `unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration: ${why}`,
        );
      }
      const resource = reference.startsWith("arn:") ? reference : parameterArn(accountIn(executor ?? ""), region, reference);
      const refusal =
        executor === undefined ? "there is no execution role" : iam.refusal({ principal: executor, action: "ssm:GetParameters", resource });
      if (refusal !== undefined) {
        fail(
          `execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: ${refusal}`,
        );
      }
      const found = findParameter(ground.store, region, reference);
      return [String(name), found ? textOf(found) : fail(`unable to retrieve secrets from ssm: invalid parameters: ${reference}`)];
    });
    return Object.fromEntries(wanted) as Record<string, string>;
  }

  /** The stream that the container's lines go to. @throws TaskFailure when it cannot be made */
  #openLog(container: Properties, place: Place, executor: string | undefined, id: string) {
    const { iam, logs, ground } = this.#options;
    const options = objectOf(objectOf(container.logConfiguration).options);
    if (container.logConfiguration === undefined) return undefined;
    const [group, region] = [String(options["awslogs-group"]), String(options["awslogs-region"])];
    const stream = `${options["awslogs-stream-prefix"]}/${container.name}/${id}`;
    const fail = (why: string): never => {
      throw new TaskFailure(
        `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ${why}`,
      );
    };
    const why = noWayTo(ground.store, { ...place, region }, "logs");
    if (why !== undefined) fail(`RequestError: send request failed: ${why}`);
    const resource = streamArn(accountIn(executor ?? ""), region, group, stream);
    for (const action of ["logs:CreateLogStream", "logs:PutLogEvents"]) {
      const refusal = executor === undefined ? "there is no execution role" : iam.refusal({ principal: executor, action, resource });
      if (refusal !== undefined) fail(`AccessDeniedException: ${refusal}`);
    }
    if (!findGroup(ground.store, region, group)) fail("ResourceNotFoundException: The specified log group does not exist.");
    logs.create(region, group, stream);
    return { region, group, stream };
  }

  /** Takes new lines of a file over into a stream, until the returned function takes the last ones. */
  #follow(file: string, start: number, { region, group, stream }: { region: string; group: string; stream: string }): () => void {
    const { logs, ground } = this.#options;
    let position = start;
    const take = (all: boolean) => {
      const size = existsSync(file) ? statSync(file).size : 0;
      if (size <= position) return;
      const bytes = Buffer.alloc(size - position);
      const handle = openSync(file, "r");
      readSync(handle, bytes, 0, bytes.length, position);
      closeSync(handle);
      // An unfinished line waits for its end.
      const end = all ? bytes.length : bytes.lastIndexOf(10) + 1;
      position += end;
      const timestamp = Date.now();
      const lines = bytes
        .subarray(0, end)
        .toString()
        .split("\n")
        .filter((line) => line !== "");
      // What cannot be encrypted is lost, as with the real driver; the line stays in the file.
      if (lines.length === 0 || lockedBy(ground.store, region, group) !== undefined || !findGroup(ground.store, region, group)) return;
      logs.append(
        region,
        group,
        stream,
        lines.map((message) => ({ timestamp, message })),
      );
    };
    const timer = setInterval(() => take(false), logIntervalMs);
    timer.unref();
    return () => {
      clearInterval(timer);
      take(true);
    };
  }

  /** docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html and fargate environment variables */
  #platform(definition: Properties, region: string, id: string): Record<string, string> {
    const token = randomBytes(24).toString("base64url");
    const env: Record<string, string> = {
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
      // A person's own credentials on this machine are none of a task's.
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      ...this.#options.endpoints(),
    };
    if (definition.taskRoleArn === undefined) return env;
    this.#identities.set(id, { roleArn: String(definition.taskRoleArn), token });
    const { port } = this.#server?.address() as AddressInfo;
    return {
      ...env,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v2/credentials/${id}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    };
  }

  #identify(path: string, given: string): { status: number; body: object } {
    const id = /^\/v2\/credentials\/([0-9a-f]{32})$/.exec(path)?.[1] ?? "";
    const identity = this.#identities.get(id);
    const role = identity && this.#options.iam.role(identity.roleArn);
    if (!identity || !role)
      return { status: 404, body: { code: "NoIdInRequest", message: "CredentialsV2Request: no credentials for this task" } };
    const [a, b] = [Buffer.from(given), Buffer.from(identity.token)];
    if (a.length !== b.length || !timingSafeEqual(a, b))
      return { status: 401, body: { code: "Unauthorized", message: "the authorization token is not this task's" } };
    const principal = sessionArn(accountIn(identity.roleArn), String(role.state.name), id);
    return { status: 200, body: { RoleArn: identity.roleArn, ...this.#options.credentials.issue(principal, credentialSeconds) } };
  }
}

/** The place of a service's tasks. */
export function placeOf(region: string, network: Properties): Place {
  return { region, subnets: textsOf(network.subnets), groups: textsOf(network.securityGroups), publicIp: network.assignPublicIp === true };
}
