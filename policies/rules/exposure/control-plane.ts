// Whoever reaches a cluster's API reaches everything in the cluster, once they have a credential or the API has a hole.
import { byType, type Check, mustBeSet, mustNot } from "../../arguments.ts";
import { isPresent, read } from "../../resource.ts";
import type { Rule } from "../../rule.ts";
import { isInternet } from "./network.ts";

const because = "the cluster's API is open to the internet";
const noInternet = (path: string) => mustNot(path, isInternet, "ranges of your own networks", because);

const eks: Check = (resource, context) => {
  if (read(resource.props, "vpcConfig.endpointPublicAccess") === false) return [];
  return isPresent(resource.props, "vpcConfig.publicAccessCidrs")
    ? noInternet("vpcConfig.publicAccessCidrs[*]")(resource, context)
    : mustBeSet(
        "vpcConfig.publicAccessCidrs",
        "vpcConfig.endpointPublicAccess: false, or publicAccessCidrs of your own networks",
        "0.0.0.0/0",
      )(resource, context);
};

const allowed = "privateClusterConfig.enablePrivateEndpoint: true, or masterAuthorizedNetworksConfig with ranges of your own networks";
const gke: Check = (resource, context) => {
  const { props } = resource;
  const hasNoPublic =
    read(props, "privateClusterConfig.enablePrivateEndpoint") === true ||
    read(props, "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled") === false;
  if (hasNoPublic) return [];
  return [
    mustBeSet("masterAuthorizedNetworksConfig", allowed, "every address"),
    noInternet("masterAuthorizedNetworksConfig.cidrBlocks[*].cidrBlock"),
    // Every customer of Google Cloud has such addresses.
    mustNot("masterAuthorizedNetworksConfig.gcpPublicCidrsAccessEnabled", (value) => value === true, "gcpPublicCidrsAccessEnabled: false"),
  ].flatMap((check) => check(resource, context));
};

const cluster = "aws:eks/cluster:Cluster";

export const controlPlane: Rule = {
  id: "exposure/control-plane",
  title: "The API of a cluster is not open to the internet",
  severity: "high",
  why: "A leaked token, or one hole in Kubernetes, is enough to read every secret of every workload from anywhere in the world.",
  remediation: "Use the private endpoint, or name the ranges from which people and pipelines reach the API.",
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
    passes: [{ type: cluster, props: { vpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["192.0.2.0/24"] } } }],
    fails: [{ type: cluster, props: { vpcConfig: { endpointPublicAccess: true } } }],
  },
  check: byType({ [cluster]: [eks], "gcp:container/cluster:Cluster": [gke] }),
};
