// Google's topics keep messages wherever they are published, unless a storage policy lists the regions.
import type { Context } from "../../context.ts";
import { isPresent, type Resource } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, type Rule } from "../../rule.ts";
import { type Demand, refuse, under } from "./demand.ts";
import { at, judgeArgument } from "./places.ts";

const topic = "gcp:pubsub/topic:Topic";
export const messageStorageArguments = {
  [topic]: [at("messageStoragePolicy.allowedPersistenceRegions[*]", { place: "any region" })],
} as const;

function check(resource: Resource, context: Context): Outcome {
  if (resource.type !== topic) return "notApplicable";
  return under(resource, context, (demand) => [
    ...messageStorageArguments[topic].flatMap((argument) => judgeArgument(resource, argument, demand)),
    ...judgeTransit(resource, demand),
  ]);
}

/**
 * Without it a message may be published and pulled through other regions on its way to those that store it.
 * Source: cloud.google.com/pubsub/docs/resource-location-restriction. A policy that is missing altogether is one finding, not two.
 */
function judgeTransit(resource: Resource, demand: Demand): Finding[] {
  const path = "messageStoragePolicy.enforceInTransit";
  if (demand.dataClass === "public" || !isPresent(resource.props, "messageStoragePolicy.allowedPersistenceRegions")) return [];
  const allowed = `${path}: true`;
  if (!isPresent(resource.props, path))
    return [refuse(demand, { property: path, problem: `${path} is not set, which means false`, allowed })];
  return judge(resource, path, (place) => (place.value === true ? undefined : refuse(demand, { problem: is(resource, place), allowed })));
}

export const messageStorage: Rule = {
  id: "residency/message-storage",
  title: "Topics keep and carry messages within the jurisdiction",
  severity: "high",
  why: "A topic is global: a message published from abroad is stored abroad, and so is every copy that waits for a slow subscriber.",
  remediation: "Set messageStoragePolicy with allowedPersistenceRegions of the jurisdiction and enforceInTransit: true.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.14" },
    { name: "SOC 2", clause: "CC6.7" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: topic,
        props: {
          labels: { "data-class": "personal" },
          messageStoragePolicy: { allowedPersistenceRegions: ["europe-west3"], enforceInTransit: true },
        },
      },
    ],
    fails: [{ type: topic, props: { labels: { "data-class": "personal" } } }],
  },
  check,
};
