import { buildArtifacts } from "../artifacts/build.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { interruptible } from "../interruption.ts";
import { operate, type StackResult } from "../pulumi/operations.ts";
import { makeReady, type Ready } from "../ready.ts";
import { describeFailure, resultTable } from "../report.ts";
import { allStacks, chosenStacks } from "../stacks.ts";
import { endProgress, print, progress, say } from "../terminal.ts";
import { unusedExemptions } from "../unused-exemptions.ts";

export async function preview(names: string[], options: { json?: boolean }): Promise<void> {
  const stacks = chosenStacks(names);
  const ready = await makeReady(undefined);
  await buildArtifacts(progress);
  const results = await interruptible((interrupted) => previewEach(stacks, ready, interrupted), {
    atOnce: "interrupted: waiting for Pulumi to end ...",
    advice: "Nothing was changed. Preview again.",
  });
  endProgress();
  const unused = unusedExemptions(results, allStacks());
  if (options.json) print(JSON.stringify({ stacks: results.map(({ output, ...rest }) => rest), unusedExemptions: unused }, null, 2));
  else print(resultTable(results));
  const failed = results.filter(({ ok }) => !ok);
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

async function previewEach(stacks: readonly string[], ready: Ready, interrupted: () => boolean): Promise<StackResult[]> {
  const results: StackResult[] = [];
  for (const stack of stacks) {
    if (interrupted()) break;
    progress(`previewing ${stack} ...`);
    results.push(await operate("preview", stack, ready, () => {}, say));
  }
  return results;
}
