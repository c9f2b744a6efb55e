// Work that a service does again and again beside its requests, until it is asked to stop. What fails is said and tried again: it harms no request.
import { setTimeout as delay } from "node:timers/promises";
import { log, reasonOf } from "./log.ts";

/** Whether there is more to do at once; or when, in milliseconds. */
type Work = () => Promise<boolean | number>;

export class Background {
  readonly #trouble: string;
  readonly #periodMs: number;
  readonly #work: Work;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  /** @param trouble what is said when a turn fails: "The outbox could not be read." */
  constructor(trouble: string, periodMs: number, work: Work) {
    this.#trouble = trouble;
    this.#periodMs = periodMs;
    this.#work = work;
  }

  /** Works now and every period, until `stop`. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Ends after the turn that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let more: boolean | number = false;
      try {
        more = await this.#work();
      } catch (error) {
        log("WARNING", this.#trouble, { reason: reasonOf(error) });
      }
      const pauseMs = typeof more === "number" ? more : more ? 0 : this.#periodMs;
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
