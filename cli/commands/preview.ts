import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadRegister } from "../../policies/register.ts";
import { buildArtifacts } from "../artifacts/build.ts";
import { readManifestFile } from "../artifacts/manifest.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { root, stateDir } from "../paths.ts";
import { readEvents } from "../pulumi/events.ts";
import { eventLogOf, operate, type StackResult } from "../pulumi/operations.ts";
import { makeReady } from "../ready.ts";
import { describeFailure, resultTable } from "../report.ts";
import { type Review, reviewVersion } from "../review/model.ts";
import { reviewOf } from "../review/read.ts";
import { deliver, type Form, rendered } from "../review/render.ts";
import { dependenciesIn } from "../review/saved-plan.ts";
import { verdictOf } from "../review/verdict.ts";
import { chosenStacks } from "../stacks.ts";
import { endProgress, print, progress, say } from "../terminal.ts";

export interface PreviewOptions {
  readonly json?: boolean;
  readonly report?: Form;
  readonly out?: string;
}

/** Where a preview with a report saves the plan. */
const planOf = (stack: string) => join(stateDir, "plans", `${stack}.json`);

export async function preview(names: string[], options: PreviewOptions): Promise<void> {
  const stacks = chosenStacks(names);
  if (options.out !== undefined && options.report === undefined)
    throw new PersonError("--out takes a report.", "Say which: --report md, html or json.", exitCodes.usage);
  const ready = await makeReady(undefined);
  await buildArtifacts(progress);
  mkdirSync(join(stateDir, "plans"), { recursive: true, mode: 0o700 });
  const run = (stack: string) => operate("preview", stack, ready, () => {}, say, options.report ? planOf(stack) : undefined);
  const results = await interruptible((interrupted) => previewEach(stacks, run, interrupted), {
    atOnce: "interrupted: waiting for Pulumi to end ...",
    advice: "Nothing was changed. Preview again.",
  });
  endProgress();
  if (options.report) return report(stacks, results, options.report, options.out);
  if (options.json) print(JSON.stringify({ stacks: results.map(({ output, ...rest }) => rest) }, null, 2));
  else print(resultTable(results));
  const failed = results.filter(({ ok }) => !ok);
  for (const result of failed) say(describeFailure(result));
  if (failed.length > 0) {
    const refused = failed.some(({ findings }) => findings.some(({ mandatory }) => mandatory));
    throw new PersonError(
      `${failed.map(({ stack }) => stack).join(", ")}: ${refused ? "the policy pack would refuse this deployment" : "the preview failed"}.`,
      "Mend what is said above and preview again.",
      refused ? exitCodes.refused : exitCodes.failed,
    );
  }
}

async function previewEach(
  stacks: readonly string[],
  run: (stack: string) => Promise<StackResult>,
  interrupted: () => boolean,
): Promise<StackResult[]> {
  const results: StackResult[] = [];
  for (const stack of stacks) {
    if (interrupted()) break;
    progress(`previewing ${stack} ...`);
    results.push(await run(stack));
  }
  return results;
}

/** What was found out is delivered whatever it is; then the exit code says it. */
function report(stacks: readonly string[], results: readonly StackResult[], form: Form, out: string | undefined): void {
  const review = readReview(results);
  deliver(rendered(review, form, stacks), out);
  const { mayMerge, reasons } = verdictOf(review, stacks);
  if (mayMerge) return;
  const broken = results.filter(({ ok, findings }) => !ok && !findings.some(({ mandatory }) => mandatory));
  for (const result of broken) say(describeFailure(result));
  throw new PersonError(
    `This may not merge: ${reasons.join("; ")}.`,
    "Mend what the report says and preview again.",
    broken.length > 0 ? exitCodes.failed : exitCodes.refused,
  );
}

/** From what the previews left behind. */
export function readReview(results: readonly StackResult[]): Review {
  const surroundings = { register: loadRegister(join(root, "policies")), built: readManifestFile().artifacts };
  return {
    version: reviewVersion,
    stacks: results.map(({ stack, ok, errors }) => {
      const plan = planOf(stack);
      const dependencies = ok && existsSync(plan) ? { dependencies: dependenciesIn(readFileSync(plan, "utf8")) } : {};
      const review = reviewOf({ stack, events: readEvents(eventLogOf(stack, "preview")), ...dependencies }, surroundings);
      // What kept a preview from beginning is in no log.
      return { ...review, ok: review.ok && ok, errors: review.errors.length > 0 ? review.errors : errors };
    }),
  };
}
