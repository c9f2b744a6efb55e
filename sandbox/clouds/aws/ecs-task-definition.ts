// Task definitions: what a task of Fargate is made of. Immutable: every change is another revision of its family.
import {
  CloudError,
  type Failure,
  type Properties,
  type ResourceDefinition,
  type Stored,
  UNKNOWN,
  type Value,
} from "../../engine/definition.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { isKnown, json, listOf, objectOf, oneOf, textsOf } from "./values.ts";

export const taskDefinitionToken = "aws:ecs/taskDefinition:TaskDefinition";
const test = "test/sandbox/aws/fargate.test.ts";

/** MiB by CPU units: docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const sizes: Readonly<Record<string, (memory: number) => boolean>> = {
  256: (memory) => [512, 1024, 2048].includes(memory),
  512: stepped(1024, 4096, 1024),
  1024: stepped(2048, 8192, 1024),
  2048: stepped(4096, 16_384, 1024),
  4096: stepped(8192, 30_720, 1024),
  8192: stepped(16_384, 61_440, 4096),
  16384: stepped(32_768, 122_880, 8192),
};

function stepped(from: number, to: number, step: number): (memory: number) => boolean {
  return (memory) => memory >= from && memory <= to && memory % step === 0;
}

/** The containers as the API's own JSON has them; none where the text is not readable. */
export function containersOf(definitions: Value | undefined): Properties[] {
  try {
    return listOf(JSON.parse(String(definitions)) as Value);
  } catch {
    return [];
  }
}

/** A definition by ARN, `family:revision` or family; of a family the newest. */
export function findTaskDefinition(store: Store, reference: string, region: string): Stored | undefined {
  const all = store.list(taskDefinitionToken).filter(({ state }) => state.region === region);
  const exact = all.find(({ state }) => state.arn === reference || `${state.family}:${state.revision}` === reference);
  return exact ?? all.filter(({ state }) => state.family === reference || state.arnWithoutRevision === reference).at(-1);
}

function refuse(inputs: Properties): Failure[] {
  const failures: Failure[] = [
    ...json("containerDefinitions", inputs.containerDefinitions),
    ...oneOf("networkMode", inputs.networkMode, ["awsvpc"]),
  ];
  if (failures.length > 0) return failures;
  const say = (property: string, reason: string) => failures.push({ property, reason });
  const compatible = textsOf(inputs.requiresCompatibilities);
  if (!compatible.includes("FARGATE") && !compatible.includes(UNKNOWN))
    say("requiresCompatibilities", 'only ["FARGATE"] runs here: there are no container instances');
  if (inputs.networkMode === undefined)
    say(
      "networkMode",
      'api error ClientException: When networkMode is not "awsvpc", Fargate is not supported: set networkMode to "awsvpc"',
    );
  const [cpu, memory] = [inputs.cpu, inputs.memory].map((value) => units(value));
  if (inputs.cpu === undefined || inputs.memory === undefined)
    say("cpu", "api error ClientException: Fargate requires that 'cpu' and 'memory' be defined at the task level");
  else if (inputs.cpu !== UNKNOWN && inputs.memory !== UNKNOWN && sizes[String(cpu)]?.(Number(memory)) !== true) {
    say(
      "memory",
      `api error ClientException: No Fargate configuration exists for given values: ${inputs.cpu} CPU, ${inputs.memory} memory.`,
    );
  }
  if (inputs.volumes !== undefined && listOf(inputs.volumes).length > 0) say("volumes", "volumes are not available here");
  if (isKnown(inputs.containerDefinitions)) failures.push(...refuseContainers(inputs));
  return failures;
}

/** `1 vCPU` and `2 GB` are allowed besides 1024 and 2048. */
const units = (value: Value | undefined): number => {
  const [, number = "NaN", unit = ""] = /^([\d.]+)\s*(vCPU|GB)?$/i.exec(String(value)) ?? [];
  return Number(number) * (unit === "" ? 1 : 1024);
};

