import { ingressAll } from "../../../../policies/rules/exposure/ingress-all.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const v1 = "gcp:cloudrun/service:Service";
const v2 = "gcp:cloudrunv2/service:Service";
const annotated = (value: unknown) => ({
  type: v1,
  props: { metadata: { annotations: { "run.googleapis.com/ingress": value as string } } },
});
const functionV1 = "gcp:cloudfunctions/function:Function";

specify(ingressAll, {
  passes: [
    [
      "a service that checks its callers itself, behind a load balancer",
      { type: v2, props: { ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", invokerIamDisabled: true } },
    ],
    ["the same in the first version's words", annotated("internal-and-cloud-load-balancing")],
    ["a function for events", { type: functionV1, props: { eventTrigger: { eventType: "e", resource: "r" } } }],
    [
      "a function inside",
      { type: "gcp:cloudfunctionsv2/function:Function", props: { serviceConfig: { ingressSettings: "ALLOW_INTERNAL_ONLY" } } },
    ],
    [
      "App Engine behind a load balancer",
      {
        type: "gcp:appengine/serviceNetworkSettings:ServiceNetworkSettings",
        props: { networkSettings: { ingressTrafficAllowed: "INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB" } },
      },
    ],
    [
      "App Runner inside a VPC",
      { type: "aws:apprunner/service:Service", props: { networkConfiguration: { ingressConfiguration: { isPubliclyAccessible: false } } } },
    ],
  ],
  refused: [
    ["a service that everyone reaches", { type: v2, props: { ingress: "INGRESS_TRAFFIC_ALL" } }, 'ingress is "INGRESS_TRAFFIC_ALL"'],
    ["a service that nobody said who reaches", { type: v2 }, "ingress is not set, which means INGRESS_TRAFFIC_ALL"],
    ["the first version's default", { type: v1 }, "is not set, which means all"],
    ["the first version, open", annotated("all"), '["run.googleapis.com/ingress"] is "all"'],
    ["a function with a URL", { type: functionV1, props: { triggerHttp: true } }, "ingressSettings is not set, which means ALLOW_ALL"],
    [
      "a function of the second version",
      { type: "gcp:cloudfunctionsv2/function:Function", props: { serviceConfig: { ingressSettings: "ALLOW_ALL" } } },
      "serviceConfig.ingressSettings is",
    ],
    ["App Runner, by default", { type: "aws:apprunner/service:Service" }, "isPubliclyAccessible is not set, which means true"],
  ],
  undecided: [
    ["an ingress", { type: v2, props: { ingress: UNKNOWN } }, "ingress"],
    ["an annotation", annotated(UNKNOWN), 'metadata.annotations["run.googleapis.com/ingress"]'],
  ],
  silent: "gcp:cloudrunv2/job:Job",
});
