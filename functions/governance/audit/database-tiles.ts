// A log's tiles in the database, of the caller's transaction or of none: one row a tile, as wide as the tile has become.
import type { Queryable } from "../database.ts";
import { narrowed, placeOf, type TileReader, type TileWriter } from "./tiles.ts";

export class DatabaseTiles implements TileReader, TileWriter {
  readonly #client: Queryable;
  readonly #table: string;

  constructor(client: Queryable, schema: string) {
    this.#client = client;
    this.#table = `${schema}.log_tile`;
  }

  /** A partial tile is cut from what it has become meanwhile: every checkpoint that was ever signed can be proven. */
  async read(path: string): Promise<Uint8Array | undefined> {
    const { full, width } = placeOf(path);
    const { rows } = await this.#client.query<{ bytes: Buffer }>(`SELECT bytes FROM ${this.#table} WHERE path = $1 AND width >= $2`, [
      full,
      width,
    ]);
    return rows[0] && narrowed(path, rows[0].bytes);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const { full, width } = placeOf(path);
    await this.#client.query(
      `INSERT INTO ${this.#table} AS tile (path, width, bytes) VALUES ($1, $2, $3)
       ON CONFLICT (path) DO UPDATE SET width = excluded.width, bytes = excluded.bytes WHERE tile.width < excluded.width`,
      [full, width, Buffer.from(bytes)],
    );
  }
}
