// `./bailiwick report`: what other runs previewed, as one page, and on a pull request.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../../policies/catalogue.ts";
import { loadExemptions } from "../../policies/exemptions.ts";
import { exitCodes, PersonError } from "../errors.ts";
import { gitHubOf } from "../github/api.ts";
import { check, comment, pullRequestOf, runOf } from "../github/pull-request.ts";
import { root } from "../paths.ts";
import { collect } from "../review/collect.ts";
import { documentOf } from "../review/document.ts";
import { toMarkdown } from "../review/markdown.ts";
import { type Review, reviewVersion } from "../review/model.ts";
import { deliver, type Form, rendered } from "../review/render.ts";
import { verdictOf } from "../review/verdict.ts";
import { allStacks } from "../stacks.ts";
import { print, say, table } from "../terminal.ts";

/** @param expected stacks that must be among them; default: all */
export function render(paths: readonly string[], options: { report: Form; out?: string; stacks?: string; json?: boolean }): void {
  const expected = options.stacks?.split(",") ?? allStacks();
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new PersonError(`There is no ${missing.join(", ")}.`, "Name files that preview --report json wrote.", exitCodes.usage);
  const review = collect(paths);
  deliver(rendered(review, options.json ? "json" : options.report, expected), options.out);
  const { mayMerge, reasons } = verdictOf(review, expected);
  if (!mayMerge)
    throw new PersonError(`This may not merge: ${reasons.join("; ")}.`, "Mend what the report says and preview again.", exitCodes.refused);
}

/** In a workflow that a preview's end started: the comment and the required check of the pull request that it was of. */
export async function post(folder: string, options: { json?: boolean }): Promise<void> {
  const github = gitHubOf(process.env);
  const run = runOf(process.env.GITHUB_EVENT_PATH ?? "");
  const pull = run.event === "pull_request" ? await pullRequestOf(github, run) : undefined;
  if (pull === undefined) {
    if (options.json) print(JSON.stringify({ posted: false }));
    else print("Nothing is posted: the run was of no open pull request, or a newer commit is there.");
    return;
  }
  const review = existsSync(folder) ? readOrNothing(folder) : nothing;
  const document = documentOf(review, allStacks());
  // First what blocks, then what explains it.
  await check(github, run, document.verdict);
  await comment(github, pull, toMarkdown(document));
  if (options.json) print(JSON.stringify({ posted: true, pull, mayMerge: document.verdict.mayMerge }));
  else print(`Posted to pull request ${pull}: it ${document.verdict.mayMerge ? "may" : "may not"} merge.`);
}

/** So that whoever owns one hears of it while there is time. */
export function exemptions({ within, json }: { within: number; json?: boolean }): void {
  const ending = loadExemptions(join(root, "policies"), catalogue, new Date()).filter(({ daysLeft }) => daysLeft <= within);
  const shown = ending.map(({ rule, urn, owner, ticket, expires, daysLeft }) => ({ rule, urn, owner, ticket, expires, daysLeft }));
  if (json) print(JSON.stringify(shown, null, 2));
  else if (shown.length === 0) print(`No exemption ends within ${within} days.`);
  else
    print(
      table(
        ["days left", "ends", "rule", "owner", "ticket", "of"],
        shown.map((its) => [its.daysLeft, its.expires, its.rule, its.owner, its.ticket, its.urn]),
      ),
    );
  if (shown.length > 0)
    throw new PersonError(
      `${shown.length} ${shown.length === 1 ? "exemption ends" : "exemptions end"} within ${within} days.`,
      "Mend what they cover and remove them from policies/exemptions.yaml, or have them approved anew.",
    );
}

const nothing: Review = { version: reviewVersion, stacks: [] };

/** What cannot be read was not previewed, and blocks as that. */
function readOrNothing(folder: string): Review {
  try {
    return collect([folder]);
  } catch (error) {
    if (!(error instanceof PersonError)) throw error;
    say(error.message);
    return nothing;
  }
}
