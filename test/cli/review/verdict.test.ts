// Whether a change may merge, and how regions differ.
import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../cli/review/differences.ts";
import type { StackReview } from "../../../cli/review/model.ts";
import { verdictOf } from "../../../cli/review/verdict.ts";
import { catalogue } from "../../../policies/catalogue.ts";
import { loadExemptions } from "../../../policies/exemptions.ts";
import { end, error, said } from "./events.ts";
import { example, previewOf, regions, reviewed, together } from "./example.ts";

describe("it may merge", () => {
  it("when every expected stack was previewed and nothing stands against it", () => {
    expect(verdictOf(example(false), regions)).toEqual({ mayMerge: true, reasons: [], notes: [] });
  });

  it("with advisory findings and exemptions, which are told", () => {
    const urn = "urn:pulumi:eu::b::a:b:C::d";
    const spoken = [said("a/b", urn, "x breaks a/b", "advisory"), said("exemptions", urn, "Exempted, 20 days left: a/b", "advisory")];
    expect(verdictOf(together(reviewed({ stack: "eu", events: [...spoken, end()] })), ["eu"])).toEqual({
      mayMerge: true,
      reasons: [],
      notes: ["1 advisory finding (eu)", "1 exemption in use (eu)"],
    });
  });
});

describe("it may not merge", () => {
  const failed = (...events: Parameters<typeof reviewed>[0]["events"]) => together(reviewed({ stack: "eu", events }));
  it.each([
    ["when a stack is missing", together(), ["eu"], "there is no preview (eu)"],
    ["when nothing was previewed at all", together(), [], "nothing was previewed"],
    ["when a preview failed", failed(error("no such bucket"), end("failed")), ["eu"], "the preview failed (eu)"],
    ["when a preview did not end", failed(), ["eu"], "the preview failed (eu)"],
    ["when a rule is broken", failed(said("a/b", "u", "x breaks a/b"), end("failed")), ["eu"], "1 mandatory rule is broken (eu)"],
    [
      "when a rule is undecided",
      failed(said("a/b", "u", "x leaves a/b undecided: y"), end("failed")),
      ["eu"],
      "1 mandatory rule is undecided (eu)",
    ],
  ])("%s", (_, review, expected, reason) => {
    expect(verdictOf(review, expected)).toMatchObject({ mayMerge: false, reasons: [reason] });
  });

  it("when an exemption is without use in every stack there is, and not before all of them were seen", () => {
    const message = "Exemption without use: a/b for urn:pulumi:*::x";
    const [first, ...others] = ["global", ...regions].map((stack) => ({
      ...reviewed({ stack, events: [end()] }),
      unusedExemptions: [message],
    }));
    expect(verdictOf(together(first as StackReview, ...others), ["global", ...regions]).reasons).toEqual(["1 exemption is without use"]);
    expect(verdictOf(together(first as StackReview), ["global"]).mayMerge).toBe(true);
    expect(verdictOf(together({ ...(first as StackReview), unusedExemptions: [] }, ...others), regions).mayMerge).toBe(true);
  });

  it("when data would be destroyed, whatever the pack says, and whatever else fails for it", () => {
    const stack = reviewed(previewOf("us", true));
    expect(stack.ok).toBe(true);
    expect(verdictOf(together(stack), ["us"]).reasons).toEqual(["1 change destroys data (us)"]);
    expect(verdictOf(together({ ...stack, ok: false }), ["us"]).reasons).toEqual(["1 change destroys data (us)"]);
  });

  it("not when an exemption lets the data go: then that is told, with its days", () => {
    const previewed = previewOf("us", true);
    const exemptions = loadExemptions(
      "",
      catalogue,
      new Date("2026-11-22"),
      JSON.stringify([
        {
          rule: "recoverability/replaces-data",
          urn: "urn:pulumi:us::*",
          reason: "Its objects were moved to another bucket, and counted there.",
          owner: "anna@example.com",
          approver: "ben@example.com",
          ticket: "PRIV-1",
          expires: "2026-12-01",
        },
      ]),
    );
    const stack = reviewed(previewed, exemptions);
    expect(stack.exemptions.at(-1)).toMatchObject({ daysLeft: 10 });
    expect(stack.resources.flatMap(({ loses }) => loses ?? [])).toMatchObject([{ exempted: true }]);
    expect(verdictOf(together(stack), ["us"])).toMatchObject({ mayMerge: true });
    const unchanged = reviewed(previewOf("us", false), exemptions);
    expect(verdictOf(together(unchanged), ["us"]).reasons).toEqual(["1 mandatory rule is broken (us)"]);
  });
});

describe("regions", () => {
  const all = differencesOf(example(false).stacks);
  const of = (name: string, path?: string) => all.find((each) => each.what.includes(name) && each.path === path);

  it("that are alike but for names and places do not differ", () => {
    expect(of("governance-database-instance")).toBeUndefined();
    expect(all.some(({ path }) => path === "region" || path === "location")).toBe(false);
  });

  it("may differ by what Cloudflare can pin there, in either direction", () => {
    const because = "Cloudflare can pin nothing to Singapore (residency map: edgeState, edgeQueue, cloudflare.jurisdiction)";
    expect(of("spool-aws")).toMatchObject({
      because,
      values: [
        ["apac", undefined],
        ["eu", "there"],
        ["us", "there"],
      ],
    });
    expect(of("governance-spool-service")).toMatchObject({ because, what: ["governance-spool-service"] });
  });

  it("may differ by how long the law has the audit trail kept", () => {
    expect(of("audit-vault-lock", "rule.defaultRetention.days")?.because).toContain("auditRetention");
  });

  it("may not differ otherwise: it is told which setting, and how", () => {
    expect(of("telemetry-gcp-service", "scaling.minInstanceCount")).toEqual({
      what: ["telemetry-gcp-service"],
      type: "gcp:cloudrunv2/service:Service",
      path: "scaling.minInstanceCount",
      values: [
        ["apac", "1"],
        ["eu", "1"],
        ["us", "2"],
      ],
    });
  });

  it("differ in what only one of them gets", () => {
    const changed = differencesOf(example(true).stacks);
    expect(changed.find(({ what }) => what.includes("uploads"))).toMatchObject({
      values: [
        ["apac", undefined],
        ["eu", "there"],
        ["us", undefined],
      ],
    });
  });

  it("cannot differ from nothing", () => {
    expect(differencesOf([reviewed(previewOf("eu", false))])).toEqual([]);
  });
});
