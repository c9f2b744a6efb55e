// The report on a pull request, from results that nobody trusts, to a stand-in for GitHub.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requiredCheck } from "../../../cli/github/pull-request.ts";
import { collect } from "../../../cli/review/collect.ts";
import { commentMark } from "../../../cli/review/markdown.ts";
import { root } from "../../structure/files.ts";
import { end } from "./events.ts";
import { example, previewOf, reviewed, together } from "./example.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";
interface Comment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

/** As much of GitHub as the report asks. */
class GitHub {
  readonly comments: Comment[] = [];
  readonly statuses: { state: string; context: string; description: string; sha: string }[] = [];
  head = sha;
  readonly asked: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const url = new URL(request.url ?? "", "http://github.example");
      let text = "";
      for await (const chunk of request) text += chunk;
      const answer = this.#answer(
        `${request.method} ${url.pathname.replace("/repos/brand/platform", "")}`,
        url,
        text === "" ? {} : JSON.parse(text),
      );
      if (request.headers.authorization !== "Bearer token") response.statusCode = 401;
      else if (answer === undefined) response.statusCode = 404;
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer ?? {}));
    });
  }

  #answer(asked: string, url: URL, body: Record<string, string>): unknown {
    this.asked.push(asked);
    if (asked === "GET /pulls")
      return url.searchParams.get("head") === "stranger:topic/../x" ? [{ number: 7, head: { sha: this.head } }] : [];
    if (asked === "GET /issues/7/comments") {
      const page = Number(url.searchParams.get("page"));
      return this.comments.slice((page - 1) * 100, page * 100);
    }
    if (asked === "POST /issues/7/comments") {
      this.comments.push({ id: this.comments.length + 1, body: body.body as string, user: { login: "github-actions[bot]" } });
      return {};
    }
    const edited = /^PATCH \/issues\/comments\/(\d+)$/.exec(asked)?.[1];
    if (edited !== undefined) {
      (this.comments.find(({ id }) => id === Number(edited)) as Comment).body = body.body as string;
      return {};
    }
    const status = /^POST \/statuses\/(.*)$/.exec(asked)?.[1];
    if (status === undefined) return undefined;
    this.statuses.push({ ...(body as { state: string; context: string; description: string }), sha: status });
    return {};
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close = () => this.#server.close();
}

let folder: string;
let github: GitHub;
let address: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "post-"));
  github = new GitHub();
  address = await github.listen();
  mkdirSync(join(folder, "reviews"));
  event("pull_request");
});
afterEach(() => {
  github.close();
  rmSync(folder, { recursive: true });
});

const event = (name: string) =>
  writeFileSync(
    join(folder, "event.json"),
    JSON.stringify({
      workflow_run: {
        ...{ event: name, head_sha: sha, head_branch: "topic/../x", head_repository: { owner: { login: "stranger" } } },
        html_url: "https://github.example/brand/platform/actions/runs/1",
      },
    }),
  );

/** As actions/download-artifact leaves them: a folder an artifact. */
function leave(name: string, content: unknown): void {
  mkdirSync(join(folder, "reviews", name), { recursive: true });
  writeFileSync(join(folder, "reviews", name, "review.json"), typeof content === "string" ? content : JSON.stringify(content));
}

const leaveAll = (changed = false) => {
  for (const stack of example(changed).stacks) leave(`review-${stack.stack}`, together(stack));
  leave("review-global", together(reviewed({ stack: "global", events: [end()] })));
};

function post(token = "token"): Promise<{ readonly code: number; readonly output: string }> {
  const env = {
    ...process.env,
    ...{ GITHUB_API_URL: address, GITHUB_REPOSITORY: "brand/platform", GITHUB_TOKEN: token, GITHUB_EVENT_PATH: join(folder, "event.json") },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, "cli/main.ts"), "report", "post", join(folder, "reviews")], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

it("a pull request of a fork gets one comment and its required check", async () => {
  leaveAll();
  expect(await post()).toMatchObject({ code: 0, output: expect.stringContaining("pull request 7: it may merge") });
  expect(github.statuses).toMatchObject([{ sha, context: requiredCheck, state: "success", description: "This may merge." }]);
  expect(github.comments).toHaveLength(1);
  expect(github.comments[0]?.body).toMatch(/^\*\*May this merge\? Yes\.\*\*/);
});

