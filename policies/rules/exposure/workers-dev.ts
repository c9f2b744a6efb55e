// `workers.dev` and preview URLs serve a Worker from any data centre, outside the regional hostname that ends TLS in the
// jurisdiction, and past every rule of the zone. Source: developers.cloudflare.com/data-localization, "what stays in your region".
import { isPresent, type Resource, read, UNKNOWN } from "../../resource.ts";
import { type Finding, is, judge, type Outcome, outcomeOf, type Rule, type StackFinding } from "../../rule.ts";

/** Where a type says whether it has public addresses of its own. The default of a new Worker is not documented, so both must be written. */
const switches: Readonly<Record<string, readonly string[]>> = {
  "cloudflare:index/worker:Worker": ["subdomain.enabled", "subdomain.previewsEnabled"],
  "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain": ["enabled", "previewsEnabled"],
};
const scriptType = "cloudflare:index/workersScript:WorkersScript";
const subdomainType = "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain";

function check(resource: Resource): Outcome {
  const paths = switches[resource.type];
  if (!paths) return "notApplicable";
  return outcomeOf(
    paths.flatMap((path): Finding[] => {
      const allowed = `${path}: false`;
      if (!isPresent(resource.props, path)) return [{ kind: "violation", property: path, problem: `${path} is not set`, allowed }];
      return judge(resource, path, (place) => (place.value === false ? undefined : { problem: is(resource, place), allowed }));
    }),
  );
}

/** A `WorkersScript` has no such switch: a `WorkersScriptSubdomain` beside it must turn its addresses off. */
function checkStack(resources: readonly Resource[]): StackFinding[] {
  const subdomains = resources.filter(({ type }) => type === subdomainType);
  return resources
    .filter(({ type }) => type === scriptType)
    .filter((script) => !subdomains.some((subdomain) => isFor(subdomain, script)))
    .map(({ urn }) => ({
      urn,
      finding: {
        kind: "violation",
        problem: "the script has no WorkersScriptSubdomain that turns its public addresses off",
        allowed: "a WorkersScriptSubdomain of the same scriptName with enabled: false and previewsEnabled: false",
      },
    }));
}

function isFor(subdomain: Resource, script: Resource): boolean {
  const name = read(subdomain.props, "scriptName");
  const known = name !== undefined && name !== UNKNOWN;
  return known ? name === read(script.props, "scriptName") : (subdomain.propertyDependencies?.scriptName ?? []).includes(script.urn);
}

export const workersDev: Rule = {
  id: "exposure/workers-dev",
  title: "Workers answer on their regional hostnames only",
  severity: "high",
  why: "workers.dev and preview URLs end TLS anywhere in the world and have none of the zone's protections, so a region's Worker would be reachable outside its region.",
  remediation:
    "Set subdomain: { enabled: false, previewsEnabled: false } on the Worker, or add a WorkersScriptSubdomain for a WorkersScript.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "GDPR", clause: "Art. 32" },
    { name: "ISO 27001", clause: "A.8.20" },
    { name: "SOC 2", clause: "CC6.6" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/worker:Worker", props: { name: "site", subdomain: { enabled: false, previewsEnabled: false } } }],
    fails: [{ type: "cloudflare:index/worker:Worker", props: { name: "site" } }],
  },
  check,
  checkStack,
};
