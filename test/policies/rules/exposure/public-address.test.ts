import { publicAddress } from "../../../../policies/rules/exposure/public-address.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const gce = "gcp:compute/instance:Instance";
const gke = "gcp:container/cluster:Cluster";

specify(publicAddress, {
  passes: [
    ["a machine that says nothing", { type: "aws:ec2/instance:Instance", props: { subnetId: "subnet-1" } }],
    ["a private subnet", { type: "aws:ec2/subnet:Subnet", props: { mapPublicIpOnLaunch: false } }],
    ["tasks inside", { type: "aws:ecs/service:Service", props: { networkConfiguration: { assignPublicIp: false, subnets: ["s"] } } }],
    ["a notebook inside", { type: "aws:sagemaker/notebookInstance:NotebookInstance", props: { directInternetAccess: "Disabled" } }],
    ["a machine of Google's", { type: gce, props: { networkInterfaces: [{ subnetwork: "s" }] } }],
    ["a cluster of private nodes", { type: gke, props: { privateClusterConfig: { enablePrivateNodes: true } } }],
    ["a pool that says nothing", { type: "gcp:container/nodePool:NodePool" }],
    ["a data cluster on somebody else's machines", { type: "gcp:dataproc/cluster:Cluster", props: { virtualClusterConfig: {} } }],
  ],
  refused: [
    ["a machine", { type: "aws:ec2/instance:Instance", props: { associatePublicIpAddress: true } }, "associatePublicIpAddress is true"],
    [
      "a template",
      { type: "aws:ec2/launchTemplate:LaunchTemplate", props: { networkInterfaces: [{}, { associatePublicIpAddress: "true" }] } },
      'networkInterfaces[1].associatePublicIpAddress is "true"',
    ],
    ["a subnet", { type: "aws:ec2/subnet:Subnet", props: { mapPublicIpOnLaunch: true } }, "mapPublicIpOnLaunch is true"],
    ["tasks", { type: "aws:ecs/service:Service", props: { networkConfiguration: { assignPublicIp: true } } }, "assignPublicIp is true"],
    [
      "a notebook, by default",
      { type: "aws:sagemaker/notebookInstance:NotebookInstance" },
      "directInternetAccess is not set, which means Enabled",
    ],
    [
      "a machine of Google's with an address of its choice",
      { type: gce, props: { networkInterfaces: [{ accessConfigs: [{}] }] } },
      "networkInterfaces[0].accessConfigs[0] gives it a public address",
    ],
    [
      "a machine of Google's by IPv6",
      { type: gce, props: { networkInterfaces: [{ ipv6AccessConfigs: [{ networkTier: "PREMIUM" }] }] } },
      "ipv6AccessConfigs[0]",
    ],
    [
      "a template of Google's",
      {
        type: "gcp:compute/instanceTemplate:InstanceTemplate",
        props: { networkInterfaces: [{ accessConfigs: [{ natIp: "192.0.2.1" }] }] },
      },
      "accessConfigs[0]",
    ],
    ["a cluster's nodes, by default", { type: gke }, "enablePrivateNodes is not set, which means false"],
    [
      "a pool of a private cluster",
      { type: "gcp:container/nodePool:NodePool", props: { networkConfig: { enablePrivateNodes: false } } },
      "enablePrivateNodes is false",
    ],
    ["a workbench", { type: "gcp:workbench/instance:Instance" }, "gceSetup.disablePublicIp is not set"],
    ["a pipeline's workers", { type: "gcp:dataflow/job:Job" }, "ipConfiguration is not set, which means WORKER_IP_PUBLIC"],
    ["a data cluster", { type: "gcp:dataproc/cluster:Cluster", props: { clusterConfig: {} } }, "internalIpOnly is not set"],
  ],
  undecided: [["a switch", { type: "aws:ec2/subnet:Subnet", props: { mapPublicIpOnLaunch: UNKNOWN } }, "mapPublicIpOnLaunch"]],
  silent: "aws:lambda/function:Function",
});
