import { LogGroup, type LogGroupArgs } from "@pulumi/aws/cloudwatch/logGroup.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Cluster } from "@pulumi/aws/ecs/cluster.js";
import { Service, type ServiceArgs } from "@pulumi/aws/ecs/service.js";
import { TaskDefinition, type TaskDefinitionArgs } from "@pulumi/aws/ecs/taskDefinition.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { ListenerRule } from "@pulumi/aws/lb/listenerRule.js";
import { TargetGroup, type TargetGroupArgs } from "@pulumi/aws/lb/targetGroup.js";
import { Parameter, type ParameterArgs } from "@pulumi/aws/ssm/parameter.js";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, refuse, type Transform, transformed } from "../component.ts";
import type { ApplicationLoadBalancer } from "./application-load-balancer.ts";
import type { AwsNetwork } from "./aws-network.ts";

/** What a program may do, and on which resources: `{ actions: ["s3:PutObject"], resources: [`${bucketArn}/*`] }`. */
export interface Permission {
  readonly actions: readonly string[];
  /** ARNs. `*` only where an action knows no resources. */
  readonly resources: readonly pulumi.Input<string>[];
}

export interface FargateServiceArgs {
  readonly awsAccountId: string;
  readonly jurisdiction: Jurisdiction;
  /** Lower case, at most 24 characters: names the service, its task family and its target group. */
  readonly service: string;
  /** `account.dkr.ecr.region.amazonaws.com/repository@sha256:...`: by digest, never by tag. */
  readonly image: pulumi.Input<string>;
  /** ARN of the repository that holds the image: the only one that may be pulled from. */
  readonly repositoryArn: pulumi.Input<string>;
  readonly network: AwsNetwork;
  readonly balancer: ApplicationLoadBalancer;
  /** Lower case: the header in which every caller shows a token. The load balancer answers requests without it by 404. */
  readonly tokenHeader: string;
  /** At which the program listens. Give it to the program by an environment variable of its own. */
  readonly port: number;
  /** 200 there means well. `port`: where it is another one. */
  readonly health: { readonly path: string; readonly port?: number };
  /** Plain variables. Nothing secret: they are readable by whoever may read the task definition. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * Variables that are not known before the first deployment, each as a parameter of Systems Manager, which the task definition names and the
   * platform reads: a preview then shows all that will run. Nothing secret here either. A changed value starts new tasks.
   */
  readonly parameters?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What the program itself may do; nothing else is allowed. */
  readonly permissions: readonly Permission[];
  /** ARN of the region's key, which encrypts the log. Its policy must let CloudWatch Logs use it. */
  readonly key: pulumi.Input<string>;
  /** Days for which its log is kept; one of those that CloudWatch knows (30, 90, 365, ...). */
  readonly logRetentionDays: number;
  /** CPU units and MiB; one of Fargate's pairs. */
  readonly size: { readonly cpu: number; readonly memory: number };
  /** Tasks at all times; two stand in two zones. A cost ceiling as well: nothing scales beyond it. */
  readonly count: number;
  readonly dependsOn?: pulumi.Input<pulumi.Resource>[];
  readonly transform?: {
    readonly log?: Transform<LogGroupArgs>;
    readonly parameter?: Transform<ParameterArgs>;
    readonly targets?: Transform<TargetGroupArgs>;
    readonly task?: Transform<TaskDefinitionArgs>;
    readonly service?: Transform<ServiceArgs>;
  };
}

/**
 * One service on Fargate behind a load balancer: what starts it, what it may do, who may reach it, and what it writes.
 *
 * Rests on: `launchType` is EC2, `desiredCount` 0 and `waitForSteadyState` false unless they are said, so an update would be green while the
 * deployment fails; a target group of Fargate is by address, not by instance, and must be behind a listener before the service names it; the
 * execution role is the agent's (pull, log), the task role the program's, and both must have their policies before the first task starts;
 * security groups name each other, as addresses of tasks change with every deployment.
 */
export class FargateService extends pulumi.ComponentResource {
  readonly nodes: {
    readonly log: LogGroup;
    /** By variable. */
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly executionRole: Role;
    readonly taskRole: Role;
    readonly group: SecurityGroup;
    readonly targets: TargetGroup;
    readonly rule: ListenerRule;
    readonly cluster: Cluster;
    readonly task: TaskDefinition;
    readonly service: Service;
  };
  readonly #origin: string;

