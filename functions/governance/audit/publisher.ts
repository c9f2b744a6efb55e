// Brings the log to its stores outside: what is new of its tiles, then the checkpoint. At least once, from whichever instance is alive; each store
// by itself, so that one that is down delays only itself. What is shown to anybody is what the readable store has.
import type { Database } from "../database.ts";
import { log, reasonOf } from "../log.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { DatabaseTiles } from "./database-tiles.ts";
import { rootAt } from "./log.ts";
import { same } from "./merkle.ts";
import { headIn, type LogKey, type Sequencer, type SignedHead } from "./sequencer.ts";
import { NoteError } from "./signed-note.ts";
import { CheckpointMoved, type LogStore, type ReadableStore } from "./stores.ts";
import { type File, pathsBetween, TileError } from "./tiles.ts";

/** At most one publication in so many seconds: every object is kept for years. */
export const publicationSeconds = 60;
/** While one instance is at a store, others leave it alone for so long. Longer than the upload of one batch may take. */
const leaseSeconds = 120;
/** After a failure. */
const retrySeconds = 10;
/** Files that are uploaded at once: few, for requests come first. */
const batch = 4;

export interface PublisherOptions {
  readonly database: Database;
  readonly schema: string;
  readonly store: LogStore | ReadableStore;
  readonly signer: () => Promise<LogKey>;
  /** Told where the store knows more than the database. */
  readonly sequencer: Pick<Sequencer, "doubt">;
  readonly everySeconds?: number;
}

interface Claimed {
  readonly size: number;
  readonly generation: string | undefined;
}

export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** One turn. @returns false: there is never more to do at once */
  async turn(): Promise<boolean> {
    const { database, schema, store, sequencer } = this.#options;
    const claimed = await this.#claim();
    if (!claimed) return false;
    try {
      const head = (await headIn(database.statements, schema)) as SignedHead;
      await this.#upload(claimed.size, head.size);
      const generation = await this.#checkpoint(head, claimed.generation);
      await database.query(
        `UPDATE ${schema}.log_publication SET size = $2, root = $3, checkpoint = $4, generation = $5, published_at = now(),
           leased_until = '-infinity', failing_since = NULL WHERE store = $1`,
        [store.name, head.size, Buffer.from(head.root), head.checkpoint, generation ?? null],
      );
    } catch (error) {
      if (error instanceof CheckpointMoved || error instanceof NoteError) sequencer.doubt();
      const [row] = await database.query<{ waiting: number }>(
        `UPDATE ${schema}.log_publication SET leased_until = now() + make_interval(secs => $2), failing_since = coalesce(failing_since, now())
         WHERE store = $1 RETURNING extract(epoch FROM now() - failing_since)::float * 1000 AS waiting`,
        [store.name, retrySeconds],
      );
      log("WARNING", `The log was not published to the ${store.name}; it will be tried again.`, {
        reason: reasonOf(error),
        waitingMs: Math.round(row?.waiting ?? 0),
      });
    }
    return false;
  }

  /**
   * Takes the store for the lease's time, where it lacks something and the last publication is long enough ago. What lies further ahead than
   * anybody would set it is of a clock that has jumped back since, and holds up nothing.
   */
  async #claim(): Promise<Claimed | undefined> {
    const { database, schema, store, everySeconds = publicationSeconds } = this.#options;
    const [row] = await database.query<{ size: string; generation: string | null }>(
      `UPDATE ${schema}.log_publication SET leased_until = now() + make_interval(secs => ${leaseSeconds})
       WHERE store = $1 AND (leased_until < now() OR leased_until > now() + make_interval(secs => ${leaseSeconds}))
         AND (published_at IS NULL OR published_at <= now() - make_interval(secs => $2) OR published_at > now())
         AND size < (SELECT size FROM ${schema}.log_head)
       RETURNING size, generation`,
      [store.name, everySeconds],
    );
    return row && { size: Number(row.size), generation: row.generation ?? undefined };
  }

  async #upload(from: number, to: number): Promise<void> {
    const { database, schema, store } = this.#options;
    const paths = pathsBetween(from, to);
    while (paths.length > 0) {
      const files = await this.#read(paths.splice(0, batch));
      await Promise.all(files.map(({ path, bytes }) => store.write(path, bytes)));
      await database.query(
        `UPDATE ${schema}.log_publication SET leased_until = now() + make_interval(secs => ${leaseSeconds}) WHERE store = $1`,
        [store.name],
      );
    }
  }

  #read(paths: readonly string[]): Promise<File[]> {
    const { database, schema } = this.#options;
    const tiles = new DatabaseTiles(database.statements, schema);
    return Promise.all(
      paths.map(async (path) => {
        const bytes = await tiles.read(path);
        if (!bytes) throw new TileError(`${path} is missing in the database`);
        return { path, bytes };
      }),
    );
  }

  /** @throws CheckpointMoved where the store's is not one of this log's earlier ones */
  async #checkpoint(head: SignedHead, generation: string | undefined): Promise<string | undefined> {
    const { store } = this.#options;
    try {
      return await store.writeCheckpoint(head.checkpoint, generation);
    } catch (error) {
      // A publication whose end was not written down: killed between the two.
      const there = error instanceof CheckpointMoved && "current" in store ? await store.current() : undefined;
      if (!there || !(await this.#isEarlier(there.note, head))) throw error;
      return there.note === head.checkpoint ? there.generation : store.writeCheckpoint(head.checkpoint, there.generation);
    }
  }

  async #isEarlier(note: string, head: SignedHead): Promise<boolean> {
    const { database, schema, signer } = this.#options;
    const { size, root } = openCheckpoint(note, (await signer()).key).checkpoint;
    if (size > head.size) return false;
    if (size === 0) return true;
    return same(await rootAt(new DatabaseTiles(database.statements, schema), size), root);
  }
}
