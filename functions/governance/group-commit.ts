// Group commit: what is to be written while transactions are under way shares the next one, and with it its journeys and its flush to the disk.
import { type Database, DatabaseUnavailable, spanOf, type Transaction } from "./database.ts";
import { Gathering } from "./gathering.ts";
import { traced } from "./telemetry/traced.ts";

/** One flushes to the disk while the other asks. */
const atOnce = 2;
/** So that a transaction stays some milliseconds of work. */
const most = 32;

export interface GroupCommitOptions<Item, Result> {
  /** What no two items of one transaction may be about. */
  readonly keyOf: (item: Item) => string;
  /**
   * What became of each item, in their order. Of what is refused nothing may be written; what it throws undoes all.
   * @param wait whether it may wait for what somebody else has locked. Otherwise it refuses the item with `MustWait`, which then is alone, and waits
   */
  readonly work: (transaction: Transaction, items: readonly Item[], wait: boolean) => Promise<readonly PromiseSettledResult<Result>[]>;
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
  readonly #waiting: Gathering<Item, Result>;

  constructor(database: Database, { keyOf, work }: GroupCommitOptions<Item, Result>) {
    this.#database = database;
    this.#work = work;
    this.#gathering = new Gathering((items) => this.#together(items, false), { atOnce, most, keyOf });
    this.#waiting = new Gathering((items) => this.#together(items, true), { atOnce: 1, most: 1 });
  }

  /** What became of the item, once that is committed. @throws DatabaseUnavailable when it cannot be known whether it is */
  do(item: Item): Promise<Result> {
    return traced(spanOf("transaction"), () =>
      this.#gathering.do(item).catch((error: unknown) => {
        if (error instanceof MustWait) return this.#waiting.do(item);
        throw error;
      }),
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
