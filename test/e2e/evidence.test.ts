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
let exported: { readonly folders: string[]; readonly verifierKey: string };
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

const verify = (bundle: string) => {
  const args = ["verify.mjs", bundle, "--log-key", exported.verifierKey];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: home, env: {}, encoding: "utf8" });
  return { status, stdout };
};

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

  test("is of a log that another region watches and vouches for, and that shows nobody an entry", async () => {
    await until(async () => {
      const watched = await platform.fetch("eu", "/v1/log/watched");
      const note = await watched.text();
      return (
        watched.status === 200 && note.startsWith("us.brand.example/v1/log\n") && note.includes("\u2014 eu.brand.example/v1/log/monitor ")
      );
    }, "the first look at the other region's log");
    for (const path of ["tile/0/000", "tile/entries/000"]) {
      const answer = await platform.fetch("eu", `/v1/log/${path}`);
      await answer.body?.cancel();
      expect(answer.status).toBe(404);
    }
  });
});
