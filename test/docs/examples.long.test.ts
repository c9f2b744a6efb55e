// Every `sh` block of the README and of docs/ is run as a reader would run it: in order, in one shell a page, on a fresh copy.
import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Platform } from "../platform.ts";
import { examplesOf, matches, tidy } from "./markdown.ts";
import { Session } from "./session.ts";

const root = resolve(import.meta.dirname, "../..");
const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: root }).sort()]
  .map((path) => ({ path, examples: examplesOf(readFileSync(resolve(root, path), "utf8")) }))
  .filter(({ examples }) => examples.length > 0);

it("the README has examples to run", () => {
  expect(pages.find(({ path }) => path === "README.md")?.examples.length).toBeGreaterThan(10);
});

for (const { path, examples } of pages)
  describe(path, () => {
    let session: Session;
    let failed: number | undefined;
    const goOn = () => {
      if (failed !== undefined) throw new Error(`The example of line ${failed} failed, and what comes after builds on it.`);
    };
    beforeAll(async () => {
      // That a clone is built, the README shows; the other pages begin where it ends.
      session = await Session.start(await (path === "README.md" ? Platform.create() : Platform.built()));
    });
    afterAll(() => session?.[Symbol.asyncDispose]());

    for (const { line, code, expected } of examples)
      it(`line ${line}: ${code.split("\n")[0]}`, async () => {
        goOn();
        failed = line;
        const result = await session.run(code);
        if (result.code !== 0) expect.fail(`ended with ${result.code}:\n${result.output}`);
        // Once it does not match, the difference is shown line by line.
        if (expected !== undefined && !matches(result.output, expected)) expect(tidy(result.output)).toBe(tidy(expected));
        failed = undefined;
      });

    it("leaves nothing behind: no process, port or file outside the caches, and the work tree as it was", async () => {
      goOn();
      expect(await session.leftovers()).toEqual([]);
    });
  });
