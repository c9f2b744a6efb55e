// Measures everything in one run, on a platform of its own, and writes docs/benchmarks.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureCollectors } from "../bench/collectors.ts";
import { type CutLinkFigures, measureCutLink } from "../bench/cut-link.ts";
import { Edge, type LatencyFigures, type WithdrawalFigures } from "../bench/edge.ts";
import type { DeploymentFigures, Figures, Measured } from "../bench/figures.ts";
import { describeMachine } from "../bench/machine.ts";
import { measureMemory } from "../bench/memory.ts";
import { page } from "../bench/page.ts";
import { BenchPlatform } from "../bench/platform.ts";
import { measurePolicies } from "../bench/policies.ts";
import { measurePreferences, type PreferenceRounds, preferenceRegion } from "../bench/preferences.ts";
import { measurePreviews } from "../bench/previews.ts";
import { measureReport } from "../bench/report.ts";
import { aims } from "../bench/sections.ts";
import { measureSynthetic } from "../bench/synthetic.ts";
import { type CostRounds, measureTelemetryCost } from "../bench/telemetry-cost.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { root } from "../paths.ts";
import type { Ready } from "../ready.ts";
import { allStacks } from "../stacks.ts";
import { endProgress, print, progress } from "../terminal.ts";
import { provideTool } from "../tools.ts";

interface Rounds {
  /** From nothing, each with a sandbox of its own. */
  readonly deployments: number;
  readonly previews: { readonly ours: number; readonly usual: number };
  readonly policies: { readonly ours: number; readonly usual: number };
  readonly report: number;
  readonly synthetic: readonly number[];
  readonly requests: number;
  readonly withdrawals: number;
  readonly cutLink: { readonly people: number; readonly cutSeconds: number };
  readonly telemetry: CostRounds;
  readonly collectorSeconds: number;
  readonly preferences: PreferenceRounds;
}

const full: Rounds = {
  deployments: 3,
  previews: { ours: 7, usual: 3 },
  policies: { ours: 7, usual: 3 },
  report: 10,
  synthetic: [0, 100, 500, 2000],
  requests: 1000,
  withdrawals: 200,
  cutLink: { people: 40, cutSeconds: 40 },
  telemetry: { rounds: 10, requests: 500, seconds: 3 },
  collectorSeconds: 60,
  preferences: { seconds: 20, logSizes: [1000, 10_000, 100_000, 1_000_000] },
};
const quick: Rounds = {
  deployments: 1,
  previews: { ours: 2, usual: 1 },
  policies: { ours: 2, usual: 1 },
  report: 3,
  synthetic: [0, 100],
  requests: 100,
  withdrawals: 10,
  cutLink: { people: 4, cutSeconds: 4 },
  telemetry: { rounds: 2, requests: 200, seconds: 1 },
  collectorSeconds: 5,
  preferences: { seconds: 3, logSizes: [1000, 10_000, 100_000] },
};

/** One with subjects' state at the edge, one without, each with its link: by which the services tell the edge, or the edge asks the services. */
const measuredRegions = { eu: "subjects-eu", apac: "services-apac" } as const;
/** Of people who withdraw at once: alone, and under load. */
const withdrawingAtOnce = [1, 8];

/** What can be measured, in the order in which it is, and the stacks that it needs beside `global`; undefined: all of them. */
const needs: Readonly<Record<keyof Measured, readonly string[] | undefined>> = {
  deployments: undefined,
  memory: undefined,
  edge: Object.keys(measuredRegions),
  previews: ["eu"],
  policies: undefined,
  report: undefined,
  resources: [],
  // Last, for they leave much behind.
  preferences: [preferenceRegion],
  telemetry: ["eu"],
  collectors: ["eu"],
};
export const measurements = Object.keys(needs) as (keyof Measured)[];

/**
 * @param names of what is measured; default: everything, and only then is the page written
 * @throws PersonError for a name that nothing has
 */
