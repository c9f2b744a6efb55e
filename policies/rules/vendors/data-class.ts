// A vendor gets only the classes of data that were agreed with it.
import type { Context } from "../../context.ts";
import { dataClassOf } from "../../declaration.ts";
import type { Resource } from "../../resource.ts";
import type { Outcome, Rule } from "../../rule.ts";
import { judgeVendors } from "./judge-endpoints.ts";

/** What does not say what it sends is judged as if it sent personal data; in the stack global there is none. */
function check(resource: Resource, context: Context): Outcome {
  const declared = dataClassOf(resource, context.register);
  const unsaid = context.scope.kind === "global" ? "operational" : "personal";
  const sent = declared.kind === "declared" ? declared.value : unsaid;
  const judged = judgeVendors(resource, context, ({ name, dataClasses }, host) => {
    if (dataClasses.includes(sent)) return undefined;
    const what = declared.kind === "declared" ? `${sent} data` : `what declares no data class, and so may be ${sent},`;
    return { problem: `sends ${what} to ${name} (${host})`, allowed: `data that ${name} may get: ${dataClasses.join(", ") || "none"}` };
  });
  // The class may be one that the vendor may get: only what it turns out to be can say.
  return typeof judged === "object" && declared.kind === "unknown" ? [{ kind: "undecided", property: declared.property }] : judged;
}

export const vendorDataClass: Rule = {
  id: "vendors/data-class",
  title: "A vendor gets only what was agreed",
  severity: "high",
  why: "A vendor that was examined for figures of load and gets people's data was never examined at all.",
  remediation:
    "Declare what the resource sends (tag or label data-class, or policies/register.yaml), or agree on the class with the vendor.",
  frameworks: [
    { name: "GDPR", clause: "Art. 28(3)" },
    { name: "GDPR", clause: "Art. 5(1)(c)" },
    { name: "CCPA", clause: "Cal. Civ. Code 1798.100(d)" },
    { name: "ISO 27001", clause: "A.5.14" },
    { name: "SOC 2", clause: "P6.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "aws:lambda/function:Function",
        props: {
          tags: { "data-class": "operational" },
          environment: { variables: { OTEL_EXPORTER_OTLP_ENDPOINT: "https://eu.lighthouse.example" } },
        },
      },
    ],
    fails: [
      {
        type: "aws:lambda/function:Function",
        props: {
          tags: { "data-class": "personal" },
          environment: { variables: { OTEL_EXPORTER_OTLP_ENDPOINT: "https://eu.lighthouse.example" } },
        },
      },
    ],
  },
  check,
};
