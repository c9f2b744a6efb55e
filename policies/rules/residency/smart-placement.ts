// Placement moves a Worker towards its backend, away from the region that its hostname promises.
import type { Rule } from "../../rule.ts";
import { type Arguments, forbid, judgeArguments } from "./places.ts";

const away = "moves the Worker towards its backend, out of the region that its hostname promises";
const placement = ["mode", "region", "host", "hostname", "targets"].map((name) => forbid(`placement.${name}`, away, "no placement"));

export const placementArguments: Arguments = {
  "cloudflare:index/pagesProject:PagesProject": ["production", "preview"].map((environment) =>
    forbid(`deploymentConfigs.${environment}.placement.mode`, "moves the functions towards their backend", "no placement"),
  ),
  "cloudflare:index/worker:Worker": [forbid("previewsBaseConfig.placement.mode", away, "no placement")],
  "cloudflare:index/workerScript:WorkerScript": placement,
  "cloudflare:index/workerVersion:WorkerVersion": placement,
  "cloudflare:index/workersScript:WorkersScript": placement,
};

/** Smart Placement is not available with Regional Services. Source: developers.cloudflare.com/data-localization/compatibility. */
export const smartPlacement: Rule = {
  id: "residency/smart-placement",
  title: "Workers run where their hostname says, not where placement moves them",
  severity: "high",
  why: "A Worker that follows its backend decrypts and handles people's requests in whatever data centre is near it, jurisdiction or not.",
  remediation: "Remove placement; bring the data to the Worker's region instead of the Worker to the data.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: true,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { mainModule: "index.js" } }],
    fails: [{ type: "cloudflare:index/workerVersion:WorkerVersion", props: { mainModule: "index.js", placement: { mode: "smart" } } }],
  },
  check: judgeArguments(placementArguments),
};
