import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Platform } from "../platform.ts";
import { until } from "../until.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.built();
  await platform.succeed("up", "global");
});
afterAll(() => platform[Symbol.asyncDispose]());

const chaos = (...args: string[]) => platform.bailiwick(["chaos", ...args]);
const answer = async () => (await platform.fetch("www")).status;

interface Status {
  readonly parts: readonly { readonly name: string; readonly state: string }[];
  readonly faults: readonly { readonly part: string; readonly harm: string }[];
}
const status = async () => JSON.parse((await platform.succeed("status", "--json")).stdout) as Status;

describe("a part that is hurt from the command line", () => {
  test("is gone, late or broken until it is healed", async () => {
    expect(await answer()).toBe(200);
    expect(await chaos("stop", "www.brand.example")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^host:www\.brand\.example is stopped on purpose until \d\d:\d\d:\d\d UTC\. It heals by itself/),
    });
    expect(await answer()).toBe(502);
    expect((await status()).faults).toMatchObject([{ part: "host:www.brand.example", harm: "stop" }]);
    await chaos("break", "www.brand.example");
    expect(await answer()).toBe(503);
    await chaos("slow", "www.brand.example", "--delay", "300ms");
    const asked = performance.now();
    expect(await answer()).toBe(200);
    expect(performance.now() - asked).toBeGreaterThan(290);
    expect(await chaos("heal")).toMatchObject({ code: 0, stdout: "Healed: host:www.brand.example.\n" });
    expect(await answer()).toBe(200);
  });

  test("heals by itself when its time is over", async () => {
    await chaos("break", "www.brand.example", "--for", "2s");
    expect(await answer()).toBe(503);
    await until(async () => (await answer()) === 200, "the site to be well again");
    expect((await status()).faults).toEqual([]);
  });

  test("has its process ended and started again", async () => {
    const s3 = async () => (await status()).parts.find(({ name }) => name === "s3")?.state;
    expect(await s3()).toBe("running");
    expect(JSON.parse((await chaos("stop", "s3", "--json")).stdout)).toMatchObject({ part: "s3", harm: "stop" });
    expect(await s3()).toBe("stopped");
    expect(JSON.parse((await chaos("heal", "s3", "--json")).stdout)).toEqual({ healed: ["s3"] });
    expect(await s3()).toBe("running");
  });
});

test("list shows what can be hurt", async () => {
  const { stdout } = await chaos("list");
  expect(stdout).toMatch(/^host:www\.brand\.example$/m);
  expect(stdout).not.toContain(".amazonaws.com");
  expect((await chaos("list", "--all")).stdout).toContain("host:kms.eu-central-1.amazonaws.com");
});

test.each([
  [["explode", "s3"], /There is no "explode"\.[\s\S]*list, stop, slow, break, heal/],
  [["stop"], /Say what to stop/],
  [["stop", "www.brand.exampel"], /there is no part "www\.brand\.exampel"/],
  [["stop", "s3", "--for", "soon"], /--for "soon" is no duration[\s\S]*500ms, 30s, 5m or 1h/],
  [["stop", "s3", "--for", "25h"], /at most 24 hours/],
])("%j is refused with what to do", async (args, message) => {
  const { code, stderr } = await chaos(...args);
  expect(code).toBe(64);
  expect(stderr).toMatch(message);
});

test("status is watched on a terminal only", async () => {
  const { code, stderr } = await platform.bailiwick(["status", "--watch"]);
  expect(code).toBe(64);
  expect(stderr).toContain("--watch refreshes a terminal, and this is none");
});
