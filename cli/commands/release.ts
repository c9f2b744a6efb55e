import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import type { ReleaseShare } from "../../stacks/config.ts";
import { readManifestFile } from "../artifacts/manifest.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { deployedReleases } from "../pulumi/deployed-releases.ts";
import { rollOut, takeBack } from "../release-shares.ts";
import { chosenStacks, committedConfig } from "../stacks.ts";
import { print } from "../terminal.ts";

const artifacts = ["site", "preferences"];

export interface ReleaseOptions {
  readonly newest?: number;
  readonly rest?: string;
  /** True without a digest. */
  readonly back?: string | boolean;
  readonly json?: boolean;
}

export async function release(name: string, artifact: string, options: ReleaseOptions): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  if (!artifacts.includes(artifact) || stack === "global")
    throw new PersonError(
      `"${artifact}" of "${stack}" is not rolled out by share.`,
      `Allowed: ${artifacts.join(", ")} of a region.`,
      exitCodes.usage,
    );
  if ((options.newest === undefined) === (options.back === undefined))
    throw new PersonError(
      "Say one of --newest <percent> and --back.",
      "For instance: ./bailiwick release eu site --newest 10.",
      exitCodes.usage,
    );
  if (artifact === "preferences" && options.newest !== undefined && !Number.isInteger(options.newest))
    throw new PersonError(`Cloud Run splits traffic in whole percents, not ${options.newest}.`, "Give a whole number.", exitCodes.usage);
  const built = readManifestFile().artifacts.flatMap((each) => (each.name === artifact ? [each.digest] : []));
  if (built.length === 0) throw new PersonError(`No "${artifact}" is built.`, "Run ./bailiwick build first.");

  const file = committedConfig(stack);
  const document = parseDocument(readFileSync(file, "utf8"));
  const config = (document.toJS() as { config?: Record<string, Record<string, ReleaseShare[]>> }).config;
  const situation = { built, pinned: config?.["bailiwick:releases"]?.[artifact], deployed: deployedReleases(stack)?.[artifact] };
  const shares =
    options.newest === undefined
      ? takeBack(situation, typeof options.back === "string" ? options.back : undefined)
      : rollOut(situation, options.newest, options.rest);
  document.setIn(["config", "bailiwick:releases", artifact], shares);
  writeFileSync(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  if (options.json) return print(JSON.stringify({ stack, artifact, shares }, null, 2));
  print(`stacks/Pulumi.${stack}.yaml now says of ${artifact}:`);
  for (const { digest, percentage } of shares) print(`  ${String(percentage).padStart(6)} %  ${digest}`);
  print(`It takes effect with: ./bailiwick up ${stack}`);
}
