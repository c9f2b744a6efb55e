// One server span per request, handed over after the answer: nothing here is ever in a request's way, and what fails is counted. Requests
// that an isolate serves at about the same time share one message a path, so that a busy site pays for few: a queue bills each.
import { Emitter, type Path, paths, type Span } from "../../shared/telemetry/emitter.ts";
import type { OtlpSpan, OtlpTraces } from "../../shared/telemetry/otlp.ts";
import { issueEdgeToken } from "../../shared/tokens.ts";
import type { Environment } from "./environment.ts";

/** How long the spool service may take, in milliseconds. Nobody waits for it. */
const spoolBudgetMs = 5000;

/** How long a span waits for others, in milliseconds: so much of what is no audit goes with an isolate that is killed. */
const gatherMs = 100;
/** A span has 2 kB at most, a message 128 kB (developers.cloudflare.com/queues/platform/limits). */
const mostGathered = 50;

type Gathered = Readonly<Record<Path, OtlpSpan[]>>;

let emitter: Emitter | undefined;
/** What the requests of this isolate have gathered so far; the first of them hands it over. */
let gathered: Gathered | undefined;

/** Hands a span to both paths: at once if it is of the class audit, else with what others add meanwhile. Never throws. */
export async function emit(span: Span, env: Environment): Promise<void> {
  // Random numbers are not to be had before the first request of an isolate.
  emitter ??= new Emitter({ service: "site", version: env.VERSION.tag || "", region: env.REGION, jurisdiction: env.JURISDICTION });
  const own = emitter;
  const numbered = { gcp: [own.numbered("gcp", span)], aws: [own.numbered("aws", span)] };
  if (span.attributes["bailiwick.class"] === "audit") return handOverAll(own, numbered, env);
  if (gathered) {
    for (const path of paths) gathered[path].push(...numbered[path]);
    if (gathered.gcp.length >= mostGathered) gathered = undefined;
    return;
  }
  gathered = numbered;
  await new Promise((resolve) => setTimeout(resolve, gatherMs));
  if (gathered === numbered) gathered = undefined;
  await handOverAll(own, numbered, env);
}

async function handOverAll(own: Emitter, spans: Gathered, env: Environment): Promise<void> {
  await Promise.all(
    paths.map((path) =>
      handOver(path, own.envelope(path, spans[path]), env).catch((error: Error) => {
        own.dropped(path, "unavailable", spans[path].length);
        console.error(`Dropped on path ${path}: ${spans[path].length} spans. ${error.message}`);
      }),
    ),
  );
}

async function handOver(path: Path, message: OtlpTraces, env: Environment): Promise<void> {
  const queue = path === "gcp" ? env.TELEMETRY_GCP : env.TELEMETRY_AWS;
  if (queue) return void (await queue.send(message, { contentType: "json" }));
  const origin = new URL(env.GOVERNANCE_URL).origin;
  const response = await fetch(`${origin}/v1/telemetry/${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-edge-authorization": `Bearer ${await issueEdgeToken(env.EDGE_KEY, env.REGION, origin, "edge")}`,
    },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(spoolBudgetMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The spool answered ${response.status}.`);
}
