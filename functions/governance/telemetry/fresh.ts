// What an instance has just put into its telemetry outbox: it delivers that from memory while it holds the rows' lease, and nobody reads them again.
import type { Spooled } from "./outbox.ts";

/** In memory. What is more waits in the table alone. */
const heldBytes = 8 * 1024 * 1024;
/** Taken at once: a quarter of what a collector takes. */
const takenBytes = 1024 * 1024;

interface Fresh extends Spooled {
  readonly bytes: number;
  /** When it was leased. */
  readonly since: number;
}

/** Of one path. */
export class FreshMessages {
  readonly #youngMs: number;
  readonly #now: () => number;
  #held: Fresh[] = [];
  #bytes = 0;

  /** @param youngMs how long after it was leased a message may still be taken @param now in milliseconds, by a clock that nobody sets */
  constructor(youngMs: number, now: () => number = () => performance.now()) {
    this.#youngMs = youngMs;
    this.#now = now;
  }

  hold(message: Fresh): void {
    if (this.#bytes + message.bytes > heldBytes) this.#forgetOld();
    if (this.#bytes + message.bytes > heldBytes) return;
    this.#held.push(message);
    this.#bytes += message.bytes;
  }

  /** The oldest that may still be taken. */
  take(): { readonly messages: readonly Spooled[]; readonly more: boolean } {
    this.#forgetOld();
    let count = 0;
    for (let bytes = 0; count < this.#held.length; count++) {
      bytes += (this.#held[count] as Fresh).bytes;
      if (count > 0 && bytes > takenBytes) break;
    }
    return { messages: this.#drop(count), more: this.#held.length > 0 };
  }

  #forgetOld(): void {
    const young = this.#held.findIndex(({ since }) => this.#now() - since <= this.#youngMs);
    this.#drop(young === -1 ? this.#held.length : young);
  }

  #drop(count: number): Fresh[] {
    const dropped = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    for (const { bytes } of dropped) this.#bytes -= bytes;
    return dropped;
  }
}
