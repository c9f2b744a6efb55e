// docs/benchmarks.md, from figures: nothing stands there that was not measured in the run that wrote it.
import { megabytes } from "../terminal.ts";
import type { Figures, Measured } from "./figures.ts";
import { table } from "./markdown.ts";
import { sections } from "./sections.ts";

/** What was measured alone stands alone. */
export function page(figures: Figures): string {
  const { date, machine } = figures;
  const names = Object.keys(sections) as (keyof Measured)[];
  const measured = names.flatMap((name) => section(name, figures) ?? []);
  return `# Benchmarks

Written by \`./bailiwick bench\` on ${date.toISOString().slice(0, 10)}, by no hand. Every figure was measured in that one run, on that machine;
to compare with yours, run it there. \`./bailiwick bench --quick\` measures in fewer rounds, \`./bailiwick bench ${names[0]}\` only that; both write nothing.

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

${measured.join("\n")}`;
}

function section<Name extends keyof Measured>(name: Name, figures: Figures): string | undefined {
  const its = figures[name];
  return its === undefined ? undefined : sections[name](its as Measured[Name]);
}
