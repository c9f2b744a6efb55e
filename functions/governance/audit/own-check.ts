// The own region's check of its log: what the ledger says, what was settled, and what the tiles hold must be the same, entry by entry, and the
// tiles must have the root that was signed. Whoever changes one of them behind the service's back is found, and what was changed is named.
import type { Database } from "../database.ts";
import { alarm } from "./alarms.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { DatabaseTiles } from "./database-tiles.ts";
import { erasureCommitment } from "./erasure.ts";
import { heartbeatCommitment, heartbeatOf } from "./heartbeat.ts";
import { leafOf } from "./leaf.ts";
import { rootAt } from "./log.ts";
import { complete, leafHash, same } from "./merkle.ts";
import { headIn, type LogKey } from "./sequencer.ts";
import { entriesIn, hashesIn, readTile, TileError, tilePath, tileWidth, widthOf } from "./tiles.ts";

/** Between two turns, each of a bundle of 256 entries, so that hardly a request meets one: a log of a million entries is gone through in three hours. */
const pauseMs = 3000;
/** Findings that one line of the log names. */
const mostNamed = 20;

export interface OwnCheckOptions {
  readonly database: Database;
  readonly schema: string;
  /** The table of the events. */
  readonly ledger: string;
  readonly signer: () => Promise<LogKey>;
  /** Default: one. */
  readonly bundlesOfTurn?: number;
  /** Events of the ledger that one turn looks for in the log. Default: as many as entries of the log, so that a turn takes no longer in a larger ledger. */
  readonly eventsOfTurn?: number;
}

interface Row {
  readonly index: string;
  readonly event: string;
  readonly commitment: Buffer;
  readonly recorded: Buffer | null;
  readonly at: Date | null;
  /** Of the subject whose erasure it is. */
  readonly reference: string | null;
  readonly lost: boolean;
}

export class OwnCheck {
  readonly #options: OwnCheckOptions;
  /** The bundle that comes next. */
  #next = 0;
  /** Position in the ledger of the last event that was looked for. */
  #lookedFor = "0";

  constructor(options: OwnCheckOptions) {
    this.#options = options;
  }

