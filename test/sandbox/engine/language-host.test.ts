// Programs that fail, wait, or are given up, run by the real Pulumi CLI through the language host.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isAlive } from "../../alive.ts";
import { Engine } from "./pulumi.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ resources: [] });
});
afterAll(() => engine[Symbol.asyncDispose]());

const waits = `
  import { renameSync, writeFileSync } from "node:fs";
  writeFileSync("pid.new", String(process.pid));
  renameSync("pid.new", "pid");
  await new Promise((resolve) => setTimeout(resolve, 600_000));`;

describe("a program", () => {
  it("that ends with a code of its own fails the deployment with it, and all that it printed is shown", async () => {
    const stack = await engine.stack(
      "exits",
      `console.log("first line");
       console.error("second line");
       process.stdout.write("and no newline at the end");
       process.exit(3);`,
    );
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toContain("the program exited with code 3");
    for (const line of ["first line", "second line", "and no newline at the end"]) expect(output).toContain(line);
  });

  it.each(["SIGKILL", "SIGINT"] as const)("that still runs is ended when the CLI gets %s", async (signal) => {
    const stack = await engine.stack(`ended-by-${signal}`, waits);
    const cli = stack.start("preview");
    const pidFile = join(stack.folder, "pid");
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), 30_000);
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(isAlive(pid)).toBe(true);
    cli.child.kill(signal);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000);
    await cli.result;
  });

  it("that fails with a bug is shown with the place where it fails", async () => {
    const stack = await engine.stack("bug", "const nothing: unknown = undefined;\n(nothing as { call(): void }).call();\n");
    expect((await stack.preview()).output).toMatch(/TypeError.*\n\s+at .*index\.ts:2/);
  });

  it("that was compiled is shown with the place in its source", async () => {
    const stack = await engine.stack("compiled", "");
    const map = { version: 3, sources: ["made-of.ts"], names: [], mappings: "AAAA;AAGA" };
    const inline = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
    writeFileSync(join(stack.folder, "package.json"), "{}");
    writeFileSync(join(stack.folder, "Pulumi.yaml"), "name: foreign\nruntime: nodejs\nmain: index.js\n");
    writeFileSync(join(stack.folder, "index.js"), `const nothing = undefined;\nnothing.call();\n//# sourceMappingURL=${inline}\n`);
    expect((await stack.preview()).output).toMatch(/TypeError.*\n\s+at .*made-of\.ts:4/);
  });

  it("may have its default export run, and awaited, as its outputs", async () => {
    const stack = await engine.stack("exported", `export default async () => ({ answer: await Promise.resolve(42) });`);
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(await stack.outputs()).toEqual({ answer: 42 });
  });

  it("may serialise a function, and reach the Automation API, for which the SDK loads what else it does without", async () => {
    const stack = await engine.stack(
      "serialises",
      `import * as pulumi from "@pulumi/pulumi";
       const answer = 42;
       const { text } = await pulumi.runtime.serializeFunction(() => answer);
       export const code = text;
       export const automation = typeof pulumi.automation.LocalWorkspace.create;`,
    );
    const { code, output } = await stack.up();
    expect(code, output).toBe(0);
    expect(await stack.outputs()).toEqual({ code: expect.stringContaining("answer: 42"), automation: "function" });
  });

  it("is told in which file a function lies that cannot be serialised", async () => {
    const stack = await engine.stack(
      "unserialisable",
      `import * as pulumi from "@pulumi/pulumi";
       const native = new Intl.NumberFormat("de").format;
       await pulumi.runtime.serializeFunction(() => native(1));`,
    );
    const { code, output } = await stack.preview();
    expect(code, output).not.toBe(0);
    expect(output).toMatch(/index\.ts\(\d+,\d+\)/);
  });

  it("that waits for what never comes is told of it, and which variable shows where", async () => {
    const stack = await engine.stack(
      "leaks",
      `import { RandomId } from "@pulumi/random/randomId.js";
       new RandomId("never", { byteLength: new Promise<number>(() => {}) });`,
    );
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toContain('input property "byteLength"');
    expect(output).toContain("PULUMI_DEBUG_PROMISE_LEAKS");
  });

  it("whose packages are not installed is told so, and what to do", async () => {
    const stack = await engine.stack("bare", "");
    rmSync(join(stack.folder, "node_modules"));
    const { code, output } = await stack.preview();
    expect(code).not.toBe(0);
    expect(output).toMatch(/cannot be run: @pulumi\/pulumi is not installed there\. Run `npm ci`/);
  });
});
