// "Everything but" grows with every service that AWS adds.
import type { Rule } from "../../rule.ts";
import { overStatements } from "./statements.ts";

export const notAction: Rule = {
  id: "identity/not-action",
  title: "Policies allow what they name, not all that they leave out",
  severity: "high",
  why: "Allow with NotAction, NotResource or NotPrincipal hands out everything else that there is or ever will be.",
  remediation:
    "Turn it round: allow what is needed by Action, Resource and Principal, and forbid the rest with Deny where it must be said.",
  frameworks: [
    { name: "ISO 27001", clause: "A.5.15" },
    { name: "ISO 27001", clause: "A.5.18" },
    { name: "SOC 2", clause: "CC6.3" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:iam/rolePolicy:RolePolicy",
        props: { policy: '{"Statement":[{"Effect":"Deny","NotAction":"sts:GetCallerIdentity","Resource":"*"}]}' },
      },
    ],
    fails: [
      {
        type: "aws:iam/rolePolicy:RolePolicy",
        props: { policy: '{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}' },
      },
    ],
  },
  ...overStatements(["identity", "resource", "trust"], ({ kind, property, name, text }) => {
    // Whom a resource's policy lets in is exposure/open-resource-policy's question.
    const words = ["NotAction", "NotResource", ...(kind === "trust" ? ["NotPrincipal"] : [])].filter((word) => text[word] !== undefined);
    if (words.length === 0) return undefined;
    return {
      problem: `${property} allows by ${words.join(" and ")} (${name})`,
      allowed: words.map((word) => word.replace("Not", "")).join(" and "),
    };
  }),
};