  /**
   * One turn: goes on where the last one ended. Alarms with what it finds.
   * @returns when the next one is due; false at the end, after which it begins anew
   */
  async turn(): Promise<false | number> {
    const findings = await this.findings();
    if (findings.length > 0)
      alarm("damage", {
        log: (await this.#options.signer()).key.name,
        findings: findings.slice(0, mostNamed),
        more: findings.length > mostNamed,
      });
    return this.#next === 0 ? false : pauseMs;
  }

  /** What is wrong with the part of the log whose turn it is. */
  async findings(): Promise<string[]> {
    const { database, schema, bundlesOfTurn = 1 } = this.#options;
    const head = await headIn(database.statements, schema);
    if (!head) return [];
    const findings: string[] = [];
    if (this.#next === 0) findings.push(...(await this.#ofTheWhole()));
    const bundles = Math.ceil(head.size / tileWidth);
    const end = Math.min(bundles, this.#next + bundlesOfTurn);
    for (; this.#next < end; this.#next++) findings.push(...(await this.#ofBundle(this.#next, head.size)));
    if (this.#next >= bundles) this.#next = 0;
    return [...findings, ...(await this.#ofTheLedger())];
  }

  /** Events that never came into the log. */
  async #ofTheLedger(): Promise<string[]> {
    const { database, schema, ledger, bundlesOfTurn = 1, eventsOfTurn: most = bundlesOfTurn * tileWidth } = this.#options;
    // With the number in the statement, for PostgreSQL guesses a tenth of the ledger for a number that it does not see, and reads all of the log.
    const [part] = await database.query<{ count: number; last: string; strays: string[] }>(
      `WITH part AS MATERIALIZED (SELECT id, position FROM ${schema}.${ledger} WHERE position > $1 ORDER BY position LIMIT ${most})
       SELECT (SELECT count(*)::int FROM part) AS count, (SELECT max(position) FROM part) AS last, ARRAY (
         SELECT id::text FROM part WHERE NOT EXISTS (SELECT FROM ${schema}.log_entry e WHERE e.event = part.id)
           AND NOT EXISTS (SELECT FROM ${schema}.log_pending p WHERE p.event = part.id) ORDER BY position) AS strays`,
      [this.#lookedFor],
    );
    const { count, last, strays } = part as { count: number; last: string; strays: string[] };
    this.#lookedFor = count < most ? "0" : last;
    return strays.map((id) => `event ${id} of the ledger is not in the log, and does not wait for it`);
  }

  /** The signed head, and the upper levels of the tree. */
  async #ofTheWhole(): Promise<string[]> {
    const { database, schema, signer } = this.#options;
    const { key } = await signer();
    const head = await headIn(database.statements, schema);
    if (!head) return [];
    const tiles = new DatabaseTiles(database.statements, schema);
    const findings: string[] = [];
    const { checkpoint } = openCheckpoint(head.checkpoint, key);
    if (checkpoint.size !== head.size || !same(checkpoint.root, head.root))
      findings.push(`log_head says size ${head.size}, and its checkpoint ${checkpoint.size}, or their roots differ`);
    for (let level = 1; tileWidth ** (level + 1) <= head.size; level++)
      for (let index = 0; widthOf(level, index, head.size) === tileWidth; index++)
        findings.push(...(await caught(() => ofParent(tiles, level, index, head.size))));
    findings.push(
      ...(await caught(async () =>
        same(await rootAt(tiles, head.size), head.root) ? [] : [`the tiles do not have the root that was signed for size ${head.size}`],
      )),
    );
    return findings;
  }

  async #ofBundle(bundle: number, size: number): Promise<string[]> {
    const { database, schema, ledger } = this.#options;
    const start = bundle * tileWidth;
    const width = widthOf(0, bundle, size);
    const rows = await database.query<Row>(
      `SELECT e.index, e.event, e.commitment, l.commitment AS recorded, h.at, x.reference, o.event IS NOT NULL AS lost
       FROM ${schema}.log_entry e LEFT JOIN ${schema}.${ledger} l ON l.id = e.event LEFT JOIN ${schema}.log_heartbeat h ON h.event = e.event
         LEFT JOIN ${schema}.log_erasure x ON x.event = e.event LEFT JOIN ${schema}.log_lost o ON o.event = e.event
       WHERE e.index >= $1 AND e.index < $2 ORDER BY e.index`,
      [start, start + width],
    );
    const settled = new Map(rows.map((row) => [Number(row.index), row]));
    const tiles = new DatabaseTiles(database.statements, schema);
    return caught(async () => {
      const entries = entriesIn(await readTile(tiles, "entries", bundle, width), width);
      const hashes = hashesIn(await readTile(tiles, 0, bundle, width), width);
      const findings = entries.flatMap((entry, i) => {
        const row = settled.get(start + i);
        if (!row) return [`log index ${start + i} is missing in log_entry`];
        const where = `log index ${start + i} (event ${row.event})`;
        return [
          ...ofSource(row).map((finding) => `${where}: ${finding}`),
          ...(leafOf(row.commitment).equals(entry)
            ? []
            : [
                `${where}: log_entry says another commitment than ${tilePath("entries", bundle, width)}: one of the two was changed, or entries were reordered`,
              ]),
          ...(same(leafHash(entry), hashes[i] as Uint8Array)
            ? []
            : [`${where}: ${tilePath("entries", bundle, width)} and ${tilePath(0, bundle, width)} differ: one of the two was changed`]),
        ];
      });
      return width === tileWidth ? [...findings, ...(await ofParent(tiles, 0, bundle, size))] : findings;
    });
  }
}

/** Whether an entry is what it was settled for. */
function ofSource({ event, commitment, recorded, at, reference, lost }: Row): string[] {
  if (recorded) return recorded.equals(commitment) ? [] : ["the ledger has another commitment than log_entry: one of the two was changed"];
  if (at)
    return heartbeatCommitment(heartbeatOf(event, at)).equals(commitment)
      ? []
      : ["log_heartbeat says another time than log_entry commits to: one of the two was changed"];
  if (reference)
    return erasureCommitment(reference).equals(commitment)
      ? []
      : ["log_erasure says another subject than log_entry commits to: one of the two was changed"];
  return lost ? [] : ["its event is not in the ledger any more: it was dropped"];
}

/** Whether the tile above has the hash of this full tile. */
async function ofParent(tiles: DatabaseTiles, level: number, index: number, size: number): Promise<string[]> {
  const own = complete(hashesIn(await readTile(tiles, level, index, tileWidth), tileWidth));
  const above = Math.floor(index / tileWidth);
  const width = widthOf(level + 1, above, size);
  const said = hashesIn(await readTile(tiles, level + 1, above, width), width)[index % tileWidth] as Uint8Array;
  return same(own, said) ? [] : [`${tilePath(level, index)} does not have the hash that ${tilePath(level + 1, above, width)} says`];
}

/** A tile that is missing or cut off is a finding like any other. */
async function caught(check: () => Promise<string[]>): Promise<string[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof TileError) return [error.message];
    throw error;
  }
}
