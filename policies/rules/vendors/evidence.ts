// That a vendor is fit was examined by a person, who says where, and not longer ago than a year.
import type { Rule } from "../../rule.ts";
import { judgeVendors } from "./judge-endpoints.ts";

export const vendorEvidence: Rule = {
  id: "vendors/evidence",
  title: "Every vendor was examined within the last year",
  severity: "medium",
  why: "Vendors change their terms, their owners and their sub-processors; an examination that nobody repeats is about another company.",
  remediation: "Read the vendor's terms again, and write the address and the day into evidence of policies/vendors.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 28(1)" },
    { name: "GDPR", clause: "Art. 5(2)" },
    { name: "ISO 27001", clause: "A.5.22" },
    { name: "SOC 2", clause: "CC9.2" },
    { name: "DORA", clause: "Art. 28(6)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:cloudscheduler/job:Job", props: { httpTarget: { uri: "https://eu.lighthouse.example/run" } } }],
    fails: [{ type: "gcp:cloudscheduler/job:Job", props: { httpTarget: { uri: "https://in.stranger.example/run" } } }],
  },
  check: (resource, context) => {
    const { now } = context;
    const oldest = new Date(Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth(), now.getUTCDate())).toISOString().slice(0, 10);
    const today = now.toISOString().slice(0, 10);
    const allowed = `evidence from ${oldest} to ${today}, with its address`;
    return judgeVendors(resource, context, ({ name, evidence }, host) => {
      if (!evidence) return { problem: `sends to ${name} (${host}), for which there is no evidence`, allowed };
      if (evidence.date > today)
        return { problem: `sends to ${name} (${host}), whose evidence is of ${evidence.date}, a day to come`, allowed };
      return evidence.date < oldest ? { problem: `sends to ${name} (${host}), last examined on ${evidence.date}`, allowed } : undefined;
    });
  },
};
