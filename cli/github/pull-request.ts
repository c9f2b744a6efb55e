// A pull request whose workflow has ended: which it is, its one comment, its required check.
import { readFileSync } from "node:fs";
import * as z from "zod";
import { commentMark } from "../review/markdown.ts";
import type { Verdict } from "../review/verdict.ts";
import type { GitHub } from "./api.ts";

/** What a branch's protection demands. */
export const requiredCheck = "bailiwick/preview";

/** The event `workflow_run`, which GitHub writes, not the pull request. */
const event = z.object({
  workflow_run: z.object({
    event: z.string(),
    head_sha: z.string().regex(/^[0-9a-f]{40}$/),
    head_branch: z.string(),
    head_repository: z.object({ owner: z.object({ login: z.string() }) }),
    html_url: z.url(),
  }),
});
export type Run = z.infer<typeof event>["workflow_run"];

export const runOf = (eventFile: string): Run => event.parse(JSON.parse(readFileSync(eventFile, "utf8"))).workflow_run;

const pulls = z.array(z.object({ number: z.int(), head: z.object({ sha: z.string() }) }));

/** Number of the open pull request whose newest commit this run is of; undefined when there is none, or a newer one. */
export async function pullRequestOf(github: GitHub, run: Run): Promise<number | undefined> {
  // The event names no pull request of a fork.
  const head = encodeURIComponent(`${run.head_repository.owner.login}:${run.head_branch}`);
  const found = pulls.parse(await github.call("GET", `/pulls?state=open&per_page=100&head=${head}`));
  return found.find((pull) => pull.head.sha === run.head_sha)?.number;
}

const comments = z.array(z.object({ id: z.int(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullish() }));
/** Who comments with a workflow's own token. */
const bot = "github-actions[bot]";
const perPage = 100;

/** Writes the one comment anew, or for the first time. */
export async function comment(github: GitHub, pull: number, body: string): Promise<void> {
  for (let page = 1; ; page++) {
    const found = comments.parse(await github.call("GET", `/issues/${pull}/comments?per_page=${perPage}&page=${page}`));
    const own = found.find((each) => each.user?.login === bot && each.body?.trimEnd().endsWith(commentMark));
    if (own) {
      await github.call("PATCH", `/issues/comments/${own.id}`, { body });
      return;
    }
    if (found.length < perPage) break;
  }
  await github.call("POST", `/issues/${pull}/comments`, { body });
}

/** GitHub cuts no description, it refuses a longer one. */
const longestDescription = 140;

export async function check(github: GitHub, run: Run, { mayMerge, reasons }: Verdict): Promise<void> {
  const description = mayMerge ? "This may merge." : reasons.join("; ");
  await github.call("POST", `/statuses/${run.head_sha}`, {
    context: requiredCheck,
    state: mayMerge ? "success" : "failure",
    description: description.length > longestDescription ? `${description.slice(0, longestDescription - 3)}...` : description,
    target_url: run.html_url,
  });
}
