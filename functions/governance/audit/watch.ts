// A monitor of another region's log: asks for its checkpoint and for consistency proofs, as anybody may, and remembers what it saw. It gets hashes
// over hashes, and no entry ever leaves its jurisdiction.
import * as z from "zod";
import type { Database } from "../database.ts";
import { log, reasonOf } from "../log.ts";
import { alarm } from "./alarms.ts";
import { cosign, openCheckpoint, type Verified } from "./checkpoint.ts";
import type { Hash } from "./merkle.ts";
import { judge, silence, type Watch, watchFrom } from "./monitor.ts";
import { heartbeatMinutes, type LogKey } from "./sequencer.ts";
import { NoteError, type NoteKey, parseVerifierKey, verifierKey } from "./signed-note.ts";

/** A log that has not grown for so long is silent: three of its heartbeats. */
export const silentSeconds = 3 * heartbeatMinutes * 60;
/** How often a log that was never seen is complained of. */
const complainMs = 3_600_000;
const patienceMs = 10_000;

export interface WatcherOptions {
  readonly database: Database;
  readonly schema: string;
  /** The log's name: `us.brand.example/v1/log`. */
  readonly name: string;
  /** Where it is asked; that name, unless said otherwise. */
  readonly url: string;
  /** Undefined: what it shows at first sight is its key for ever. */
  readonly key: NoteKey | undefined;
  /** With which this region vouches for what it saw. */
  readonly cosigner: () => Promise<LogKey>;
  readonly silentSeconds?: number;
}

interface Kept {
  readonly key: NoteKey;
  readonly watch: Watch;
}

const shownKey = z.object({ verifierKey: z.string() });
const shownProof = z.object({ hashes: z.array(z.string()) });

export class Watcher {
  readonly #options: WatcherOptions;
  #complainAt = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** Looks once. Alarms where the log contradicts itself, or is silent. */
  async turn(): Promise<boolean> {
    const { name } = this.#options;
    const kept = await this.#kept();
    const now = await this.#now();
    try {
      await this.#look(kept, now);
    } catch (error) {
      if (error instanceof NoteError) alarm("distrust", { log: name, verdict: "no checkpoint of this log", reason: error.message });
      else if (kept) log("WARNING", "A watched log does not answer.", { log: name, reason: reasonOf(error) });
      else this.#complain(error);
    }
    const watch = (await this.#kept())?.watch;
    const silent = watch && silence(watch, now, this.#options.silentSeconds ?? silentSeconds);
    if (silent) alarm("silence", { log: name, forSeconds: Math.round(silent.forSeconds), evidence: silent.evidence });
    return false;
  }

  async #look(kept: Kept | undefined, now: number): Promise<void> {
    const { name } = this.#options;
    const key = this.#options.key ?? kept?.key ?? parseVerifierKey(shownKey.parse(JSON.parse(await this.#ask("key"))).verifierKey);
    if (key.name !== name) throw new NoteError(`The log at ${this.#options.url} calls itself "${key.name}", not "${name}".`);
    const next = openCheckpoint(await this.#ask("checkpoint"), key);
    if (!kept) return this.#keep(key, watchFrom(next, now));
    const judgement = await this.#judge(kept.watch, next, now);
    if (judgement.verdict === "consistent") {
      if (judgement.grownBy > 0) await this.#keep(key, judgement.watch);
    } else alarm("distrust", { log: name, ...judgement, ...("proof" in judgement.evidence ? { evidence: told(judgement.evidence) } : {}) });
  }

  /** An honest log can always answer: one whose proof is wrong is asked once more. */
  async #judge(watch: Watch, next: Verified, now: number) {
    const [from, to] = [watch.latest.checkpoint.size, next.checkpoint.size];
    const once = async () => judge(watch, next, from < to ? await this.#proof(from, to) : [], now);
    const first = await once();
    return first.verdict === "split view" && first.because === "no valid consistency proof" ? once() : first;
  }

  async #proof(from: number, to: number): Promise<Hash[]> {
    const { hashes } = shownProof.parse(JSON.parse(await this.#ask(`consistency?from=${from}&to=${to}`)));
    return hashes.map((hash) => Buffer.from(hash, "base64url"));
  }

  async #ask(what: string): Promise<string> {
    const response = await fetch(`${this.#options.url}/${what}`, { signal: AbortSignal.timeout(patienceMs) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.#options.url}/${what} answered ${response.status}: ${text.slice(0, 200)}`);
    return text;
  }

  async #kept(): Promise<Kept | undefined> {
    const { database, schema, name } = this.#options;
    const [row] = await database.query<{ key: string; checkpoint: string; grew_at: Date }>(
      `SELECT key, checkpoint, grew_at FROM ${schema}.log_watch WHERE origin = $1`,
      [name],
    );
    if (!row) return undefined;
    const key = parseVerifierKey(row.key);
    return { key, watch: { latest: openCheckpoint(row.checkpoint, key), grewAt: row.grew_at.getTime() / 1000 } };
  }

  /** Called when it has just grown. */
  async #keep(key: NoteKey, { latest, grewAt }: Watch): Promise<void> {
    const { database, schema, name } = this.#options;
    await database.query(
      `INSERT INTO ${schema}.log_watch (origin, key, checkpoint, cosigned, grew_at) VALUES ($1, $2, $3, $4, to_timestamp($5))
       ON CONFLICT (origin) DO UPDATE SET checkpoint = excluded.checkpoint, cosigned = excluded.cosigned, grew_at = excluded.grew_at`,
      [name, verifierKey(key), latest.note, await this.#cosigned(latest, grewAt), grewAt],
    );
  }

  async #cosigned({ note }: Verified, at: number): Promise<string> {
    const { key, sign } = await this.#options.cosigner();
    return cosign(note, key, Math.floor(at), sign);
  }

  /** The monitor's clock is the database's, the same for all instances. Seconds since 1970. */
  async #now(): Promise<number> {
    const [row] = await this.#options.database.query<{ now: number }>("SELECT extract(epoch FROM now())::float8 AS now");
    return (row as { now: number }).now;
  }

  #complain(error: unknown): void {
    if (performance.now() < this.#complainAt) return;
    this.#complainAt = performance.now() + complainMs;
    log("WARNING", "A log that should be watched was never seen.", { log: this.#options.name, reason: reasonOf(error) });
  }
}

const told = ({ proof, ...notes }: { readonly proof: readonly Hash[] }) => ({
  ...notes,
  proof: proof.map((hash) => Buffer.from(hash).toString("base64url")),
});
