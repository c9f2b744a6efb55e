// Time series on disk. Counts and distributions add up in slots of ten seconds; a gauge keeps the last value of its slot.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What a series is of. Two series with equal names and labels are one. */
export interface Metric {
  /** `run.googleapis.com/request_count`, or a namespace and a name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Point {
  /** Beginning of its slot, or the time it was given, in milliseconds since 1970. */
  readonly at: number;
  /** How many values it stands for: 1 for a gauge. */
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** How many values are in each bucket of `bounds`, of distributions only. */
  readonly buckets?: readonly number[];
}

export interface Series {
  readonly metric: Metric;
  /** Oldest first. */
  readonly points: readonly Point[];
}

const slotMs = 10_000;
const lowest = 0.0001;
/** Upper bounds of a distribution's buckets: each a fifth wider than the one before, from 0.0001 to beyond 10^7. */
export const bounds: readonly number[] = Array.from({ length: 142 }, (_, index) => lowest * 1.2 ** index);

export const bucketOf = (value: number): number => {
  const index = value <= lowest ? 0 : Math.ceil(Math.log(value / lowest) / Math.log(1.2));
  return Math.min(index, bounds.length);
};

interface Row {
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly buckets: string | null;
}

export class SeriesStore {
  readonly #db: DatabaseSync;
  readonly #ids = new Map<string, number>();

  /** @param file of the database; its folder is made */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (name, labels)) STRICT;
      CREATE TABLE IF NOT EXISTS point (
        series INTEGER NOT NULL, at INTEGER NOT NULL, count REAL NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, buckets TEXT,
        PRIMARY KEY (series, at)) STRICT, WITHOUT ROWID;`);
  }

  /** Adds to a count: `by` in one value. */
  count(metric: Metric, by = 1, at = Date.now()): void {
    this.#add(metric, slotOf(at), { count: 1, sum: by, min: by, max: by });
  }

  /** Adds one value to a distribution. */
  observe(metric: Metric, value: number, at = Date.now()): void {
    const buckets = new Array<number>(bounds.length + 1).fill(0);
    buckets[bucketOf(value)] = 1;
    this.#add(metric, slotOf(at), { count: 1, sum: value, min: value, max: value, buckets });
  }

  /** Sets a gauge. */
  gauge(metric: Metric, value: number, at = Date.now()): void {
    this.put(metric, { at: slotOf(at), count: 1, sum: value, min: value, max: value });
  }

  /** Writes a point as it is given, in place of one of the same time. */
  put(metric: Metric, { at, count, sum, min, max, buckets }: Point): void {
    this.#db
      .prepare("INSERT OR REPLACE INTO point (series, at, count, sum, min, max, buckets) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(this.#id(metric), at, count, sum, min, max, buckets ? JSON.stringify(buckets) : null);
  }

  /** Whether there is a newer point than this time already. */
  hasAfter(metric: Metric, at: number): boolean {
    return this.#db.prepare("SELECT 1 FROM point WHERE series = ? AND at >= ?").get(this.#id(metric), at) !== undefined;
  }

  /** The series of a name with their points in (from, to], empty ones left out. */
  read(name: string, from: number, to: number): Series[] {
    const series = this.#db.prepare("SELECT id, labels FROM series WHERE name = ? ORDER BY id").all(name) as unknown as {
      id: number;
      labels: string;
    }[];
    return series.flatMap(({ id, labels }) => {
      const rows = this.#db.prepare("SELECT * FROM point WHERE series = ? AND at > ? AND at <= ? ORDER BY at").all(id, from, to);
      if (rows.length === 0) return [];
      const metric = { name, labels: JSON.parse(labels) as Record<string, string> };
      return [{ metric, points: (rows as unknown as Row[]).map(pointOf) }];
    });
  }

  /** The names that begin so. */
  names(prefix = ""): string[] {
    const rows = this.#db.prepare("SELECT DISTINCT name FROM series WHERE substr(name, 1, ?) = ? ORDER BY name").all(prefix.length, prefix);
    return rows.map((row) => String(row.name));
  }

  /** Forgets points from before a time. */
  expire(before: number): void {
    this.#db.prepare("DELETE FROM point WHERE at < ?").run(before);
  }

  close(): void {
    this.#db.close();
  }

  #add(metric: Metric, at: number, more: Omit<Point, "at">): void {
    const id = this.#id(metric);
    const row = this.#db.prepare("SELECT * FROM point WHERE series = ? AND at = ?").get(id, at) as unknown as Row | undefined;
    const before = row && pointOf(row);
    const buckets = more.buckets?.map((count, index) => count + (before?.buckets?.[index] ?? 0));
    this.put(metric, {
      at,
      count: more.count + (before?.count ?? 0),
      sum: more.sum + (before?.sum ?? 0),
      min: Math.min(more.min, before?.min ?? more.min),
      max: Math.max(more.max, before?.max ?? more.max),
      ...(buckets ? { buckets } : {}),
    });
  }

  #id({ name, labels }: Metric): number {
    const text = JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
    const key = `${name} ${text}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      this.#db.prepare("INSERT INTO series (name, labels) VALUES (?, ?) ON CONFLICT DO NOTHING").run(name, text);
      id = Number(this.#db.prepare("SELECT id FROM series WHERE name = ? AND labels = ?").get(name, text)?.id);
      this.#ids.set(key, id);
    }
    return id;
  }
}

const slotOf = (at: number) => Math.floor(at / slotMs) * slotMs;

const pointOf = ({ buckets, at, count, sum, min, max }: Row): Point => ({
  at,
  count,
  sum,
  min,
  max,
  ...(buckets === null ? {} : { buckets: JSON.parse(buckets) as number[] }),
});

/** The value below which this share of a distribution lies, from its buckets. @param share 0 to 1 */
export function percentile(points: readonly Point[], share: number): number | undefined {
  const total = points.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  if (!points.some(({ buckets }) => buckets)) {
    // Gauges: each point is one value.
    const values = points.map(({ sum, count }) => sum / count).sort((a, b) => a - b);
    return values[Math.min(values.length - 1, Math.floor(share * values.length))];
  }
  let seen = 0;
  for (let index = 0; index <= bounds.length; index++) {
    const here = points.reduce((sum, { buckets }) => sum + (buckets?.[index] ?? 0), 0);
    if (here > 0 && seen + here >= share * total) {
      const low = index === 0 ? 0 : (bounds[index - 1] as number);
      const high = bounds[index] ?? low;
      return low + ((share * total - seen) / here) * (high - low);
    }
    seen += here;
  }
  return bounds.at(-1);
}

/** How many values of a distribution lie in [from, to), as exactly as its buckets tell. */
export function countBetween(points: readonly Point[], from: number, to: number): number {
  const below = (value: number) => (value === Number.POSITIVE_INFINITY ? bounds.length : bucketOf(value));
  const [low, high] = [from <= 0 ? -1 : below(from), below(to)];
  return points.reduce(
    (sum, { buckets }) => sum + (buckets ?? []).reduce((inside, count, index) => inside + (index > low && index <= high ? count : 0), 0),
    0,
  );
}
