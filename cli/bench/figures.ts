// All that one run of the benchmark measured.
import type { LatencyFigures, WithdrawalFigures } from "./edge.ts";
import type { Machine } from "./machine.ts";
import type { MemoryRow } from "./memory.ts";
import type { PreviewFigures } from "./previews.ts";
import type { SyntheticFigures } from "./synthetic.ts";

export interface DeploymentFigures {
  /** Seconds of `./bailiwick up` in each round, from nothing on a started sandbox. */
  readonly fresh: readonly number[];
  /** The same when nothing changed. */
  readonly unchanged: readonly number[];
  /** Seconds until a sandbox with nothing deployed answers. */
  readonly sandboxStart: readonly number[];
  readonly resources: number;
}

export interface Figures {
  readonly date: Date;
  readonly machine: Machine;
  readonly deployments: DeploymentFigures;
  readonly previews: PreviewFigures;
  /** The first is the empty program. */
  readonly synthetic: readonly SyntheticFigures[];
  readonly memory: readonly MemoryRow[];
  readonly latencies: readonly LatencyFigures[];
  readonly withdrawals: readonly WithdrawalFigures[];
}
