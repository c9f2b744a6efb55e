// docs/compliance.md names tests. Each of them is there, under the very sentence.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const docs = resolve(import.meta.dirname, "../../docs");
const page = readFileSync(join(docs, "compliance.md"), "utf8");
const rows = page.split("\n").filter((line) => /^\| (?!article|---)/.test(line));
const shownBy = (row: string) => row.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "";

/** `[file](path): "sentence"; "sentence"`, one file after another. */
const named = rows.flatMap((row) =>
  [...shownBy(row).matchAll(/\]\(([^)]+)\): ((?:"[^"]+"(?:; )?)+)/g)].map(([, path = "", sentences = ""]) => ({
    path,
    sentences: [...sentences.matchAll(/"([^"]+)"/g)].map(([, sentence = ""]) => sentence),
  })),
);

it("every article in scope has a row", () => {
  const articles = [
    "7(1)",
    "7(3)",
    "12",
    "13",
    "14",
    "15",
    "16",
    "17",
    "20",
    "30",
    "7025",
    "7026",
    "7027",
    "7028",
    "section 3.1",
    "section 3.2",
  ];
  const first = rows.map((row) => row.split(" | ")[0]);
  expect(articles.filter((article) => !first.some((cell) => cell?.includes(article)))).toEqual([]);
});

it("every row names a test, or says that there is none yet", () => {
  expect(rows.filter((row) => shownBy(row) !== "not yet" && !/: "/.test(shownBy(row)))).toEqual([]);
});

it("every test that is named is there, under that very sentence", () => {
  expect(named.length).toBeGreaterThan(20);
  const missing = named.flatMap(({ path, sentences }) => {
    const file = join(docs, path);
    if (!existsSync(file)) return [`${path} is not there`];
    const text = readFileSync(file, "utf8");
    return sentences.filter((sentence) => !text.includes(`"${sentence}"`)).map((sentence) => `${path} has no "${sentence}"`);
  });
  expect(missing).toEqual([]);
});
