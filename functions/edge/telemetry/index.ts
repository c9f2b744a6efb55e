// Brings what waits in the region's telemetry queues to the collectors, each path by itself: one that stands still holds up no other.
import { deliver, retryDelaySeconds } from "../../shared/telemetry/delivery.ts";
import { type Path, paths } from "../../shared/telemetry/emitter.ts";
import type { OtlpTraces } from "../../shared/telemetry/otlp.ts";
import { issueSenderToken } from "../../shared/telemetry/sender-token.ts";
import type { Environment } from "./environment.ts";

export default {
  async queue(batch, env): Promise<void> {
    const path = pathOf(batch.queue);
    const { origin, deadLetters } = endOf(path, env);
    const collector = { origin, token: () => issueSenderToken(env.EDGE_KEY, "edge", env.REGION, origin) };
    const { verdicts, reason } = await deliver(
      collector,
      batch.messages.map(({ body }) => body),
    );
    if (reason !== undefined) console.error(`The collector of path ${path} did not take a batch of ${batch.messages.length}: ${reason}`);
    for (const [i, message] of batch.messages.entries()) {
      switch (verdicts[i]) {
        case "stored":
          message.ack();
          break;
        case "rejected":
          // Acknowledged only once it is safe elsewhere; otherwise the whole message comes again.
          await deadLetters.send(message.body).then(
            () => message.ack(),
            () => message.retry({ delaySeconds: retryDelaySeconds(message.attempts, Math.random()) }),
          );
          break;
        default:
          message.retry({ delaySeconds: retryDelaySeconds(message.attempts, Math.random()) });
      }
    }
  },
} satisfies ExportedHandler<Environment, OtlpTraces>;

/** Queues are named `telemetry-<region>-<path>`. */
function pathOf(queue: string): Path {
  const found = paths.find((path) => queue.endsWith(`-${path}`));
  if (found) return found;
  throw new Error(`The queue "${queue}" is of no path: its name must end in ${paths.map((path) => `-${path}`).join(" or ")}.`);
}

function endOf(path: Path, env: Environment) {
  return path === "gcp"
    ? { origin: env.COLLECTOR_GCP, deadLetters: env.DEAD_LETTER_GCP }
    : { origin: env.COLLECTOR_AWS, deadLetters: env.DEAD_LETTER_AWS };
}
