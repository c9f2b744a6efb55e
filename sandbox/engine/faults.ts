// What is broken on purpose. Any part that answers can be stopped, slowed or broken for a while, and heals by itself when that is over.
// Nothing of it is written down: a sandbox that starts is well.
import { setTimeout as delay } from "node:timers/promises";
import type { Handler } from "./internet.ts";
import { nearest } from "./nearest.ts";

export const harms = ["stop", "slow", "break"] as const;
/** `stop`: it is not there. `slow`: it answers later. `break`: it answers with an error. */
export type Harm = (typeof harms)[number];

export interface Fault {
  readonly part: string;
  readonly harm: Harm;
  /** When it heals by itself, RFC 3339. */
  readonly until: string;
  /** Of `slow`: how much later it answers. */
  readonly delayMs: number;
}

/** A part that can be hurt, as a list shows it. */
export interface Target {
  readonly part: string;
  readonly fault?: Fault;
}

/** Called when a part's fault begins, and with undefined when it is over: for parts that have a process to end and start again. */
export type Watcher = (fault: Fault | undefined) => Promise<void> | void;

/** No longer than this at a time. */
const longestMs = 24 * 3_600_000;

export class Faults {
  readonly #targets = new Map<string, Watcher | undefined>();
  readonly #faults = new Map<string, { readonly fault: Fault; readonly timer: NodeJS.Timeout }>();

  /** Makes a part one that can be hurt. Returns a function that takes it off the list. */
  add(part: string, watcher?: Watcher): () => void {
    this.#targets.set(part, watcher);
    return () => {
      this.#targets.delete(part);
      this.#forget(part);
    };
  }

  targets(): Target[] {
    return [...this.#targets.keys()].sort().map((part) => {
      const fault = this.of(part);
      return { part, ...(fault && { fault }) };
    });
  }

  of(part: string): Fault | undefined {
    return this.#faults.get(part)?.fault;
  }

  /**
   * Hurts a part, in place of what it suffered before. Resolves when the fault is there.
   * @param part its name, or an end of it that fits one part only
   * @param forMs at most a day
   * @throws RangeError when there is no such part, or more than one, or the time is not allowed
   */
  async inflict(part: string, harm: Harm, { forMs, delayMs = 500 }: { forMs: number; delayMs?: number }): Promise<Fault> {
    const name = this.#find(part);
    if (!(forMs > 0 && forMs <= longestMs)) throw new RangeError(`for ${forMs} ms is not allowed: more than 0 and at most 24 hours`);
    if (!(delayMs >= 0 && delayMs <= longestMs)) throw new RangeError(`a delay of ${delayMs} ms is not allowed: 0 to 24 hours`);
    if (this.of(name)) await this.heal(name);
    const fault: Fault = { part: name, harm, until: new Date(Date.now() + forMs).toISOString(), delayMs };
    const timer = setTimeout(() => void this.heal(name), forMs).unref();
    this.#faults.set(name, { fault, timer });
    await this.#targets.get(name)?.(fault);
    return fault;
  }

  /**
   * Ends a part's fault, or all faults. Resolves when the parts are back.
   * @returns the parts that were hurt
   * @throws RangeError when there is no such part
   */
  async heal(part?: string): Promise<string[]> {
    const names = part === undefined ? [...this.#faults.keys()] : [this.#find(part)];
    const hurt = names.filter((name) => this.#faults.has(name));
    for (const name of hurt) this.#forget(name);
    await Promise.all(hurt.map((name) => this.#targets.get(name)?.(undefined)));
    return hurt;
  }

  /** A part's handler as callers find it. */
  guard(part: string, handler: Handler): Handler {
    return async (request) => {
      const fault = this.of(part);
      if (fault?.harm === "stop") throw new StoppedOnPurpose(part);
      if (fault?.harm === "break") return new Response(`${part} is broken on purpose\n`, { status: 503 });
      if (fault?.harm === "slow") await delay(fault.delayMs, undefined, { signal: request.signal });
      return handler(request);
    };
  }

  #find(part: string): string {
    const names = [...this.#targets.keys()].sort();
    if (names.includes(part)) return part;
    const alike = names.filter((name) => name.endsWith(part));
    if (part !== "" && alike.length === 1) return alike[0] as string;
    if (alike.length > 1) throw new RangeError(`"${part}" is more than one part: ${alike.join(", ")}`);
    const near = nearest(part, names);
    const few = names.length <= 12 ? `; there are: ${names.join(", ") || "none"}` : "";
    throw new RangeError(`there is no part "${part}"${near ? `; did you mean "${near}"?` : few}`);
  }

  #forget(part: string): void {
    clearTimeout(this.#faults.get(part)?.timer);
    this.#faults.delete(part);
  }
}

/** What a caller of a stopped part sees: nobody takes the connection. */
export class StoppedOnPurpose extends TypeError {
  readonly code = "ECONNREFUSED";
  constructor(part: string) {
    super(`fetch failed: ${part} is stopped on purpose`);
    this.name = "StoppedOnPurpose";
  }
}
