// One subject's consent, as the edge of its jurisdiction knows it: the latest record and nothing else.
import { DurableObject } from "cloudflare:workers";
import { canonicalJson } from "../../shared/canonical-json.ts";
import { type ConsentRecord, nothingSaid } from "../../shared/consent.ts";

/** `applied`: it is newer and now holds. `repeated`: it is what already holds. `stale`: it is older, or another one of the same epoch; nothing changed. */
export type Outcome = "applied" | "repeated" | "stale";

export class Subject extends DurableObject {
  /** What holds. Writes nothing, so that asking about a subject leaves no trace of it. */
  consent(): ConsentRecord {
    return this.ctx.storage.kv.get<ConsentRecord>("consent") ?? nothingSaid;
  }

  /** Takes a newer record; the answer leaves only once it is on disk (the runtime's output gate). */
  apply(record: ConsentRecord): { outcome: Outcome; epoch: number } {
    const held = this.consent();
    if (record.epoch > held.epoch) {
      this.ctx.storage.kv.put("consent", record);
      return { outcome: "applied", epoch: record.epoch };
    }
    return { outcome: canonicalJson(record) === canonicalJson(held) ? "repeated" : "stale", epoch: held.epoch };
  }
}
