// All that one run of the benchmark measured.
import type { CollectorFigures } from "./collectors.ts";
import type { CutLinkFigures } from "./cut-link.ts";
import type { LatencyFigures, WithdrawalFigures } from "./edge.ts";
import type { Machine } from "./machine.ts";
import type { MemoryRow } from "./memory.ts";
import type { PolicyFigures } from "./policies.ts";
import type { PreferenceFigures } from "./preferences.ts";
import type { PreviewFigures } from "./previews.ts";
import type { ReportFigures } from "./report.ts";
import type { SyntheticFigures } from "./synthetic.ts";
import type { CostFigures } from "./telemetry-cost.ts";

export interface DeploymentFigures {
  /** Seconds of `./bailiwick up` in each round, from nothing on a started sandbox. */
  readonly fresh: readonly number[];
  /** The same when nothing changed. */
  readonly unchanged: readonly number[];
  /** Seconds until a sandbox with nothing deployed answers. */
  readonly sandboxStart: readonly number[];
  readonly resources: number;
}

/** What can be measured, each for itself: its name on the command line to its figures. */
export interface Measured {
  readonly deployments: DeploymentFigures;
  readonly memory: readonly MemoryRow[];
  readonly edge: {
    readonly latencies: readonly LatencyFigures[];
    readonly withdrawals: readonly WithdrawalFigures[];
    readonly cutLinks: readonly CutLinkFigures[];
  };
  readonly telemetry: CostFigures;
  readonly collectors: readonly CollectorFigures[];
  readonly preferences: PreferenceFigures;
  readonly previews: PreviewFigures;
  readonly policies: PolicyFigures;
  readonly report: ReportFigures;
  /** The first is the empty program. */
  readonly resources: readonly SyntheticFigures[];
}

export interface Figures extends Partial<Measured> {
  readonly date: Date;
  readonly machine: Machine;
}