it("the next run writes the same comment anew, among however many others", async () => {
  const others = Array.from({ length: 130 }, (_, i) => ({ id: 1000 + i, body: `mine\n${commentMark}`, user: { login: "stranger" } }));
  github.comments.push(
    ...others.slice(0, 120),
    { id: 5, body: `old\n\n${commentMark}`, user: { login: "github-actions[bot]" } },
    ...others.slice(120),
  );
  leaveAll(true);
  await post();
  expect(github.comments).toHaveLength(131);
  expect(github.comments.find(({ id }) => id === 5)?.body).toContain("May this merge? No");
  expect(github.statuses).toMatchObject([{ state: "failure", description: expect.stringContaining("1 change destroys data (us)") }]);
  // GitHub refuses a longer one.
  expect(github.statuses[0]?.description.length).toBeLessThanOrEqual(140);
});

it("the check is set before the comment: what blocks does not wait for what explains", async () => {
  leaveAll();
  await post();
  const changing = github.asked.filter((asked) => !asked.startsWith("GET"));
  expect(changing).toEqual([`POST /statuses/${sha}`, "POST /issues/7/comments"]);
});

describe("nothing is posted", () => {
  it("when a newer commit is there", async () => {
    leaveAll();
    github.head = "f".repeat(40);
    expect((await post()).output).toContain("Nothing is posted");
    expect(github.asked).toEqual(["GET /pulls"]);
  });

  it("when the run was of no pull request", async () => {
    event("push");
    expect((await post()).output).toContain("Nothing is posted");
    expect(github.asked).toEqual([]);
  });
});

describe("results that cannot be trusted block", () => {
  const evil = "evil-words ::set-output name=x::";
  it.each([
    ["none at all", () => {}],
    ["one that is missing", () => leave("review-eu", together(reviewed(previewOf("eu", false))))],
    [
      "no JSON",
      () => {
        leaveAll();
        leave("review-us", evil);
      },
    ],
    [
      "another shape",
      () => {
        leaveAll();
        leave("review-us", { version: 1, stacks: [{ stack: "us", ok: true, evil }] });
      },
    ],
    [
      "another version",
      () => {
        leaveAll();
        leave("review-us", { version: 2, stacks: [] });
      },
    ],
    [
      "a key too many",
      () => {
        leaveAll();
        leave("review-us", { ...example(false), evil });
      },
    ],
    [
      "two of one stack",
      () => {
        leaveAll();
        leave("review-eu-again", together(reviewed(previewOf("eu", false))));
      },
    ],
    [
      "a text that is too long",
      () => {
        leaveAll();
        leave("review-us", together({ ...reviewed(previewOf("us", false)), errors: ["x".repeat(9000)] }));
      },
    ],
  ])("%s", async (_, make) => {
    make();
    const { code, output } = await post();
    expect(code).toBe(0);
    expect(github.statuses).toMatchObject([{ state: "failure", description: expect.stringContaining("there is no preview") }]);
    expect(github.comments[0]?.body).toMatch(/^\*\*May this merge\? No/);
    // A line that begins so would command the runner.
    expect(output + github.comments[0]?.body).not.toContain("evil-words");
  });

  it("a link that leads out of the folder is not followed", () => {
    const secret = join(folder, "secret.json");
    writeFileSync(secret, JSON.stringify(example(false)));
    symlinkSync(secret, join(folder, "reviews", "link.json"));
    expect(() => collect([join(folder, "reviews")])).toThrow("no regular file");
  });

  it("too many files are not read", () => {
    for (let i = 0; i <= 50; i++) leave(`review-${i}`, "{}");
    expect(() => collect([join(folder, "reviews")])).toThrow("at most 50");
  });
});

it("a refusal of GitHub is told, without the token", async () => {
  leaveAll();
  const { code, output } = await post("another");
  expect(code).toBe(1);
  expect(output).toContain("GitHub answered 401 to GET /pulls.");
  expect(output).not.toContain("another");
});
