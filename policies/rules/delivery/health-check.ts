// What gets traffic is asked whether it is well, and is taken out when it is not.
import { byType, type Check, mustBe, mustBeSet } from "../../arguments.ts";
import { isPresent } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

/** By default a group replaces only instances that have stopped, not those that answer nothing (API_CreateAutoScalingGroup). */
const behindBalancer: Check = (resource, context) =>
  ["targetGroupArns[*]", "loadBalancers[*]", "trafficSources[*]"].some((path) => isPresent(resource.props, path))
    ? mustBe("healthCheckType", ["ELB", "VPC_LATTICE"], "EC2")(resource, context)
    : [];

/** A group with named ports, or in a target pool, is what a load balancer sends to. */
const healed: Check = (resource, context) =>
  ["namedPorts[*]", "targetPools[*]"].some((path) => isPresent(resource.props, path))
    ? mustBeSet("autoHealingPolicies", "autoHealingPolicies with a healthCheck", "an instance that hangs stays")(resource, context)
    : [];

const monitored: Check = ({ props }) =>
  ["monitor", "monitorGroup"].some((path) => isPresent(props, path))
    ? []
    : [
        {
          kind: "violation",
          property: "monitor",
          problem: "monitor is not set: its origins are never asked",
          allowed: "a monitor, or a monitorGroup",
        },
      ];

export const healthCheck: Rule = {
  id: "delivery/health-check",
  title: "What gets traffic is asked whether it is well",
  severity: "medium",
  why: "A withdrawal of consent that is sent to a program that hangs is lost to the person who made it.",
  remediation: "Give it a health check that asks the program itself, and let what fails be replaced.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.14" },
    { name: "SOC 2", clause: "A1.2" },
    { name: "NIS2", clause: "Art. 21(2)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/loadBalancerPool:LoadBalancerPool", props: { monitor: "f1aba936b94213e5b8dca0c0dbf1f9cc" } }],
    fails: [{ type: "cloudflare:index/loadBalancerPool:LoadBalancerPool", props: { name: "origins" } }],
  },
  check: byType({
    "aws:autoscaling/group:Group": [behindBalancer],
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": [monitored],
    "gcp:compute/instanceGroupManager:InstanceGroupManager": [healed],
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": [healed],
  }),
};
