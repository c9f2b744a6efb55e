// One span a minute of a service that nobody calls, so that silence on a telemetry path is trouble and never a quiet hour.
import { setTimeout as delay } from "node:timers/promises";
import type { Tracer } from "./tracer.ts";

/** Five to the alarm that hears silence: one that is lost on its way rings nothing. */
const minute = 60_000;

export class Heartbeat {
  readonly #tracer: Pick<Tracer, "span">;
  readonly #periodMs: number;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(tracer: Pick<Tracer, "span">, periodMs = minute) {
    this.#tracer = tracer;
    this.#periodMs = periodMs;
  }

  /** Beats in the background until `stop`, the first time after a period. */
  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await delay(this.#periodMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#tracer.span({ name: "heartbeat", kind: "internal", attributes: {} }, async () => {});
    }
  }
}
