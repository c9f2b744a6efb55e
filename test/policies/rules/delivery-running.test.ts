import { costCeiling } from "../../../policies/rules/delivery/cost-ceiling.ts";
import { healthCheck } from "../../../policies/rules/delivery/health-check.ts";
import { instanceCeiling } from "../../../policies/rules/delivery/instance-ceiling.ts";
import { noInteractiveAccess } from "../../../policies/rules/delivery/no-interactive-access.ts";
import { unprivileged } from "../../../policies/rules/delivery/unprivileged.ts";
import { UNKNOWN } from "../judging.ts";
import { specify } from "../table.ts";

const run = "gcp:cloudrunv2/service:Service";
const knative = "gcp:cloudrun/service:Service";
const lambda = "aws:lambda/function:Function";
const task = "aws:ecs/taskDefinition:TaskDefinition";
const batch = "aws:batch/jobDefinition:JobDefinition";
const ecs = "aws:ecs/service:Service";
const functionV1 = "gcp:cloudfunctions/function:Function";
const functionV2 = "gcp:cloudfunctionsv2/function:Function";
const bucket = { type: "aws:s3/bucket:Bucket" };

specify(healthCheck, {
  passes: {
    "a pool with a monitor": { type: "cloudflare:index/loadBalancerPool:LoadBalancerPool", props: { monitor: UNKNOWN } },
    "a group that its balancer judges": {
      type: "aws:autoscaling/group:Group",
      props: { targetGroupArns: [UNKNOWN], healthCheckType: "ELB" },
    },
    "a group that serves nobody": { type: "aws:autoscaling/group:Group", props: { minSize: 1 } },
    "a group that heals": {
      type: "gcp:compute/instanceGroupManager:InstanceGroupManager",
      props: { autoHealingPolicies: { healthCheck: "h" } },
    },
  },
  fails: {
    "a pool without": [{ type: "cloudflare:index/loadBalancerPool:LoadBalancerPool", props: {} }, "monitor is not set"],
    "a group behind a balancer": [
      { type: "aws:autoscaling/group:Group", props: { targetGroupArns: ["t"] } },
      "healthCheckType is not set, which means EC2",
    ],
    "a group of a region": [
      { type: "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager", props: { namedPorts: [{ name: "http", port: 80 }] } },
      "autoHealingPolicies is not set",
    ],
  },
  notApplicable: { "what serves nobody": bucket },
  undecided: {
    "a group's setting": [
      { type: "aws:autoscaling/group:Group", props: { targetGroupArns: ["t"], healthCheckType: UNKNOWN } },
      "healthCheckType",
    ],
  },
});

const containers = (...list: unknown[]) => ({ type: task, props: { containerDefinitions: JSON.stringify(list) } });
specify(unprivileged, {
  passes: {
    "a user of its own": containers({ user: "1000:1000", linuxParameters: { capabilities: { drop: ["ALL"] } } }),
    "a harmless capability": containers({ linuxParameters: { capabilities: { add: ["NET_BIND_SERVICE"] } } }),
    "a volume of the task": { type: task, props: { containerDefinitions: "[]", volumes: [{ name: "scratch" }] } },
  },
  fails: {
    "a privileged container": [containers({}, { privileged: true }), "containerDefinitions[1].privileged is true"],
    "root by name": [containers({ user: "root" }), "containerDefinitions[0].user is root"],
    "root by number": [containers({ user: "0:0" }), "user is root"],
    "a capability of the host": [containers({ linuxParameters: { capabilities: { add: ["SYS_ADMIN"] } } }), "capabilities.add"],
    "the host's network": [{ type: task, props: { networkMode: "host", containerDefinitions: "[]" } }, 'networkMode is "host"'],
    "the host's processes": [{ type: task, props: { pidMode: "host" } }, "pidMode"],
    "the host's engine": [{ type: task, props: { volumes: [{ name: "d", hostPath: "/var/run/docker.sock" }] } }, "hostPath"],
    "a job of Batch": [
      { type: batch, props: { containerProperties: JSON.stringify({ privileged: true }) } },
      "containerProperties.privileged",
    ],
    "a job of several nodes": [
      { type: batch, props: { nodeProperties: JSON.stringify({ nodeRangeProperties: [{ container: { user: "root" } }] }) } },
      "nodeProperties.nodeRangeProperties[0].container.user",
    ],
  },
  notApplicable: { "what has no containers": bucket },
  undecided: { "the definitions": [{ type: task, props: { containerDefinitions: UNKNOWN } }, "containerDefinitions"] },
});

