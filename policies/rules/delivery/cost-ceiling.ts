// What is charged by use has a limit of ours, and a budget tells somebody.
import { byType, type Check, mustBeSet, mustNot, where } from "../../arguments.ts";
import { isPresent, numberOf } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const limit = (path: string) => mustBeSet(path, `${path}, so that one mistake costs no more than it says`, "no limit");
const isByUse = (mode: unknown) => mode === "PAY_PER_REQUEST";

/** A budget of Google tells the billing administrators of each threshold, unless they are switched off and nobody else is named. */
const tells: Check = ({ props }) =>
  isPresent(props, "thresholdRules[*]")
    ? []
    : [
        {
          kind: "violation",
          property: "thresholdRules",
          problem: "thresholdRules is not set: nobody is told",
          allowed: "thresholdRules, such as 0.5, 0.9 and 1",
        },
      ];

export const costCeiling: Rule = {
  id: "delivery/cost-ceiling",
  title: "What is charged by use has a limit",
  severity: "low",
  why: "A loop or a flood that nothing stops is first seen on the bill, and what pays for it is what would have paid for protecting people.",
  remediation: "Set the limit that the service offers, and a notification at the budget.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.6" },
    { name: "SOC 2", clause: "A1.1" },
  ],
  phase: 2,
  neverExempt: false,
  enforcement: { advisory: "A bill without a limit harms the brand and no person; a limit set in haste may stop what people need." },
  examples: {
    passes: [{ type: "aws:athena/workgroup:Workgroup", props: { configuration: { bytesScannedCutoffPerQuery: 10_000_000_000 } } }],
    fails: [{ type: "aws:athena/workgroup:Workgroup", props: { configuration: {} } }],
  },
  check: byType({
    "aws:athena/workgroup:Workgroup": [limit("configuration.bytesScannedCutoffPerQuery")],
    "aws:budgets/budget:Budget": [mustBeSet("notifications[*]", "notifications with a threshold and a subscriber", "nobody is told")],
    "aws:dynamodb/table:Table": [
      where("billingMode", isByUse, limit("onDemandThroughput.maxReadRequestUnits"), limit("onDemandThroughput.maxWriteRequestUnits")),
    ],
    "aws:redshiftserverless/workgroup:Workgroup": [limit("maxCapacity")],
    "gcp:bigquery/job:Job": [where("query", (query) => query !== undefined, limit("query.maximumBytesBilled"))],
    "gcp:bigquery/reservation:Reservation": [
      mustNot("autoscale.maxSlots", (slots) => numberOf(slots) > 10_000, "autoscale.maxSlots: 10000 at most"),
    ],
    "gcp:billing/budget:Budget": [tells],
  }),
};
