// A machine has no address of its own on the internet: what must be reached stands behind a load balancer.
import { byType, type Check, mustBe, mustNot, where } from "../../arguments.ts";
import { select } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const isTrue = (value: unknown) => value === true || value === "true";
const notTrue = (path: string): Check => mustNot(path, isTrue, `${path}: false`);
const notThere =
  (path: string): Check =>
  ({ props }) =>
    select(props, path).map(({ path: property }) => ({
      kind: "violation",
      property,
      problem: `${property} gives it a public address`,
      allowed: "no accessConfigs; outgoing traffic through Cloud NAT",
    }));

const addresses = ["accessConfigs", "ipv6AccessConfigs"].map((list) => notThere(`networkInterfaces[*].${list}[*]`));
const instance = "aws:ec2/instance:Instance";

export const publicAddress: Rule = {
  id: "exposure/public-address",
  title: "Machines, tasks and notebooks have no public address",
  severity: "high",
  why: "A machine with a public address is one wrong firewall rule away from everyone, and notebooks and data clusters hold copies of personal data.",
  remediation: "Place it in a private subnet; let people in by a session service, requests by a load balancer, and traffic out by NAT.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.22" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: instance, props: { associatePublicIpAddress: false } }],
    fails: [{ type: instance, props: { associatePublicIpAddress: true } }],
  },
  check: byType({
    [instance]: [notTrue("associatePublicIpAddress")],
    "aws:ec2/launchConfiguration:LaunchConfiguration": [notTrue("associatePublicIpAddress")],
    "aws:ec2/launchTemplate:LaunchTemplate": [notTrue("networkInterfaces[*].associatePublicIpAddress")],
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": [notTrue("associatePublicIpAddress")],
    "aws:ec2/subnet:Subnet": [notTrue("mapPublicIpOnLaunch")],
    "aws:ecs/service:Service": [notTrue("networkConfiguration.assignPublicIp")],
    "aws:cloudwatch/eventTarget:EventTarget": [notTrue("ecsTarget.networkConfiguration.assignPublicIp")],
    "aws:scheduler/schedule:Schedule": [notTrue("target.ecsParameters.networkConfiguration.assignPublicIp")],
    "aws:sagemaker/notebookInstance:NotebookInstance": [mustBe("directInternetAccess", "Disabled", "Enabled")],
    "gcp:compute/instance:Instance": addresses,
    "gcp:compute/instanceTemplate:InstanceTemplate": addresses,
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": addresses,
    // Nodes get public addresses unless they are private; in a pool, what the cluster says holds.
    "gcp:container/cluster:Cluster": [mustBe("privateClusterConfig.enablePrivateNodes", true, false)],
    "gcp:container/nodePool:NodePool": [
      mustNot("networkConfig.enablePrivateNodes", (value) => value === false, "networkConfig.enablePrivateNodes: true"),
    ],
    "gcp:dataflow/job:Job": [mustBe("ipConfiguration", "WORKER_IP_PRIVATE", "WORKER_IP_PUBLIC")],
    "gcp:dataproc/cluster:Cluster": [
      where("clusterConfig", (value) => value !== undefined, mustBe("clusterConfig.gceClusterConfig.internalIpOnly", true, false)),
    ],
    "gcp:notebooks/instance:Instance": [mustBe("noPublicIp", true, false)],
    "gcp:workbench/instance:Instance": [mustBe("gceSetup.disablePublicIp", true, false)],
  }),
};