function refuseContainers(inputs: Properties): Failure[] {
  const containers = containersOf(inputs.containerDefinitions);
  const property = "containerDefinitions";
  if (containers.length !== 1)
    return [{ property, reason: `${containers.length} containers: exactly one runs here, sidecars are not available` }];
  const [container = {}] = containers;
  const failures: Failure[] = [];
  const say = (reason: string) => failures.push({ property, reason });
  if (typeof container.name !== "string") say("api error ClientException: Container.name should not be null or empty.");
  if (typeof container.image !== "string") say("api error ClientException: Container.image should not be null or empty.");
  for (const { hostPort, containerPort } of listOf(container.portMappings)) {
    if (hostPort !== undefined && hostPort !== containerPort) {
      say(
        `api error ClientException: When networkMode=awsvpc, the host ports and container ports in port mappings must match. (${hostPort}, ${containerPort})`,
      );
    }
  }
  const variables = new Set(listOf(container.environment).map(({ name }) => name));
  for (const { name, valueFrom } of listOf(container.secrets)) {
    if (typeof name !== "string" || typeof valueFrom !== "string")
      say("api error ClientException: a secret needs a name, and valueFrom: the ARN or the name of a parameter of Systems Manager");
    else if (variables.has(name))
      say(
        `api error ClientException: The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${name}'.`,
      );
    else if (valueFrom.startsWith("arn:") && valueFrom.split(":")[2] !== "ssm")
      say(`the secret "${name}" is at ${valueFrom}: only parameters of Systems Manager are available here`);
  }
  if (listOf(container.secrets).length > 0 && inputs.executionRoleArn === undefined)
    say("api error ClientException: When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
  if (container.healthCheck !== undefined)
    say("a health check that is a command in the container is not available here: use the target group's");
  const log = objectOf(container.logConfiguration);
  if (container.logConfiguration !== undefined) {
    if (log.logDriver !== "awslogs") say(`the log driver "${log.logDriver}" is not available here: awslogs is`);
    const options = objectOf(log.options);
    for (const option of ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"]) {
      if (options[option] === undefined) say(`api error ClientException: Log driver awslogs requires options: ${option}`);
    }
    if (inputs.executionRoleArn === undefined)
      say("api error ClientException: Fargate requires task definition to have execution role ARN to support log driver awslogs.");
  }
  if (/\.dkr\.ecr\./.test(String(container.image)) && inputs.executionRoleArn === undefined) {
    say("api error ClientException: Fargate requires task definition to have execution role ARN to support ECR images.");
  }
  return failures;
}

export const taskDefinition: ResourceDefinition = {
  token: taskDefinitionToken,
  fidelity: { level: "runs", how: "the image's entrypoint as a process, with the roles, ports and log that it names", test },
  // Without `update`, every change replaces, as a revision never changes. The tags alone could; here they are part of it.
  defaults: regionDefault,
  refuse,
  create(context, inputs) {
    const { store } = context;
    const region = regionOf(inputs, context);
    const family = String(inputs.family);
    const known = context.orphan;
    const counter = `aws/ecs/revision/${region}/${family}`;
    const revision = known ? Number(known.state.revision) : store.fact(counter, () => 0) + 1;
    if (!known) store.setFact(counter, revision);
    if (!/^[\w-]{1,255}$/.test(family))
      throw new CloudError("ClientException", `api error ClientException: Family contains invalid characters: ${family}`);
    const arnWithoutRevision = arn("ecs", region, accountOf(context), `task-definition/${family}`);
    return {
      // The real id is the family alone; revisions of one family stand side by side here while one replaces another.
      id: `${family}:${revision}${store.list(taskDefinitionToken).some((row) => row.id === `${family}:${revision}` && row.state.region !== region) ? `@${region}` : ""}`,
      outputs: {
        arn: `${arnWithoutRevision}:${revision}`,
        arnWithoutRevision,
        revision,
        enableFaultInjection: inputs.enableFaultInjection ?? false,
        skipDestroy: inputs.skipDestroy ?? false,
        trackLatest: inputs.trackLatest ?? false,
        tagsAll: tagsAll(inputs, context),
      },
    };
  },
};
