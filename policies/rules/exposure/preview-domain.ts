// Every push to a Pages project gets an address below pages.dev that anyone may open, with the bindings of the project.
import { sourcesOf } from "../../relation.ts";
import { type Resource, read, select, textOf, UNKNOWN } from "../../resource.ts";
import type { Rule, StackFinding } from "../../rule.ts";

const project = "cloudflare:index/pagesProject:PagesProject";
/** The second is the first's older name. */
const applications = [
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  "cloudflare:index/accessApplication:AccessApplication",
];
const places = ["domain", "selfHostedDomains[*]", "destinations[*].uri"];

/** Whether an application of Access stands before all previews of a project: `*.shop.pages.dev`. */
function guards(application: Resource, pages: Resource): boolean {
  const name = read(pages.props, "name");
  return places.some((path) =>
    select(application.props, path).some(({ value }) =>
      value === UNKNOWN || name === UNKNOWN
        ? sourcesOf(application, path).includes(pages.urn)
        : typeof value === "string" && value.startsWith(`*.${textOf(name)}.pages.dev`),
    ),
  );
}

const makesNone = ({ props }: Resource): boolean => read(props, "source.config.previewDeploymentSetting") === "none";

const checkStack = (resources: readonly Resource[]): StackFinding[] =>
  resources
    .filter(({ type }) => type === project)
    .filter((pages) => !makesNone(pages) && !resources.some((other) => applications.includes(other.type) && guards(other, pages)))
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "its previews are open to everyone below pages.dev",
        allowed: "a ZeroTrustAccessApplication for *.<project>.pages.dev, or source.config.previewDeploymentSetting: none",
      },
    }));

/** Previews of Workers are switched off altogether: exposure/workers-dev. */
export const previewDomain: Rule = {
  id: "exposure/preview-domain",
  title: "Previews of a site are not open to everyone",
  severity: "medium",
  why: "A preview shows campaigns, prices and faults before their time, under an address that search engines find and no rule of the zone protects.",
  remediation: "Put an application of Cloudflare Access before the previews, or make none.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.31" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "GDPR", clause: "Art. 32" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      { type: project, name: "shop", props: { name: "shop" } },
      { type: applications[0] as string, props: { type: "self_hosted", domain: "*.shop.pages.dev" } },
    ],
    fails: [{ type: project, name: "shop", props: { name: "shop" } }],
  },
  checkStack,
};
