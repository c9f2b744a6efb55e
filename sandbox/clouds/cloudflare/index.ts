// The embedded Cloudflare: one account, whose Workers run on the real workerd.
import { join } from "node:path";
import type { Cloud, Ground, Part } from "../../engine/cloud.ts";
import { Workerd } from "../../runtimes/workerd/workerd.ts";
import { accountOfToken, accountToken, personalToken } from "./account-token.ts";
import { DNS_RECORD, dnsDefinitions, serveRecord } from "./dns.ts";
import { domainDefinitions, serveDomain } from "./domain.ts";
import { serveQueueApi } from "./queue-api.ts";
import { QueueDelivery } from "./queue-delivery.ts";
import { QueueProducers } from "./queue-producer.ts";
import { queueDefinitions } from "./queues.ts";
import { bucketDefinitions } from "./r2.ts";
import { scriptDefinitions } from "./script.ts";
import { storeDefinitions } from "./stores.ts";
import { Versions } from "./versions.ts";
import { DOMAIN, workerDefinitions } from "./worker.ts";

export interface Cloudflare extends Cloud {
  /** Hostnames that custom domains put on the internet: what a person can open. */
  hostnames(): string[];
  /** A token that opens the API of an account, as whoever deploys holds one. */
  issueToken(account: string): string;
}

export function createCloudflare(ground: Ground): Cloudflare {
  const { store, internet } = ground;
  const workerd: Workerd = new Workerd(
    join(ground.dataDir, "workerd"),
    internet,
    (line) => ground.log(`workerd: ${line}`),
    () => producers.sink(),
  );
  const versions: Versions = new Versions(store, join(ground.dataDir, "versions"), workerd);
  const queues: QueueDelivery = new QueueDelivery(store, join(ground.dataDir, "queues.db"), (...batch) => versions.consume(...batch));
  const producers: QueueProducers = new QueueProducers((queue, messages) => queues.send(queue, messages));
  const closers = new Map<string, () => void>();
  const records = new Map<string, () => void>();
  let closeApi = () => {};
  return {
    name: "cloudflare",
    resources: [
      ...workerDefinitions(versions),
      ...scriptDefinitions(versions),
      ...domainDefinitions(internet, versions, closers),
      ...dnsDefinitions(internet, records),
      ...storeDefinitions(versions, workerd),
      ...bucketDefinitions(versions, workerd),
      ...queueDefinitions(queues, versions),
      accountToken,
    ],
    functions: [],
    async start() {
      for (const { state } of store.list(DOMAIN)) {
        const hostname = state.hostname as string;
        closers.set(hostname, serveDomain(internet, versions, hostname, state.service as string));
      }
      for (const { id, state } of store.list(DNS_RECORD)) records.set(id, serveRecord(internet, state));
      await producers.start();
      await versions.refresh();
      queues.start();
      closeApi = serveQueueApi(internet, queues, (token) => accountOfToken(store, token));
    },
    async stop() {
      closeApi();
      for (const close of [...closers.values(), ...records.values()]) close();
      // Batches under way end with workerd, and are read again after the next start.
      const settled = queues.stop();
      await workerd.stop();
      await settled;
      await producers.stop();
    },
    hostnames: () => [...closers.keys()],
    issueToken: (account) => personalToken(store, account),
    parts(): Part[] {
      const workers = versions.scripts().map((script): Part => {
        const live = (versions.live(script) ?? []).map(({ versionId, percentage }) => ({
          versionId,
          percentage,
          version: versions.get(versionId),
        }));
        // Where several versions serve, there is no one address for all of them.
        const [only, ...others] = live;
        const port = only?.version && others.length === 0 ? workerd.portOf(versions.serviceName(only.version)) : undefined;
        return {
          kind: "worker",
          name: script,
          state: workerd.pid === undefined ? "stopped" : "running",
          detail: live.map(({ versionId, percentage, version }) => `${version?.tag || versionId.slice(0, 8)} ${percentage} %`).join(", "),
          ...(workerd.pid === undefined ? {} : { pid: workerd.pid }),
          ...(port === undefined ? {} : { port }),
        };
      });
      return [...workers, ...queues.parts()];
    },
  };
}
