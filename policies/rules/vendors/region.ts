// A vendor keeps a jurisdiction's data at a place inside it, and says where.
import { jurisdictions } from "../../../stacks/residency.ts";
import type { Rule } from "../../rule.ts";
import { judgeVendors } from "./judge-endpoints.ts";

export const vendorRegion: Rule = {
  id: "vendors/region",
  title: "A vendor keeps a jurisdiction's data inside it",
  severity: "critical",
  why: "Data that a vendor keeps elsewhere has left the jurisdiction, whatever our own stores promise.",
  remediation: "Use the vendor's address for the jurisdiction, and enter its place into regions of policies/vendors.yaml.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "PDPA", clause: "s. 26" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "DORA", clause: "Art. 30(2)(b)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/logpushJob:LogpushJob", props: { destinationConf: "https://eu.lighthouse.example/in" } }],
    fails: [{ type: "cloudflare:index/logpushJob:LogpushJob", props: { destinationConf: "https://in.stranger.example/in" } }],
  },
  /** The stack `global` holds nothing of a jurisdiction. */
  check: (resource, context) => {
    const { scope } = context;
    return judgeVendors(resource, context, ({ name, regions }, host) =>
      scope.kind !== "jurisdiction" || regions[scope.jurisdiction] !== undefined
        ? undefined
        : {
            problem: `sends to ${name} (${host}), which has no place in ${scope.jurisdiction}`,
            allowed: `jurisdictions in which ${name} has a place: ${jurisdictions.filter((each) => regions[each]).join(", ") || "none"}`,
          },
    );
  },
};
