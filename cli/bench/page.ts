// docs/benchmarks.md, from figures: nothing stands there that was not measured in the run that wrote it.
import { megabytes } from "../terminal.ts";
import type { Figures } from "./figures.ts";
import { median, quantile } from "./statistics.ts";
import { costPerResource, type SyntheticFigures } from "./synthetic.ts";

/** What issue and design ask for; the page says whether a run keeps them. */
export const aims = { previewSeconds: 3, timesFaster: 4, freshSeconds: 40, unchangedSeconds: 10 } as const;

export function page(figures: Figures): string {
  const { date, machine, deployments, previews, synthetic, memory, latencies, withdrawals } = figures;
  const ratio = previews.usual.length === 0 ? undefined : median(previews.usual) / median(previews.ours);
  return `# Benchmarks

Written by \`./bailiwick bench\` on ${date.toISOString().slice(0, 10)}, by no hand. Every figure was measured in that one run, on that machine;
to compare with yours, run it there. \`./bailiwick bench --quick\` measures in fewer rounds and writes nothing.

${table(
  ["", ""],
  [
    ["Processor", `${machine.processor}, ${machine.cores} cores`],
    ["Memory", megabytes(machine.memory)],
    ["System", machine.system],
    ["Load before the run", machine.load.toFixed(1)],
    ...Object.entries(machine.versions).map(([name, version]) => [name, version]),
  ],
)}

How to read it: seconds vary from machine to machine, ratios hardly do. Where there is more than one round, the figure is the median and
the range stands behind it. What takes turns was measured in turns, so that a slow minute slows both. A high load before the run means
that other work took part in it.

## A preview in which nothing changes

\`pulumi preview -s eu\` with the policy pack, ${rounds(previews.ours.length)}. *Ours*: Node runs the TypeScript program as it is, the pack is one executable.
*As usually set up*: the same program and the same rules the way \`pulumi new\` and \`pulumi policy new\` leave them, ts-node compiling and
checking types at every run, the pack a folder with @pulumi/policy, ${rounds(previews.usual.length)}. Both run on the same engine, the same state and the
same sandbox; Pulumi's own language host is replaced by the sandbox's in both, and the usual one imports the SDKs by deep paths as our sources
do: a program with \`import * as aws\` takes longer.

${table(
  ["", "seconds", "peak memory"],
  [
    ["ours", spread(previews.ours), bytesOrUnknown(previews.peak.ours)],
    ...(ratio === undefined
      ? [["as usually set up", "not measured", ""]]
      : [
          ["as usually set up", spread(previews.usual), bytesOrUnknown(previews.peak.usual)],
          ["ratio", `${ratio.toFixed(1)} times`, memoryRatio(previews.peak)],
        ]),
  ],
)}

Aim: at most ${aims.previewSeconds} s (${verdict(median(previews.ours) <= aims.previewSeconds)}) and at least ${aims.timesFaster} times faster (${ratio === undefined ? "not measured" : verdict(ratio >= aims.timesFaster)}).
${previews.usualMissing === undefined ? "" : `\nThe usual setup was not measured, for ts-node could not be installed:\n\n${quoted(previews.usualMissing)}\n`}
Where our time goes:

${table(
  ["", "seconds"],
  [
    ["engine, SDK and an empty program", (synthetic[0] as SyntheticFigures).preview.toFixed(2)],
    ["`eu` without the pack", spread(previews.withoutPack)],
    ["`eu` with the pack", spread(previews.ours)],
  ],
)}

## All stacks

\`./bailiwick up\`, ${deployments.resources} resources in four stacks: the real engine, every preview gated by the pack, PostgreSQL, Workers and services
started and probed. The sandbox runs, with nothing in it; artifacts are built.

${table(
  ["", "seconds", "aim"],
  [
    ["from nothing", spread(deployments.fresh), aim(deployments.fresh, aims.freshSeconds)],
    ["when nothing changed", spread(deployments.unchanged), aim(deployments.unchanged, aims.unchangedSeconds)],
    ["the sandbox's own start", spread(deployments.sandboxStart), ""],
  ],
)}

## One more resource

A program of so many resources behind which nothing runs (\`random.RandomId\`), through engine and provider. The cost of one is what the program
takes beyond the empty one, divided by their number. Aim: flat. That aim is for engine and provider, with the state saved once at the end.
As a person runs \`up\`, the engine saves the whole state twice for every resource, so that a killed one loses nothing; with the state in a file
that work grows with the square of their number, and so it is measured up to 500 resources only.

${table(
  ["resources", "preview unchanged, seconds", "ms each", "create, seconds", "ms each", "create with every step saved, seconds", "ms each"],
  synthetic.map((figure) => [
    String(figure.resources),
    ...(["preview", "create", "createSaved"] as const).flatMap((of) => [
      figure[of]?.toFixed(2) ?? "",
      costPerResource(figure, synthetic[0] as SyntheticFigures, of)?.toFixed(1) ?? "",
    ]),
  ]),
)}

## Memory of all that runs

With all stacks up and idle. Pages that several processes share are divided among them, so the rows add up.

${table(
  ["part", "processes", "memory"],
  [
    ...memory.map(({ part, processes, bytes }) => [part, String(processes), megabytes(bytes)]),
    [
      "**everything**",
      String(memory.reduce((sum, { processes }) => sum + processes, 0)),
      megabytes(memory.reduce((sum, { bytes }) => sum + bytes, 0)),
    ],
  ],
)}

## A request at the edge

\`GET /v1/experience/hero\` through the gateway, one after the other over one connection, in milliseconds. With consent the edge asks the subject's
Durable Object (\`eu\`), or the region's service where the jurisdiction can pin none (\`apac\`). *Decided as*: the reasons that the edge gave; what is
\`unavailable\` was served the default because the answer was not there within its budget.

${table(
  ["region", "consent", "requests", "p50", "p99", "max", "decided as"],
  latencies.map(({ region, consent, milliseconds, reasons }) => [
    region,
    consent ? "granted" : "none",
    String(milliseconds.length),
    ...percentiles(milliseconds),
    Object.entries(reasons)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${reason} ${((100 * count) / milliseconds.length).toFixed(1)} %`)
      .join(", "),
  ]),
)}

