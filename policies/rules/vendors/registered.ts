// Whoever gets data from us stands in the vendor register (policies/vendors.yaml). Own domains (bailiwick:domain in the stack's
// configuration), private networks and the three clouds' own addresses are not outside.
import type { Context } from "../../context.ts";
import type { Resource } from "../../resource.ts";
import { type Outcome, outcomeOf, type Rule, type Undecided } from "../../rule.ts";
import { hostOf } from "./endpoint.ts";
import { endpointsOf } from "./endpoints.ts";
import { judgeEndpoints } from "./judge-endpoints.ts";

const slack = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration";
const teams = "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration";
/** Types that send to one vendor only, whose host no argument names. */
const fixed: Readonly<Record<string, string>> = { [slack]: "slack.com", [teams]: "teams.microsoft.com" };

const allowed = "a host of a vendor in policies/vendors.yaml, or one below our own domain (bailiwick:domain in the stack's configuration)";

function check(resource: Resource, context: Context): Outcome {
  const host = fixed[resource.type];
  if (host !== undefined)
    return context.vendors.at(host) ? "compliant" : [{ kind: "violation", problem: `sends to ${host}, of no registered vendor`, allowed }];
  const judged = judgeEndpoints(resource, context, (endpoint) =>
    context.vendors.at(endpoint.host)
      ? undefined
      : { problem: `${endpoint.place.path} leads to ${hostOf(resource, endpoint)}, of no registered vendor`, allowed },
  );
  const unknown = endpointsOf(resource, context)?.unknown ?? [];
  return unknown.length === 0
    ? judged
    : outcomeOf([
        ...(typeof judged === "string" ? [] : judged),
        ...unknown.map((property): Undecided => ({ kind: "undecided", property })),
      ]);
}

/** An address made of outputs of our own resources in the three clouds is theirs; in the update it is known, and judged. */
function settles({ property }: Undecided, resource: Resource, resources: readonly Resource[]): boolean {
  const sources = resource.propertyDependencies?.[property.replace(/[.[].*/, "")] ?? [];
  const types = sources.map((urn) => resources.find((other) => other.urn === urn)?.type ?? "");
  return types.length > 0 && types.every((type) => /^(aws|gcp|cloudflare|random|tls):/.test(type));
}

export const registeredVendor: Rule = {
  id: "vendors/registered",
  title: "Whoever gets data from us stands in the vendor register",
  severity: "high",
  why: "A webhook that somebody added for a day is a processor of people's data that no notice names and no contract binds.",
  remediation: "Enter the vendor into policies/vendors.yaml with what was agreed, or send it nothing.",
  frameworks: [
    { name: "GDPR", clause: "Art. 28(1)" },
    { name: "GDPR", clause: "Art. 30(1)(d)" },
    { name: "CCPA", clause: "Cal. Civ. Code 1798.100(d)" },
    { name: "ISO 27001", clause: "A.5.19" },
    { name: "SOC 2", clause: "CC9.2" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
    { name: "DORA", clause: "Art. 28(3)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "aws:sns/topicSubscription:TopicSubscription", props: { protocol: "https", endpoint: "https://in.lighthouse.example/hook" } },
    ],
    fails: [
      { type: "aws:sns/topicSubscription:TopicSubscription", props: { protocol: "https", endpoint: "https://hooks.unknown.example/hook" } },
    ],
  },
  check,
  settles,
};
