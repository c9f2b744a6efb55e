// A steady load of visitors on a region's site, each with a trace of their own, so that every answer can be looked for in the archives.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";

export interface Visit {
  readonly traceId: string;
  /** When it was sent and when its answer was whole, milliseconds since 1970. */
  readonly sentMs: number;
  readonly endedMs: number;
  /** As a visitor waits for it. */
  readonly milliseconds: number;
  /** HTTP's; 0 when there was no answer. */
  readonly status: number;
}

/** Whoever waits so long has gone. */
const patienceMs = 20_000;

/** Node resolves no `*.localhost`. */
const loopback = () => new Agent({ connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) } });

/** Sends so many requests a second, whatever becomes of those before, until it is stopped. */
export class Visitors {
  readonly visits: Visit[] = [];
  readonly #url: string;
  readonly #rate: number;
  readonly #agent = loopback();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  readonly #work: Promise<void>;

  /** @param url what they ask for @param rate requests a second */
  constructor(url: string, rate: number) {
    this.#url = url;
    this.#rate = rate;
    this.#work = this.#send();
  }

  /** Resolves when the last answer is there. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#work;
    await Promise.all(this.#underWay);
    await this.#agent.close();
  }

  async #send(): Promise<void> {
    const { signal } = this.#ended;
    const begun = performance.now();
    for (let sent = 0; !signal.aborted; sent++) {
      const visit = this.#visit().finally(() => this.#underWay.delete(visit));
      this.#underWay.add(visit);
      const nextMs = begun + ((sent + 1) * 1000) / this.#rate - performance.now();
      await delay(Math.max(0, nextMs), undefined, { signal }).catch(() => {});
    }
  }

  async #visit(): Promise<void> {
    const traceId = randomBytes(16).toString("hex");
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` };
    const [sentMs, started] = [Date.now(), performance.now()];
    let status = 0;
    try {
      const answer = await request(this.#url, { dispatcher: this.#agent, headers, signal: AbortSignal.timeout(patienceMs) });
      await answer.body.dump();
      status = answer.statusCode;
    } catch {
      // No answer: that is what its status says.
    }
    this.visits.push({ traceId, sentMs, endedMs: Date.now(), milliseconds: performance.now() - started, status });
  }
}
