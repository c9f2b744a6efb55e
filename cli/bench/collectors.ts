// What a path of telemetry carries: spans to the region's real collector at a steady rate, as the spools send them, each acknowledged once
// it is stored; afterwards counted in the archive through the bucket's own API.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fetch, ProxyAgent } from "undici";
import { Emitter, type Path, paths, type Span } from "../../functions/shared/telemetry/emitter.ts";
import { merged, type OtlpTraces, valuesOf } from "../../functions/shared/telemetry/otlp.ts";
import { issueSenderToken, senderTokenSeconds } from "../../functions/shared/telemetry/sender-token.ts";
import { childOf } from "../../functions/shared/telemetry/trace-context.ts";
import { residencyOf } from "../../stacks/residency.ts";
import type { Ready } from "../ready.ts";
import type { BenchPlatform } from "./platform.ts";

export interface CollectorFigures {
  readonly path: Path;
  /** Spans that were handed over in a second, and for how many. */
  readonly wanted: number;
  readonly seconds: number;
  readonly sent: number;
  /** Found in the archive, copies not counted. */
  readonly stored: number;
  /** Copies in the archive: of a batch that was stored and sent again. */
  readonly copies: number;
  /** Requests that had to be sent again. */
  readonly again: number;
  /** From the first request to the last acknowledgement, in seconds. */
  readonly taken: number;
  /** Milliseconds from handing a batch over to its acknowledgement, every repetition included. */
  readonly acknowledged: readonly number[];
}

const region = "eu";
const service = "bench";
/** Messages of a queue's largest batch, each a span: what the edge's consumer sends at once. */
const batchSize = 100;
const atOnce = 64;
/** A sender keeps what was not acknowledged, and tries again. */
const patienceMs = 120_000;

/** Needs `eu` deployed. */
export async function measureCollectors(
  platform: BenchPlatform,
  ready: Ready,
  { spansPerSecond, seconds }: { readonly spansPerSecond: number; readonly seconds: number },
  progress: (line: string) => void,
): Promise<CollectorFigures[]> {
  const key = await platform.secretOf(ready, region, "edge-key", "privateKeyPemPkcs8");
  const { domain } = platform.config(region);
  const figures: CollectorFigures[] = [];
  for (const path of paths) {
    progress(`${spansPerSecond} spans a second for ${seconds} s to the collector of ${path} ...`);
    const origin = `https://telemetry-${path}-${region}.${domain}`;
    const emitter = new Emitter({ service, version: "", region, jurisdiction: region });
    const load = await send({ ready, origin, key, path, emitter, spansPerSecond, seconds });
    progress(`counting in the archive of ${path} ...`);
    const found = await count(platform, ready, path, load.emitterId);
    figures.push({ path, wanted: spansPerSecond, seconds, ...load.figures, ...found });
  }
  return figures;
}

interface Load {
  readonly ready: Ready;
  readonly origin: string;
  readonly key: string;
  readonly path: Path;
  readonly emitter: Emitter;
  readonly spansPerSecond: number;
  readonly seconds: number;
}

