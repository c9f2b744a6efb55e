// What stands on the page for each thing that was measured.
import { megabytes } from "../terminal.ts";
import type { Measured } from "./figures.ts";
import { bytesOrUnknown, percentiles, quoted, rounds, spread, table, verdict } from "./markdown.ts";
import type { PackFigures } from "./policies.ts";
import { bareWorks, works } from "./preferences.ts";
import type { PreviewFigures } from "./previews.ts";
import { median, quantile } from "./statistics.ts";
import { costPerResource, type SyntheticFigures } from "./synthetic.ts";

/** What the design asks for; the page says whether a run keeps them. */
export const aims = {
  previewSeconds: 3,
  timesFaster: 4,
  packStartMs: 400,
  packResourceMs: 5,
  packMemory: 150 * 1024 ** 2,
  freshSeconds: 90,
  unchangedSeconds: 15,
  memory: 2.5 * 1024 ** 3,
  telemetryMs: 1,
  telemetryShare: 0.6,
  spansPerSecond: 5000,
  reportSeconds: 2,
  writeMs: 50,
  writesPerSecond: 500,
  checkMs: 5,
  enforcedAfterCutSeconds: 60,
} as const;

const aim = (seconds: readonly number[], most: number) => `at most ${most} s: ${verdict(median(seconds) <= most)}`;
/** The most of any round. */
const memoryIn = (rounds: readonly (number | undefined)[]) =>
  rounds.some((bytes) => bytes === undefined) ? undefined : Math.max(...(rounds as number[]));
const memoryRatio = ({ ours, usual }: PreviewFigures["peak"]) => (ours && usual ? `${(usual / ours).toFixed(1)} times` : "");

