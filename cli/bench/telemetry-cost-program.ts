// The program of a measurement, not of the platform: the region's site on one runtime, as it is and with nothing emitted. It is copied
// into a folder of its own, beside the modules and the settings that it names.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { Queue } from "@pulumi/cloudflare/queue.js";
import { Worker } from "@pulumi/cloudflare/worker.js";
import { WorkersCustomDomain } from "@pulumi/cloudflare/workersCustomDomain.js";
import { WorkersDeployment } from "@pulumi/cloudflare/workersDeployment.js";
import { WorkersKvNamespace } from "@pulumi/cloudflare/workersKvNamespace.js";
import { WorkerVersion } from "@pulumi/cloudflare/workerVersion.js";

export interface Settings {
  readonly accountId: string;
  readonly zoneId: string;
  readonly domain: string;
  readonly region: string;
  readonly jurisdiction: string;
  /** SPKI PEM. */
  readonly decisionTableKey: string;
  /** Variant to the folder of its modules, and whose queues it has: the region's, or its own, from which nobody takes anything. */
  readonly variants: Readonly<Record<string, { readonly folder: string; readonly queues: "none" | "own" | "region" }>>;
}

const { accountId, zoneId, domain, region, jurisdiction, decisionTableKey, variants } = JSON.parse(
  readFileSync("settings.json", "utf8"),
) as Settings;
// Nobody is asked with this key, and no token of this key's is shown.
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const pem = {
  private: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  public: publicKey.export({ type: "spki", format: "pem" }) as string,
};
const experiments = new WorkersKvNamespace("experiments", { accountId, title: "measured" });
const own = (path: string) => new Queue(path, { accountId, queueName: `measured-${path.toLowerCase()}` }).queueName;
for (const [name, { folder, queues }] of Object.entries(variants)) {
  const scriptName = `measured-${name}`;
  const worker = new Worker(name, { accountId, name: scriptName, subdomain: { enabled: false, previewsEnabled: false } });
  const text = (variable: string, value: string) => ({ name: variable, type: "plain_text", text: value });
  const version = new WorkerVersion(name, {
    accountId,
    workerId: worker.id,
    mainModule: "index.js",
    compatibilityDate: "2026-07-01",
    modules: [
      { name: "index.js", contentType: "application/javascript+module", contentFile: `${folder}/index.js` },
      { name: "decision-table.jws", contentType: "text/plain", contentFile: `${folder}/decision-table.jws` },
    ],
    bindings: [
      text("DECISION_TABLE_KEY", decisionTableKey),
      { name: "EDGE_KEY", type: "secret_text", text: pem.private },
      { name: "EXPERIMENTS", type: "kv_namespace", namespaceId: experiments.id },
      text("GOVERNANCE_URL", `https://services-${region}.${domain}`),
      text("JURISDICTION", jurisdiction),
      { name: "LIMIT", type: "ratelimit", namespaceId: "77", simple: { limit: 1_000_000, period: 10 } },
      text("ORIGIN", `https://www.${domain}`),
      text("REGION", region),
      text("SUBJECT_TOKEN_KEY", pem.public),
      ...(queues === "none" ? [] : ["AWS", "GCP"]).map((path) => ({
        name: `TELEMETRY_${path}`,
        type: "queue",
        queueName: queues === "own" ? own(path) : `telemetry-${region}-${path.toLowerCase()}`,
      })),
      { name: "VERSION", type: "version_metadata" },
    ],
  });
  const deployment = new WorkersDeployment(name, {
    accountId,
    scriptName: worker.name,
    strategy: "percentage",
    versions: [{ versionId: version.id, percentage: 100 }],
  });
  new WorkersCustomDomain(
    name,
    { accountId, zoneId, hostname: `${scriptName}.${domain}`, service: scriptName },
    { dependsOn: [deployment] },
  );
}
