// Whatever grows with its load has a most: without one a flood of requests empties a database's connections, and then the brand's purse.
import { byType, type Check, mustBeSet, mustBeWithin, where } from "../../arguments.ts";
import { numberOf, type Properties, read, textOf, UNKNOWN } from "../../resource.ts";
import { is, type Rule } from "../../rule.ts";

/** Beyond this a ceiling holds nothing back. It is also what Google Cloud and Lambda allow by default for a whole region. */
const most = 1000;
const ceiling = (path: string) => mustBeWithin(path, 1, most, "instances");

/** One of these paths is set: the service's own limit, or that of its template; or the number is fixed. */
const oneOf =
  (paths: readonly string[], fixed?: string): Check =>
  (resource, context) => {
    if (fixed !== undefined && read(resource.props, fixed) !== undefined) return [];
    const set = paths.find((path) => read(resource.props, path) !== undefined) ?? (paths[0] as string);
    return ceiling(set)(resource, context);
  };

/** Knative names the limit by an annotation whose name holds dots. */
const annotation = "autoscaling.knative.dev/maxScale";
const byAnnotation: Check = (resource) => {
  const property = "template.metadata.annotations";
  const allowed = `${annotation}: 1 to ${most} instances`;
  const all = read(resource.props, property);
  if (all === UNKNOWN) return [{ kind: "undecided", property }];
  const own = typeof all === "object" && all !== null && !Array.isArray(all) ? (all as Properties)[annotation] : undefined;
  if (own === UNKNOWN) return [{ kind: "undecided", property }];
  if (own === undefined || own === null)
    return [{ kind: "violation", property, problem: `the annotation ${annotation} is not set`, allowed }];
  const fits = numberOf(own) >= 1 && numberOf(own) <= most;
  return fits
    ? []
    : [{ kind: "violation", property, problem: is(resource, { path: `${property}.${annotation}`, value: textOf(own) }), allowed }];
};

const isOn = (value: unknown) => value === true;

/**
 * Defaults: Cloud Run takes what the project's quota has, Cloud Functions of the first generation up to 3,000, Lambda what the account has
 * left (cloud.google.com/run/docs/configuring/max-instances; docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
 */
export const instanceCeiling: Rule = {
  id: "delivery/instance-ceiling",
  title: "What grows with its load has a most",
  severity: "medium",
  why: "A flood of requests that may start any number of instances takes away the database under people's consent, and costs without end.",
  remediation: "Set the most instances, or the reserved concurrency, that the service behind it can bear.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.6" },
    { name: "SOC 2", clause: "A1.1" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:cloudrunv2/service:Service", props: { scaling: { maxInstanceCount: 20 } } }],
    fails: [{ type: "gcp:cloudrunv2/service:Service", props: { scaling: { minInstanceCount: 1 } } }],
  },
  check: byType({
    "aws:emrserverless/application:Application": [
      mustBeSet("maximumCapacity", "maximumCapacity with cpu and memory", "the account's quota"),
    ],
    // Zero switches a function off.
    "aws:lambda/function:Function": [mustBeWithin("reservedConcurrentExecutions", 0, most, "executions")],
    "gcp:cloudfunctions/function:Function": [ceiling("maxInstances")],
    "gcp:cloudfunctionsv2/function:Function": [ceiling("serviceConfig.maxInstanceCount")],
    "gcp:cloudrun/service:Service": [byAnnotation],
    "gcp:cloudrunv2/service:Service": [
      oneOf(["scaling.maxInstanceCount", "template.scaling.maxInstanceCount"], "scaling.manualInstanceCount"),
    ],
    "gcp:cloudrunv2/workerPool:WorkerPool": [oneOf(["scaling.maxInstanceCount"], "scaling.manualInstanceCount")],
    "gcp:container/cluster:Cluster": [
      where(
        "clusterAutoscaling.enabled",
        isOn,
        mustBeSet("clusterAutoscaling.resourceLimits[*]", "resourceLimits with a maximum of cpu and memory"),
      ),
    ],
    "gcp:container/nodePool:NodePool": [
      where("autoscaling", (value) => value !== undefined, oneOf(["autoscaling.maxNodeCount", "autoscaling.totalMaxNodeCount"])),
    ],
    "gcp:dataflow/flexTemplateJob:FlexTemplateJob": [ceiling("maxWorkers")],
    "gcp:dataflow/job:Job": [ceiling("maxWorkers")],
  }),
};
