// ECS: clusters and services, as far as Fargate goes.
import {
  CloudError,
  type Context,
  type Created,
  type Failure,
  PartialFailure,
  type Properties,
  type ResourceDefinition,
  type Stored,
} from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { vpcOfGroup } from "./ec2-security-groups.ts";
import { requireSubnet } from "./ec2-vpc.ts";
import type { Plan } from "./ecs-deployment.ts";
import { type EcsServices, serviceToken } from "./ecs-services.ts";
import { containersOf, findTaskDefinition } from "./ecs-task-definition.ts";
import { placeOf } from "./ecs-tasks.ts";
import { balancersOf, targetGroupToken } from "./lb.ts";
import { isKnown, listOf, objectOf, oneOf, textsOf } from "./values.ts";

const clusterToken = "aws:ecs/cluster:Cluster";
const test = "test/sandbox/aws/fargate.test.ts";

const nameFailure = (name: unknown): Failure[] =>
  isKnown(name as string) && !/^[a-zA-Z0-9_-]{1,255}$/.test(name as string)
    ? [{ property: "name", reason: `"${name}" may have letters, digits, hyphens and underscores only, 255 at most` }]
    : [];

const cluster: ResourceDefinition = {
  ...recorded({
    token: clusterToken,
    why: "",
    fidelity: { level: "enforces", how: "services run in it, and it cannot go before them", test },
    autoname: { property: "name", maxLength: 255 },
    replaceOn: ["name", "region"],
    recomputed: ["tagsAll"],
    defaults: regionDefault,
    refuse: (inputs) => nameFailure(inputs.name),
    id: (inputs, context) => arn("ecs", regionOf(inputs, context), accountOf(context), `cluster/${inputs.name}`),
    computed: (inputs, id, context) => ({
      arn: id,
      ...(inputs.settings === undefined ? { settings: [{ name: "containerInsights", value: "disabled" }] } : {}),
      tagsAll: tagsAll(inputs, context),
    }),
  }),
  delete({ store }, { id }) {
    const user = store.list(serviceToken).find((row) => clusterOf(store, row.state)?.id === id);
    if (!user) return;
    throw new CloudError(
      "ClusterContainsServicesException",
      `deleting ECS Cluster (${id}): api error ClusterContainsServicesException: The Cluster cannot be deleted while Services are active. (${user.id})`,
    );
  },
};

function clusterOf(store: Store, { cluster: reference, region }: Properties): Stored | undefined {
  return store.list(clusterToken).find(({ id, state }) => id === reference || (state.name === reference && state.region === region));
}

const invalid = (message: string) =>
  new CloudError("InvalidParameterException", `creating ECS Service: api error InvalidParameterException: ${message}`);

function refuse(inputs: Properties): Failure[] {
  const failures = [
    ...nameFailure(inputs.name),
    ...oneOf("schedulingStrategy", inputs.schedulingStrategy, ["REPLICA"]),
    ...oneOf("deploymentConfiguration.strategy", objectOf(inputs.deploymentConfiguration).strategy, ["ROLLING"]),
    ...oneOf("deploymentController.type", objectOf(inputs.deploymentController).type, ["ECS"]),
  ];
  for (const property of [
    "capacityProviderStrategies",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfiguration",
    "alarms",
  ]) {
    if (inputs[property] !== undefined) failures.push({ property, reason: "not available here" });
  }
  if (inputs.taskDefinition === undefined) failures.push({ property: "taskDefinition", reason: "must be specified" });
  return failures;
}

