// What was agreed with a vendor: what it promises, how everything is taken away again, how long it keeps, and who may look.
import type { Rule } from "../../rule.ts";
import type { Vendor } from "../../vendors.ts";
import { judgeVendors } from "./judge-endpoints.ts";

const clauses = {
  sla: "what it promises (sla)",
  exportFormat: "how everything is taken away again (exportFormat)",
  retention: "how long it keeps (retention)",
  access: "who of it may look (access)",
} as const satisfies Partial<Record<keyof Vendor, string>>;

export const vendorClauses: Rule = {
  id: "vendors/clauses",
  title: "With every vendor it is agreed what it promises, keeps, shows and gives back",
  severity: "high",
  why: "Without these clauses a vendor may keep people's data for ever, let anyone of its own look at it, and give nothing back.",
  remediation: "Agree on what is missing, and enter it into policies/vendors.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 28(3)" },
    { name: "PDPA", clause: "s. 24" },
    { name: "ISO 27001", clause: "A.5.20" },
    { name: "SOC 2", clause: "CC9.2" },
    { name: "DORA", clause: "Art. 30" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: "gcp:pubsub/subscription:Subscription", props: { pushConfig: { pushEndpoint: "https://eu.lighthouse.example/push" } } },
    ],
    fails: [{ type: "gcp:pubsub/subscription:Subscription", props: { pushConfig: { pushEndpoint: "https://in.stranger.example/push" } } }],
  },
  check: (resource, context) =>
    judgeVendors(resource, context, (vendor, host) => {
      const missing = (Object.keys(clauses) as (keyof typeof clauses)[]).filter((name) => vendor[name] === undefined);
      return missing.length === 0
        ? undefined
        : {
            problem: `sends to ${vendor.name} (${host}), with whom it is not agreed ${missing.map((name) => clauses[name]).join(", ")}`,
            allowed: `an entry of ${vendor.name} in policies/vendors.yaml with ${Object.keys(clauses).join(", ")}`,
          };
    }),
};