/** In the order in which they stand. */
export const sections: { readonly [Name in keyof Measured]: (its: Measured[Name]) => string } = {
  previews(previews) {
    const ratio = previews.usual.length === 0 ? undefined : median(previews.usual) / median(previews.ours);
    return `## A preview in which nothing changes

\`pulumi preview -s eu\` with the policy pack, ${rounds(previews.ours.length)}. *Ours*: Node runs the TypeScript program as it is, the pack is one executable.
*As usually set up*: the same program and the same rules the way \`pulumi new\` and \`pulumi policy new\` leave them, ts-node compiling and
checking types at every run, the pack a folder with @pulumi/policy, ${rounds(previews.usual.length)}. Both run on the same engine, the same state and the
same sandbox; Pulumi's own language host is replaced by the sandbox's in both, and the usual one imports the SDKs by deep paths as our sources
do: a program with \`import * as aws\` takes longer.

${table(
  ["", "seconds", "peak memory"],
  [
    ["ours", spread(previews.ours), bytesOrUnknown(previews.peak.ours)],
    ["ours without the pack", spread(previews.withoutPack), ""],
    ...(ratio === undefined
      ? [["as usually set up", "not measured", ""]]
      : [
          ["as usually set up", spread(previews.usual), bytesOrUnknown(previews.peak.usual)],
          ["ratio", `${ratio.toFixed(1)} times`, memoryRatio(previews.peak)],
        ]),
  ],
)}

Aim: at most ${aims.previewSeconds} s (${verdict(median(previews.ours) <= aims.previewSeconds)}) and at least ${aims.timesFaster} times faster (${ratio === undefined ? "not measured" : verdict(ratio >= aims.timesFaster)}).
${previews.usualMissing === undefined ? "" : `\nThe usual setup was not measured, for ts-node could not be installed:\n\n${quoted(previews.usualMissing)}\n`}`;
  },

  policies({ rules, stacks, resources, ours, usual, usualMissing }) {
    const row = (name: string, { startMs, resourceMs, memory }: PackFigures) => [
      name,
      spread(startMs, 0),
      spread(resourceMs),
      bytesOrUnknown(memoryIn(memory)),
    ];
    const held = memoryIn(ours.memory);
    return `## The policy pack

${rules} rules over the ${resources} resources of ${stacks.length} stacks, asked as the engine asks: every resource for corrections and for findings, each stack as a whole, over gRPC and
one after the other, with a process for each stack (requests written before, answers read afterwards), ${rounds(ours.resourceMs.length)}. *As usually set up*: the same rules in the folder that \`pulumi policy new\` leaves, with @pulumi/policy and ts-node${usual ? `, ${rounds(usual.resourceMs.length)}` : ""}; it
judges no relations between resources, for the same rules there would need to be written twice.

${table(
  ["", "start to port, ms", "ms a resource", "memory"],
  [row("ours", ours), ...(usual ? [row("as usually set up", usual)] : [["as usually set up", "not measured", "", ""]])],
)}

Aim: at most ${aims.packStartMs} ms to the port (${verdict(median(ours.startMs) <= aims.packStartMs)}), ${aims.packResourceMs} ms a resource (${verdict(median(ours.resourceMs) <= aims.packResourceMs)}), ${megabytes(aims.packMemory)} (${held === undefined ? "not measured" : verdict(held <= aims.packMemory)}).
${usualMissing === undefined ? "" : `\nThe usual setup was not measured, for ts-node could not be installed:\n\n${quoted(usualMissing)}\n`}`;
  },

  report: ({ stacks, seconds }) => `## The report of a preview

After the previews of ${stacks} stacks: from their event logs and saved plans to the model, the Markdown and the page, in one process, ${rounds(seconds.length)}.

${table(["", "seconds", "aim"], [["report", spread(seconds), aim(seconds, aims.reportSeconds)]])}
`,

  deployments: ({ fresh, unchanged, sandboxStart, resources }) => `## All stacks

\`./bailiwick up\`, ${resources} resources in four stacks: the real engine, every preview gated by the pack, PostgreSQL, Workers and services
started and probed. The sandbox runs, with nothing in it; artifacts are built.

${table(
  ["", "seconds", "aim"],
  [
    ["from nothing", spread(fresh), aim(fresh, aims.freshSeconds)],
    ["when nothing changed", spread(unchanged), aim(unchanged, aims.unchangedSeconds)],
    ["the sandbox's own start", spread(sandboxStart), ""],
  ],
)}
`,

  resources: (synthetic) => `## One more resource

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
`,

  memory(memory) {
    const sum = memory.reduce((total, { bytes }) => total + bytes, 0);
    return `## Memory of all that runs

With all stacks up and idle. Pages that several processes share are divided among them, so the rows add up.

${table(
  ["part", "processes", "memory"],
  [
    ...memory.map(({ part, processes, bytes }) => [part, String(processes), megabytes(bytes)]),
    ["**everything**", String(memory.reduce((total, { processes }) => total + processes, 0)), megabytes(sum)],
  ],
)}

Aim: at most ${megabytes(aims.memory)} (${verdict(sum <= aims.memory)}).
`;
  },

  edge: ({ latencies, withdrawals, cutLinks }) => `## A request at the edge

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

From sending the withdrawal to the first answer of the edge after which none permits the purpose, while the edge is asked without pause, in milliseconds.
*Refused at once*: rounds in which the first request after the answer to the withdrawal was refused. *At once*: how many people do so at the same time, each with a connection to the edge.

${table(
  ["region", "at once", "rounds", "p50", "p99", "max", "answered `applied`", "refused at once"],
  withdrawals.map(({ region, atOnce, milliseconds, applied, refusedAtOnce }) => [
    region,
    String(atOnce),
    String(milliseconds.length),
    ...percentiles(milliseconds),
    String(applied),
    String(refusedAtOnce),
  ]),
)}

### With the link cut

The services of \`eu\` cannot tell the edge, which keeps what it knew; the edge of \`apac\` cannot ask the services, and permits nothing. People withdraw one after the other during the
cut: what the services take is answered \`pending\`, what does not reach them is sent again until it does. *After the cut*: from the moment when the link is whole to the first answer
that says "withdrawn", in milliseconds, each asking ten times a second.

${table(
  ["region", "people", "seconds cut", "answered `pending`", "the edge meanwhile", "after the cut: p50", "p99", "max"],
  cutLinks.map(({ region, people, cutSeconds, pending, whileCut, milliseconds }) => [
    region,
    String(people),
    String(cutSeconds),
    String(pending),
    Object.entries(whileCut)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(", "),
    ...percentiles(milliseconds),
  ]),
)}

Promised: ${aims.enforcedAfterCutSeconds} s after the link is whole (${verdict(Math.max(...cutLinks.flatMap(({ milliseconds }) => milliseconds)) <= aims.enforcedAfterCutSeconds * 1000)}).
`,

  preferences({ instances, atOnce, steadyPerSecond, saturated, steady, bare, bytes, log }) {
    const writeMs = quantile(steady.write.milliseconds, 0.99);
    const checkMs = quantile(steady.check.milliseconds, 0.99);
    const most = log.at(-1);
    return `## What the preference service carries

${instances} instances over one PostgreSQL, fsync on, in a region whose edge keeps no state; asked past the gateway with the edge's own word. A *write* is a change with
\`Idempotency-Key\`: event, projection, first answer and its span, committed before the answer. Everybody has read at the same instance before, as a page does. Callers, service, database, log and telemetry share the machine's cores. *As many as it
answers*: ${atOnce} callers, each sending as soon as it is answered. *${steadyPerSecond} a second*: by the clock, waiting included, but for the millisecond by which the callers' own timers are late. *Turned away*: answered 503 and sent again when the answer
said, which counts as waiting. *Bare*: as many instances of Node's own server with pg, which update or read one row of the same database and do nothing else: what these cores carry at
most. Milliseconds.

${table(
  ["", "as many as it answers, a second", "p50", "p99", `at ${steadyPerSecond} a second: p50`, "p99", "max", "turned away"],
  works
    .map((work) => [
      work,
      saturated[work].perSecond.toFixed(0),
      ...percentiles(saturated[work].milliseconds).slice(0, 2),
      ...percentiles(steady[work].milliseconds),
      String(saturated[work].turnedAway + steady[work].turnedAway),
    ])
    .concat(
      bareWorks.map((work) => [
        `bare ${work}`,
        bare[work].saturated.perSecond.toFixed(0),
        ...percentiles(bare[work].saturated.milliseconds).slice(0, 2),
        ...percentiles(bare[work].steady.milliseconds),
        String(bare[work].saturated.turnedAway + bare[work].steady.turnedAway),
      ]),
    ),
)}

A write with all that belongs to it carries ${(saturated.write.perSecond / bare.write.saturated.perSecond).toFixed(2)} of a bare one, a read ${(saturated.read.perSecond / bare.read.saturated.perSecond).toFixed(2)}.

Aim: a write's p99 at most ${aims.writeMs} ms at ${steadyPerSecond} a second (${verdict(writeMs <= aims.writeMs)}), at least ${aims.writesPerSecond} writes a second (${verdict(saturated.write.perSecond >= aims.writesPerSecond)}), a check's p99 at most ${aims.checkMs} ms (${verdict(checkMs <= aims.checkMs)}).

For each of ${bytes.events} events the database holds ${bytes.ledger.toFixed(0)} bytes in the ledger and ${bytes.log.toFixed(0)} in the log, indices included.

### A longer log

One more entry, and the proof of one drawn at random, from tiles in memory. Aim: both grow as the logarithm. *Ratio*: to the log of a tenth of the size; what grows with the size itself would
have 10.

${table(
  ["entries", "append, ms", "files written", "bytes written", "proof, ms", "tiles read", "hashes", "ratio of hashes", "bytes an entry"],
  log.map(({ entries, appendMs, filesWritten, bytesWritten, proofMs, tilesRead, hashes, bytesPerEntry }, i) => [
    String(entries),
    median(appendMs).toFixed(3),
    filesWritten.toFixed(1),
    bytesWritten.toFixed(0),
    median(proofMs).toFixed(3),
    tilesRead.toFixed(1),
    hashes.toFixed(1),
    i === 0 ? "" : (hashes / (log[i - 1] as (typeof log)[number]).hashes).toFixed(2),
    bytesPerEntry.toFixed(0),
  ]),
)}

${most ? `A proof from ${most.entries} entries has ${most.hashes.toFixed(1)} hashes on average; the logarithm is ${Math.log2(most.entries).toFixed(1)}.` : ""}
`;
  },

  telemetry({ latencies, throughput, atOnce }) {
    const dearer = quantile(latencies.on, 0.99) - quantile(latencies.off, 0.99);
    const share = median(throughput.on) / median(throughput.off);
    return `## What telemetry costs a request

The site of \`eu\` in one workerd, on one sandbox, in turns: *on* emits a span a request into two queues, *off* is the same Worker built without emitting.
*On and delivered* is not what a request pays: the region's own Worker and collectors bring the spans to both archives meanwhile, on the same cores. \`GET /v1/experience/hero\` without a token, the
cheapest request there is, asked of workerd itself. Milliseconds one after the other over one connection, with a pause of 10 ms; requests in a second over ${atOnce} connections, ${rounds(throughput.on.length)}.

${table(
  ["telemetry", "requests", "p50", "p99", "max", "requests in a second"],
  (["off", "on", "delivered"] as const).map((variant) => [
    variant === "delivered" ? "on and delivered" : variant,
    String(latencies[variant].length),
    ...percentiles(latencies[variant]),
    spread(throughput[variant], 0),
  ]),
)}

The p99 is ${dearer.toFixed(2)} ms dearer; aim: at most ${aims.telemetryMs} ms (${verdict(dearer <= aims.telemetryMs)}). The throughput is ${share.toFixed(2)} of that without; aim: at least ${aims.telemetryShare} (${verdict(share >= aims.telemetryShare)}).
`;
  },

  collectors: (collectors) => `## What a path of telemetry carries

Spans at a steady rate to the region's own collectors, a hundred a request as the spools send them; an answer of 200 means stored. *Stored* was
counted afterwards in the archive through the bucket's own API, each span once. *Acknowledged* is the time from handing a batch over to its answer, in
milliseconds, repetitions included. Sender, gateway, object stores and collector share the machine's cores.

${table(
  ["path", "spans in a second", "seconds", "sent", "stored", "lost", "copies", "sent again", "p50", "p99", "max"],
  collectors.map(({ path, sent, taken, stored, copies, again, acknowledged }) => [
    path,
    (sent / taken).toFixed(0),
    taken.toFixed(1),
    String(sent),
    String(stored),
    String(sent - stored),
    String(copies),
    String(again),
    ...percentiles(acknowledged),
  ]),
)}

${collectors
  .map(
    ({ path, wanted, sent, stored, taken }) =>
      `Aim on ${path}: ${aims.spansPerSecond} spans a second (${wanted < aims.spansPerSecond ? "not tried" : verdict(sent / taken >= 0.98 * aims.spansPerSecond)}), none lost (${verdict(stored === sent)}).`,
  )
  .join("\n")}
`,
};
