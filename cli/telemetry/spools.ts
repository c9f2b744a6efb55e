// What waits in a region's queues, and what was put aside there, by the queues' own numbers.
import { readFileSync } from "node:fs";
import { fetch, ProxyAgent } from "undici";
import type { SandboxFile } from "../../sandbox/main.ts";
import { PersonError } from "../errors.ts";
import { cloudflareToken } from "../sandbox.ts";

/** Ids of a path's queue and of its dead letter queue. */
export interface Spool {
  readonly queue: string;
  readonly deadLetters: string;
}

/** In messages, of which each holds one span: what waits, and what no collector will ever take. */
export interface Backlog {
  readonly spooled: number;
  readonly rejected: number;
}

/** @throws PersonError when the queues' API refuses */
export async function backlogOf(sandbox: SandboxFile, account: string, spool: Spool): Promise<Backlog> {
  const dispatcher = new ProxyAgent({ uri: sandbox.proxyUrl, requestTls: { ca: readFileSync(sandbox.caFile) } });
  const headers = { authorization: `Bearer ${await cloudflareToken(sandbox, account)}` };
  const count = async (queue: string) => {
    const url = `https://api.cloudflare.com/client/v4/accounts/${account}/queues/${queue}/metrics`;
    const response = await fetch(url, { dispatcher, headers });
    const { result, errors } = (await response.json()) as { result: { backlog_count: number } | null; errors: { message: string }[] };
    if (result) return result.backlog_count;
    throw new PersonError(
      `The queue ${queue} does not say what waits in it: ${response.status} ${errors.map(({ message }) => message).join("; ")}`,
      "./bailiwick status shows what runs.",
    );
  };
  try {
    const [spooled, rejected] = await Promise.all([count(spool.queue), count(spool.deadLetters)]);
    return { spooled, rejected };
  } finally {
    await dispatcher.close();
  }
}
