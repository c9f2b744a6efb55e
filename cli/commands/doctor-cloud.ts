// `./bailiwick doctor --cloud`: what a real deployment of the committed stacks needs, looked at without changing anything.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { jurisdictions, residencyOf } from "../../stacks/residency.ts";
import { readManifestFile } from "../artifacts/manifest.ts";
import { awsPrerequisites } from "../cloud/aws.ts";
import { cloudflarePrerequisites } from "../cloud/cloudflare.ts";
import { googleToken, outputOf } from "../cloud/command.ts";
import { globalPermissions, googlePrerequisites, regionPermissions } from "../cloud/google.ts";
import { asker, type Prerequisite } from "../cloud/prerequisite.ts";
import { artifactPrerequisites, pulumiPrerequisites } from "../cloud/pulumi.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { allStacks, committedConfig } from "../stacks.ts";
import { print, progress, table } from "../terminal.ts";
import { provideTool } from "../tools.ts";

interface StackConfig {
  readonly "bailiwick:jurisdiction"?: string;
  readonly "bailiwick:domain": string;
  readonly "bailiwick:cloudflare": { readonly accountId: string; readonly zoneId: string };
  readonly "bailiwick:gcp": { readonly project: string };
  readonly "bailiwick:aws": { readonly accountId: string };
}

export async function doctorCloud(options: { json?: boolean }): Promise<void> {
  progress("asking the clouds; nothing is changed ...");
  const all = await prerequisites();
  if (options.json) print(JSON.stringify(all, null, 2));
  else {
    const mark = { there: "yes", missing: "NO", unknown: "?" } as const;
    print(
      table(
        ["", "where", "what", "found"],
        all.map(({ verdict, area, what, found }) => [mark[verdict], area, what, found]),
      ),
    );
    const open = all.filter(({ verdict }) => verdict !== "there");
    if (open.length > 0)
      print(`\nWhere each comes from:\n${[...new Set(open.map(({ what, provide }) => `  ${what}: ${provide}`))].join("\n")}`);
  }
  const missing = all.filter(({ verdict }) => verdict === "missing").length;
  if (missing > 0)
    throw new PersonError(
      `${missing} of what a real deployment needs is missing.`,
      "See docs/deploy-to-the-cloud.md.",
      exitCodes.unavailable,
    );
}

async function prerequisites(): Promise<Prerequisite[]> {
  const texts = new Map(allStacks().map((stack) => [stack, readFileSync(committedConfig(stack), "utf8")]));
  const configs = [...texts.values()].map((text) => (parse(text) as { config: StackConfig }).config);
  const google = asker(await googleToken(), "no token: gcloud auth login");
  const cloudflare = asker(process.env.CLOUDFLARE_API_TOKEN, "no token: set CLOUDFLARE_API_TOKEN");
  const own = await provideTool("pulumi", progress);

  const regionKeys = jurisdictions.flatMap((jurisdiction) => {
    const used = configs.some((config) => config["bailiwick:jurisdiction"] === jurisdiction);
    return used ? [residencyOf(jurisdiction).cloudflare.regionKey] : [];
  });
  const zones = unique(configs.map((config) => ({ ...config["bailiwick:cloudflare"], domain: config["bailiwick:domain"] })));
  const projects = unique(
    configs.map((config) => ({ project: config["bailiwick:gcp"].project, isGlobal: config["bailiwick:jurisdiction"] === undefined })),
  );
  const accounts = unique(configs.map((config) => config["bailiwick:aws"].accountId));
  const groups = await Promise.all([
    pulumiPrerequisites((args) => outputOf(own.path, args), texts),
    artifactPrerequisites(readManifestFile()),
    ...zones.map((zone) => cloudflarePrerequisites({ ...zone, regionKeys }, cloudflare)),
    ...projects.map(({ project, isGlobal }) => googlePrerequisites(project, isGlobal ? globalPermissions : regionPermissions, google)),
    ...accounts.map((account) => awsPrerequisites(account, askAws)),
  ]);
  return groups.flat();
}

const unique = <T>(items: readonly T[]): T[] => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];

async function askAws(args: readonly string[]) {
  const answer = await outputOf("aws", [...args, "--output", "json"]);
  return answer.absent ? undefined : answer;
}
