// The log as it is shown: up to the checkpoint that was published, so that nothing that anybody has seen can be forgotten with the database.
import type { Database } from "../database.ts";
import { DatabaseTiles } from "./database-tiles.ts";
import { proveConsistency, proveInclusion, proveInclusions, type Subtrees, type TreeHead } from "./log.ts";
import type { Hash } from "./merkle.ts";

export interface ShownHead extends TreeHead {
  /** As a note. */
  readonly checkpoint: string;
}

/** Some megabytes. */
const mostSubtrees = 20_000;

export class ShownLog {
  readonly #database: Database;
  readonly #schema: string;
  readonly #subtrees: Subtrees = new Map();

  constructor(database: Database, schema: string) {
    this.#database = database;
    this.#schema = schema;
  }

  /** Undefined until the first publication. */
  async head(): Promise<ShownHead | undefined> {
    const [row] = await this.#database.query<{ size: string; root: Buffer; checkpoint: string }>(
      `SELECT size, root, checkpoint FROM ${this.#schema}.log_publication WHERE store = 'bucket' AND size > 0`,
    );
    return row && { size: Number(row.size), root: row.root, checkpoint: row.checkpoint };
  }

  /** What was seen last of another region's log, cosigned; undefined where none was. */
  async watched(): Promise<string | undefined> {
    const [row] = await this.#database.query<{ cosigned: string }>(
      `SELECT cosigned FROM ${this.#schema}.log_watch WHERE cosigned IS NOT NULL ORDER BY grew_at DESC LIMIT 1`,
    );
    return row?.cosigned;
  }

  /** The index of each of these events that is in the shown log. */
  async indices(events: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.#database.query<{ event: string; index: string }>(
      `SELECT event, index FROM ${this.#schema}.log_entry WHERE event = ANY ($1::uuid[])
       AND index < (SELECT size FROM ${this.#schema}.log_publication WHERE store = 'bucket')`,
      [events],
    );
    return new Map(rows.map(({ event, index }) => [event, Number(index)]));
  }

  inclusion(index: number, size: number): Promise<Hash[]> {
    return proveInclusion(this.#tiles, index, size, this.#known);
  }

  inclusions(indices: readonly number[], size: number): Promise<Hash[][]> {
    return proveInclusions(this.#tiles, indices, size, this.#known);
  }

  consistency(from: number, to: number): Promise<Hash[]> {
    return proveConsistency(this.#tiles, from, to);
  }

  get #known(): Subtrees {
    if (this.#subtrees.size > mostSubtrees) this.#subtrees.clear();
    return this.#subtrees;
  }

  /** What is shown is never changed, so that no two reads need one moment. */
  get #tiles(): DatabaseTiles {
    return new DatabaseTiles(this.#database.statements, this.#schema);
  }
}
