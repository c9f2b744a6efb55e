// When nothing changed, `up` is a preview; when anything did, even what no preview shows, it is an update. What keeps one stack from being
// deployed hides nothing of the others.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Platform } from "../platform.ts";

let platform: Platform;
const pulumiDir = () => join(platform.dir, ".sandbox", "backend", ".pulumi");
/** Updates that the engine made of the stack. */
const updates = () =>
  readdirSync(join(pulumiDir(), "history", "bailiwick", "global")).filter((file) => file.endsWith(".history.json")).length;

interface State {
  readonly checkpoint: { readonly latest: { readonly resources: readonly { readonly urn: string; readonly protect?: boolean }[] } };
}
const isProtected = (name: string) =>
  (JSON.parse(readFileSync(join(pulumiDir(), "stacks", "bailiwick", "global.json"), "utf8")) as State).checkpoint.latest.resources.find(
    ({ urn }) => urn.endsWith(`::${name}`),
  )?.protect ?? false;

const unchanged = { stacks: [{ stack: "global", ok: true, findings: [], changes: { same: expect.any(Number) } }] };
const up = async () => JSON.parse((await platform.succeed("up", "global", "--json")).stdout) as unknown;

beforeAll(async () => {
  platform = await Platform.built();
  await up();
});
afterAll(() => platform[Symbol.asyncDispose]());

it("an up of what is applied makes no update, and says what it found as ever", async () => {
  const before = updates();
  expect(before).toBeGreaterThan(0);
  expect(await up()).toMatchObject(unchanged);
  expect(updates()).toBe(before);
});

it("a protection, which changes no resource, is in the state after the next up, and gone after the one that takes it back", async () => {
  const file = join(platform.dir, "stacks", "global.ts");
  const program = readFileSync(file, "utf8");
  expect(isProtected("storefront")).toBe(false);
  writeFileSync(file, program.replace(/("storefront",[^;]*)\{ providers \}/, "$1{ providers, protect: true }"));
  expect(await up()).toMatchObject(unchanged);
  expect(isProtected("storefront")).toBe(true);
  writeFileSync(file, program);
  expect(await up()).toMatchObject(unchanged);
  expect(isProtected("storefront")).toBe(false);
});

it("a state that was changed beside it is mended by an update", async () => {
  await up();
  const before = updates();
  const ended = await platform.pulumi("global", ["state", "protect", "--all", "--yes"]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(isProtected("storefront")).toBe(true);
  expect(await up()).toMatchObject(unchanged);
  expect(isProtected("storefront")).toBe(false);
  expect(updates()).toBeGreaterThan(before);
});

describe("a stack that somebody else holds", () => {
  const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "--", "pulumi"]);
  const held = `Stack "eu" is being changed by ada@desk, process ${holder.pid}, since 2026-11-22T03:00:00Z.`;
  beforeAll(() => {
    const locks = join(pulumiDir(), "locks", "organization", "bailiwick", "eu");
    mkdirSync(locks, { recursive: true });
    const lock = { pid: holder.pid, username: "ada", hostname: "desk", timestamp: "2026-11-22T03:00:00Z" };
    writeFileSync(join(locks, "held.json"), JSON.stringify(lock));
  });
  afterAll(() => holder.kill());

  it.each([["up"], ["preview"]])("does not hide what %s did with the others, from programs or from people", async (command) => {
    const { code, stdout, stderr } = await platform.bailiwick([command, "global", "eu", "--json"]);
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      stacks: [
        { stack: "global", ok: true, changes: { same: expect.any(Number) } },
        { stack: "eu", ok: false, changes: {}, errors: [expect.stringContaining(held)] },
      ],
    });
    expect(stderr).toContain(held);
    expect(stderr).toContain("Wait for it to end");
    const people = await platform.bailiwick([command, "eu"]);
    expect(people.code).toBe(1);
    expect(people.stdout).toMatch(/^eu +0 .* failed$/m);
  });
});
