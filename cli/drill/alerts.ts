// Which alerts of a region fire, watched for as long as a drill lasts.
import type { RunningPart } from "./region.ts";

export interface Firing {
  readonly alert: string;
  /** Milliseconds since 1970. */
  readonly firedMs: number;
  /** Undefined while it fires. */
  readonly clearedMs: number | undefined;
}

const kinds = ["alarm", "alert policy"];

export class Alerts {
  readonly #firing = new Map<string, number>();
  /** What fired before anything was hurt is none of the drill's doing. */
  #before: ReadonlySet<string> | undefined;
  readonly #seen: Firing[] = [];

  /** To be told of the region's parts, often. */
  look(parts: readonly RunningPart[], nowMs: number): void {
    const firing = new Set(parts.filter(({ kind, state }) => kinds.includes(kind) && state === "failed").map(({ name }) => name));
    this.#before ??= firing;
    for (const alert of firing) if (!this.#firing.has(alert)) this.#firing.set(alert, nowMs);
    for (const [alert, firedMs] of this.#firing) {
      if (firing.has(alert)) continue;
      this.#firing.delete(alert);
      if (!this.#before.has(alert)) this.#seen.push({ alert, firedMs, clearedMs: nowMs });
      // From now on it is as any other.
      else this.#before = new Set([...this.#before].filter((each) => each !== alert));
    }
  }

  /** What began to fire since this time, earliest first. */
  firedSince(ms: number): Firing[] {
    const now = [...this.#firing].filter(([alert]) => !this.#before?.has(alert));
    return [...this.#seen, ...now.map(([alert, firedMs]) => ({ alert, firedMs, clearedMs: undefined }))]
      .filter(({ firedMs }) => firedMs >= ms)
      .sort((a, b) => a.firedMs - b.firedMs);
  }
}
