// Google gives a workload that names no identity the project's default one, which every other such workload has as well,
// and which is an editor of the whole project unless somebody took that away.
import { byType, type Check, together, where } from "../../arguments.ts";
import { sourcesOf } from "../../relation.ts";
import { isPresent, type Resource, read, select, UNKNOWN, type Value } from "../../resource.ts";
import { type Finding, is, judge, type Rule, type Undecided } from "../../rule.ts";
import { judgeMembers, waitsForIdentity } from "./grants.ts";

/** cloud.google.com/iam/docs/service-account-types#default: of Compute Engine, and of App Engine. */
const isDefault = (value: Value): boolean =>
  typeof value === "string" &&
  (value === "default" || /(^|[:/])(\d+-compute@developer|[a-z0-9.:-]+@appspot)\.gserviceaccount\.com$/.test(value));

const allowed = "the e-mail address of a service account that is made for this workload";

/** The account at a path: one of its own. @param otherwise what runs it when nobody says */
const own =
  (path: string, otherwise = "the default service account"): Check =>
  (resource) =>
    isPresent(resource.props, path)
      ? judge(resource, path, (place) => (isDefault(place.value) ? { problem: is(resource, place), allowed } : undefined))
      : [{ kind: "violation", property: path, problem: `${path} is not set, which means ${otherwise}`, allowed }];

/** A machine without the block has no account at all; one with the block and no address in it has the default one. */
const machine: Check = (resource, context) =>
  isPresent(resource.props, "serviceAccount") ? own("serviceAccount.email")(resource, context) : [];

/** Node pools within a cluster. The one that is removed at once needs none. */
const cluster: Check = (resource, context): readonly Finding[] => {
  const { props } = resource;
  if (read(props, "enableAutopilot") === true) return own("clusterAutoscaling.autoProvisioningDefaults.serviceAccount")(resource, context);
  const pools = select(props, "nodePools[*]");
  if (pools.length > 0)
    return pools.flatMap(({ path, value }) => (value === UNKNOWN ? [] : own(`${path}.nodeConfig.serviceAccount`)(resource, context)));
  return read(props, "removeDefaultNodePool") === true ? [] : own("nodeConfig.serviceAccount")(resource, context);
};

const compute = "the default service account of Compute Engine";
const appEngine = "the default service account of App Engine";

/** An account of this stack is never a default one. */
function settles(undecided: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  if (/^(members?\b|policyData$)/.test(undecided.property)) return waitsForIdentity(undecided, resource, resources);
  const sources = sourcesOf(resource, undecided.property);
  return resources.some(({ urn, type }) => sources.includes(urn) && type === "gcp:serviceaccount/account:Account");
}

export const defaultServiceAccount: Rule = {
  id: "identity/default-service-account",
  title: "Every workload runs as an identity of its own, not as the project's default",
  severity: "high",
  why: "Workloads that share the default account can read each other's data, and a fault in the least of them is a fault in all.",
  remediation: "Make a service account for the workload, grant it what it needs, and name it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.5.16" },
    { name: "ISO 27001", clause: "A.8.2" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "gcp:cloudrunv2/job:Job", props: { template: { template: { serviceAccount: "orders@brand.iam.gserviceaccount.com" } } } },
    ],
    fails: [{ type: "gcp:cloudrunv2/job:Job", props: { template: { template: { containers: [] } } } }],
  },
  check: together(
    byType({
      "gcp:appengine/flexibleAppVersion:FlexibleAppVersion": [own("serviceAccount", appEngine)],
      "gcp:appengine/standardAppVersion:StandardAppVersion": [own("serviceAccount", appEngine)],
      "gcp:cloudbuild/trigger:Trigger": [own("serviceAccount", "an account that all builds share")],
      "gcp:cloudfunctions/function:Function": [own("serviceAccountEmail", appEngine)],
      "gcp:cloudfunctionsv2/function:Function": [own("serviceConfig.serviceAccountEmail", compute)],
      "gcp:cloudrun/service:Service": [own("template.spec.serviceAccountName", compute)],
      "gcp:cloudrunv2/job:Job": [own("template.template.serviceAccount", compute)],
      "gcp:cloudrunv2/service:Service": [own("template.serviceAccount", compute)],
      "gcp:cloudrunv2/workerPool:WorkerPool": [own("template.serviceAccount", compute)],
      "gcp:composer/environment:Environment": [own("config.nodeConfig.serviceAccount", compute)],
      "gcp:compute/instance:Instance": [machine],
      "gcp:compute/instanceTemplate:InstanceTemplate": [machine],
      "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": [machine],
      "gcp:container/cluster:Cluster": [cluster],
      "gcp:container/nodePool:NodePool": [own("nodeConfig.serviceAccount", compute)],
      "gcp:dataflow/flexTemplateJob:FlexTemplateJob": [own("serviceAccountEmail", compute)],
      "gcp:dataflow/job:Job": [own("serviceAccountEmail", compute)],
      "gcp:dataproc/cluster:Cluster": [
        where("virtualClusterConfig", (virtual) => virtual === undefined, own("clusterConfig.gceClusterConfig.serviceAccount", compute)),
      ],
      "gcp:notebooks/instance:Instance": [own("serviceAccount", compute)],
      "gcp:workbench/instance:Instance": [own("gceSetup.serviceAccounts[0].email", compute)],
      "gcp:workflows/workflow:Workflow": [own("serviceAccount", compute)],
    }),
    judgeMembers((member) => (isDefault(member) ? { allowed: "a service account that is made for one workload" } : undefined)),
  ),
  settles,
};
