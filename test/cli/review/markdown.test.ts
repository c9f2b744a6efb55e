// The report as a comment: its first line, its length, and that nothing a plan says becomes markup.
import { describe, expect, it } from "vitest";
import { documentOf } from "../../../cli/review/document.ts";
import { commentLimit, commentMark, toMarkdown } from "../../../cli/review/markdown.ts";
import type { Review, StackReview } from "../../../cli/review/model.ts";
import { end, error, said, step, urnOf } from "./events.ts";
import { example, regions, reviewed, together } from "./example.ts";

const markdown = (review: Review, expected: readonly string[] = []) => toMarkdown(documentOf(review, expected));

/** A stack with so many broken rules and changes. */
function crowded(count: number): StackReview {
  const names = Array.from({ length: count }, (_, i) => `bucket-${i}`);
  const type = "aws:s3/bucket:Bucket";
  return reviewed({
    stack: "eu",
    events: [
      ...names.map((name) => step("eu", { op: "create", type, name, inputs: { region: "eu-central-1" } })),
      ...names.map((name) =>
        said("data-class/declared", urnOf("eu", { type, name }), `${type} "${name}" ${"breaks it at length. ".repeat(20)}`),
      ),
      end("failed"),
    ],
  });
}

it("the first line says whether it may merge, and if not, why", () => {
  expect(markdown(example(false), regions).split("\n")[0]).toBe("**May this merge? Yes.**");
  expect(markdown(example(true), regions).split("\n")[0]).toBe(
    "**May this merge? No: 1 change destroys data (us); 1 mandatory rule is broken (eu); 1 mandatory rule is undecided (eu).**",
  );
});

it("what a reviewer has to know stands in it", () => {
  const text = markdown(example(true), regions);
  for (const part of [
    "European Union",
    "`uploads`",
    "**replaced**",
    "GDPR Art. 44",
    "`exposure/open-resource-policy`",
    "**9**",
    "**2 independent**",
  ])
    expect(text).toContain(part);
});

describe("a comment's limit", () => {
  it.each([10, 200, 3000])("is kept with %i findings: detail goes, the verdict stays", (count) => {
    const text = markdown(together(crowded(count)), ["eu"]);
    expect(text.length).toBeLessThanOrEqual(commentLimit);
    expect(text.split("\n")[0]).toContain(`broken ${count} times (eu)`);
    expect(text.endsWith(commentMark)).toBe(true);
  });

  it("leaves room for each section", () => {
    const text = markdown(together(crowded(3000)), ["eu"]);
    for (const title of ["### Findings", "### Changes", "### Where data will live"]) expect(text).toContain(title);
    expect(text).toContain("Shortened");
    expect(text.length).toBeGreaterThan(commentLimit / 2);
  });

  it("is kept whatever it is", () => {
    const document = documentOf(together(crowded(50)), ["eu"]);
    for (const limit of [3_000, 10_000, 20_000]) expect(toMarkdown(document, limit).length).toBeLessThanOrEqual(limit);
  });

  it("a section that is cut stays well-formed: fences and folds are closed", () => {
    const text = markdown(together(crowded(3000)), ["eu"]);
    expect([...text.matchAll(/^```/gm)].length % 2).toBe(0);
    expect(text.split("<details>").length).toBe(text.split("</details>").length);
  });
});

describe("nothing that a plan says is markup", () => {
  const breakers = [
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "![](https://evil.example/pixel.png)",
    "@everyone",
    "a | b | c",
    "`code` ``more`` ```fence```",
    "` <script> ` @everyone `` [x](y) ``",
    "line\n\n# heading\n\n- [x] done",
    `${commentMark}`,
    "</details>",
    "\u202edesrever",
    "~~~\n\\`",
  ];

  it.each(breakers)("%j", (text) => {
    const review = reviewed({
      stack: "eu",
      events: [
        step("eu", { op: "create", type: "aws:s3/bucket:Bucket", name: text, inputs: { region: text } }),
        step("eu", { op: "delete", type: `aws:x/${text}:Y`, name: text }),
        said(text, text, text),
        said("exemptions", text, text, "advisory"),
        error(text),
        end("failed"),
      ],
    });
    // What stands in code is taken away: spans, and blocks between fences of their own line.
    const bare = withoutCode(markdown(together(review), ["eu"]));
    for (const sign of ["<script", "](", "![", "@everyone", "# heading", "[x]", "\u202e", "</details>\n\n</details>"])
      expect(bare).not.toContain(sign);
    expect(bare.split(commentMark)).toHaveLength(2);
    expect(bare.split("<details>").length).toBe(bare.split("</details>").length);
  });

  it("a bar in a name does not make a column", () => {
    const review = reviewed({ stack: "eu", events: [step("eu", { op: "create", type: "aws:s3/bucket:Bucket", name: "a|b" }), end()] });
    const row = markdown(together(review), ["eu"])
      .split("\n")
      .find((line) => line.includes("a\\|b") && line.includes("created"));
    expect(row?.replaceAll("\\|", "").split("|")).toHaveLength(4);
  });
});

/** As CommonMark reads it: a block ends with a fence at least as long as its first, a span with a run exactly as long. */
function withoutCode(text: string): string {
  return text.replace(/^(`{3,})[^\n`]*\n[\s\S]*?\n\1`*$/gm, "").replace(/(?<!`)(`+)(?!`)(?:(?!\n\n)[\s\S])*?(?<!`)\1(?!`)/g, "");
}
