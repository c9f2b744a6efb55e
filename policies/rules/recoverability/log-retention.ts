// Logs are kept long enough to look into an incident, and no longer than they are of use.
import { byType, type Check, mustBeWithin, where } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";
import { auditRetentionOf, isAuditStore } from "./audit-retention.ts";
import { inDurable } from "./kept.ts";

/** The final report on an incident is due a month after its notification (NIS2 Art. 23(4)(d)): until then the logs must be there. */
const leastDays = 30;
/**
 * Three years are the most that a supervisory authority has found proportionate for logs of access (CNIL, délibération 2021-122,
 * recommandation relative à la journalisation, which asks for six months to one year where nothing speaks for more). As CloudWatch writes it.
 */
const mostDays = 1096;

/** @param otherwise what the provider does when nobody says; 0: it keeps them for ever */
const kept =
  (path: string, otherwise: number): Check =>
  (resource, context) => {
    const [least, most] = isAuditStore(resource, context)
      ? [auditRetentionOf(resource, context)?.days ?? leastDays, Number.POSITIVE_INFINITY]
      : [leastDays, mostDays];
    return mustBeWithin(path, least, most, "days (0 is for ever)", otherwise)(resource, context);
  };

export const logRetention: Rule = {
  id: "recoverability/log-retention",
  title: "Logs are kept for a month at least, and not for ever",
  severity: "medium",
  why: "Without the logs of last month nobody can say what was taken; with those of ten years, what is taken is ten years of people's traces.",
  remediation: "Set the retention to the days that your retention plan says, between 30 and 1096.",
  frameworks: [
    { name: "GDPR", clause: "Art. 5(1)(e)" },
    { name: "GDPR", clause: "Art. 33" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.3" },
    { name: "NIS2", clause: "Art. 23(4)(d)" },
    { name: "DORA", clause: "Art. 19" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:cloudwatch/logGroup:LogGroup", props: { retentionInDays: 90 } }],
    fails: [{ type: "aws:cloudwatch/logGroup:LogGroup", props: {} }],
  },
  check: inDurable(
    byType({
      // Those of the class DELIVERY only pass logs on, and keep them two days whatever is said.
      "aws:cloudwatch/logGroup:LogGroup": [where("logGroupClass", (type) => type !== "DELIVERY", kept("retentionInDays", 0))],
      "gcp:logging/billingAccountBucketConfig:BillingAccountBucketConfig": [kept("retentionDays", 30)],
      "gcp:logging/folderBucketConfig:FolderBucketConfig": [kept("retentionDays", 30)],
      "gcp:logging/organizationBucketConfig:OrganizationBucketConfig": [kept("retentionDays", 30)],
      "gcp:logging/projectBucketConfig:ProjectBucketConfig": [kept("retentionDays", 30)],
    }),
  ),
};
