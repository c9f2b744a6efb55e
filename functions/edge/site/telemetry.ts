// One server span per request, handed over after the answer: nothing here is ever in a request's way, and what fails is counted.
import { Emitter, type Path, paths, type Span } from "../../shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../shared/telemetry/otlp.ts";
import { issueEdgeToken } from "../../shared/tokens.ts";
import type { Environment } from "./environment.ts";

/** How long the spool service may take, in milliseconds. Nobody waits for it. */
const spoolBudgetMs = 5000;

let emitter: Emitter | undefined;

/** Hands a span to both paths. Never throws. */
export async function emit(span: Span, env: Environment): Promise<void> {
  // Random numbers are not to be had before the first request of an isolate.
  emitter ??= new Emitter({ service: "site", version: env.VERSION.tag || "", region: env.REGION, jurisdiction: env.JURISDICTION });
  const own = emitter;
  await Promise.all(
    paths.map((path) => {
      const message = own.message(path, [span]);
      return handOver(path, message, env).catch((error: Error) => {
        own.dropped(path, "unavailable", 1);
        console.error(`A span of path ${path} was dropped. ${error.message}`);
      });
    }),
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