specify(noInteractiveAccess, {
  passes: {
    "a service without a shell": { type: ecs, props: {} },
    "a machine without a key": { type: "aws:ec2/instance:Instance", props: { iamInstanceProfile: "ssm" } },
    "OS Login": { type: "gcp:compute/projectMetadata:ProjectMetadata", props: { metadata: { "enable-oslogin": "TRUE" } } },
    "another item": { type: "gcp:compute/projectMetadataItem:ProjectMetadataItem", props: { key: "enable-oslogin", value: "TRUE" } },
  },
  fails: {
    "a shell in a task": [{ type: ecs, props: { enableExecuteCommand: true } }, "enableExecuteCommand is true"],
    "a key pair": [{ type: "aws:ec2/instance:Instance", props: { keyName: UNKNOWN } }, "keyName is set"],
    "the serial port": [
      { type: "gcp:compute/instance:Instance", props: { metadata: { "serial-port-enable": "TRUE" } } },
      "serial-port-enable",
    ],
    "keys of the whole project": [
      { type: "gcp:compute/projectMetadata:ProjectMetadata", props: { metadata: { "ssh-keys": "a:b" } } },
      "ssh-keys is set",
    ],
    "the same as an item": [
      { type: "gcp:compute/projectMetadataItem:ProjectMetadataItem", props: { key: "ssh-keys", value: "a" } },
      "ssh-keys",
    ],
  },
  notApplicable: { "what nobody could log into": bucket },
  undecided: { "a shell in a task": [{ type: ecs, props: { enableExecuteCommand: UNKNOWN } }, "enableExecuteCommand"] },
});

const scale = (value: unknown) => ({ template: { metadata: { annotations: { "autoscaling.knative.dev/maxScale": value as string } } } });
specify(instanceCeiling, {
  passes: {
    "a service": { type: run, props: { scaling: { maxInstanceCount: 20 } } },
    "a template": { type: run, props: { template: { scaling: { maxInstanceCount: 20 } } } },
    "a fixed number": { type: run, props: { scaling: { manualInstanceCount: 3 } } },
    Knative: { type: knative, props: scale("20") },
    "a function": { type: lambda, props: { reservedConcurrentExecutions: 50 } },
    "a function of Google": { type: functionV2, props: { serviceConfig: { maxInstanceCount: 5 } } },
    "nodes that do not grow": { type: "gcp:container/nodePool:NodePool", props: { nodeCount: 3 } },
    "nodes that grow to ten": { type: "gcp:container/nodePool:NodePool", props: { autoscaling: { maxNodeCount: 10 } } },
  },
  fails: {
    "a service without": [{ type: run, props: {} }, "scaling.maxInstanceCount is not set"],
    "a ceiling that holds nothing": [
      { type: run, props: { template: { scaling: { maxInstanceCount: 100_000 } } } },
      "maxInstanceCount is 100000",
    ],
    "Knative without": [{ type: knative, props: {} }, "autoscaling.knative.dev/maxScale is not set"],
    "Knative with too many": [{ type: knative, props: scale("5000") }, '"5000"'],
    "a function without": [{ type: lambda, props: {} }, "reservedConcurrentExecutions is not set"],
    "a function of Google without": [{ type: functionV1, props: {} }, "maxInstances is not set"],
    "a cluster that makes its own nodes": [
      { type: "gcp:container/cluster:Cluster", props: { clusterAutoscaling: { enabled: true } } },
      "clusterAutoscaling.resourceLimits[*] is not set",
    ],
    "nodes without a most": [
      { type: "gcp:container/nodePool:NodePool", props: { autoscaling: { minNodeCount: 1 } } },
      "autoscaling.maxNodeCount is not set",
    ],
    "a data flow": [{ type: "gcp:dataflow/job:Job", props: {} }, "maxWorkers is not set"],
  },
  notApplicable: { "what does not grow": bucket },
  undecided: {
    "a service's": [{ type: run, props: { scaling: { maxInstanceCount: UNKNOWN } } }, "scaling.maxInstanceCount"],
    "Knative's": [{ type: knative, props: scale(UNKNOWN) }, "template.metadata.annotations"],
  },
});

specify(costCeiling, {
  passes: {
    "queries with a limit": { type: "aws:athena/workgroup:Workgroup", props: { configuration: { bytesScannedCutoffPerQuery: 1e9 } } },
    "a table with capacity": { type: "aws:dynamodb/table:Table", props: { billingMode: "PROVISIONED" } },
    "a table with a most": {
      type: "aws:dynamodb/table:Table",
      props: { billingMode: "PAY_PER_REQUEST", onDemandThroughput: { maxReadRequestUnits: 100, maxWriteRequestUnits: 100 } },
    },
    "a budget that tells": { type: "gcp:billing/budget:Budget", props: { thresholdRules: [{ thresholdPercent: 0.9 }] } },
  },
  fails: {
    "queries without": [
      { type: "aws:athena/workgroup:Workgroup", props: {} },
      "bytesScannedCutoffPerQuery is not set, which means no limit",
    ],
    "a table on demand": [
      { type: "aws:dynamodb/table:Table", props: { billingMode: "PAY_PER_REQUEST" } },
      "maxReadRequestUnits is not set",
    ],
    "a mute budget": [{ type: "aws:budgets/budget:Budget", props: {} }, "nobody is told"],
    "a mute budget of Google": [{ type: "gcp:billing/budget:Budget", props: {} }, "nobody is told"],
    "a query": [{ type: "gcp:bigquery/job:Job", props: { query: { query: "SELECT 1" } } }, "maximumBytesBilled"],
    "slots without end": [
      { type: "gcp:bigquery/reservation:Reservation", props: { autoscale: { maxSlots: 50_000 } } },
      "autoscale.maxSlots is 50000",
    ],
  },
  notApplicable: { "what costs by its size": bucket },
});
