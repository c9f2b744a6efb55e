// What is said twice of a tool, in cli/tools.ts and in its Go module, is the same.
import { describe, expect, it } from "vitest";
import { oldestGo, pins, toolNames } from "../../cli/tools.ts";
import { below, read } from "./files.ts";

it("every tool has a module of its own, and every module is of a tool", () => {
  const modules = below("tools", "/go.mod").map((path) => path.split("/")[1]);
  expect(modules.sort()).toEqual([...toolNames].sort());
});

describe.each(toolNames)("%s", (name) => {
  const { version, package: program, ldflags } = pins[name];
  const module = read(`tools/${name}/go.mod`);
  const required = [...module.matchAll(/^\s*(?:require )?(\S+) v(\S+)/gm)].map(([, path, at]) => ({ path: path as string, version: at }));

  it("is pinned to the version that its module requires, and says that version of itself", () => {
    // A program of our own stands in the module, and is of the version of what it is made of.
    const parts = program.startsWith(".") ? required : required.filter(({ path }) => `${program}/`.startsWith(`${path}/`));
    expect(parts.map((part) => part.version)).toContain(version);
    if (!program.startsWith(".")) expect(module).toMatch(new RegExp(`^tool ${program.replaceAll(".", "\\.")}$`, "m"));
    expect(ldflags).toMatch(new RegExp(`[vV]ersion=v?${version.replaceAll(".", "\\.")}$`));
  });

  it("asks for the Go that is asked of a person", () => {
    expect(/^go (\S+)$/m.exec(module)?.[1]).toBe(`${oldestGo}.0`);
  });
});

it("all of Pulumi is of one version", () => {
  const module = read("tools/pulumi/go.mod");
  expect(module).toContain(`github.com/pulumi/pulumi/sdk/v3 v${pins.pulumi.version}`);
});
