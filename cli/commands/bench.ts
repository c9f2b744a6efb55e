// Measures everything in one run, on a platform of its own, and writes docs/benchmarks.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Edge, type LatencyFigures, type WithdrawalFigures } from "../bench/edge.ts";
import type { DeploymentFigures, Figures } from "../bench/figures.ts";
import { describeMachine } from "../bench/machine.ts";
import { measureMemory } from "../bench/memory.ts";
import { page } from "../bench/page.ts";
import { BenchPlatform } from "../bench/platform.ts";
import { measurePreviews } from "../bench/previews.ts";
import { measureSynthetic } from "../bench/synthetic.ts";
import { interruptible } from "../interruption.ts";
import { root } from "../paths.ts";
import type { Ready } from "../ready.ts";
import { endProgress, print, progress } from "../terminal.ts";
import { provideTool } from "../tools.ts";

interface Rounds {
  /** From nothing, each with a sandbox of its own. */
  readonly deployments: number;
  readonly previews: { readonly ours: number; readonly usual: number };
  readonly synthetic: readonly number[];
  readonly requests: number;
  readonly withdrawals: number;
}

const full: Rounds = {
  deployments: 3,
  previews: { ours: 7, usual: 3 },
  synthetic: [0, 100, 500, 2000],
  requests: 1000,
  withdrawals: 200,
};
const quick: Rounds = { deployments: 1, previews: { ours: 2, usual: 1 }, synthetic: [0, 100], requests: 100, withdrawals: 10 };

/** One with subjects' state at the edge, one without. */
const measuredRegions = ["eu", "apac"];

export async function bench(options: { quick?: boolean; json?: boolean }): Promise<void> {
  const figures = await interruptible(
    (interrupted) =>
      // The measurement ends at its next step; what it had set up is then removed as always.
      measure(options.quick ? quick : full, (line) => {
        if (interrupted()) throw new Error(`interrupted before "${line}"`);
        progress(line);
      }),
    { atOnce: "interrupted: removing what was set up ...", advice: "Nothing was written. Run it again." },
  );
  endProgress();
  const text = page(figures);
  const file = join(root, "docs", "benchmarks.md");
  if (!options.quick) writeFileSync(file, text);
  if (options.json) return print(JSON.stringify(figures, null, 2));
  print(options.quick ? text : `Written: ${file}`);
}

type Step = (line: string) => void;

async function measure(rounds: Rounds, step: Step): Promise<Figures> {
  const machine = describeMachine((await provideTool("pulumi", step)).version);
  await using platform = BenchPlatform.create();
  step("building ...");
  await platform.command("build");
  const { ready, deployments } = await measureDeployments(platform, rounds.deployments, step);
  const status = await platform.status(ready.sandbox);
  const memory = measureMemory(ready.sandbox.pid, status);
  const edge = await measureEdge(ready.sandbox.ports.gateway, rounds, step);
  const previews = await measurePreviews(platform, ready, rounds.previews, step);
  const synthetic = await measureSynthetic(platform, ready, rounds.synthetic, step);
  return { date: new Date(), machine, deployments, memory, ...edge, previews, synthetic };
}

/** Leaves the last round's deployment standing. */
async function measureDeployments(
  platform: BenchPlatform,
  rounds: number,
  step: Step,
): Promise<{ ready: Ready; deployments: DeploymentFigures }> {
  const fresh: number[] = [];
  const unchanged: number[] = [];
  const sandboxStart: number[] = [];
  for (let round = 1; ; round++) {
    step(`all stacks: round ${round} of ${rounds} ...`);
    const { seconds, ...ready } = await platform.start();
    sandboxStart.push(seconds);
    const first = await platform.up();
    const second = await platform.up();
    fresh.push(first.seconds);
    unchanged.push(second.seconds);
    const changed = second.stacks.filter(({ changes }) => Object.keys(changes).some((change) => change !== "same"));
    if (changed.length > 0) throw new Error(`the second up changed something in ${changed.map(({ stack }) => stack).join(", ")}`);
    const resources = first.stacks.reduce((sum, { changes }) => sum + (changes.create ?? 0), 0);
    if (round === rounds) return { ready, deployments: { fresh, unchanged, sandboxStart, resources } };
    await platform.purge();
  }
}

async function measureEdge(port: number, rounds: Rounds, step: Step) {
  const latencies: LatencyFigures[] = [];
  const withdrawals: WithdrawalFigures[] = [];
  for (const region of measuredRegions) {
    step(`the edge of ${region} ...`);
    const edge = new Edge(region, port);
    try {
      for (const consent of [false, true]) latencies.push(await edge.latencies(rounds.requests, consent));
      withdrawals.push(await edge.withdrawals(rounds.withdrawals));
    } finally {
      edge.close();
    }
  }
  return { latencies, withdrawals };
}
