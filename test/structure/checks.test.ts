// The compiler and the linter, over everything.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./files.ts";

/** What a tool of the packages says, and how it ends. */
function run(tool: string, ...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(join(root, "node_modules", ".bin", tool), args, { cwd: root, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    );
  });
}

it.each([["."], ["functions/edge"]])("the types of %s are right", async (project) => {
  // What was checked before and has not changed is not checked again.
  const known = join(root, ".bailiwick", `types-${project.replaceAll(/\W/g, "-")}`);
  expect(await run("tsc", "-p", project, "--incremental", "--tsBuildInfoFile", known)).toEqual({ code: 0, output: "" });
});

it("every file is formatted, and the linter has nothing to say", async () => {
  const { code, output } = await run("biome", "check", "--error-on-warnings", "--colors=off");
  expect(code, output).toBe(0);
});