export async function bench(names: readonly string[], options: { quick?: boolean; json?: boolean }): Promise<void> {
  const unknown = names.filter((name) => !measurements.includes(name as keyof Measured));
  if (unknown.length > 0)
    throw new PersonError(
      `There is nothing to measure called ${unknown.join(", ")}.`,
      `There are: ${measurements.join(", ")}.`,
      exitCodes.usage,
    );
  const wanted = measurements.filter((name) => names.length === 0 || names.includes(name));
  const figures = await interruptible(
    (interrupted) =>
      // The measurement ends at its next step; what it had set up is then removed as always.
      measure(wanted, options.quick ? quick : full, (line) => {
        if (interrupted()) throw new Error(`interrupted before "${line}"`);
        progress(line);
      }),
    { atOnce: "interrupted: removing what was set up ...", advice: "Nothing was written. Run it again." },
  );
  endProgress();
  const text = page(figures);
  const file = join(root, "docs", "benchmarks.md");
  const written = !options.quick && wanted.length === measurements.length;
  if (written) writeFileSync(file, text);
  if (options.json) return print(JSON.stringify(figures, null, 2));
  print(written ? `Written: ${file}` : text);
}

type Step = (line: string) => void;

async function measure(wanted: readonly (keyof Measured)[], rounds: Rounds, step: Step): Promise<Figures> {
  const machine = describeMachine((await provideTool("pulumi", step)).version);
  await using platform = BenchPlatform.create();
  step("building ...");
  await platform.command("build");
  const { ready, deployments } = wanted.includes("deployments")
    ? await measureDeployments(platform, rounds.deployments, step)
    : { ready: await deploy(platform, wanted, step), deployments: undefined };
  const measured: { [Name in keyof Measured]: () => Promise<Measured[Name]> } = {
    deployments: async () => deployments as DeploymentFigures,
    memory: async () => measureMemory(ready.sandbox.pid, await platform.status(ready.sandbox)),
    edge: () => measureEdge(platform, ready.sandbox.ports.gateway, rounds, step),
    previews: () => measurePreviews(platform, ready, rounds.previews, step),
    policies: () => measurePolicies(platform, ready, allStacks(), rounds.policies, step),
    report: () => measureReport(platform, allStacks(), rounds.report, step),
    resources: () => measureSynthetic(platform, ready, rounds.synthetic, step),
    preferences: () => measurePreferences(platform, ready, rounds.preferences, step),
    telemetry: () => measureTelemetryCost(platform, ready, rounds.telemetry, step),
    collectors: () => measureCollectors(platform, ready, { spansPerSecond: aims.spansPerSecond, seconds: rounds.collectorSeconds }, step),
  };
  const figures: Record<string, unknown> = {};
  for (const name of wanted) figures[name] = await measured[name]();
  return { date: new Date(), machine, ...(figures as Partial<Measured>) };
}

/** What these need, once and without being timed. */
async function deploy(platform: BenchPlatform, wanted: readonly (keyof Measured)[], step: Step): Promise<Ready> {
  const ready = await platform.start();
  const stacks = wanted.map((name) => needs[name]);
  const named = stacks.includes(undefined) ? [] : [...new Set(stacks.flatMap((its) => its ?? []))];
  if (named.length === 0 && !stacks.includes(undefined)) return ready;
  step("deploying what is measured ...");
  await platform.up(...(named.length > 0 ? ["global", ...named] : []));
  return ready;
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

async function measureEdge(platform: BenchPlatform, port: number, rounds: Rounds, step: Step) {
  const latencies: LatencyFigures[] = [];
  const withdrawals: WithdrawalFigures[] = [];
  const cutLinks: CutLinkFigures[] = [];
  for (const [region, link] of Object.entries(measuredRegions)) {
    step(`the edge of ${region} ...`);
    const edge = new Edge(region, port);
    try {
      for (const consent of [false, true]) latencies.push(await edge.latencies(rounds.requests, consent));
      for (const atOnce of withdrawingAtOnce) withdrawals.push(await edge.withdrawals(rounds.withdrawals, atOnce));
      step(`the edge of ${region}, its link cut ...`);
      const host = `host:${link}.${platform.config(region).domain}`;
      cutLinks.push(await measureCutLink(platform, edge, { host, ...rounds.cutLink }));
    } finally {
      edge.close();
    }
  }
  return { latencies, withdrawals, cutLinks };
}
