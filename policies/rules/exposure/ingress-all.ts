// A serverless service has an address of its own. Requests must come through the load balancer, which has the rules, the limits and the region.
import { byType, type Check, mustBe, where } from "../../arguments.ts";
import { type Resource, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import type { Finding, Rule } from "../../rule.ts";

const annotation = "run.googleapis.com/ingress";
const closed = ["internal", "internal-and-cloud-load-balancing"];
/** The first version of Cloud Run's API keeps it in an annotation, whose name is no path. */
const annotated: Check = ({ props }: Resource): readonly Finding[] => {
  const annotations = read(props, "metadata.annotations");
  const value = annotations === UNKNOWN ? UNKNOWN : (annotations as Readonly<Record<string, Value>> | undefined)?.[annotation];
  const property = `metadata.annotations["${annotation}"]`;
  if (value === UNKNOWN) return [{ kind: "undecided", property }];
  if (closed.includes(textOf(value))) return [];
  const problem =
    value === undefined || value === null ? `${property} is not set, which means all` : `${property} is ${JSON.stringify(value)}`;
  return [{ kind: "violation", property, problem, allowed: closed.join(" or ") }];
};

const functionSettings = ["ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"];
const service = "gcp:cloudrunv2/service:Service";

/** Such a service may have `invokerIamDisabled`: a load balancer adds no identity that IAM could check, so the service checks its callers itself. */
export const ingressAll: Rule = {
  id: "exposure/ingress-all",
  title: "Serverless services are reached through a load balancer or from inside",
  severity: "high",
  why: "The address that a platform gives to every service bypasses the load balancer: its security policy, its limits, and the place where TLS ends.",
  remediation: "Close the ingress to internal traffic and load balancers, and put a load balancer with a security policy in front.",
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
    passes: [{ type: service, props: { ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" } }],
    fails: [{ type: service, props: { ingress: "INGRESS_TRAFFIC_ALL" } }],
  },
  check: byType({
    "aws:apprunner/service:Service": [mustBe("networkConfiguration.ingressConfiguration.isPubliclyAccessible", false, true)],
    "gcp:appengine/serviceNetworkSettings:ServiceNetworkSettings": [
      mustBe(
        "networkSettings.ingressTrafficAllowed",
        ["INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB", "INGRESS_TRAFFIC_ALLOWED_INTERNAL_ONLY"],
        "INGRESS_TRAFFIC_ALLOWED_UNSPECIFIED",
      ),
    ],
    // Without an HTTP trigger it has no address.
    "gcp:cloudfunctions/function:Function": [
      where("triggerHttp", (value) => value === true, mustBe("ingressSettings", functionSettings, "ALLOW_ALL")),
    ],
    "gcp:cloudfunctionsv2/function:Function": [mustBe("serviceConfig.ingressSettings", functionSettings, "ALLOW_ALL")],
    "gcp:cloudrun/service:Service": [annotated],
    [service]: [mustBe("ingress", ["INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_INTERNAL_ONLY"], "INGRESS_TRAFFIC_ALL")],
  }),
};
