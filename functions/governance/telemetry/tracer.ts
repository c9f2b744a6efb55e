// A service's own spans: gathered in memory, written to its telemetry outbox a moment later, so that no request waits for them. What a
// change that was made says of itself is the exception: it is written at once, and `settled` waits for it. What a kill takes from memory is bulk.
import { setTimeout as delay } from "node:timers/promises";
import { Emitter, paths, type Source, type Span } from "../../shared/telemetry/emitter.ts";
import { classOf, type SignalClass } from "../../shared/telemetry/schema.ts";
import { childOf, type TraceContext } from "../../shared/telemetry/trace-context.ts";
import { DatabaseUnavailable } from "../database.ts";
import { log, reasonOf } from "../log.ts";
import type { TelemetryOutbox } from "./outbox.ts";
import { current, type Described } from "./traced.ts";

/** How long spans gather. */
const gatherMs = 200;
/** Spans of one message at most: some tens of kilobytes. */
const batch = 100;
/** Spans held in memory at most while the database is away. What comes then is dropped and counted. */
const held = 5000;
const retryMs = 500;

export class Tracer {
  readonly #emitter: Emitter;
  readonly #outbox: Pick<TelemetryOutbox, "put">;
  readonly #stopping = new AbortController();
  /** By class, for what a change says of itself waits for nothing else. */
  readonly #waiting: Record<SignalClass, Span[]> = { bulk: [], audit: [] };
  readonly #writing: Record<SignalClass, Promise<void>> = { bulk: Promise.resolve(), audit: Promise.resolve() };
  #gathering: NodeJS.Timeout | undefined;

  constructor(source: Source, outbox: Pick<TelemetryOutbox, "put">) {
    this.#emitter = new Emitter(source);
    this.#outbox = outbox;
  }

  /** Does the work as a span: a child of the one under way, or the first of a trace of its own. */
  async span<T>(described: Described, work: () => Promise<T>): Promise<T> {
    const parent = current.getStore()?.context;
    const context = childOf(parent);
    const startMs = Date.now();
    const record = (attributes: Readonly<Record<string, unknown>>, failed: boolean) =>
      this.record({ ...described, context, parentSpanId: parent?.spanId, startMs, endMs: Date.now(), attributes, failed });
    try {
      const result = await this.within(context, work);
      record(described.attributes, false);
      return result;
    } catch (error) {
      record({ ...described.attributes, "error.type": error instanceof Error ? error.name : "unknown" }, true);
      throw error;
    }
  }

  /** Does the work under a span that is recorded elsewhere. */
  within<T>(context: TraceContext, work: () => Promise<T>): Promise<T> {
    return current.run({ context, child: (span, below) => this.span(span, below) }, work);
  }

  /** Takes a span that has ended. Never throws, never waits. */
  record(span: Span): void {
    const waiting = this.#waiting[classOf(span.attributes)];
    if (waiting.length >= held) {
      for (const path of paths) this.#emitter.dropped(path, "unavailable", 1);
      return;
    }
    waiting.push(span);
    // Without the request's own context: what is done for telemetry tells nothing of itself.
    this.#gathering ??= current.exit(() => setTimeout(() => void this.#all(), gatherMs));
  }

  /** Resolves once all that was recorded of changes is committed, or given up. */
  settled(): Promise<void> {
    return this.#written("audit");
  }

  /** Writes what is there, once; what cannot be written is lost with the process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#all();
  }

  async #all(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    await Promise.all([this.#written("audit"), this.#written("bulk")]);
  }

  #written(which: SignalClass): Promise<void> {
    this.#writing[which] = current.exit(() => this.#writing[which].then(() => this.#write(this.#waiting[which])));
    return this.#writing[which];
  }

  async #write(waiting: Span[]): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, batch);
      await this.#put(
        paths.map((path) => ({ path, message: this.#emitter.message(path, spans) })),
        spans.length,
      );
    }
  }

  /** Tries until the database takes it: a span that was written twice is one for whoever reads the archive. */
  async #put(entries: Parameters<TelemetryOutbox["put"]>[0], spans: number): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        return await this.#outbox.put(entries);
      } catch (error) {
        log("WARNING", "Spans could not be written.", { reason: reasonOf(error), spans });
        if (signal.aborted || !(error instanceof DatabaseUnavailable)) {
          for (const path of paths) this.#emitter.dropped(path, "unavailable", spans);
          return;
        }
        await delay(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}
