// The report as a page: whole in one file, and nothing that a plan says becomes markup.
import { describe, expect, it } from "vitest";
import { documentOf } from "../../../cli/review/document.ts";
import { toHtml } from "../../../cli/review/html.ts";
import { end, error, said, step } from "./events.ts";
import { example, regions, reviewed, together } from "./example.ts";

const page = toHtml(documentOf(example(true), regions));

it("its first heading is the verdict", () => {
  expect(/<h1>(.*)<\/h1>/.exec(page)?.[1]).toBe(
    "May this merge? No: 1 change destroys data (us); 1 mandatory rule is broken (eu); 1 mandatory rule is undecided (eu).",
  );
});

it("it needs nothing from elsewhere, and refuses what somebody slipped in", () => {
  expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|form)\b/i);
  expect(page).not.toMatch(/\s(src|srcset|style|on\w+)=/i);
  expect(page.match(/href="([^"]*)"/g)?.every((link) => link.startsWith('href="#'))).toBe(true);
  expect(page).toContain("default-src 'none'; style-src 'sha256-");
});

describe("nothing that a plan says is markup", () => {
  it.each([
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></code></svg><b>",
    "&lt;b&gt;",
    "' onload='x",
  ])("%j", (text) => {
    const review = reviewed({
      stack: "eu",
      events: [
        step("eu", { op: "create", type: "aws:s3/bucket:Bucket", name: text, inputs: { region: text } }),
        step("eu", { op: "delete", type: `aws:x/${text}:Y`, name: text }),
        said(text, text, text),
        error(text),
        end("failed"),
      ],
    });
    const html = toHtml(documentOf(together(review), ["eu"]));
    expect(html).not.toContain(text);
    expect(html).not.toMatch(/<(script|img|b)\b/);
    expect(tagsOf(html)).toEqual(tagsOf(html.replaceAll(/&#\d+;/g, "")));
  });
});

const tagsOf = (html: string) => html.match(/<\/?[a-z][a-z0-9]*/gi);