  constructor(name: string, args: FargateServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:telemetry:FargateService", name, {}, options);
    const { awsAccountId, jurisdiction, service, network, balancer, port, health, transform = {} } = args;
    refuse("FargateService", name, [
      !/^[a-z][a-z0-9-]{0,22}[a-z0-9]$/.test(service) && `service "${service}": 2 to 24 lower-case letters, digits and hyphens are allowed`,
      typeof args.image === "string" &&
        !/@sha256:[0-9a-f]{64}$/.test(args.image) &&
        `image "${args.image}" has no digest: a tag may be moved`,
      !(Number.isInteger(args.count) && args.count >= 1) && `count ${args.count}: 1 or more is allowed`,
      args.permissions.some(({ resources }) => resources.length === 0) && "a permission names no resources: say which, by their ARNs",
    ]);
    this.#origin = balancer.origin;
    const { region, aws } = residencyOf(jurisdiction);
    const child: pulumi.CustomResourceOptions = { parent: this };
    const tags = labels(jurisdiction, "operational");
    const ports = [...new Set([port, health.port ?? port])];

    const log = new LogGroup(
      `${name}-log`,
      ...transformed(
        transform.log,
        { name: `/bailiwick/${region}/${service}`, retentionInDays: args.logRetentionDays, kmsKeyId: args.key, tags },
        { ...child, dependsOn: args.dependsOn },
      ),
    );

    // By names that are known beforehand: a task definition may hold nothing that is not.
    const parameters = Object.fromEntries(
      Object.entries(args.parameters ?? {}).map(([variable, value]) => [
        variable,
        new Parameter(
          `${name}-${variable.toLowerCase().replaceAll("_", "-")}`,
          ...transformed(
            transform.parameter,
            { name: `/bailiwick/${region}/${service}/${variable}`, type: "String", insecureValue: value, tags },
            child,
          ),
        ),
      ]),
    );
    const parameterArns = Object.keys(parameters).map(
      (variable) => [variable, `arn:aws:ssm:${aws.location}:${awsAccountId}:parameter/bailiwick/${region}/${service}/${variable}`] as const,
    );

    const trust = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "ecs-tasks.amazonaws.com" },
          Action: "sts:AssumeRole",
          // Not for tasks of others that ECS might be talked into running (docs.aws.amazon.com/AmazonECS task-iam-roles, "confused deputy").
          Condition: {
            StringEquals: { "aws:SourceAccount": awsAccountId },
            ArnLike: { "aws:SourceArn": `arn:aws:ecs:${aws.location}:${awsAccountId}:*` },
          },
        },
      ],
    });
    const role = (part: string, description: string) =>
      new Role(`${name}-${part}`, { description, assumeRolePolicy: trust, maxSessionDuration: 3600, tags }, child);
    const policy = (part: string, of: Role, permissions: readonly Permission[]) =>
      new RolePolicy(
        `${name}-${part}-policy`,
        {
          role: of.name,
          policy: pulumi.jsonStringify({
            Version: "2012-10-17",
            Statement: permissions.map(({ actions, resources }) => ({ Effect: "Allow", Action: actions, Resource: resources })),
          }),
        },
        child,
      );
    const executionRole = role("execution", `Starts tasks of ${service} in ${region}`);
    const taskRole = role("task", `${service} in ${region}`);
    const policies = [
      policy("execution", executionRole, [
        { actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
        {
          actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
          resources: [args.repositoryArn],
        },
        { actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [pulumi.interpolate`${log.arn}:*`] },
        ...(parameterArns.length > 0 ? [{ actions: ["ssm:GetParameters"], resources: parameterArns.map(([, arn]) => arn) }] : []),
      ]),
      ...(args.permissions.length > 0 ? [policy("task", taskRole, args.permissions)] : []),
    ];

    const group = new SecurityGroup(
      `${name}-group`,
      { name: `${service}-${region}`, description: `Tasks of ${service}`, vpcId: network.nodes.vpc.id, tags },
      child,
    );
    const rules = connections(name, { group, network, balancer, ports }, child);

    const targets = new TargetGroup(
      `${name}-targets`,
      ...transformed(
        transform.targets,
        {
          vpcId: network.nodes.vpc.id,
          targetType: "ip",
          protocol: "HTTP",
          port,
          // Longer than the longest request: a task that leaves finishes what it has begun.
          deregistrationDelay: 30,
          healthCheck: {
            path: health.path,
            port: String(health.port ?? "traffic-port"),
            interval: 10,
            timeout: 5,
            healthyThreshold: 2,
            unhealthyThreshold: 3,
          },
          tags,
        },
        child,
      ),
    );
    const rule = new ListenerRule(
      `${name}-rule`,
      {
        listenerArn: balancer.nodes.listener.arn,
        priority: 100,
        conditions: [
          { hostHeader: { values: [balancer.hostname] } },
          // Without a token no answer; whether it is a good one is for the program to say.
          { httpHeader: { httpHeaderName: args.tokenHeader, values: ["*"] } },
        ],
        actions: [{ type: "forward", targetGroupArn: targets.arn }],
        tags,
      },
      child,
    );

    const cluster = new Cluster(
      `${name}-cluster`,
      { name: `${service}-${region}`, settings: [{ name: "containerInsights", value: "disabled" }], tags },
      child,
    );
    const task = new TaskDefinition(
      `${name}-tasks`,
      ...transformed(
        transform.task,
        {
          family: `${service}-${region}`,
          requiresCompatibilities: ["FARGATE"],
          networkMode: "awsvpc",
          cpu: String(args.size.cpu),
          memory: String(args.size.memory),
          runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
          executionRoleArn: executionRole.arn,
          taskRoleArn: taskRole.arn,
          containerDefinitions: pulumi.jsonStringify([
            {
              name: service,
              image: args.image,
              essential: true,
              portMappings: ports.map((containerPort) => ({ containerPort, protocol: "tcp" })),
              environment: Object.entries(args.environment)
                .sort(([a], [b]) => a.localeCompare(b))
                .map(([variable, value]) => ({ name: variable, value })),
              ...(parameterArns.length > 0
                ? { secrets: parameterArns.map(([variable, valueFrom]) => ({ name: variable, valueFrom })) }
                : {}),
              linuxParameters: { initProcessEnabled: true },
              stopTimeout: 30,
              logConfiguration: {
                logDriver: "awslogs",
                options: { "awslogs-group": log.name, "awslogs-region": aws.location, "awslogs-stream-prefix": "task" },
              },
            },
          ]),
          tags,
        },
        child,
      ),
    );
    const run = new Service(
      `${name}-service`,
      ...transformed(
        transform.service,
        {
          name: service,
          cluster: cluster.arn,
          taskDefinition: task.arn,
          launchType: "FARGATE",
          desiredCount: args.count,
          // Tasks read their parameters when they start and never again.
          ...(parameterArns.length > 0
            ? {
                forceNewDeployment: true,
                triggers: Object.fromEntries(
                  Object.entries(parameters).map(([variable, { version }]) => [variable, pulumi.interpolate`${version}`]),
                ),
              }
            : {}),
          waitForSteadyState: true,
          deploymentCircuitBreaker: { enable: true, rollback: true },
          healthCheckGracePeriodSeconds: 30,
          enableExecuteCommand: false,
          propagateTags: "SERVICE",
          networkConfiguration: { subnets: network.subnetIds, securityGroups: [group.id], assignPublicIp: false },
          loadBalancers: [{ targetGroupArn: targets.arn, containerName: service, containerPort: port }],
          tags,
        },
        { ...child, dependsOn: [rule, ...policies, ...rules, ...network.nodes.endpoints] },
      ),
    );
    this.nodes = { log, parameters, executionRole, taskRole, group, targets, rule, cluster, task, service: run };
    this.registerOutputs({ origin: this.origin });
  }

  /** https origin; known only once the tasks are healthy. */
  get origin(): pulumi.Output<string> {
    return this.nodes.service.id.apply(() => this.#origin);
  }
}

