// Google's basic roles are older than IAM: each holds thousands of permissions over everything.
import type { Rule } from "../../rule.ts";
import { judgeRoles, waitsForRole } from "./grants.ts";

/** cloud.google.com/iam/docs/roles-overview#basic: the three of old, and the three that follow them. */
const basic = new Set(["owner", "editor", "viewer", "admin", "writer", "reader"].map((role) => `roles/${role}`));

export const primitiveRoles: Rule = {
  id: "identity/primitive-roles",
  title: "Nobody holds owner, editor or viewer",
  severity: "critical",
  why: "An editor may change every service of the project, and a viewer reads most of its data: no work needs either.",
  remediation: "Grant the predefined role of the one service that is used, on the one resource, or a custom role.",
  frameworks: [
    { name: "GDPR", clause: "Art. 25(2)" },
    { name: "ISO 27001", clause: "A.8.2" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
    { name: "DORA", clause: "Art. 9(4)(c)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "gcp:projects/iAMMember:IAMMember", props: { role: "roles/cloudsql.client", member: "group:shop@brand.example" } }],
    fails: [{ type: "gcp:projects/iAMMember:IAMMember", props: { role: "roles/editor", member: "group:shop@brand.example" } }],
  },
  check: judgeRoles((role) => (basic.has(role) ? { allowed: "a predefined role of one service, or a custom role" } : undefined)),
  settles: waitsForRole,
};
