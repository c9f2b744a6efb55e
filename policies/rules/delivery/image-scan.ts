// Known holes in what is about to run are found when it is pushed, not when they are used.
import { byType, mustBe, mustNot, where } from "../../arguments.ts";
import type { Context } from "../../context.ts";
import { type Resource, read } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";

const repository = "aws:ecr/repository:Repository";
const registryScan = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration";

/** Where the whole registry is scanned (the newer way), its repositories need not say so themselves. */
function checkStack(resources: readonly Resource[], _context: Context): StackFinding[] {
  if (resources.some(({ type }) => type === registryScan)) return [];
  return resources
    .filter(({ type, props }) => type === repository && read(props, "imageScanningConfiguration.scanOnPush") === undefined)
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        property: "imageScanningConfiguration.scanOnPush",
        problem: "imageScanningConfiguration.scanOnPush is not set, and no RegistryScanningConfiguration scans the registry",
        allowed: "imageScanningConfiguration.scanOnPush: true, or a RegistryScanningConfiguration in the stack",
      },
    }));
}

export const imageScan: Rule = {
  id: "delivery/image-scan",
  title: "Images are scanned for known vulnerabilities",
  severity: "medium",
  why: "A hole that the whole world knows of is the first that is tried; without a scan only the attacker looks for it.",
  remediation: "Scan on push, or scan the whole registry.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(d)" },
    { name: "ISO 27001", clause: "A.8.8" },
    { name: "SOC 2", clause: "CC7.1" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
    { name: "DORA", clause: "Art. 9" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: repository, props: { imageScanningConfiguration: { scanOnPush: true } } }],
    fails: [{ type: repository, props: { imageScanningConfiguration: { scanOnPush: false } } }],
  },
  check: byType({
    [repository]: [
      where("imageScanningConfiguration.scanOnPush", (value) => value !== undefined, mustBe("imageScanningConfiguration.scanOnPush", true)),
    ],
    "gcp:artifactregistry/repository:Repository": [
      mustNot("vulnerabilityScanningConfig.enablementConfig", (value) => value === "DISABLED", "INHERITED, or not at all"),
    ],
  }),
  checkStack,
};
