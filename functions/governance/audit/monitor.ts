// What a monitor makes of the checkpoints that it sees. It is in another region, so it never sees leaves: checkpoints and consistency proofs only.
import type { Verified } from "./checkpoint.ts";
import { type Hash, same, verifyConsistency } from "./merkle.ts";

/** What a monitor keeps of a log: its largest consistent checkpoint, and when that grew last. */
export interface Watch {
  readonly latest: Verified;
  /** Seconds since 1970, by the monitor's clock. */
  readonly grewAt: number;
}

/** Two notes, both signed by the log: whoever has its key can see for themselves what is wrong with them. */
export interface Evidence {
  readonly before: string;
  readonly after: string;
}

export type Judgement =
  /** Nothing was changed, removed or put between: cosign `watch.latest`, and go on from it. */
  | { readonly verdict: "consistent"; readonly watch: Watch; readonly grownBy: number }
  /** One size, two roots, both signed: this log has shown different trees to different people. The notes alone prove it. */
  | { readonly verdict: "split view"; readonly because: "one size, two roots"; readonly evidence: Evidence }
  /**
   * The log could not show that the newer tree begins as the older. The notes and the proof are what it was asked and what it answered:
   * an honest log always can, so ask once more, then treat it as a split view.
   */
  | {
      readonly verdict: "split view";
      readonly because: "no valid consistency proof";
      readonly evidence: Evidence & { readonly proof: readonly Hash[] };
    }
  /** The log showed a smaller tree than it had signed before. That it came later is the monitor's own word. */
  | { readonly verdict: "rollback"; readonly evidence: Evidence }
  /** No larger checkpoint for longer than was agreed. */
  | { readonly verdict: "silence"; readonly forSeconds: number; readonly evidence: Pick<Evidence, "before"> };

/** Begins to watch with the first checkpoint that a monitor ever sees, for which it takes the log's word. */
export const watchFrom = (first: Verified, now: number): Watch => ({ latest: first, grewAt: now });

/**
 * Judges a checkpoint that came after others. Both are of one log and verified.
 * @param proof what the log answered when asked for the consistency proof between the two
 * @param now seconds since 1970
 */
export function judge(watch: Watch, next: Verified, proof: readonly Hash[], now: number): Judgement {
  const [before, after] = [watch.latest.checkpoint, next.checkpoint];
  if (before.origin !== after.origin)
    throw new RangeError(`A checkpoint of "${after.origin}" says nothing of the log "${before.origin}": watch them apart.`);
  const evidence = { before: watch.latest.note, after: next.note };
  if (after.size < before.size) return { verdict: "rollback", evidence };
  if (after.size === before.size) {
    if (!same(after.root, before.root)) return { verdict: "split view", because: "one size, two roots", evidence };
    return { verdict: "consistent", watch: { ...watch, latest: next }, grownBy: 0 };
  }
  if (!verifyConsistency({ from: before.size, fromRoot: before.root, size: after.size, root: after.root, proof }))
    return { verdict: "split view", because: "no valid consistency proof", evidence: { ...evidence, proof } };
  return { verdict: "consistent", watch: { latest: next, grewAt: now }, grownBy: after.size - before.size };
}

/**
 * Whether a log has been silent for too long; undefined while it has not. The same checkpoint again is no sign of life, since anybody can repeat
 * it: a log without events must append an entry of its own within the bound, for instance a commitment to the time.
 * @param boundSeconds how long a log may go without growing
 */
export function silence(watch: Watch, now: number, boundSeconds: number): Extract<Judgement, { verdict: "silence" }> | undefined {
  const forSeconds = now - watch.grewAt;
  return forSeconds > boundSeconds ? { verdict: "silence", forSeconds, evidence: { before: watch.latest.note } } : undefined;
}
