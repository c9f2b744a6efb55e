// Group commit: what is to be written while transactions are under way shares the next one, and with it its journeys and its flush to the disk.
import { type Database, DatabaseUnavailable, spanOf, type Transaction } from "./database.ts";
import { Gathering } from "./gathering.ts";
import { traced } from "./telemetry/traced.ts";

/** One flushes to the disk while the other asks. */
const atOnce = 2;
/** So that a transaction stays some milliseconds of work. */
const most = 32;
/** How long an item that must wait does so for its turn: as long as one that waits for what is locked. */
const patienceMs = 5000;

export interface GroupCommitOptions<Item, Result> {
  /** What no two items of one transaction may be about. */
  readonly keyOf: (item: Item) => string;
  /**
   * What became of each item, in their order. Of what is refused nothing may be written; what it throws undoes all.
   * @param wait whether it may wait for what somebody else has locked. Otherwise it refuses the item with `MustWait`, which then is alone, and waits
   */
  readonly work: (transaction: Transaction, items: readonly Item[], wait: boolean) => Promise<readonly PromiseSettledResult<Result>[]>;
  readonly patienceMs?: number;
}

/** What the item is about is locked by somebody else: whoever shares its transaction shall not wait for that. */
export class MustWait extends Error {
  constructor() {
    super("Somebody else has locked what this is about.");
    this.name = "MustWait";
  }
}

export class GroupCommit<Item, Result> {
  readonly #database: Database;
  readonly #work: GroupCommitOptions<Item, Result>["work"];
  readonly #gathering: Gathering<Item, Result>;
  /** One after the other, so that all that wait have but one of the connections. */
  readonly #waiting: Gathering<{ readonly item: Item; readonly since: number }, Result>;
  readonly #patienceMs: number;

  constructor(database: Database, options: GroupCommitOptions<Item, Result>) {
    const { keyOf, work } = options;
    this.#database = database;
    this.#work = work;
    this.#patienceMs = options.patienceMs ?? patienceMs;
    this.#gathering = new Gathering((items) => this.#together(items, false), { atOnce, most, keyOf });
    this.#waiting = new Gathering((turns) => this.#inTime(turns), { atOnce: 1, most: 1 });
  }

  /** What became of the item, once that is committed. @throws DatabaseUnavailable when it cannot be known whether it is */
  do(item: Item): Promise<Result> {
    return traced(spanOf("transaction"), () =>
      this.#gathering.do(item).catch((error: unknown) => {
        if (error instanceof MustWait) return this.#waiting.do({ item, since: performance.now() });
        throw error;
      }),
    );
  }

  /** Whoever has waited too long for its turn is refused: behind a row that is locked for good the line would only grow. */
  async #inTime(turns: readonly { readonly item: Item; readonly since: number }[]): Promise<readonly PromiseSettledResult<Result>[]> {
    if (turns.some(({ since }) => performance.now() - since >= this.#patienceMs))
      throw new DatabaseUnavailable(new Error("others waited too long for what somebody else has locked"));
    return this.#together(
      turns.map(({ item }) => item),
      true,
    );
  }

  async #together(items: readonly Item[], wait: boolean): Promise<readonly PromiseSettledResult<Result>[]> {
    try {
      return await this.#database.transaction((transaction) => this.#work(transaction, items, wait));
    } catch (error) {
      if (items.length === 1 || error instanceof DatabaseUnavailable) throw error;
      // One of them cannot be written. Alone, each hears of itself.
      const alone = await Promise.allSettled(items.map((item) => this.#together([item], wait)));
      return alone.map((each) => (each.status === "fulfilled" ? (each.value[0] as PromiseSettledResult<Result>) : each));
    }
  }
}
