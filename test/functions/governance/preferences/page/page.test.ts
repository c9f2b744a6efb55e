// What the page says, by its model alone.
import { describe, expect, test } from "vitest";
import { contrast } from "../../../../../functions/governance/preferences/page/contrast.ts";
import type { PageModel, PurposeOnPage } from "../../../../../functions/governance/preferences/page/model.ts";
import { preferencePage, strangerPage, troublePage } from "../../../../../functions/governance/preferences/page/page.ts";
import { texts } from "../../../../../functions/governance/preferences/page/texts/index.ts";
import { tokens } from "../../../../../functions/governance/preferences/page/tokens.ts";
import { purposes } from "../../../../../functions/shared/consent.ts";
import { languages } from "../../../../../functions/shared/languages.ts";
import { addresses } from "./site.ts";

const purpose = (its: Partial<PurposeOnPage> = {}): PurposeOnPage => ({
  purpose: "analytics",
  state: "none",
  rule: undefined,
  decision: { allow: false, reason: "not-granted" },
  vendors: [],
  chosen: {},
  conflict: false,
  ...its,
});
const model = (its: Partial<PageModel> = {}): PageModel => ({
  language: "en",
  brand: "Fernhollow",
  addresses,
  purposes: [purpose()],
  gpc: undefined,
  readOnly: false,
  notice: { id: "preferences-eu", version: 1, language: "en", sha256: "sha256:00" },
  form: { etag: '"seen"', token: "tied", served: "2026-11-22T12:00:00.000Z" },
  history: { entries: [] },
  earlier: false,
  ...its,
});
const shown = (its: Partial<PageModel> = {}) => preferencePage(model(its));
const radio = (html: string, value: string) =>
  new RegExp(`<input type="radio" id="analytics-${value}" name="analytics" value="${value}"([^>]*)>`).exec(html)?.[1];

test("the same model gives the same page", () => expect(shown()).toBe(shown()));

describe("a choice", () => {
  test("that was never made is not made for the person", () => expect(shown()).not.toContain(" checked"));
  test.each([
    ["granted", "allow"],
    ["denied", "refuse"],
    ["withdrawn", "refuse"],
  ] as const)("that is %s is marked as %s", (state, choice) => {
    const html = shown({ purposes: [purpose({ state })] });
    expect(radio(html, choice)).toContain("checked");
    expect(html.match(/ checked/g)).toHaveLength(1);
  });
  test("that is over is to be made again", () => expect(shown({ purposes: [purpose({ state: "expired" })] })).not.toContain(" checked"));
  test("that could not be saved stays marked, and says so", () => {
    const html = shown({ purposes: [purpose({ state: "denied", unsaved: { choice: "allow" } })] });
    expect(radio(html, "allow")).toContain("checked");
    expect(radio(html, "refuse")).not.toContain("checked");
    expect(html).toContain(texts.en.unsaved);
  });
});

describe("a group of preferences of which nothing is ticked", () => {
  const under = (chosen: object) => shown({ purposes: [purpose({ purpose: "email-marketing", chosen })] });
  const { open, none } = texts.en.unticked;
  const hints = (html: string) =>
    [...html.matchAll(/<p class="hint" id="email-marketing-(\w+)-hint">([^<]*)</g)].map(([, name, text]) => [name, text]);

  test("says whether it was never answered or nothing of it is wanted", () =>
    expect(hints(under({ tier: ["full"], topics: [], frequency: ["weekly"] }))).toEqual([
      ["channels", open],
      ["topics", none],
    ]));
  test("and no other one does", () =>
    expect(hints(under({ tier: ["none"], channels: ["sms"], topics: ["news"], frequency: ["each"] }))).toEqual([]));
});

describe("what is to be confirmed", () => {
  const confirm = { purposes: ["analytics"], confirmation: "asked" } as const;
  const asked = (its: Partial<PurposeOnPage> = {}) =>
    shown({ purposes: [purpose({ state: "denied", ...its })], outcome: { kind: "confirm", saved: [], unsaved: [], confirm } });

  test("is asked in a form of its own, which carries all that the second step needs", () => {
    const form = /<form class="card said".*?<\/form>/s.exec(asked())?.[0] ?? "";
    for (const field of ['name="etag" value="&quot;seen&quot;"', 'name="notice" value="sha256:00"', 'name="confirmation" value="asked"'])
      expect(form).toContain(field);
    expect(form).toContain('<input type="hidden" name="analytics" value="allow">');
    expect(form.match(/<button/g)).toHaveLength(2);
  });

  test("keeps that the browser's signal says no", () =>
    expect(asked({ conflict: true })).toContain('<input type="hidden" name="analytics" value="despite-signal">'));

  test("is not asked where there is nothing to confirm", () => expect(shown()).not.toContain('name="confirmation"'));
});

