// Brings messages to a collector. The collector's 200 means stored; what it calls malformed can never be; everything else is for later.
import { merged, type OtlpTraces } from "./otlp.ts";

/** How long a collector may take to store a batch, in milliseconds: longer than it gives its bucket. */
const patienceMs = 10_000;

/** What became of each message, in their order. */
export type Verdict = "stored" | "rejected" | "later";

export interface Collector {
  /** https origin. */
  readonly origin: string;
  /** A token that is valid now. */
  readonly token: () => Promise<string>;
}

/**
 * Sends the messages as one request. Where the collector refuses the request for its content, its halves are sent, until what is wrong
 * stands alone: one bad message holds up no other. Never throws.
 */
export async function deliver(collector: Collector, messages: readonly OtlpTraces[]): Promise<{ verdicts: Verdict[]; reason?: string }> {
  if (messages.length === 0) return { verdicts: [] };
  const { verdict, reason } = await send(collector, messages);
  const all = { verdicts: messages.map(() => verdict), ...(reason === undefined ? {} : { reason }) };
  if (verdict !== "rejected" || messages.length === 1) return all;
  const middle = Math.ceil(messages.length / 2);
  const first = await deliver(collector, messages.slice(0, middle));
  const second = await deliver(collector, messages.slice(middle));
  return { ...all, ...first, ...second, verdicts: [...first.verdicts, ...second.verdicts] };
}

async function send({ origin, token }: Collector, messages: readonly OtlpTraces[]): Promise<{ verdict: Verdict; reason?: string }> {
  try {
    const response = await fetch(`${origin}/v1/traces`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      body: JSON.stringify(merged(messages)),
      redirect: "manual",
      signal: AbortSignal.timeout(patienceMs),
    });
    const words = await response.text();
    if (response.status === 200) return { verdict: "stored" };
    const reason = `${response.status} ${words.slice(0, 200)}`;
    // 401 and 403 are for later as well: a key that is wrong today must lose nothing.
    return { verdict: response.status === 400 || response.status === 413 ? "rejected" : "later", reason };
  } catch (error) {
    return { verdict: "later", reason: (error as Error).message };
  }
}

/** Exponential with full jitter, in seconds. `attempts` counts from 1, `random` is in [0, 1). */
export function retryDelaySeconds(attempts: number, random: number): number {
  return Math.ceil(Math.min(300, 2 ** Math.min(attempts, 9)) * (0.5 + random / 2));
}
