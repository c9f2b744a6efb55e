// The embedded Cloudflare: one account, whose Workers run on the real workerd.
import { join } from "node:path";
import type { Cloud, Ground, Part } from "../../engine/cloud.ts";
import { Workerd } from "../../runtimes/workerd/workerd.ts";
import { DNS_RECORD, dnsDefinitions, serveRecord } from "./dns.ts";
import { domainDefinitions, serveDomain } from "./domain.ts";
import { scriptDefinitions } from "./script.ts";
import { storeDefinitions } from "./stores.ts";
import { Versions } from "./versions.ts";
import { DOMAIN, workerDefinitions } from "./worker.ts";

export interface Cloudflare extends Cloud {
  /** Hostnames that custom domains put on the internet: what a person can open. */
  hostnames(): string[];
}

export function createCloudflare(ground: Ground): Cloudflare {
  const { store, internet } = ground;
  const workerd = new Workerd(join(ground.dataDir, "workerd"), internet, (line) => ground.log(`workerd: ${line}`));
  const versions = new Versions(store, join(ground.dataDir, "versions"), workerd);
  const closers = new Map<string, () => void>();
  const records = new Map<string, () => void>();
  return {
    name: "cloudflare",
    resources: [
      ...workerDefinitions(versions),
      ...scriptDefinitions(versions),
      ...domainDefinitions(internet, versions, closers),
      ...dnsDefinitions(internet, records),
      ...storeDefinitions(versions, workerd),
    ],
    functions: [],
    async start() {
      for (const { state } of store.list(DOMAIN)) {
        const hostname = state.hostname as string;
        closers.set(hostname, serveDomain(internet, versions, hostname, state.service as string));
      }
      for (const { id, state } of store.list(DNS_RECORD)) records.set(id, serveRecord(internet, state));
      await versions.refresh();
    },
    async stop() {
      for (const close of [...closers.values(), ...records.values()]) close();
      await workerd.stop();
    },
    hostnames: () => [...closers.keys()],
    parts(): Part[] {
      return versions.scripts().map((script) => ({
        kind: "worker",
        name: script,
        state: workerd.pid === undefined ? "stopped" : "running",
        detail: (versions.live(script) ?? [])
          .map(({ versionId, percentage }) => `${versions.get(versionId)?.tag || versionId.slice(0, 8)} ${percentage} %`)
          .join(", "),
        ...(workerd.pid === undefined ? {} : { pid: workerd.pid }),
      }));
    },
  };
}