/** What the API checks before it starts anything. @throws CloudError as the API says it */
function planOf(context: Context, inputs: Properties): Plan {
  const { store } = context;
  const region = regionOf(inputs, context);
  const home = clusterOf(store, { ...inputs, region });
  if (!home)
    throw new CloudError("ClusterNotFoundException", "creating ECS Service: api error ClusterNotFoundException: Cluster not found.");
  const definition = findTaskDefinition(store, String(inputs.taskDefinition), region);
  if (!definition)
    throw new CloudError(
      "ClientException",
      `creating ECS Service (${inputs.name}): api error ClientException: TaskDefinition not found. (${inputs.taskDefinition})`,
    );
  const network = objectOf(inputs.networkConfiguration);
  if (inputs.networkConfiguration === undefined)
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  const vpcs = new Set(textsOf(network.subnets).map((each) => requireSubnet(store, each).state.vpcId));
  if (vpcs.size !== 1) throw invalid("All subnets must be in the same VPC, and there must be one");
  const groups = textsOf(network.securityGroups);
  const [vpc] = vpcs;
  for (const group of groups)
    if (vpcOfGroup(store, group) !== vpc)
      throw invalid(`Security group ${group} does not appear to belong to the same VPC as the input subnets.`);
  const containers = containersOf(definition.state.containerDefinitions);
  for (const balancer of listOf(inputs.loadBalancers)) {
    const group = store.get(targetGroupToken, String(balancer.targetGroupArn));
    if (!group) throw invalid(`The target group ${balancer.targetGroupArn} does not exist.`);
    if (group.state.targetType !== "ip") {
      throw invalid(
        `The provided target group ${group.id} has target type ${group.state.targetType}, which is incompatible with the awsvpc network mode specified in the task definition.`,
      );
    }
    if (balancersOf(store, group.id).length === 0)
      throw invalid(`The target group with targetGroupArn ${group.id} does not have an associated load balancer.`);
    const container = containers.find(({ name }) => name === balancer.containerName);
    if (!container) throw invalid(`The container ${balancer.containerName} does not exist in the task definition.`);
    if (!listOf(container.portMappings).some(({ containerPort }) => containerPort === balancer.containerPort)) {
      throw invalid(`The container ${balancer.containerName} did not have a container port ${balancer.containerPort} defined.`);
    }
  }
  return {
    cluster: String(home.state.name),
    service: String(inputs.name),
    definition: definition.state,
    // Without groups, the VPC's own [SDK ecs/service].
    place: placeOf(region, {
      ...network,
      securityGroups: groups.length > 0 ? groups : [String(store.get("aws:ec2/vpc:Vpc", String(vpc))?.state.defaultSecurityGroupId)],
    }),
    count: Number(inputs.desiredCount ?? 0),
    loadBalancers: listOf(inputs.loadBalancers),
    gracePeriodSeconds: Number(inputs.healthCheckGracePeriodSeconds ?? 0),
    ...(inputs.forceNewDeployment === true ? { triggers: objectOf(inputs.triggers) } : {}),
  };
}

function service(services: EcsServices): ResourceDefinition {
  async function apply(context: Context, id: string, inputs: Properties, operation: "create" | "update"): Promise<Created> {
    const plan = planOf(context, inputs);
    const created = {
      id,
      outputs: {
        arn: id,
        launchType: inputs.launchType ?? "EC2",
        platformVersion: inputs.platformVersion ?? "LATEST",
        availabilityZoneRebalancing: inputs.availabilityZoneRebalancing ?? "ENABLED",
        iamRole: "",
        tagsAll: tagsAll(inputs, context),
      },
    };
    if (inputs.launchType !== "FARGATE") {
      if (inputs.waitForSteadyState !== true || plan.count === 0) return created;
      throw new PartialFailure(created, [
        `waiting for ECS Service (${id}) ${operation}: timeout while waiting for state to become 'tfSTABLE': service ${inputs.name} was unable to place a task because no container instance met all of its requirements. (launchType is EC2 unless it is said; FARGATE needs no instances)`,
      ]);
    }
    const work = services.deploy(id, plan);
    if (inputs.waitForSteadyState !== true) return created;
    const reason = await work;
    if (reason === undefined) return created;
    const breaker = objectOf(inputs.deploymentCircuitBreaker);
    const how =
      breaker.enable === true
        ? `deployment failed: tasks failed to start, ECS Deployment Circuit Breaker was triggered${breaker.rollback === true && operation === "update" ? ", rolling back" : ""}`
        : "timeout while waiting for state to become 'tfSTABLE' (without a circuit breaker ECS goes on trying)";
    throw new PartialFailure(created, [`waiting for ECS Service (${id}) ${operation}: ${how}. ${reason}`]);
  }

  return {
    token: serviceToken,
    fidelity: {
      level: "runs",
      how: "tasks of the image as processes behind the balancer, replaced one deployment by the other, the old kept where the new fails",
      test,
    },
    autoname: { property: "name", maxLength: 255 },
    replaceOn: ["name", "cluster", "launchType", "schedulingStrategy", "region"], // [ecs service.go: ForceNew]
    recomputed: ["tagsAll"],
    unordered: ["networkConfiguration.subnets", "networkConfiguration.securityGroups", "loadBalancers"],
    defaults: regionDefault,
    refuse,
    create(context, inputs) {
      const { store, orphan } = context;
      const home = clusterOf(store, { ...inputs, region: regionOf(inputs, context) });
      const id = arn("ecs", regionOf(inputs, context), accountOf(context), `service/${home?.state.name ?? "default"}/${inputs.name}`);
      if (store.get(serviceToken, id) && orphan?.id !== id) throw invalid("Creation of service was not idempotent.");
      return apply(context, id, inputs, "create");
    },
    update: async (context, old, inputs) => (await apply(context, old.id, inputs, "update")).outputs,
    delete: (_context, { id }) => services.remove(id),
  };
}

export const ecsDefinitions = (services: EcsServices): readonly ResourceDefinition[] => [cluster, service(services)];
