// Corrections under the real Pulumi engine.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { recorded } from "../../sandbox/engine/recorded.ts";
import { Engine } from "../sandbox/engine/pulumi.ts";

// Each run of the engine takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let engine: Engine;
const folder = mkdtempSync(join(tmpdir(), "correcting-"));
const pack = ["--policy-pack", join(folder, "correcting")];

beforeAll(async () => {
  const source = new URL("correcting-pack.ts", import.meta.url).href;
  writeFileSync(join(folder, "correcting"), `#!${process.execPath}\nawait import(${JSON.stringify(source)});\n`);
  chmodSync(join(folder, "correcting"), 0o755);
  writeFileSync(join(folder, "package.json"), '{ "name": "correcting", "version": "1.0.0", "type": "module" }');
  engine = await Engine.start({
    resources: [
      recorded({
        token: "aws:s3/bucket:Bucket",
        why: "a test needs no more",
        id: ({ bucket }) => String(bucket),
        computed: ({ bucket }) => ({ arn: `arn:aws:s3:::${bucket}` }),
      }),
    ],
  });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const program = `import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
const provider = new Provider("aws", { region: "eu-central-1", skipCredentialsValidation: true });
const first = new Bucket("first", { bucket: "first", acl: "private" }, { provider });
new Bucket("second", {
  bucket: first.arn.apply((arn) => arn.replace("arn:aws:s3:::first", "second")),
  acl: "public-read",
  tags: { team: pulumi.secret("the red team"), plain: "yes" },
}, { provider });
`;

it("a stack that did not ask for corrections is refused", async () => {
  const stack = await engine.stack("eu", program);
  const preview = await stack.run("preview", ...pack);
  expect(preview.code).not.toBe(0);
  expect(preview.output).toContain('breaks test/closed: acl is "public-read"');
});

it("one that did is shown what is corrected, and gets it: what is secret or not known yet stays so", async () => {
  const stack = await engine.stack("us", program);
  await stack.run("config", "set", "bailiwick:remediate", "true");

  const preview = await stack.run("preview", "--show-policy-remediations", ...pack);
  expect(preview.output).toMatch(/\[remediate\] {2}test\/closed {2}\(.*second\) \[diff: ~acl\]/);
  expect(preview.output).not.toContain("the red team");
  expect(preview.code).toBe(0);

  expect((await stack.up(...pack)).code).toBe(0);
  const state = await stack.run("stack", "export");
  expect(state.output).not.toContain("the red team");
  const second = await stack.exported("second");
  expect(second?.inputs).toMatchObject({
    bucket: "second",
    acl: "private",
    tags: { plain: "yes", team: { ciphertext: expect.any(String) } },
  });

  // Corrected again it is the same.
  const again = await stack.run("preview", "--expect-no-changes", ...pack);
  expect(again.output).toContain("[remediate]");
  expect(again.code).toBe(0);
});

it("a setting that is neither true nor false is the deployment's error", async () => {
  const stack = await engine.stack("apac", program);
  await stack.run("config", "set", "bailiwick:remediate", "yes");
  const preview = await stack.run("preview", ...pack);
  expect(preview.code).not.toBe(0);
  expect(preview.output).toContain('bailiwick:remediate of stack "apac" is "yes"; allowed: true, false');
});
