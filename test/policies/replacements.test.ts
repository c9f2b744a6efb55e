import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { catalogue } from "../../policies/catalogue.ts";
import { loadExemptions } from "../../policies/exemptions.ts";
import { diagnosticsOf, replacementsOf, type StepEvent } from "../../policies/replacements.ts";
import { rules } from "../../policies/rules/index.ts";
import { Session } from "../../policies/session.ts";
import { recorded } from "../../sandbox/engine/recorded.ts";
import { Engine } from "../sandbox/engine/pulumi.ts";
import { context } from "./judging.ts";

const bucket = "aws:s3/bucket:Bucket";
const queue = "cloudflare:index/queue:Queue";
const step = (
  op: string,
  more: object = {},
  type = bucket,
  inputs: Record<string, unknown> = { tags: { "data-class": "personal" } },
): StepEvent =>
  ({
    resourcePreEvent: {
      metadata: {
        op,
        type,
        urn: `urn:pulumi:eu::test::${type}::it`,
        provider: "urn:pulumi:eu::test::pulumi:providers:aws::aws::1234",
        old: { inputs },
        ...more,
      },
    },
  }) as StepEvent;
const seen = (events: readonly StepEvent[], inside = context()) =>
  replacementsOf(events, inside).map(({ change, dataClass, data, because }) => [change, dataClass, data, ...because]);

describe("a replacement", () => {
  it("is told once, with the arguments that force it", () => {
    const events = [step("create-replacement", { keys: ["bucket"] }), step("replace", { keys: ["bucket"] }), step("delete-replaced")];
    expect(seen(events)).toEqual([["replaced", "personal", "destroyed", "bucket"]]);
  });

  it("is told by the path, where the engine knows it", () => {
    const detailedDiff = {
      "settings.name": { diffKind: "update-replace", inputDiff: false },
      "tags.a": { diffKind: "add", inputDiff: true },
    };
    expect(seen([step("replace", { keys: ["settings"], detailedDiff })])).toEqual([["replaced", "personal", "destroyed", "settings.name"]]);
  });

  it("is told of what declares no class, and of classes in the register", () => {
    expect(seen([step("replace", {}, queue, {})])).toEqual([["replaced", "undeclared", "destroyed"]]);
    const registered = context("eu", {}, () => ({ dataClass: "audit" }));
    expect(seen([step("replace", {}, queue, {})], registered)).toEqual([["replaced", "audit", "destroyed"]]);
  });

  it("leaves behind what is retained or abandoned", () => {
    expect(seen([step("replace", { old: { inputs: {}, retainOnDelete: true } })])).toEqual([["replaced", "undeclared", "left behind"]]);
    expect(seen([step("delete", {}, "gcp:firestore/database:Database", { deletionPolicy: "ABANDON" })])).toEqual([
      ["deleted", "undeclared", "left behind"],
    ]);
  });

  it("is nothing to tell where no data is lost", () => {
    expect(seen([step("replace", {}, "aws:ecs/taskDefinition:TaskDefinition")])).toEqual([]);
    expect(seen([step("replace", {}, bucket, { tags: { "data-class": "public" } })])).toEqual([]);
    expect(seen([step("update"), step("same"), step("create", { old: null }), {}])).toEqual([]);
    expect(seen([step("replace")], context("eu", { "bailiwick:lifecycle": "ephemeral" }))).toEqual([]);
  });

  it("shows no value", () => {
    const told = replacementsOf(
      [step("replace", { keys: ["name"] }, bucket, { name: "hunter2", tags: { "data-class": "personal" } })],
      context(),
    );
    expect(JSON.stringify(told)).not.toContain("hunter2");
    expect(told[0]?.message).toContain("it is replaced, and its personal data destroyed: name can only be given at creation");
  });
});