describe("what holds", () => {
  test("is the policy's word, not the ledger's: on without an answer where the law lets it", () =>
    expect(shown({ purposes: [purpose({ decision: { allow: true, reason: "not-opted-out" } })] })).toMatch(
      /class="state on"><b>On<\/b> not answered/,
    ));

  test("is off under the browser's signal even where it was granted, and why", () => {
    const html = shown({
      gpc: { off: ["analytics"], despite: [] },
      purposes: [purpose({ conflict: true, state: "granted", decision: { allow: false, reason: "gpc" } })],
    });
    expect(html).toMatch(/class="state off"><b>Off<\/b> allowed/);
    expect(html).toContain(texts.en.gpc.here);
  });
});

describe("Global Privacy Control", () => {
  test("is confirmed where it is sent, with what it opts out of (11 CCR 7025(c)(6))", () => {
    const html = shown({ gpc: { off: ["advertising"], despite: [] } });
    expect(html).toContain("Opt-out request honoured");
    expect(html).toContain("this is off: Advertising.");
  });
  test("offers to allow all the same what it contradicts, as a choice of its own that nothing marks beforehand (11 CCR 7025(c)(3))", () => {
    for (const state of ["none", "granted", "withdrawn"] as const) {
      const html = shown({
        gpc: { off: ["analytics"], despite: [] },
        purposes: [purpose({ conflict: true, state, unsaved: { choice: "allow" } })],
      });
      expect(html).toMatch(
        /<input type="radio" id="analytics-allow" name="analytics" value="despite-signal"> <span>Allow despite the signal</,
      );
      expect(html).toContain(texts.en.gpc.here);
    }
  });
  test("says what was allowed despite it, and not that it was honoured there", () => {
    const html = shown({ gpc: { off: [], despite: ["analytics"] }, purposes: [purpose({ state: "granted" })] });
    expect(html).toContain(texts.en.gpc.sent);
    expect(html).toContain("You have allowed this all the same: Analytics.");
    expect(html).toContain(texts.en.gpc.overridden);
    expect(html).not.toContain(texts.en.gpc.honoured);
    expect(radio(html, "allow")).toContain("checked");
  });
  test("is not spoken of where it is not", () => expect(shown()).not.toContain("Global Privacy Control"));
  test("is confirmed to whoever has no token as well", () =>
    expect(strangerPage(model({ gpc: { off: ["advertising"], despite: [] } }))).toContain("Opt-out request honoured"));
});

describe("phase 1", () => {
  test("says that it only takes refusals, and offers nothing else", () => {
    const html = shown({ readOnly: true });
    expect(html).toContain(texts.en.readOnly.title);
    expect(radio(html, "allow")).toContain("disabled");
    expect(radio(html, "refuse")).not.toContain("disabled");
    expect(html).toMatch(/<button id="allow-all"[^>]* disabled/);
    expect(html).not.toMatch(/<button id="refuse-all"[^>]* disabled/);
  });
  test("does not untick what is granted", () =>
    expect(radio(shown({ readOnly: true, purposes: [purpose({ state: "granted" })] }), "allow")).toMatch(/checked(?!.*disabled)/));
});