async function send({ ready, origin, key, path, emitter, spansPerSecond, seconds }: Load) {
  const { proxyUrl, caFile } = ready.sandbox;
  const dispatcher = new ProxyAgent({ uri: proxyUrl, requestTls: { ca: readFileSync(caFile) }, connections: atOnce });
  let token: { readonly text: string; readonly untilMs: number } | undefined;
  const authorization = async () => {
    if (!token || token.untilMs < Date.now()) {
      const text = await issueSenderToken(key, "edge", region, origin);
      token = { text, untilMs: Date.now() + (senderTokenSeconds * 1000) / 2 };
    }
    return `Bearer ${token.text}`;
  };
  let again = 0;
  /** Until it is stored. @throws Error with the last reason when the sender's patience is over */
  const deliver = async (body: string): Promise<void> => {
    let reason = "";
    for (const end = performance.now() + patienceMs; performance.now() < end; again++) {
      try {
        const response = await fetch(`${origin}/v1/traces`, {
          method: "POST",
          headers: { authorization: await authorization(), "content-type": "application/json" },
          body,
          dispatcher,
          signal: AbortSignal.timeout(10_000),
        });
        const text = await response.text();
        if (response.status === 200) return;
        reason = `${response.status} ${text}`;
      } catch (error) {
        reason = (error as Error).message;
      }
      await delay(250);
    }
    throw new Error(`${origin} has not taken a batch within ${patienceMs / 1000} s: ${reason}`);
  };

  const batches = Math.ceil((spansPerSecond * seconds) / batchSize);
  const everyMs = (1000 * batchSize) / spansPerSecond;
  const acknowledged: number[] = [];
  const under = new Set<Promise<void>>();
  let failed: Error | undefined;
  let emitterId = "";
  const started = performance.now();
  for (let i = 0; i < batches && !failed; i++) {
    // By the clock: who is late for one batch is not late for all that follow.
    const due = started + i * everyMs;
    if (performance.now() < due) await delay(due - performance.now());
    while (under.size >= atOnce) await Promise.race(under);
    const messages = Array.from({ length: batchSize }, () => emitter.message(path, [span()]));
    emitterId ||= instanceOf(messages[0] as OtlpTraces);
    const handedOver = performance.now();
    const delivery: Promise<void> = deliver(JSON.stringify(merged(messages)))
      .then(() => void acknowledged.push(performance.now() - handedOver))
      .catch((error: Error) => {
        failed = error;
      })
      .finally(() => under.delete(delivery));
    under.add(delivery);
  }
  await Promise.all(under);
  const taken = (performance.now() - started) / 1000;
  await dispatcher.close();
  if (failed) throw failed;
  return { emitterId, figures: { sent: batches * batchSize, again, taken, acknowledged } };
}

function span(): Span {
  const endMs = Date.now();
  return {
    context: childOf(undefined),
    name: "GET /v1/experience/{slot}",
    kind: "server",
    startMs: endMs - 3,
    endMs,
    attributes: {
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.route": "/v1/experience/{slot}",
      "bailiwick.decision.reason": "no-token",
      "bailiwick.variation": "default",
    },
    failed: false,
  };
}

const instanceOf = ({ resourceSpans }: OtlpTraces) => String(valuesOf(resourceSpans[0]?.resource.attributes)["service.instance.id"]);

/** Keeps of each object only what is counted: all of them together would be more than a measurement should hold. */
class Counted extends Map<string, OtlpTraces> {
  readonly #emitter: string;
  readonly #sequences = new Set<number>();
  copies = 0;

  constructor(emitter: string) {
    super();
    this.#emitter = emitter;
  }

  get stored(): number {
    return this.#sequences.size;
  }

  override set(name: string, { resourceSpans }: OtlpTraces): this {
    for (const { resource, scopeSpans } of resourceSpans) {
      if (valuesOf(resource.attributes)["service.instance.id"] !== this.#emitter) continue;
      for (const { attributes } of scopeSpans.flatMap(({ spans }) => spans)) {
        const sequence = Number(valuesOf(attributes)["bailiwick.sequence"]);
        if (this.#sequences.has(sequence)) this.copies++;
        this.#sequences.add(sequence);
      }
    }
    return super.set(name, { resourceSpans: [] });
  }
}

async function count(platform: BenchPlatform, { sandbox }: Ready, path: Path, emitter: string) {
  const { telemetry } = (await platform.outputs(region)) as {
    telemetry: { archives: Record<Path, string>; awsAccountId: string };
  };
  const counted = new Counted(emitter);
  const archive = { bucket: telemetry.archives[path], location: residencyOf(region)[path].location, account: telemetry.awsAccountId };
  await platform.readArchive(sandbox, path, archive, counted);
  return { stored: counted.stored, copies: counted.copies };
}
