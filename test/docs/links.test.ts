// Every relative link of every Markdown file leads to a file of the work tree, and to a heading where it names one.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { anchorsOf, relativeLinksOf } from "./markdown.ts";

const root = resolve(import.meta.dirname, "../..");
const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"], {
  cwd: root,
  encoding: "utf8",
});
const pages = [...new Set(listed.split("\0"))].filter((page) => page !== "" && existsSync(join(root, page)));

function broken(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return relativeLinksOf(text).flatMap(({ line, target }) => {
    const [path, anchor] = target.split("#") as [string, string?];
    const file = path === "" ? join(root, page) : resolve(root, dirname(page), path);
    if (!existsSync(file)) return [`${page}:${line}: ${target}: there is no such file`];
    if (anchor === undefined || statSync(file).isDirectory()) return [];
    return anchorsOf(readFileSync(file, "utf8")).includes(anchor) ? [] : [`${page}:${line}: ${target}: there is no such heading`];
  });
}

it("there are pages to check", () => {
  expect(pages).toContain("README.md");
  expect(pages.length).toBeGreaterThan(20);
});

it("every relative link leads somewhere", () => {
  expect(pages.flatMap(broken)).toEqual([]);
});
