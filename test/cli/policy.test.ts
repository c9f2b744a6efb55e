// `./bailiwick policy` as a person runs it, in a copy of the work tree: two of its commands write there.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { copyWorkTree } from "../../cli/work-tree.ts";
import { catalogue } from "../../policies/catalogue.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "policy-"));
const copy = join(folder, "bailiwick");
beforeAll(() => copyWorkTree(copy));
afterAll(() => rmSync(folder, { recursive: true }));

const policy = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [join(copy, "cli/main.ts"), "policy", ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });

/** A state with one table in `eu`. */
function state(name: string, more: object, protect: boolean): string {
  const provider = {
    urn: "urn:pulumi:eu::shop::pulumi:providers:aws::aws",
    type: "pulumi:providers:aws",
    inputs: { region: "eu-central-1" },
  };
  const inputs = {
    tags: { "data-class": "operational" },
    deletionProtectionEnabled: true,
    pointInTimeRecovery: { enabled: true },
    serverSideEncryption: { enabled: true, kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/a" },
    ...more,
  };
  const table = {
    urn: "urn:pulumi:eu::shop::aws:dynamodb/table:Table::orders",
    type: "aws:dynamodb/table:Table",
    provider: `${provider.urn}::p-1`,
    protect,
    inputs,
    outputs: inputs,
  };
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ version: 3, deployment: { resources: [provider, table] } }));
  return file;
}

describe("the catalogue", () => {
  it("is listed, by topic and by framework, and as data", async () => {
    const [all, topic, framework, json] = await Promise.all([
      policy("list"),
      policy("list", "--topic", "residency"),
      policy("list", "--framework", "GDPR"),
      policy("list", "--json"),
    ]);
    expect(all.stdout).toContain(`(${catalogue.length} rules; `);
    expect(topic.stdout).toMatch(/^rule .*\nresidency\//);
    expect(topic.stdout).not.toContain("delivery/");
    expect(framework.stdout).toMatch(/\nArt\. 44 +residency\//);
    expect((JSON.parse(json.stdout) as { id: string }[]).map(({ id }) => id)).toEqual(catalogue.map(({ id }) => id));
  });

  it("explains a rule: why, by which law, the remedy, an example of each kind", async () => {
    const { stdout } = await policy("explain", "residency/location");
    for (const text of [
      "Why: ",
      "GDPR Art. 44",
      "Remedy: ",
      "Exempt:   never",
      "Passes:\n\n  new aws.s3.Bucket(",
      "Is refused:\n\n  new aws.",
    ])
      expect(stdout).toContain(text);
  });

  it.each([
    [["explain", "location"], 'There is no rule "location".\nwhat to do: There is residency/location'],
    [["list", "--topic", "mars"], 'No rule has the topic "mars".\nwhat to do: There are: residency,'],
    [["check"], "required option '--state <file...>' not specified"],
  ])("%j is a wrong command line", async (args, message) => {
    const { code, stderr } = await policy(...args);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});

describe("a state", () => {
  const who = ["--owner", "anna@example.com", "--approver", "ben@example.com", "--ticket", "PRIV-1"];

  it("that breaks nothing passes, and the result is kept where it is asked for", async () => {
    const { code, stdout } = await policy("check", "--record", "--state", state("fine.json", {}, true));
    expect(stdout).toMatch(/\neu +2 .* 0 +0 +0\n$/);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(join(copy, "policies/results/eu.json"), "utf8"))).toMatchObject({ stack: "eu", resources: 2 });
    expect(readFileSync(join(copy, "docs/controls.md"), "utf8")).toMatch(/\| eu \| \d{4}-\d\d-\d\d \| 2 \|/);
  });

  it("that a deployment would be refused for ends with 2, and says what is wrong", async () => {
    const file = state("broken.json", {}, false);
    const { code, stdout, stderr } = await policy("check", "--state", file);
    expect(code).toBe(2);
    expect(stdout).toContain('eu: aws:dynamodb/table:Table "orders" breaks recoverability/');
    expect(stderr).toContain("what to do: Mend what is said above.");
    const { refused } = JSON.parse((await policy("check", "--json", "--state", file)).stdout) as { refused: boolean };
    expect(refused).toBe(true);
  });

  it("is judged by the configuration that is given", async () => {
    const config = join(folder, "any.yaml");
    writeFileSync(config, "config:\n  bailiwick:jurisdiction: us\n");
    const { stdout } = await policy("check", "--state", state("fine.json", {}, true), "--config", config);
    expect(stdout).toContain("belongs to eu by its name and to us by its bailiwick:jurisdiction");
  });

  it("becomes a baseline, with which it passes", async () => {
    const file = state("broken.json", {}, false);
    const printed = await policy("baseline", "--state", file, ...who, "--days", "30");
    expect(printed.code).toBe(0);
    expect(parse(printed.stdout)).toMatchObject([
      { rule: expect.stringMatching(/^recoverability\//), urn: expect.stringMatching(/::orders$/) },
    ]);
    expect((await policy("baseline", "--write", "--state", file, ...who)).code).toBe(0);
    const { code, stdout } = await policy("check", "--state", file);
    expect(stdout).toContain("eu: exemptions: Exempted until ");
    expect(code).toBe(0);
  });

  it("of which something allows no exemption ends with 2", async () => {
    const { code, stderr } = await policy("baseline", "--state", state("away.json", { region: "us-east-1" }, true), ...who);
    expect(stderr).toContain("Must be mended, no exemption is allowed:");
    expect(code).toBe(2);
  });

  it.each([
    [["--approver", "Anna@example.com"], "Owner and approver are both anna@example.com."],
    [["--approver", "ben"], "an e-mail address is allowed"],
    [["--days", "91"], "a number from 1 to 90 is allowed"],
    [["--state", "nothing.json"], "no such file or directory, open 'nothing.json'"],
  ])("is not exempted with %j", async (wrong, message) => {
    const { code, stderr } = await policy("baseline", "--state", state("fine.json", {}, true), ...who, ...wrong);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});
