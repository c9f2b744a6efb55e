import { controlPlane } from "../../../../policies/rules/exposure/control-plane.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const eks = "aws:eks/cluster:Cluster";
const gke = "gcp:container/cluster:Cluster";
const networks = (...cidrs: string[]) => ({ masterAuthorizedNetworksConfig: { cidrBlocks: cidrs.map((cidrBlock) => ({ cidrBlock })) } });

specify(controlPlane, {
  passes: [
    ["a private endpoint", { type: eks, props: { vpcConfig: { endpointPublicAccess: false, endpointPrivateAccess: true } } }],
    ["an office", { type: eks, props: { vpcConfig: { publicAccessCidrs: ["192.0.2.0/24"] } } }],
    ["a private endpoint of Google's", { type: gke, props: { privateClusterConfig: { enablePrivateEndpoint: true } } }],
    ["the endpoint by name only", { type: gke, props: { controlPlaneEndpointsConfig: { ipEndpointsConfig: { enabled: false } } } }],
    ["named networks", { type: gke, props: networks("192.0.2.0/24") }],
    ["no network at all", { type: gke, props: { masterAuthorizedNetworksConfig: {} } }],
  ],
  refused: [
    [
      "what EKS does by default",
      { type: eks, props: { vpcConfig: { subnetIds: ["s"] } } },
      "vpcConfig.publicAccessCidrs is not set, which means 0.0.0.0/0",
    ],
    ["the world", { type: eks, props: { vpcConfig: { publicAccessCidrs: ["0.0.0.0/0"] } } }, "the cluster's API is open to the internet"],
    ["what GKE does by default", { type: gke }, "masterAuthorizedNetworksConfig is not set, which means every address"],
    ["the world by name", { type: gke, props: networks("192.0.2.0/24", "0.0.0.0/0") }, "cidrBlocks[1].cidrBlock"],
    [
      "all of Google's customers",
      { type: gke, props: { masterAuthorizedNetworksConfig: { gcpPublicCidrsAccessEnabled: true } } },
      "gcpPublicCidrsAccessEnabled is true",
    ],
  ],
  undecided: [["the ranges", { type: eks, props: { vpcConfig: { publicAccessCidrs: UNKNOWN } } }, "vpcConfig.publicAccessCidrs"]],
  silent: "aws:eks/nodeGroup:NodeGroup",
});
