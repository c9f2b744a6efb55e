import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { readManifestFile } from "../artifacts/build.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { chosenStacks, committedConfig } from "../stacks.ts";
import { print } from "../terminal.ts";

const artifacts = ["site", "preferences"];

export async function release(name: string, artifact: string, options: { newest?: number; back?: boolean; json?: boolean }): Promise<void> {
  const [stack] = chosenStacks([name]) as [string];
  if (!artifacts.includes(artifact) || stack === "global")
    throw new PersonError(
      `"${artifact}" of "${stack}" is not rolled out by share.`,
      `Allowed: ${artifacts.join(", ")} of a region.`,
      exitCodes.usage,
    );
  if ((options.newest === undefined) === (options.back !== true))
    throw new PersonError(
      "Say one of --newest <percent> and --back.",
      "For instance: ./bailiwick release eu site --newest 10.",
      exitCodes.usage,
    );
  if (artifact === "preferences" && options.newest !== undefined && !Number.isInteger(options.newest))
    throw new PersonError(`Cloud Run splits traffic in whole percents, not ${options.newest}.`, "Give a whole number.", exitCodes.usage);
  const built = readManifestFile().artifacts.filter((each) => each.name === artifact);
  const [before, newest] = [built.at(-2), built.at(-1)];
  if (!newest) throw new PersonError(`No "${artifact}" is built.`, "Run ./bailiwick build first.");
  if (!before && options.newest !== 100)
    throw new PersonError(
      `There is one build of "${artifact}" only, so there is nothing to split with.`,
      "Change its source and run ./bailiwick build.",
    );
  const shares = options.back
    ? [{ digest: before?.digest, percentage: 100 }]
    : options.newest === 100
      ? [{ digest: newest.digest, percentage: 100 }]
      : [
          { digest: before?.digest, percentage: Math.round((100 - (options.newest as number)) * 100) / 100 },
          { digest: newest.digest, percentage: options.newest },
        ];
  const file = committedConfig(stack);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["config", "bailiwick:releases", artifact], shares);
  writeFileSync(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  if (options.json) return print(JSON.stringify({ stack, artifact, shares }, null, 2));
  print(`stacks/Pulumi.${stack}.yaml now says of ${artifact}:`);
  for (const { digest, percentage } of shares) print(`  ${String(percentage).padStart(6)} %  ${digest}`);
  print(`It takes effect with: ./bailiwick up ${stack}`);
}
