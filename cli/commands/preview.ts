import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadRegister } from "../../policies/register.ts";
import { buildArtifacts } from "../artifacts/build.ts";
import { readManifestFile } from "../artifacts/manifest.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { exemptionsInForce, unusedExemptions } from "../exemptions.ts";
import { interruptible } from "../interruption.ts";
import { root, stateDir } from "../paths.ts";
import { readEvents } from "../pulumi/events.ts";
import { eventLogOf, operate, type StackResult } from "../pulumi/operations.ts";
import { makeReady } from "../ready.ts";
import { describeFailure, resultTable, sayNotes } from "../report.ts";
import { type Review, reviewVersion } from "../review/model.ts";
import { reviewOf } from "../review/read.ts";
import { deliver, type Form, rendered } from "../review/render.ts";
import { dependenciesIn } from "../review/saved-plan.ts";
import { verdictOf } from "../review/verdict.ts";
import { allStacks, chosenStacks } from "../stacks.ts";
import { endProgress, print, progress, say } from "../terminal.ts";

export interface PreviewOptions {
  readonly json?: boolean;
  readonly report?: Form;
  readonly out?: string;
  readonly savePlan?: string;
  readonly against?: string;
  readonly cloud?: boolean;
}

export async function preview(names: string[], options: PreviewOptions): Promise<void> {
  const stacks = chosenStacks(names);
  if (options.out !== undefined && options.report === undefined)
    throw new PersonError("--out takes a report.", "Say which: --report md, html or json.", exitCodes.usage);
  if (options.against !== undefined && options.cloud)
    throw new PersonError("--against deploys on an embedded cloud, never on a real one.", "Leave out one of the two.", exitCodes.usage);
  if (options.against !== undefined) return onTopOf(options.against, stacks, options);
  const plans = resolve(options.savePlan ?? join(stateDir, "plans"));
  const planOf = (stack: string) => join(plans, `${stack}.json`);
  const saving = options.report !== undefined || options.savePlan !== undefined || options.cloud === true;
  if (saving) mkdirSync(plans, { recursive: true, mode: 0o700 });
  // An update follows no plan but that of this preview, and none that it refuses.
  const forget = (names: readonly string[]) => saving && names.map((stack) => rmSync(planOf(stack), { force: true }));
  forget(stacks);
  const run = options.cloud ? await inCloud(planOf) : await onSandbox(saving ? planOf : () => undefined);
  const results = await interruptible((interrupted) => previewEach(stacks, run, interrupted), {
    atOnce: "interrupted: waiting for Pulumi to end ...",
    advice: "Nothing was changed. Preview again.",
  });
  endProgress();
  try {
    if (options.report) report(stacks, results, planOf, options.report, options.out);
    else tell(results, options.json === true);
  } finally {
    forget(results.filter(({ ok }) => !ok).map(({ stack }) => stack));
  }
}

/** @throws PersonError where one of them failed or was refused */
function tell(results: readonly StackResult[], json: boolean): void {
  const unused = unusedExemptions(results, allStacks());
  if (json) print(JSON.stringify({ stacks: results.map(({ output, ...rest }) => rest), unusedExemptions: unused }, null, 2));
  else print(resultTable(results));
  const failed = results.filter(({ ok }) => !ok);
  sayNotes(results);
  for (const result of failed) say(describeFailure(result));
  for (const message of unused) say(`\n${message}`);
  if (failed.length === 0 && unused.length > 0)
    throw new PersonError(
      "An exemption is without use.",
      "Remove it from policies/exemptions.yaml, then preview again.",
      exitCodes.refused,
    );
  if (failed.length > 0) {
    const refused = failed.some(({ findings }) => findings.some(({ mandatory }) => mandatory));
    throw new PersonError(
      `${failed.map(({ stack }) => stack).join(", ")}: ${refused ? "the policy pack would refuse this deployment" : "the preview failed"}.`,
      "Mend what is said above and preview again.",
      refused ? exitCodes.refused : exitCodes.failed,
    );
  }
}

type Run = (stack: string) => Promise<StackResult>;

async function onSandbox(planOf: (stack: string) => string | undefined): Promise<Run> {
  const ready = await makeReady(undefined);
  await buildArtifacts(progress);
  return (stack) => operate("preview", stack, ready, () => {}, say, planOf(stack));
}

async function inCloud(planOf: (stack: string) => string): Promise<Run> {
  await buildArtifacts(progress);
  const { operateInCloud } = await import("../cloud/operate.ts");
  return (stack) => operateInCloud("preview", stack, planOf(stack));
}

/** The preview runs in a process of its own, whose state is another. */
async function onTopOf(ref: string, stacks: readonly string[], { json, report: form, out, savePlan }: PreviewOptions): Promise<void> {
  const { previewAgainst } = await import("../review/against.ts");
  const files = { "--report": form, "--out": out && resolve(out), "--save-plan": savePlan && resolve(savePlan) };
  const args = Object.entries(files).flatMap(([option, value]) => (value ? [option, value] : []));
  process.exitCode = await previewAgainst(ref, stacks, [...args, ...(json ? ["--json"] : [])]);
}

async function previewEach(stacks: readonly string[], run: Run, interrupted: () => boolean): Promise<StackResult[]> {
  const results: StackResult[] = [];
  for (const stack of stacks) {
    if (interrupted()) break;
    progress(`previewing ${stack} ...`);
    results.push(await run(stack));
  }
  return results;
}

/** What was found out is delivered whatever it is; then the exit code says it. */
function report(
  stacks: readonly string[],
  results: readonly StackResult[],
  planOf: (stack: string) => string,
  form: Form,
  out?: string,
): void {
  const review = readReview(results, planOf);
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
export function readReview(results: readonly Pick<StackResult, "stack" | "ok" | "errors">[], planOf: (stack: string) => string): Review {
  const policies = join(root, "policies");
  const surroundings = {
    register: loadRegister(policies),
    built: readManifestFile().artifacts,
    exemptions: exemptionsInForce(),
  };
  return {
    version: reviewVersion,
    stacks: results.map(({ stack, ok, errors }) => {
      const plan = planOf(stack);
      const dependencies = existsSync(plan) ? { dependencies: dependenciesIn(readFileSync(plan, "utf8")) } : {};
      const review = reviewOf({ stack, events: readEvents(eventLogOf(stack, "preview")), ...dependencies }, surroundings);
      // What kept a preview from beginning is in no log.
      return { ...review, ok: review.ok && ok, errors: review.errors.length > 0 ? review.errors : errors };
    }),
  };
}