## From withdrawal to enforcement

From sending the withdrawal to the first answer of the edge that refuses the purpose, while the edge is asked without pause, in milliseconds.
*Refused at once*: rounds in which the first request after the answer to the withdrawal was refused.

${table(
  ["region", "rounds", "p50", "p99", "max", "answered `applied`", "refused at once"],
  withdrawals.map(({ region, milliseconds, applied, refusedAtOnce }) => [
    region,
    String(milliseconds.length),
    ...percentiles(milliseconds),
    String(applied),
    String(refusedAtOnce),
  ]),
)}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `1.52 (1.48 to 1.71)`, or the one value. */
function spread(seconds: readonly number[]): string {
  const middle = median(seconds).toFixed(2);
  return seconds.length === 1 ? middle : `${middle} (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`;
}

const percentiles = (milliseconds: readonly number[]) => [
  quantile(milliseconds, 0.5).toFixed(1),
  quantile(milliseconds, 0.99).toFixed(1),
  Math.max(...milliseconds).toFixed(1),
];

const rounds = (count: number) => (count === 1 ? "1 round" : `${count} rounds`);
const memoryRatio = ({ ours, usual }: Figures["previews"]["peak"]) => (ours && usual ? `${(usual / ours).toFixed(1)} times` : "");
const quoted = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
const verdict = (kept: boolean) => (kept ? "kept" : "**missed**");
const aim = (seconds: readonly number[], most: number) => `at most ${most} s: ${verdict(median(seconds) <= most)}`;
const bytesOrUnknown = (bytes: number | undefined) => (bytes === undefined ? "not told by this system" : megabytes(bytes));