/** Who may open a connection to whom: the balancer to the tasks, the tasks to the endpoints. Every connection needs leave on both sides. */
function connections(
  name: string,
  {
    group,
    network,
    balancer,
    ports,
  }: { group: SecurityGroup; network: AwsNetwork; balancer: ApplicationLoadBalancer; ports: readonly number[] },
  child: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const tcp = (port: number) => ({ ipProtocol: "tcp", fromPort: port, toPort: port });
  const from = balancer.nodes.group.id;
  const { endpointGroup, s3 } = network.nodes;
  return [
    ...ports.flatMap((port) => [
      new SecurityGroupEgressRule(
        `${name}-from-balancer-${port}`,
        { securityGroupId: from, referencedSecurityGroupId: group.id, ...tcp(port) },
        child,
      ),
      new SecurityGroupIngressRule(
        `${name}-in-${port}`,
        { securityGroupId: group.id, referencedSecurityGroupId: from, ...tcp(port) },
        child,
      ),
    ]),
    new SecurityGroupEgressRule(
      `${name}-to-endpoints`,
      { securityGroupId: group.id, referencedSecurityGroupId: endpointGroup.id, ...tcp(443) },
      child,
    ),
    new SecurityGroupIngressRule(
      `${name}-at-endpoints`,
      { securityGroupId: endpointGroup.id, referencedSecurityGroupId: group.id, ...tcp(443) },
      child,
    ),
    new SecurityGroupEgressRule(`${name}-to-s3`, { securityGroupId: group.id, prefixListId: s3.prefixListId, ...tcp(443) }, child),
  ];
}
