// Work that costs less for many at once: whoever comes while some is under way waits, and all who wait go together. At rest nobody waits.
import { current } from "./telemetry/traced.ts";

export interface GatheringOptions<Item> {
  /** Rounds under way at once. */
  readonly atOnce: number;
  /** Items of one round at most. Default: all that wait. */
  readonly most?: number;
  /** What no two items under way may share: the later waits for the earlier. */
  readonly keyOf?: (item: Item) => string;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export class Gathering<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>;
  readonly #options: GatheringOptions<Item>;
  readonly #waiting = new Set<Waiting<Item, Result>>();
  readonly #keys = new Set<string>();
  #rounds = 0;

  /** @param work what became of each item, in their order; what it throws every item of the round hears */
  constructor(work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>, options: GatheringOptions<Item>) {
    this.#work = work;
    this.#options = options;
  }

  /** What became of the item. */
  do(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ item, resolve, reject });
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#rounds >= this.#options.atOnce) return;
    const round = this.#next();
    if (round.length === 0) return;
    this.#rounds++;
    // A round is work for many: it belongs to the trace of none.
    void current.exit(() => this.#run(round));
  }

  /** Takes who goes next, the first who came first. */
  #next(): Waiting<Item, Result>[] {
    const { most = Number.POSITIVE_INFINITY, keyOf } = this.#options;
    const round: Waiting<Item, Result>[] = [];
    for (const waiting of this.#waiting) {
      if (round.length >= most) break;
      const key = keyOf?.(waiting.item);
      if (key !== undefined && this.#keys.has(key)) continue;
      if (key !== undefined) this.#keys.add(key);
      this.#waiting.delete(waiting);
      round.push(waiting);
    }
    return round;
  }

  async #run(round: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#work(round.map(({ item }) => item));
      for (const [i, { resolve, reject }] of round.entries()) {
        const result = results[i] as PromiseSettledResult<Result>;
        if (result.status === "fulfilled") resolve(result.value);
        else reject(result.reason);
      }
    } catch (error) {
      for (const { reject } of round) reject(error);
    } finally {
      this.#rounds--;
      for (const { item } of round) if (this.#options.keyOf) this.#keys.delete(this.#options.keyOf(item));
      this.#begin();
    }
  }
}