describe("one that is meant", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  const urn = `urn:pulumi:eu::test::${bucket}::it`;
  const entries = (...all: object[]) =>
    loadExemptions(
      "",
      catalogue,
      now,
      JSON.stringify(
        all.map((more) => ({
          rule: "recoverability/replaces-data",
          urn,
          reason: "Its data was moved to the bucket orders-2 on Monday, and counted there.",
          owner: "anna@example.com",
          approver: "ben@example.com",
          ticket: "PRIV-1",
          expires: "2026-12-01",
          ...more,
        })),
      ),
    );
  const replaced = step("replace", { keys: ["bucket"] });
  const said = (events: readonly StepEvent[], ...all: object[]) => {
    const exemptions = entries(...all);
    return diagnosticsOf(replacementsOf(events, context(), exemptions), "eu", exemptions).map(
      ({ rule, message, blocks }) => `${blocks ? "blocks" : "tells"}: ${rule}: ${message.split(":")[0]}`,
    );
  };
  const lost = `blocks: recoverability/replaces-data: aws`;
  const lets = "tells: exemptions: Exempted until 2026-12-01, 10 days left";
  const unused = "blocks: exemptions: Exemption without use";

  it("is let go by an exemption, which is told with the days that it has left", () => {
    expect(said([replaced])).toEqual([lost]);
    expect(said([replaced], {})).toEqual([lets]);
  });

  it("hides no other: an exemption is for a resource, an argument, a problem", () => {
    expect(said([replaced], { property: "bucket" }, { problem: "*is deleted*" })).toEqual([lets, unused]);
    expect(said([step("delete")], { property: "bucket" })).toEqual([lost, unused]);
    expect(said([replaced], { urn: `${urn}-2` })).toEqual([lost, unused]);
  });

  it("is covered by an exemption of the component that it is a part of, also while that goes with it", () => {
    const component = { type: "acme:shop:Orders", urn: "urn:pulumi:eu::test::acme:shop:Orders::shop" };
    const part = { old: { inputs: { tags: { "data-class": "personal" } }, custom: true, parent: component.urn } };
    for (const op of ["same", "delete"]) {
      const events = [step(op, { ...component, old: {}, provider: "" }), step("delete", part)];
      expect(said(events, { urn: component.urn })).toEqual([lets]);
      expect(said(events.toReversed(), { urn: component.urn })).toEqual([lets]);
    }
    const resource = { ...component, old: { custom: true }, new: { custom: true } };
    expect(said([step("same", resource), step("delete", part)], { urn: component.urn })).toEqual([lost, unused]);
  });

  it("leaves an exemption without use once it is done, which who names the stack is told by it alone", () => {
    expect(said([], {})).toEqual([unused]);
    expect(said([], { urn: urn.replace(":eu:", ":us:") }, { urn: urn.replace(":eu:", ":*:") })).toEqual([]);
    expect(said([], { rule: "recoverability/protect" })).toEqual([]);
  });

  it("is no business of the pack, which sees no replacement", () => {
    const session = new Session({ rules, context: context(), exemptions: entries({}), dryRun: true });
    expect(session.analyzeStack([]).diagnostics).toEqual([]);
  });
});

describe("under the real engine", () => {
  vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });
  let engine: Engine;
  beforeAll(async () => {
    const definition = recorded({
      token: bucket,
      why: "a test needs no more",
      id: (inputs) => String(inputs.bucket),
      replaceOn: ["bucket"],
      computed: () => ({}),
    });
    engine = await Engine.start({ resources: [definition] });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const program = (...buckets: readonly string[]) => `import { Provider } from "@pulumi/aws/provider.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
const provider = new Provider("aws", { region: "eu-central-1" });
${buckets.join("\n")}
`;
  const orders = (name: string, options = "") =>
    `new Bucket("orders", { bucket: "${name}", tags: { "data-class": "personal" } }, { provider${options} });`;

  it("a changed name replaces, a removed line deletes, and a protected bucket stops the engine itself", async () => {
    const stack = await engine.stack("eu", program(orders("orders"), `new Bucket("menu", { bucket: "menu" }, { provider });`));
    expect((await stack.up()).code).toBe(0);

    stack.write(program(orders("orders-2")));
    const log = join(stack.folder, "events.jsonl");
    const preview = await stack.run("preview", "--event-log", log);
    expect(preview.output).not.toContain("error");
    const events = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as StepEvent);
    expect(events.map(({ resourcePreEvent }) => resourcePreEvent?.metadata.detailedDiff)).toContainEqual({
      bucket: { diffKind: "update-replace", inputDiff: true },
    });
    expect(
      replacementsOf(events, context())
        .map(({ name, change, data, because }) => [name, change, data, ...because])
        .sort(),
    ).toEqual([
      ["menu", "deleted", "destroyed"],
      ["orders", "replaced", "destroyed", "bucket"],
    ]);

    stack.write(program(orders("orders", ", protect: true"), `new Bucket("menu", { bucket: "menu" }, { provider });`));
    expect((await stack.up()).code).toBe(0);
    stack.write(program(orders("orders-2", ", protect: true")));
    const refused = await stack.run("preview");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("protect");
  });
});
