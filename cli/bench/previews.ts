// A preview of `eu` in which nothing changes, with the policy pack: as this repository runs it, and as it is usually set up.
import type { Ready } from "../ready.ts";
import type { BenchPlatform } from "./platform.ts";
import { peakOf } from "./processes.ts";
import { succeed } from "./run.ts";
import { installTsNode, UsualSetup } from "./usual-setup.ts";

export interface PreviewFigures {
  /** Seconds of each round. */
  readonly ours: readonly number[];
  readonly usual: readonly number[];
  /** Why there is no round of the usual setup, where there is none. */
  readonly usualMissing?: string;
  /** Of ours, without the pack; of ours, a program without a resource and without the pack. */
  readonly withoutPack: readonly number[];
  /** Bytes that all processes begun by one preview hold together at most; undefined where the system does not tell. */
  readonly peak: { readonly ours: number | undefined; readonly usual: number | undefined };
}

export async function measurePreviews(
  platform: BenchPlatform,
  ready: Ready,
  rounds: { readonly ours: number; readonly usual: number },
  progress: (line: string) => void,
): Promise<PreviewFigures> {
  const env = { ...platform.env, ...(await platform.pulumiEnvironment(ready.sandbox, "eu")) };
  const { PULUMI_OPTION_POLICY_PACK: pack, ...ungated } = env;
  const tsNode = await installTsNode(progress).catch((error: Error) => error);
  await using setup = tsNode instanceof Error ? undefined : await UsualSetup.create(platform, tsNode);

  const preview = async (environment: NodeJS.ProcessEnv, packName: string | undefined): Promise<number> => {
    const args = ["preview", "--non-interactive", "--color", "never", "--expect-no-changes"];
    const { output, seconds } = await succeed(ready.pulumi, args, { cwd: platform.dir, env: environment, limitSeconds: 240 });
    // The engine lists each pack that ran.
    if (packName !== undefined && !output.includes(`${packName}@`)) throw new Error(`the pack "${packName}" did not run:\n${output}`);
    return seconds;
  };
  const ours = () => preview(env, "bailiwick");
  const usual = async (other: UsualSetup) => {
    other.select("usual");
    try {
      return await preview({ ...env, ...other.env }, "usual");
    } finally {
      other.select("ours");
    }
  };

  // The first of each fills the caches of the machine and is watched for memory; then they take turns, so that a slow minute slows both.
  progress("previews: how much memory they take ...");
  const roots = [process.pid, ready.sandbox.pid];
  const peak = { ours: await peakOf(roots, ours), usual: setup && (await peakOf(roots, () => usual(setup))) };
  const figures = { ours: [] as number[], usual: [] as number[], withoutPack: [] as number[] };
  for (let round = 0; round < rounds.ours; round++) {
    progress(`previews: round ${round + 1} of ${rounds.ours} ...`);
    figures.ours.push(await ours());
    figures.withoutPack.push(await preview(ungated, undefined));
    if (setup && round < rounds.usual) figures.usual.push(await usual(setup));
  }
  return { ...figures, peak, ...(tsNode instanceof Error ? { usualMissing: tsNode.message } : {}) };
}
