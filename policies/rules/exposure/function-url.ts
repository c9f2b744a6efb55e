// A function's own URL: AWS checks the caller's signature, or nobody.
import { byType, mustBe } from "../../arguments.ts";
import type { Rule } from "../../rule.ts";

const functionUrl = "aws:lambda/functionUrl:FunctionUrl";

/** Google's functions and services let in whom a role lets in: exposure/everyone and exposure/ingress-all speak of those. */
export const functionUrlRule: Rule = {
  id: "exposure/function-url",
  title: "A function's URL asks who is calling",
  severity: "critical",
  why: "A URL without authentication runs the function, with all its rights to personal data, for whoever finds the address.",
  remediation: "Set authorizationType: AWS_IAM, or put the function behind an API with an authorizer.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.5" },
    { name: "SOC 2", clause: "CC6.1" },
    { name: "NIS2", clause: "Art. 21(2)(i)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: functionUrl, props: { authorizationType: "AWS_IAM" } }],
    fails: [{ type: functionUrl, props: { authorizationType: "NONE" } }],
  },
  check: byType({ [functionUrl]: [mustBe("authorizationType", "AWS_IAM")] }),
};
