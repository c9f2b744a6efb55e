// Empties a telemetry outbox into the collectors, each path by itself: one that stands still holds up no other. Every instance does it.
import { setTimeout as delay } from "node:timers/promises";
import { type Collector, deliver, retryDelaySeconds, type Verdict } from "../../shared/telemetry/delivery.ts";
import { type Path, paths } from "../../shared/telemetry/emitter.ts";
import { issueSenderToken } from "../../shared/telemetry/sender-token.ts";
import { log, reasonOf } from "../log.ts";
import type { Spooled, TelemetryOutbox } from "./outbox.ts";

/** How long nothing is looked for once all that waited was taken: what gathers meanwhile travels together. */
const pollMs = 1000;
/** A collector that is back is noticed within this time. */
const longestPauseSeconds = 20;
/** How often it is looked at whether the outbox is full. */
const boundMs = 5000;
const forgetMs = 60_000;

export interface DeliveryOptions {
  readonly region: string;
  /** PKCS8 PEM, Ed25519: of the region's services. */
  readonly key: string;
  /** https origins. */
  readonly collectors: Readonly<Record<Path, string>>;
}

export class Delivery {
  readonly #outbox: TelemetryOutbox;
  readonly #options: DeliveryOptions;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(outbox: TelemetryOutbox, options: DeliveryOptions) {
    this.#outbox = outbox;
    this.#options = options;
  }

  /** Goes on delivering in the background until `stop`. */
  start(): void {
    this.#loops = Promise.all([
      ...paths.map((path, i) => this.#run(path, (i * pollMs) / paths.length)),
      ...paths.map((path) => this.#bound(path)),
      this.#forget(),
    ]);
  }

  /** Ends after the deliveries that are under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loops;
  }

  /** @param afterMs so that the paths are not all busy in one moment */
  async #run(path: Path, afterMs: number): Promise<void> {
    await delay(afterMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    const { region, key, collectors } = this.#options;
    const origin = collectors[path];
    const collector: Collector = { origin, token: () => issueSenderToken(key, "services", region, origin) };
    let failures = 0;
    await this.#repeat("Telemetry could not be read.", async () => {
      const { messages, more } = await this.#outbox.due(path);
      if (messages.length === 0) return pollMs;
      const { verdicts, reason = "" } = await deliver(
        collector,
        messages.map(({ message }) => message),
      );
      const of = (verdict: Verdict) => messages.filter((_, i) => verdicts[i] === verdict);
      await this.#outbox.stored(idsOf(of("stored")));
      await this.#outbox.rejected(idsOf(of("rejected")), reason);
      await this.#outbox.release(idsOf(of("later")), reason);
      if (of("rejected").length > 0)
        log("ERROR", "A collector refused telemetry for good.", { path, reason, messages: of("rejected").length });
      if (of("later").length === 0) {
        failures = 0;
        return more ? 0 : pollMs;
      }
      failures += 1;
      const pauseSeconds = Math.min(longestPauseSeconds, retryDelaySeconds(failures, Math.random()));
      log("WARNING", "Telemetry was not delivered; it will be tried again.", {
        path,
        reason,
        pauseSeconds,
        waitingMs: waitingMs(messages),
      });
      return pauseSeconds * 1000;
    });
  }

  #bound(path: Path): Promise<void> {
    return this.#repeat("The telemetry outbox could not be bounded.", async () => {
      const spans = await this.#outbox.trim(path);
      if (spans > 0) log("ERROR", "The telemetry outbox is full: the oldest bulk was dropped.", { path, spans });
      return boundMs;
    });
  }

  #forget(): Promise<void> {
    return this.#repeat("Rejected telemetry could not be deleted.", async () => {
      await this.#outbox.forget();
      return forgetMs;
    });
  }

  /** Does the work again and again, after as many milliseconds as it says. */
  async #repeat(failure: string, work: () => Promise<number>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const pauseMs = await work().catch((error) => {
        log("WARNING", failure, { reason: reasonOf(error) });
        return pollMs;
      });
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}

const idsOf = (messages: readonly Spooled[]): string[] => messages.map(({ id }) => id);

const waitingMs = (messages: readonly Spooled[]): number =>
  Date.now() - Math.min(...messages.map(({ recorded_at }) => recorded_at.getTime()));
