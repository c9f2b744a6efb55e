// What waits in a region's queues, and what was put aside there, by the queues' own numbers. Each message holds one span.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent } from "undici";
import type { Backlog } from "../../functions/telemetry/path-sums.ts";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { cloudflareToken } from "../sandbox.ts";

/** Ids of a path's queue and of its dead letter queue. */
export interface Spool {
  readonly queue: string;
  readonly deadLetters: string;
}

/** Opening one costs more than a question. */
const connections = 1;

/** developers.cloudflare.com/api/resources/queues, "Get Queue Metrics". */
interface Metrics {
  readonly backlog_count: number;
  readonly oldest_message_timestamp_ms: number;
}

/** @throws PersonError when the queues' API refuses */
export async function backlogOf(sandbox: SandboxFile, account: string, spool: Spool): Promise<Backlog> {
  const dispatcher = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile) }, connections });
  const headers = { authorization: `Bearer ${await cloudflareToken(sandbox, account)}` };
  const measure = async (queue: string) => {
    const url = `https://api.cloudflare.com/client/v4/accounts/${account}/queues/${queue}/metrics`;
    const refused = (why: string) =>
      new PersonError(`The queue ${queue} does not say what waits in it: ${why}`, "./bailiwick status shows what runs.");
    const response = await fetch(url, { dispatcher, headers }).catch((error: Error) => {
      throw refused((error.cause as Error | undefined)?.message ?? error.message);
    });
    const text = await response.text();
    if (response.ok) return (JSON.parse(text) as { result: Metrics }).result;
    throw refused(`${response.status} ${text}`);
  };
  try {
    const [waiting, putAside] = await Promise.all([measure(spool.queue), measure(spool.deadLetters)]);
    return {
      spooled: waiting.backlog_count,
      rejected: putAside.backlog_count,
      dropped: 0,
      ...(waiting.backlog_count > 0 ? { waitingSinceMs: waiting.oldest_message_timestamp_ms } : {}),
    };
  } finally {
    await dispatcher.close();
  }
}
