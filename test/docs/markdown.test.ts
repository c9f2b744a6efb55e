import { expect, it } from "vitest";
import { anchorsOf, examplesOf, matches, relativeLinksOf } from "./markdown.ts";

const page = `# Try it

\`\`\`sh
echo one
echo two
\`\`\`

which prints

\`\`\`text
one
…
\`\`\`

\`\`\`sh illustration
rm -r everything
\`\`\`

\`\`\`text
of the illustration
\`\`\`

\`\`\`sh
echo three
\`\`\`
`;

it("takes the sh blocks, with the text block that follows, and leaves illustrations alone", () => {
  expect(examplesOf(page)).toEqual([
    { line: 3, code: "echo one\necho two", expected: "one\n…" },
    { line: 23, code: "echo three" },
  ]);
});

it("says where a block begins that has no end", () => {
  expect(() => examplesOf("text\n```sh\necho")).toThrow("line 2 has no end");
});

it("compares line by line, and … stands for what differs", () => {
  expect(matches("a: 17 %\nb\n", "a: … %\nb")).toBe(true);
  expect(matches("a: %\n", "a:… %")).toBe(false);
  expect(matches("first\nx\ny\nlast", "first\n…\nlast")).toBe(true);
  expect(matches("first\nlast", "first\n…\nlast")).toBe(true);
  expect(matches("first\nx\nlast\nmore", "first\n…\nlast")).toBe(false);
  expect(matches("a.b", "a?b")).toBe(false);
  expect(matches("", "")).toBe(true);
  expect(matches("eu        3\n", "eu   …\n")).toBe(true);
  expect(matches("anything", "")).toBe(false);
});

it("finds the links that lead to files, not those in code or to other places", () => {
  const text = "[a](docs/a.md) and [b](https://b.example) and `[c](c.md)`\n```text\n[d](d.md)\n```\n[e](#e) ![f](f.png)";
  expect(relativeLinksOf(text)).toEqual([
    { line: 1, target: "docs/a.md" },
    { line: 5, target: "#e" },
    { line: 5, target: "f.png" },
  ]);
});

it("makes anchors of headings as GitHub does", () => {
  expect(anchorsOf("# The two commands\n## `up`, and more\n```sh\n# a comment\n```\n## 0001: residency/location")).toEqual([
    "the-two-commands",
    "up-and-more",
    "0001-residencylocation",
  ]);
});
