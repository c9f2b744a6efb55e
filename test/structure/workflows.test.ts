// The workflows of a clone on GitHub: linted, with the least rights, and doing nothing that the tests do not do as well.
import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { allStacks } from "../../cli/stacks.ts";
import { pins } from "../../cli/tools.ts";
import { below, read, root } from "./files.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly uses?: string;
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly strategy?: { readonly matrix?: { readonly stack?: readonly string[] } };
  readonly steps?: readonly Step[];
  readonly "timeout-minutes"?: number;
  readonly with?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const paths = below(".github/workflows", ".yml");
const workflow = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow;
const jobs = paths.flatMap((path) =>
  Object.entries((parse(read(path)) as Workflow).jobs).map(([name, job]) => ({ name: `${path}: ${name}`, path, job })),
);
const steps = jobs.flatMap(({ name, path, job }) => (job.steps ?? []).map((step) => ({ job: name, path, step })));

it("actionlint has nothing to say", async () => {
  const actionlint =
    process.env.BAILIWICK_ACTIONLINT ?? join(homedir(), `.cache/bailiwick/actionlint-${pins.actionlint.version}/actionlint`);
  const said = await new Promise<string>((resolve) => {
    // Without tools that a machine may have or not.
    execFile(actionlint, ["-shellcheck=", "-pyflakes=", ...paths], { cwd: root }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` || error.message : ""),
    );
  });
  expect(said).toBe("");
});

it("there are those that the guide describes", () => {
  expect(paths.map((path) => path.split("/").at(-1))).toEqual([
    "deploy-stack.yml",
    "deploy.yml",
    "nightly.yml",
    "preview.yml",
    "report.yml",
    "test.yml",
  ]);
});

describe("nobody gets more than the job needs", () => {
  it("no workflow runs a stranger's code with a repository's secrets", () => {
    for (const path of paths) expect(Object.keys((parse(read(path)) as Workflow).on)).not.toContain("pull_request_target");
  });

  it("every workflow begins with no right at all, and every job that needs one names it", () => {
    for (const path of paths) expect((parse(read(path)) as Workflow).permissions, path).toEqual({});
    for (const { name, job } of jobs) {
      const checksOut = job.steps?.some(({ uses }) => uses?.startsWith("actions/checkout@")) ?? false;
      if (checksOut || job.uses) expect(job.permissions?.contents, name).toBe("read");
      expect(Object.values(job.permissions ?? {}), name).not.toContain("write-all");
    }
  });

  it("to write is for the report, and for the identity that the clouds are asked with", () => {
    const written = jobs.flatMap(({ path, job }) =>
      Object.entries(job.permissions ?? {}).flatMap(([right, level]) => (level === "write" ? [`${path.split("/").at(-1)} ${right}`] : [])),
    );
    expect([...new Set(written)].sort()).toEqual([
      "deploy-stack.yml id-token",
      "deploy.yml id-token",
      "nightly.yml id-token",
      "preview.yml id-token",
      "report.yml pull-requests",
      "report.yml statuses",
    ]);
  });

  it("an identity of the clouds is only for jobs of an environment, or that call one with some", () => {
    for (const { name, job } of jobs) if (job.permissions?.["id-token"]) expect(job.environment ?? job.uses, name).toBeDefined();
  });

  it("a checkout leaves no token behind", () => {
    for (const { job, step } of steps)
      if (step.uses?.startsWith("actions/checkout@")) expect(step.with?.["persist-credentials"], job).toBe(false);
  });

  it("the job that forks get has no secret, no identity and no environment", () => {
    const { sandbox } = workflow("preview").jobs;
    expect(sandbox).toMatchObject({ permissions: { contents: "read" } });
    expect(sandbox?.environment).toBeUndefined();
    expect(JSON.stringify(sandbox)).not.toContain("secrets.");
    expect(workflow("preview").jobs.cloud?.if).toContain("head.repo.full_name == github.repository");
  });

  it("the report checks out the default branch and nothing of the pull request", () => {
    const checkouts = (workflow("report").jobs.post?.steps ?? []).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.map((step) => step.with?.ref)).toEqual([
      expect.stringMatching(/^\$\{\{ github\.event\.repository\.default_branch \}\}$/),
    ]);
    // Nor does it put a word of it into a script or an option.
    expect(read(".github/workflows/report.yml")).not.toMatch(/head_branch|head_commit|display_title|pull_requests/);
  });
});

describe("what runs is known", () => {
  it("actions are pinned by their whole commit, with the version beside it, and each is one version", () => {
    const used = paths.flatMap((path) =>
      [...read(path).matchAll(/^\s*-?\s*uses: (\S+)(.*)$/gm)].map(([, action = "", note = ""]) => ({ action, note })),
    );
    const foreign = used.filter(({ action }) => !action.startsWith("./"));
    expect(foreign.length).toBeGreaterThan(5);
    for (const { action, note } of foreign) {
      expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(note, action).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
    const names = new Set(foreign.map(({ action }) => action.split("@")[0]));
    expect(new Set(foreign.map(({ action, note }) => action + note)).size).toBe(names.size);
  });

  it("every step that does work is a command of ./bailiwick", () => {
    const runs = steps.flatMap(({ path, step }) => (step.run === undefined ? [] : [{ path, run: step.run }]));
    const others = runs.filter(({ run }) => !/^\.\/bailiwick (preview|test|up|publish|report|drift) [^\n;&|]*$/.test(run));
    // The one that says why nothing is deployed.
    expect(others.map(({ run }) => run.split(" ")[0])).toEqual(["test"]);
  });

  it("no script is made of what an event says: it stands in the environment", () => {
    expect(steps.filter(({ step }) => step.run?.includes("${{"))).toEqual([]);
  });

  it("every job ends some time", () => {
    for (const { name, job } of jobs) if (job.uses === undefined) expect(job["timeout-minutes"], name).toBeGreaterThan(0);
  });
});

describe("every stack", () => {
  it("is previewed and watched", () => {
    const previews = [workflow("preview").jobs.sandbox, workflow("preview").jobs.cloud, workflow("nightly").jobs.drift];
    for (const job of previews) expect([...(job?.strategy?.matrix?.stack ?? [])].sort()).toEqual(allStacks().sort());
  });

  it("is deployed once: global, a first region, the others", () => {
    const { global, canary, rest } = workflow("deploy").jobs;
    const deployed = [global?.with?.stack, canary?.with?.stack, ...(rest?.strategy?.matrix?.stack ?? [])];
    expect(deployed.map(String).sort()).toEqual(allStacks().sort());
    expect(deployed[0]).toBe("global");
  });
});
