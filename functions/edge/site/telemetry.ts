// One server span per request, handed over after the answer: nothing here is ever in a request's way, and what fails is counted.
import { Emitter, type Path, paths, type Span } from "../../shared/telemetry/emitter.ts";
import { merged, type OtlpTraces } from "../../shared/telemetry/otlp.ts";
import { issueEdgeToken } from "../../shared/tokens.ts";
import type { Environment } from "./environment.ts";

/** How long the spool service may take, in milliseconds. Nobody waits for it. */
const spoolBudgetMs = 5000;
/** What a queue takes in one call (developers.cloudflare.com/queues/platform/limits); so many spans are smaller than its 256 kB, and the spool's. */
const largestBatch = 100;
/** After so many milliseconds another request takes a turn over: a request that goes on for half a minute after its answer is ended. */
const longestTurnMs = 2000;

/** What of a path waits in this isolate. The request whose turn it is hands over what all others leave there: one call for many spans. */
interface Lane {
  readonly waiting: OtlpTraces[];
  turn?: { readonly begunMs: number } | undefined;
}

let emitter: Emitter | undefined;
const lanes: Readonly<Record<Path, Lane>> = { gcp: { waiting: [] }, aws: { waiting: [] } };

/** Hands a span to both paths, or leaves it to the request that is at it. Never throws. */
export async function emit(span: Span, env: Environment): Promise<void> {
  // The answer goes first: what is done here before anything is waited for would be done before it is sent.
  await scheduler.wait(0);
  // Random numbers are not to be had before the first request of an isolate.
  emitter ??= new Emitter({ service: "site", version: env.VERSION.tag || "", region: env.REGION, jurisdiction: env.JURISDICTION });
  const own = emitter;
  await Promise.all(
    paths.map((path) => {
      lanes[path].waiting.push(own.message(path, [span]));
      return takeTurn(lanes[path], (messages) =>
        handOver(path, messages, env).catch((error: Error) => {
          own.dropped(path, "unavailable", messages.length);
          console.error(`${messages.length} spans of path ${path} were dropped. ${error.message}`);
        }),
      );
    }),
  );
}

async function takeTurn(lane: Lane, handOver: (messages: readonly OtlpTraces[]) => Promise<void>): Promise<void> {
  const begunMs = Date.now();
  if (lane.turn && begunMs - lane.turn.begunMs < longestTurnMs) return;
  const turn = { begunMs };
  lane.turn = turn;
  while (lane.turn === turn && lane.waiting.length > 0) await handOver(lane.waiting.splice(0, largestBatch));
  if (lane.turn === turn) lane.turn = undefined;
}

async function handOver(path: Path, messages: readonly OtlpTraces[], env: Environment): Promise<void> {
  const queue = path === "gcp" ? env.TELEMETRY_GCP : env.TELEMETRY_AWS;
  if (queue) return void (await queue.sendBatch(messages.map((body) => ({ body, contentType: "json" }))));
  const origin = new URL(env.GOVERNANCE_URL).origin;
  const response = await fetch(`${origin}/v1/telemetry/${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-edge-authorization": `Bearer ${await issueEdgeToken(env.EDGE_KEY, env.REGION, origin, "edge")}`,
    },
    body: JSON.stringify(merged(messages)),
    signal: AbortSignal.timeout(spoolBudgetMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The spool answered ${response.status}.`);
}
