// One subject's consent, as the edge of its jurisdiction knows it: the latest record and nothing else.
import { DurableObject } from "cloudflare:workers";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentRecord, mayReplace, nothingSaid } from "../../shared/consent.ts";

/** `applied`: it now holds. `repeated`: it is what already holds. `stale`: it is not newer in all it permits; nothing changed, and `held` is what holds. */
export type Application =
  | { readonly outcome: "applied" | "repeated"; readonly epoch: number }
  | { readonly outcome: "stale"; readonly epoch: number; readonly held: ConsentRecord };

/**
 * The refusal of an erased subject is kept until no token of it can be valid any more, nothing older can still be on its way, and no backup of the
 * database can bring the subject back (components/storage/resident-database.ts keeps thirty of them, one a day).
 */
const erasedKeptMs = 31 * 86_400_000;

export class Subject extends DurableObject {
  /** What holds. Writes nothing, so that asking about a subject leaves no trace of it. */
  consent(): ConsentRecord {
    return this.ctx.storage.kv.get<ConsentRecord>("consent") ?? nothingSaid;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  /** Takes a newer record; the answer leaves only once it is on disk (the runtime's output gate). */
  apply(record: ConsentRecord): Application {
    const held = this.consent();
    if (mayReplace(record, held)) {
      this.ctx.storage.kv.put("consent", record);
      if (record.erased) void this.ctx.storage.setAlarm(Date.now() + erasedKeptMs);
      return { outcome: "applied", epoch: record.epoch };
    }
    if (canonicalJson(record) === canonicalJson(held)) return { outcome: "repeated", epoch: held.epoch };
    return { outcome: "stale", epoch: held.epoch, held };
  }
}
