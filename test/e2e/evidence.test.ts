// What a regulator gets of a deployed region, and how they check it: in an empty folder, with nothing but Node, the verifier and keys from elsewhere.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";
import { Visitor } from "../visitor.ts";

let platform: Platform;
let visitor: Visitor;
let home: string;
interface Exported {
  readonly folders: string[];
  readonly verifierKey: string;
  readonly witness?: string;
  readonly monitorKey?: string;
}
let exported: Exported;
beforeAll(async () => {
  platform = await Platform.deployed();
  await platform.succeed("up", "eu", "us");
  visitor = await Visitor.create(platform, "eu");
  await visitor.change("granted");
  await visitor.change("withdrawn");
  home = mkdtempSync(join(tmpdir(), "regulator-"));
  const { stdout } = await platform.succeed(
    "evidence",
    "export",
    "eu",
    "--subject",
    visitor.subject,
    "--out",
    join(home, "bundle"),
    "--json",
  );
  exported = JSON.parse(stdout);
  copyFileSync(join(import.meta.dirname, "../../functions/governance/audit/evidence/verify.mjs"), join(home, "verify.mjs"));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  if (home) rmSync(home, { recursive: true });
});

const verify = (bundle: string, logKey = exported.verifierKey, ...more: readonly string[]) => {
  const args = ["verify.mjs", bundle, "--log-key", logKey, ...more];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: home, env: {}, encoding: "utf8" });
  return { status, stdout };
};

const seen = (region: string) =>
  until(async () => {
    const watched = await platform.fetch("eu", "/v1/log/watched");
    const note = await watched.text();
    return (
      watched.status === 200 &&
      note.startsWith(`${region}.brand.example/v1/log\n`) &&
      note.includes("\u2014 eu.brand.example/v1/log/monitor ")
    );
  }, "the first look at the other region's log");

describe("the evidence of a deployed region", () => {
  test("stands in an empty folder, before nothing but Node", () => {
    const { status, stdout } = verify("bundle");
    expect(stdout).toContain("these 2 events were in the log");
    expect(stdout).toContain("Each of the 2 receipts bears the commitment of its event.");
    expect(status).toBe(0);
  });

  test("does not stand once a letter of it is another", () => {
    cpSync(join(home, "bundle"), join(home, "changed"), { recursive: true });
    const file = join(home, "changed", "events.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace('"withdrawn"', '"granted"'));
    const { status, stdout } = verify("changed");
    expect(stdout).toMatch(/event [0-9a-f-]{36}, log index \d+\): the log does not hold this/);
    expect(status).toBe(1);
  });

  test("is checked by the command line as well, and not made twice over one folder", async () => {
    expect((await platform.bailiwick(["evidence", "verify", join(home, "bundle"), "--region", "eu"])).code).toBe(0);
    expect((await platform.bailiwick(["evidence", "verify", join(home, "changed"), "--region", "eu"])).code).toBe(1);
    const again = await platform.bailiwick(["evidence", "export", "eu", "--subject", visitor.subject, "--out", join(home, "bundle")]);
    expect([again.code, again.stderr]).toEqual([64, expect.stringContaining("is there already")]);
  });

  test("has the word of the region that watches it, which proves that somebody else saw the same log", async () => {
    // eu watches us.
    await seen("us");
    const out = join(home, "of-us");
    const period = ["--from", new Date(Date.now() - 86_400_000).toISOString()];
    const { stdout } = await platform.succeed("evidence", "export", "us", ...period, "--out", out, "--json");
    const { verifierKey, witness, monitorKey } = JSON.parse(stdout) as Exported;
    expect([witness, monitorKey]).toEqual(["eu", expect.stringContaining("eu.brand.example/v1/log/monitor+")]);
    const { status, stdout: said } = verify("of-us", verifierKey, "--monitor-key", monitorKey as string);
    expect(said).toMatch(/of the monitor eu\.brand\.example\/v1\/log\/monitor: it saw the log of size \d+ at/);
    expect(status).toBe(0);
    expect((await platform.bailiwick(["evidence", "verify", out, "--region", "us"])).stdout).toContain("it saw the same log up to size");
    // The region's own word on another log is none on this one.
    const { monitorKey: other } = (await (await platform.fetch("us", "/v1/log/key")).json()) as Exported;
    expect(verify("of-us", verifierKey, "--monitor-key", other as string).status).toBe(2);
  });

  test("is of a log that another region watches and vouches for, and that shows nobody an entry", async () => {
    await seen("us");
    for (const path of ["tile/0/000", "tile/entries/000"]) {
      const answer = await platform.fetch("eu", `/v1/log/${path}`);
      await answer.body?.cancel();
      expect(answer.status).toBe(404);
    }
  });
});
