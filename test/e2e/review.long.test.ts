// What the workflows do, step by step as they stand in .github/workflows: a pull request is previewed on top of its merge base, and a stack is
// planned, shown and updated by that plan. The embedded cloud stands for the real ones: its environment is what a person's sign-ins are.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { reviewSchema } from "../../cli/review/model.ts";
import { provideTool } from "../../cli/tools.ts";
import { type Ended, Platform } from "../platform.ts";
import { read } from "../structure/files.ts";

interface Job {
  readonly steps: readonly { readonly run?: string }[];
}
const runsOf = (workflow: string, job: string): string[] =>
  (parse(read(`.github/workflows/${workflow}.yml`)) as { jobs: Record<string, Job> }).jobs[job]?.steps.flatMap(({ run }) => run ?? []) ??
  [];

/** A change that any reviewer would see: one more backup is kept. */
function change(platform: Platform): void {
  const file = join(platform.dir, "components/storage/resident-database.ts");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, before.replace("retainedBackups: 30", "retainedBackups: 31"));
  expect(readFileSync(file, "utf8")).not.toBe(before);
}
const changed = { name: "governance-database-instance", operation: "change" };
const reviewIn = (platform: Platform, file: string) => reviewSchema.parse(JSON.parse(readFileSync(join(platform.dir, file), "utf8")));

describe("preview.yml", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await Platform.built();
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@brand.example", ...args], { cwd: platform.dir });
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-qm", "base");
    git("checkout", "-qb", "topic");
    change(platform);
    git("commit", "-qam", "head");
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  it("previews the head on top of the merge base, and leaves the result and nothing else", async () => {
    const [run = ""] = runsOf("preview", "sandbox");
    const { code, stderr } = await platform.start("bash", ["-ec", run], { STACK: "eu", BASE: "main" }).ended;
    expect(code, stderr).toBe(0);
    const [review] = reviewIn(platform, "review-eu.json").stacks;
    const moved = review?.resources.filter(({ operation }) => operation !== "same" && operation !== "read");
    expect(moved).toMatchObject([changed]);
    expect(existsSync(join(platform.dir, ".sandbox"))).toBe(false);
    const left = execFileSync("git", ["status", "--short"], { cwd: platform.dir, encoding: "utf8" });
    expect(left).toBe("?? review-eu.json\n");
    expect(execFileSync("git", ["worktree", "list"], { cwd: platform.dir, encoding: "utf8" }).split("\n")).toHaveLength(2);
  });
});

describe("deploy-stack.yml and nightly.yml", () => {
  let platform: Platform;
  let path: string;
  beforeAll(async () => {
    platform = await Platform.deployed();
    // The copy has no signature of its decision tables yet: an update of a region makes it.
    await platform.succeed("up", "global", "eu");
    path = [dirname((await provideTool("pulumi", () => {})).path), platform.env.PATH].join(":");
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  const step = (run: string): Promise<Ended> =>
    platform.start("bash", ["-ec", `words=$(./bailiwick env eu); eval "$words"; ${run}`], {
      ...{ PATH: path, STACK: "eu", GITHUB_STEP_SUMMARY: join(platform.dir, "summary.md") },
    }).ended;

  it("finds nothing that drifted, and no exemption about to end", async () => {
    for (const run of [...runsOf("nightly", "drift"), ...runsOf("nightly", "exemptions")]) {
      const { code, stdout, stderr } = await step(run);
      expect({ code, stdout }, stderr).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^(Everything stands as it was deployed|No exemption ends)/),
      });
    }
  });

  it("plans, shows what the plan does, and updates by the plan", async () => {
    change(platform);
    for (const run of runsOf("deploy-stack", "plan")) {
      const { code, stderr } = await step(run);
      expect(code, `${run}\n${stderr}`).toBe(0);
    }
    expect(reviewIn(platform, "review-eu.json").stacks[0]?.resources).toContainEqual(expect.objectContaining(changed));
    expect(readFileSync(join(platform.dir, "summary.md"), "utf8")).toMatch(
      /^\*\*May this merge\? Yes\.\*\*[\s\S]*`governance-database-instance`/,
    );
    expect(existsSync(join(platform.dir, "review-eu.html"))).toBe(true);
    const [update = ""] = runsOf("deploy-stack", "update");
    const { code, stdout, stderr } = await step(update);
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: expect.stringMatching(/^eu +0 +1 +0 /m) });
  });

  it("refuses what is not in the plan", async () => {
    // The plan was for 31.
    const file = join(platform.dir, "components/storage/resident-database.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("retainedBackups: 31", "retainedBackups: 32"));
    const [update = ""] = runsOf("deploy-stack", "update");
    const { code, stderr } = await step(update);
    expect(code).toBe(1);
    expect(stderr).toContain("violates plan");
  });
});
