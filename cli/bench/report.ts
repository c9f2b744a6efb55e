// What the report that a reviewer reads costs beyond the previews: from their logs and plans to the page.
import type { BenchPlatform } from "./platform.ts";

export interface ReportFigures {
  readonly stacks: number;
  /** Seconds of each round; the first has the modules to load. */
  readonly seconds: readonly number[];
}

/** @param stacks all of them deployed */
export async function measureReport(
  platform: BenchPlatform,
  stacks: readonly string[],
  rounds: number,
  progress: (line: string) => void,
): Promise<ReportFigures> {
  progress("the report: previewing what it is of ...");
  await platform.command("preview", ...stacks, "--report", "json", "--out", "report.json");
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) seconds.push(await platform.report(stacks));
  return { stacks: stacks.length, seconds };
}