describe("after a change", () => {
  const said = (html: string) => /<p id="status"[^>]*>([^<]*)<\/p>/.exec(html)?.[1];
  const outcome = { saved: ["analytics"], unsaved: [{ purpose: "advertising", state: "granted" }] } as const;
  const held = [purpose({ state: "withdrawn" }), purpose({ purpose: "advertising" })];

  test("what holds is said in a live region and in the title", () => {
    const html = shown({ purposes: held, outcome: { kind: "saved", saved: ["analytics"], unsaved: [], enforcement: "applied" } });
    expect(said(html)).toBe("Saved. Analytics: withdrawn. It holds from now on.");
    expect(html).toContain("<title>Saved. Analytics: withdrawn. It holds from now on. Your privacy choices</title>");
  });
  test("it says when the edge has not heard of it yet", () =>
    expect(
      said(shown({ purposes: held, outcome: { kind: "saved", saved: ["analytics"], unsaved: [], enforcement: "pending" } })),
    ).toContain("within 60 seconds"));
  test("a stale form is told what was taken and what was not", () => {
    const text = said(shown({ purposes: held, outcome: { kind: "stale", ...outcome, enforcement: "applied" } }));
    expect(text).toMatch(/^Saved\. Analytics: withdrawn\..*Not saved yet: Advertising: allowed\./);
  });
  test("what the browser contradicted is told, with what to do", () =>
    expect(
      said(
        shown({
          purposes: held,
          outcome: { kind: "saved", saved: ["analytics"], unsaved: [], enforcement: "applied", signalled: ["advertising"] },
        }),
      ),
    ).toMatch(/It holds from now on\. Not allowed: Advertising\. Your browser sends/));
  test("a change under a purpose is no word on the purpose in the history", () => {
    const entries = [{ id: "e", at: "2026-11-22T12:00:00Z", purpose: "email-marketing", state: undefined, bySignal: false }] as const;
    expect(shown({ history: { entries } })).toContain("News and offers: how you want it");
  });
  test("nothing is said where nothing was done", () => expect(said(shown())).toBe(""));
});

describe.each(languages)("in %s", (language) => {
  const everything = model({
    language,
    gpc: { off: ["advertising"], despite: ["analytics"] },
    readOnly: true,
    purposes: purposes.map((each) =>
      purpose({ purpose: each, state: "granted", validUntil: "2027-05-23T12:00:00Z", unsaved: { choice: "refuse" } }),
    ),
    history: { entries: [{ id: "e1", at: "2026-11-22T12:00:00Z", purpose: "analytics", state: "granted", bySignal: true }], next: "3" },
    outcome: { kind: "stale", saved: ["analytics"], unsaved: [{ purpose: "advertising", state: "granted" }], enforcement: "pending" },
  });

  test("the page says in which language and direction it is, and holds nothing that is not a text", () => {
    for (const html of [preferencePage(everything), strangerPage(everything), troublePage(everything)]) {
      expect(html).toContain(`<html lang="${language}" dir="${language === "ar" ? "rtl" : "ltr"}">`);
      expect(html).not.toMatch(/undefined|\[object|=>|NaN|>false</);
    }
  });
});

describe("whatever text comes from elsewhere", () => {
  const script = `"><script>alert(1)</script>`;

  test("is text", () => {
    const html = shown({
      brand: script,
      notice: { id: script, version: 1, language: "en", sha256: `sha256:${script}` as `sha256:${string}` },
      form: { etag: script, token: script, served: script },
      purposes: [
        purpose({
          vendors: [{ name: script, role: "processor", country: "NL", purposes: ["analytics"] }],
          rule: { basis: "opt-in", law: script, validDays: 1, when: {} as never },
          chosen: { topics: [script] },
        }),
      ],
      history: {
        entries: [{ id: script, at: "2026-11-22T12:00:00Z", purpose: "analytics", state: "granted", bySignal: false }],
        next: script,
      },
    });
    expect(html).not.toContain("<script>");
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(5);
  });

  test("cannot end a declaration of the style sheet", () =>
    expect(() => tokens({ shapes: { font: "serif } body { display: none" } })).toThrow('font is "serif } body'));
});

describe("contrast", () => {
  test.each([
    ["#000000", "#ffffff", 21],
    ["#ffffff", "#ffffff", 1],
    // The usual example: the lightest grey that WCAG lets stand on white, and the next.
    ["#767676", "#ffffff", 4.54],
    ["#777777", "#ffffff", 4.48],
  ])("of %s and %s is %d", (one, other, ratio) => expect(contrast(one, other)).toBeCloseTo(ratio, 2));

  test("that is too low for somebody to read refuses a theme, and says which", () =>
    expect(() => tokens({ colours: { accent: { light: "#8fce9b", dark: "blue" } } })).toThrow(
      /accent #8fce9b on page #fbf8f2 \(light\) has a contrast of 1\.\d+: WCAG 2\.2 AA asks for 4\.5[\s\S]*accent \(dark\) is "blue": write a colour as #rrggbb/,
    ));
});

test("a brand's tokens take the place of ours, and the rest stays", () => {
  const css = tokens({ colours: { accent: { light: "#123456", dark: "#abcdef" } } });
  expect(css).toContain("--accent: #123456");
  expect(css.split("prefers-color-scheme: dark")[1]).toContain("--accent: #abcdef");
  expect(css).toContain("--radius: 12px");
});
