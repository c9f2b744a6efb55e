// A Worker's compatibility date chooses the runtime's behaviour; what was mended since then is not mended for this Worker
// (developers.cloudflare.com/workers/configuration/compatibility-dates). Without one it is the oldest there is, 2021-11-02.
import { byType, type Check, where } from "../../arguments.ts";
import { isPresent } from "../../resource.ts";
import { is, judge, type Rule } from "../../rule.ts";

const oldestMonths = 12;
const pages = "cloudflare:index/pagesProject:PagesProject";

const recent =
  (path: string): Check =>
  (resource, { now }) => {
    const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - oldestMonths, now.getUTCDate())).toISOString().slice(0, 10);
    const allowed = `${path}: ${oldest} or later`;
    if (!isPresent(resource.props, path))
      return [{ kind: "violation", property: path, problem: `${path} is not set, which means 2021-11-02`, allowed }];
    return judge(resource, path, (place) =>
      typeof place.value === "string" && place.value.slice(0, 10) >= oldest && /^\d{4}-\d{2}-\d{2}/.test(place.value)
        ? undefined
        : { problem: `${is(resource, place)}, which is more than a year ago`, allowed },
    );
  };

export const compatibilityDate: Rule = {
  id: "delivery/compatibility-date",
  title: "Workers run on a behaviour of the runtime that is not older than a year",
  severity: "medium",
  why: "An old date keeps old faults of the runtime alive, in the one program that decides over consent on every request.",
  remediation: "Set compatibilityDate to a day within the last year, and test with it.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.8" },
    { name: "SOC 2", clause: "CC7.1" },
    { name: "NIS2", clause: "Art. 21(2)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { compatibilityDate: "2026-11-01" } }],
    fails: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { compatibilityDate: "2024-01-01" } }],
  },
  check: byType({
    // A site without functions has no settings for production, and runs nothing.
    [pages]: [
      where(
        "deploymentConfigs.production",
        (settings) => settings !== undefined,
        where(
          "deploymentConfigs.production.alwaysUseLatestCompatibilityDate",
          (always) => always !== true,
          recent("deploymentConfigs.production.compatibilityDate"),
        ),
      ),
    ],
    "cloudflare:index/workersScript:WorkersScript": [recent("compatibilityDate")],
    "cloudflare:index/workerVersion:WorkerVersion": [recent("compatibilityDate")],
  }),
};
