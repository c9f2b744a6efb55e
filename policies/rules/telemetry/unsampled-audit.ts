// Who consented to what, and who looked at it, is recorded every time: of a sample nobody can prove anything.
import { byType, type Check, mustNot, where } from "../../arguments.ts";
import { dataClassOf } from "../../declaration.ts";
import { numberOf, read, textOf, UNKNOWN, type Value } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

/** Cloudflare's datasets that are a trail of who did what. */
const auditDatasets = /^(audit_logs|audit_logs_v2|access_requests|casb_findings|zero_trust_\w+|gateway_\w+)$/;
const lessThanAll = (value: Value) => numberOf(value) < 1;
const all = "every event: a rate of 1, or none";

const isAuditDataset = (dataset: Value | undefined) => dataset === UNKNOWN || auditDatasets.test(textOf(dataset));

/** What declares that it holds or handles the audit trail. */
const ofAudit =
  (...checks: readonly Check[]): Check =>
  (resource, context) => {
    const declared = dataClassOf(resource, context.register);
    return declared.kind === "declared" && declared.value === "audit" ? checks.flatMap((check) => check(resource, context)) : [];
  };

const rates = ["observability.headSamplingRate", "observability.logs.headSamplingRate", "observability.traces.headSamplingRate"];
const worker = ofAudit(...rates.map((path) => mustNot(path, lessThanAll, all)));

/**
 * A filter of Cloud Logging that lets an audit entry fall: it names the audit log, or takes a share of everything. Admin activity and system
 * events cannot be excluded by any filter; data access can (cloud.google.com/logging/docs/audit#data-access).
 */
const dropsAudit = (value: Value): boolean => {
  const filter = textOf(value);
  const negated = /(NOT|-)\s*(LOG_ID|logName)[^\n]*data_access/i.test(filter) || /logName\s*!=[^\n]*data_access/i.test(filter);
  const named = /cloudaudit\.googleapis\.com(%2F|\/)(data_access|policy)/i.test(filter) && !negated;
  const narrowed = /\b(logName|log_id|resource\.type|resource\.labels|severity|httpRequest|jsonPayload|textPayload|labels)\b/i.test(filter);
  return named || (/\bsample\s*\(/i.test(filter) && !narrowed) || filter.trim() === "";
};
const excluded =
  (path: string): Check =>
  (resource) =>
    judge(resource, path, (place) =>
      dropsAudit(place.value) && read(resource.props, place.path.replace(/filter$/, "disabled")) !== true
        ? {
            problem: `${is(resource, place)}: it drops audit entries`,
            allowed: 'a filter that names other logs, or NOT LOG_ID("cloudaudit.googleapis.com/data_access")',
          }
        : undefined,
    );

/** What a sink keeps: a share of all, or all but the audit log, is a trail with holes. */
const keepsAll: Check = (resource) =>
  judge(resource, "filter", (place) => {
    const filter = textOf(place.value);
    const sampled = /\bsample\s*\(/i.test(filter) && (dropsAudit(filter) || /cloudaudit/i.test(filter));
    return sampled
      ? { problem: `${is(resource, place)}: it keeps a sample of audit entries`, allowed: "a filter without sample()" }
      : undefined;
  });

const exclusion = [excluded("filter")];
const sink = [keepsAll, excluded("exclusions[*].filter")];

export const unsampledAudit: Rule = {
  id: "telemetry/unsampled-audit",
  title: "Events of consent and audit are never sampled",
  severity: "high",
  why: "A person who asks for the record of a consent gets it or does not, by chance; and so does the regulator.",
  remediation: "Sample what measures load, never what proves: leave audit logs out of exclusions, and give audit workloads the rate 1.",
  frameworks: [
    { name: "GDPR", clause: "Art. 7(1)" },
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "CCPA", clause: "11 CCR 7101" },
    { name: "ISO 27001", clause: "A.8.15" },
    { name: "SOC 2", clause: "CC7.2" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/logpushJob:LogpushJob", props: { dataset: "audit_logs_v2", outputOptions: { sampleRate: 1 } } }],
    fails: [{ type: "cloudflare:index/logpushJob:LogpushJob", props: { dataset: "audit_logs_v2", outputOptions: { sampleRate: 0.1 } } }],
  },
  check: byType({
    "aws:xray/samplingRule:SamplingRule": [ofAudit(mustNot("fixedRate", lessThanAll, all))],
    "cloudflare:index/logpushJob:LogpushJob": [
      where(
        "dataset",
        isAuditDataset,
        mustNot("outputOptions.sampleRate", lessThanAll, all),
        mustNot("logpullOptions", (value) => /sample=0?\.\d/.test(textOf(value)), all),
      ),
    ],
    "cloudflare:index/worker:Worker": [worker],
    "cloudflare:index/workersScript:WorkersScript": [worker],
    "gcp:logging/billingAccountExclusion:BillingAccountExclusion": exclusion,
    "gcp:logging/billingAccountSink:BillingAccountSink": sink,
    "gcp:logging/folderExclusion:FolderExclusion": exclusion,
    "gcp:logging/folderSink:FolderSink": sink,
    "gcp:logging/organizationExclusion:OrganizationExclusion": exclusion,
    "gcp:logging/organizationSink:OrganizationSink": sink,
    "gcp:logging/projectExclusion:ProjectExclusion": exclusion,
    "gcp:logging/projectSink:ProjectSink": sink,
  }),
};
