// A process whose clock is wrong, and may jump while it runs: whatever asks for the time there is told another one. Its timers, and the clock that
// nobody sets (`performance.now()`), go on as they are.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export class WrongClock implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "clock-"));
  #aheadMs = 0;

  /** @param aheadMs how far it is ahead; negative: behind */
  constructor(aheadMs: number) {
    this.aheadMs = aheadMs;
    writeFileSync(
      this.#module,
      `import { readFileSync } from "node:fs";
       const Real = Date;
       const right = Real.now;
       const now = () => right() + Number(readFileSync(${JSON.stringify(this.#offset)}, "utf8"));
       Real.now = now;
       globalThis.Date = new Proxy(Real, { construct: (date, given, as) => Reflect.construct(date, given.length ? given : [now()], as) });`,
    );
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Jumps, at once. */
  set aheadMs(ms: number) {
    // Exchanged as a whole, so that nobody reads half of it.
    writeFileSync(`${this.#offset}.next`, String(ms));
    renameSync(`${this.#offset}.next`, this.#offset);
    this.#aheadMs = ms;
  }

  /** For the environment of a Node process. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--import=${pathToFileURL(this.#module)}` };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  get #module(): string {
    return join(this.#folder, "clock.mjs");
  }

  get #offset(): string {
    return join(this.#folder, "ahead-ms");
  }
}
